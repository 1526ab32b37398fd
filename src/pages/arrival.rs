//! The extractor for the time at which a request arrived.

use poem::{FromRequest, Request, RequestBody};

use crate::store::{Store, Timestamp};
use crate::web::attached;

/// The time at which the head of a request had arrived. It is the first argument of a handler, so that it is
/// taken before the body is read: a request that begins before a deadline is in time even if its upload ends
/// later.
pub struct Arrived(pub Timestamp);

impl<'a> FromRequest<'a> for Arrived {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Arrived(attached::<Store>(req)?.clock.now()))
    }
}
