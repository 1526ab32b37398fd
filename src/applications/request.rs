//! The extractor for the form that a request is about.

use poem::web::{Data, Query};
use poem::{FromRequest, Request, RequestBody};
use serde::Deserialize;

use super::address::{BusinessOf, Mailing, Number, posting_of};
use crate::casework::business::Business;
use crate::casework::sheet::FormTarget;
use crate::people::candidate::Candidate;
use crate::store::Tx;
use crate::web::{Failure, Visitor};

/// The form that a route opens. `site` attaches it to the route.
#[derive(Clone, Copy)]
pub enum FormOf {
    New,
    Edit,
    Appeal,
}

/// The query of a form.
#[derive(Deserialize)]
struct Opened {
    #[serde(default)]
    after: String,
    #[serde(default)]
    part: String,
}

#[derive(Clone)]
pub struct FormRequest {
    pub(super) business: &'static Business,
    pub(super) visitor: Visitor,
    pub(super) address: FormAddress,
    /// The candidate's last application of the business when the form of a new one was opened, or empty.
    pub(super) after: String,
    /// The index of the part to open.
    pub(super) part: Option<usize>,
}

/// The form that an address names.
#[derive(Clone)]
pub(super) enum FormAddress {
    Target(FormTarget),
    /// The posting of a certificate, which may have been applied for already.
    Certificate(String),
}

impl FormAddress {
    pub fn target(&self, tx: &mut Tx, candidate: &Candidate) -> Result<FormTarget, Failure> {
        Ok(match self {
            FormAddress::Target(target) => target.clone(),
            FormAddress::Certificate(key) => match posting_of(tx, candidate, key)? {
                Some(number) => FormTarget::Edit(number),
                None => FormTarget::Posting(key.clone()),
            },
        })
    }

    pub fn is_appeal(&self) -> bool {
        matches!(self, FormAddress::Target(FormTarget::Appeal(_)))
    }
}

impl<'a> FromRequest<'a> for FormRequest {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let BusinessOf(business) = BusinessOf::from_request(req, body).await?;
        let target = match Data::<&FormOf>::from_request(req, body).await?.0 {
            FormOf::New => FormTarget::New,
            FormOf::Edit => FormTarget::Edit(Number::from_request(req, body).await?.0),
            FormOf::Appeal => FormTarget::Appeal(Number::from_request(req, body).await?.0),
        };
        let Query(Opened { after, part }) = Query::from_request(req, body).await?;
        let (visitor, address) = (Visitor::of_request(req)?, FormAddress::Target(target));
        let part = part.parse().ok();
        Ok(FormRequest { business, visitor, address, after, part })
    }
}

impl From<Mailing> for FormRequest {
    fn from(Mailing { business, visitor, certificate }: Mailing) -> FormRequest {
        FormRequest {
            business,
            visitor,
            address: FormAddress::Certificate(certificate),
            after: String::new(),
            part: None,
        }
    }
}
