//! Which form a request asks for.

use poem::web::Data;
use poem::{FromRequest, Request, RequestBody};

use super::address::{BusinessOf, Mailing, Number};
use crate::casework::business::Business;
use crate::casework::sheet::FormTarget;
use crate::people::candidate::Candidate;

/// Which form a route opens.
#[derive(Clone, Copy)]
pub enum FormOf {
    /// A new application.
    New,
    /// A submitted application.
    Edit,
    /// An appeal against an application.
    Appeal,
}

/// Whose form of which business a request asks for.
pub struct FormRequest {
    pub(super) business: &'static Business,
    pub(super) candidate: Candidate,
    pub(super) which: FormTarget,
}

/// The route says which form, as [`FormOf`]; the address says of what.
impl<'a> FromRequest<'a> for FormRequest {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let BusinessOf(business) = BusinessOf::from_request(req, body).await?;
        let candidate = Candidate::from_request(req, body).await?;
        let which = match Data::<&FormOf>::from_request(req, body).await?.0 {
            FormOf::New => FormTarget::New,
            FormOf::Edit => FormTarget::Edit(Number::from_request(req, body).await?.0),
            FormOf::Appeal => FormTarget::Appeal(Number::from_request(req, body).await?.0),
        };
        Ok(FormRequest { business, candidate, which })
    }
}

impl From<Mailing> for FormRequest {
    fn from(mailing: Mailing) -> FormRequest {
        FormRequest { which: mailing.which(), business: mailing.business, candidate: mailing.candidate }
    }
}
