//! 核验链接: the page of a holder's link.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{Lookup, pages};
use crate::exams::certificate_link::{self, Opening};
use crate::store::Store;
use crate::web::address::{client_address, network};
use crate::web::{Failure, Frame};

/// `GET /v/{token}`. The page is the same for a link that has expired, was revoked or never existed.
#[handler]
pub async fn show(
    req: &Request,
    Path(token): Path<String>,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(lookup): Data<&Arc<Lookup>>,
) -> Result<Response, Failure> {
    let now = store.clock.now();
    lookup.limits.check_network(&network(client_address(req)), now)?;
    let opened = store.read_public(move |tx| certificate_link::open(tx, &token)).await?;
    let mut response = match opened {
        Some(Opening::Expired(link)) => {
            lookup.opened.add_expired(link);
            frame.page_with(StatusCode::NOT_FOUND, pages::no_link())
        }
        None => frame.page_with(StatusCode::NOT_FOUND, pages::no_link()),
        Some(Opening::Live(link, exam, certificate)) => {
            lookup.opened.add(&link, &certificate.id, now);
            frame.page(pages::by_link(&exam, &certificate, &pages::QueryStamp::at(now)))
        }
    };
    // The address is secret, so search engines must not index it.
    let robots = HeaderValue::from_static("noindex, nofollow, noarchive");
    response.headers_mut().insert("x-robots-tag", robots);
    Ok(response)
}
