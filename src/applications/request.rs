//! The extractor for the form that a request is about.

use poem::web::Data;
use poem::{FromRequest, Request, RequestBody};

use super::address::{BusinessOf, Mailing, Number};
use crate::casework::business::Business;
use crate::casework::sheet::FormTarget;
use crate::people::candidate::Candidate;

/// The form that a route opens. `site` attaches it to the route.
#[derive(Clone, Copy)]
pub enum FormOf {
    New,
    Edit,
    Appeal,
}

pub struct FormRequest {
    pub(super) business: &'static Business,
    pub(super) candidate: Candidate,
    pub(super) which: FormTarget,
}

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
