//! Extractors for what an address names: a business, an application or a certificate.

use poem::{FromRequest, Request, RequestBody};
use serde::Deserialize;

use crate::casework::business::{Application, Business, Origin, Registry};
use crate::casework::number::{self, ApplicationNumber};
use crate::exams::held;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx};
use crate::web::{Failure, Visitor, attached};

#[derive(Deserialize)]
struct Params {
    business: Option<String>,
    number: Option<String>,
    certificate: Option<String>,
    version: Option<String>,
}

impl Params {
    fn of(req: &Request) -> Result<Params, Failure> {
        req.path_params().map_err(|_| Failure::NotFound)
    }
}

pub(super) struct BusinessOf(pub &'static Business);

impl<'a> FromRequest<'a> for BusinessOf {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let slug = Params::of(req)?.business.unwrap_or_default();
        Ok(BusinessOf(registry(req)?.find(&slug).ok_or(Failure::NotFound)?))
    }
}

/// The 受理号 in its canonical spelling. A malformed one is not found.
pub(super) struct Number(pub ApplicationNumber);

impl<'a> FromRequest<'a> for Number {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let text = Params::of(req)?.number.unwrap_or_default();
        Ok(Number(number::parse(&text).ok_or(Failure::NotFound)?))
    }
}

/// The name of a version of a notice.
pub(super) struct Version(pub String);

impl<'a> FromRequest<'a> for Version {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Version(Params::of(req)?.version.unwrap_or_default()))
    }
}

/// The address of a certificate's posting.
#[derive(Clone)]
pub(super) struct Mailing {
    pub business: &'static Business,
    pub visitor: Visitor,
    pub certificate: String,
}

impl Mailing {
    /// # Errors
    /// [`Failure::NotFound`] if the certificate has no posting.
    pub fn number(&self, tx: &mut Tx, candidate: &Candidate) -> Result<ApplicationNumber, Failure> {
        posting_of(tx, candidate, &self.certificate)?.ok_or(Failure::NotFound)
    }
}

impl<'a> FromRequest<'a> for Mailing {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let certificate = Params::of(req)?.certificate.unwrap_or_default();
        let business = registry(req)?.iter().find(|business| business.origin == Origin::Certificate);
        let business = business.ok_or(Failure::NotFound)?;
        Ok(Mailing { business, visitor: Visitor::of_request(req)?, certificate })
    }
}

/// The number of the present posting of a candidate's certificate, if there is one.
pub(super) fn posting_of(
    tx: &mut Tx,
    candidate: &Candidate,
    certificate: &str,
) -> Result<Option<ApplicationNumber>, Failure> {
    let certificate = held::own(tx, &candidate.holder, certificate)?.ok_or(Failure::NotFound)?;
    let Some(mailing) = certificate.mailing_id else { return Ok(None) };
    let found = Application::own_by_id(tx, &candidate.id, &mailing)?;
    Ok(found.and_then(|mailing| mailing.number))
}

fn registry(req: &Request) -> Result<Registry, Failure> {
    Ok(Registry::of_store(attached::<Store>(req)?))
}
