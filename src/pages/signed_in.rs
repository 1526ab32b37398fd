//! The extractors for signed-in people: handlers take a [`Candidate`] or a [`StaffMember`].

use poem::{FromRequest, Request, RequestBody};

use crate::people::candidate::Candidate;
use crate::people::staff::{self, StaffMember};
use crate::store::Store;
use crate::web::{Failure, SignedIn, attached};

/// Without a session, the request is sent to the login screen.
impl<'a> FromRequest<'a> for Candidate {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let who = SignedIn::from_request(req, body).await?;
        let found = attached::<Store>(req)?.read(move |tx| Candidate::load(tx, &who.candidate)).await;
        Ok(found.map_err(Failure::from)?.ok_or(Failure::SignIn)?)
    }
}

/// Reads the roster at every request, so that a removal takes effect at once.
impl<'a> FromRequest<'a> for StaffMember {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        const NOT_STAFF: Failure = Failure::Forbidden("这里是工作人员的审核台，您的账号不在工作人员名单上。");
        let who = SignedIn::from_request(req, body).await?;
        let id = who.staff.ok_or(NOT_STAFF)?;
        let found = attached::<Store>(req)?.read(move |tx| staff::member_of(tx, &id, &who.candidate)).await;
        Ok(found.map_err(Failure::from)?.ok_or(NOT_STAFF)?)
    }
}
