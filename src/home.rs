//! The first page, 业务办理, 我的, announcements and 长者模式.

mod announcements;
mod candidate;
mod guest;
pub mod me;
pub mod senior;
pub mod services;

use poem::web::Data;
use poem::{Request, Response, handler};

use crate::casework::business::Registry;
use crate::pages::account_notices;
use crate::people::candidate::Candidate;
use crate::store::Store;
use crate::web::{Failure, Frame, SignedIn, session};

pub use announcements::show as announcement;

/// `GET /`: the candidate's page, or for guests the links to sign in and to look up a certificate.
#[handler]
pub async fn show(req: &Request, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let Some(who) = SignedIn::find(req).await? else {
        let news = store.read(announcements::latest).await?;
        return Ok(frame.page(guest::page(&news)));
    };
    let acknowledged = account_notices::acknowledged(&session::of(req)).await?;
    let overview = store
        .read::<_, Failure, _>(move |tx| {
            let candidate = Candidate::load(tx, &who.candidate)?.ok_or(Failure::SignIn)?;
            Ok(candidate::Overview::load(tx, candidate, who.staff.is_some())?)
        })
        .await?;
    Ok(frame.page(candidate::page(Registry::of_store(store), &overview, &acknowledged)))
}
