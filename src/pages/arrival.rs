//! When a request arrived.

use poem::{FromRequest, Request, RequestBody};

use crate::store::{Store, Timestamp};
use crate::web::Failure;

/// The time at which the head of a request was there, UTC. As the first argument of a handler it is taken
/// before the body is read: a deadline that passes during a long upload is kept.
pub struct Arrived(pub Timestamp);

impl<'a> FromRequest<'a> for Arrived {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let store = req.data::<Store>().ok_or_else(|| Failure::Internal("no store".into()))?;
        Ok(Arrived(store.clock.now()))
    }
}
