//! What the address says: which business, which application, which certificate.

use poem::{FromRequest, Request, RequestBody};

use crate::casework::business::{self, Business, Origin, Registry};
use crate::casework::number;
use crate::casework::record::Application;
use crate::casework::sheet::Which;
use crate::exams::held;
use crate::people::candidate::Candidate;
use crate::store::Store;
use crate::web::Failure;

/// The business that the address names; below a certificate it is the one that begins there.
pub(super) struct Kind(pub &'static Business);

impl<'a> FromRequest<'a> for Kind {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let registry = *req.data::<Registry>().ok_or_else(|| Failure::Internal("no registry".into()))?;
        let kind = req.path_params::<Params>().ok().and_then(|params| params.kind);
        let found = match kind {
            Some(slug) => business::find(registry, &slug),
            None => registry.into_iter().find(|business| business.origin == Origin::Certificate),
        };
        Ok(Kind(found.ok_or(Failure::NotFound)?))
    }
}

/// The 受理号 that the address names, in its one spelling; one that cannot be is not found. Below
/// a certificate it is that of its present posting.
pub(super) struct Number(pub String);

impl<'a> FromRequest<'a> for Number {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        if let Some(certificate) = Certificate::of(req) {
            let candidate = Candidate::from_request(req, body).await?;
            return Ok(Number(certificate.mailing(req, &candidate).await?.ok_or(Failure::NotFound)?));
        }
        let text = req.path_params::<Params>().ok().and_then(|params| params.number).unwrap_or_default();
        Ok(Number(number::parse(&text).ok_or(Failure::NotFound)?))
    }
}

/// Key of the certificate that the address names.
pub(super) struct Certificate(String);

impl Certificate {
    pub(super) fn of(req: &Request) -> Option<Certificate> {
        req.path_params::<Params>().ok().and_then(|params| params.certificate).map(Certificate)
    }

    /// The form of its posting: the present one, or a new one.
    pub(super) async fn which(&self, req: &Request, candidate: &Candidate) -> Result<Which, Failure> {
        let mailing = self.mailing(req, candidate).await?;
        Ok(mailing.map_or_else(|| Which::For(self.0.clone()), Which::Edit))
    }

    /// 受理号 of its present posting, if there is one.
    async fn mailing(&self, req: &Request, candidate: &Candidate) -> Result<Option<String>, Failure> {
        let store = req.data::<Store>().ok_or_else(|| Failure::Internal("no store".into()))?;
        let (candidate, key) = (candidate.clone(), self.0.clone());
        store
            .read(move |tx| {
                let certificate = held::own(tx, &candidate.holder, &key)?.ok_or(Failure::NotFound)?;
                let Some(mailing) = certificate.mailing_id else { return Ok(None) };
                let found = Application::own_by_id(tx, &candidate.id, &mailing)?;
                Ok(found.and_then(|mailing| mailing.number))
            })
            .await
    }
}

#[derive(serde::Deserialize)]
struct Params {
    kind: Option<String>,
    number: Option<String>,
    certificate: Option<String>,
}
