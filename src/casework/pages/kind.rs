//! What the address says: which business, which application.

use poem::{FromRequest, Request, RequestBody};

use crate::casework::business::{self, Business, Registry};
use crate::casework::number;
use crate::web::Failure;

/// The business that the address names.
pub(super) struct Kind(pub &'static Business);

impl<'a> FromRequest<'a> for Kind {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let slug: String = req.path_params::<Params>().map(|params| params.kind).unwrap_or_default();
        let registry = req.data::<Registry>().ok_or_else(|| Failure::Internal("no registry".into()))?;
        Ok(Kind(business::find(*registry, &slug).ok_or(Failure::NotFound)?))
    }
}

/// The 受理号 that the address names, in its one spelling; one that cannot be is not found.
pub(super) struct Number(pub String);

impl<'a> FromRequest<'a> for Number {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let text = req.path_params::<Params>().ok().and_then(|params| params.number).unwrap_or_default();
        Ok(Number(number::parse(&text).ok_or(Failure::NotFound)?))
    }
}

#[derive(serde::Deserialize)]
struct Params {
    kind: String,
    number: Option<String>,
}
