//! The first page, 业务办理, 我的, announcements and 长者模式.

mod announcements;
mod candidate;
mod guest;
pub mod me;
pub mod senior;
pub mod services;

use poem::web::Data;
use poem::{Request, Response, handler};

use crate::casework::application::ApplicationFilter;
use crate::casework::business::{Application, Registry};
use crate::pages::account_notices;
use crate::pages::cards::Listed;
use crate::people::candidate::Candidate;
use crate::people::identity::notice;
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
    let today = crate::store::clock::china_date(store.clock.now());
    let overview = store
        .read::<_, Failure, _>(move |tx| {
            let candidate = Candidate::load(tx, &who.candidate)?.ok_or(Failure::SignIn)?;
            let waiting = Application::waiting_for(tx, &candidate.id)?;
            let recent = Application::list(tx, &candidate.id, &ApplicationFilter::default())?;
            let recent = recent.into_iter().take(candidate::RECENT).collect();
            Ok(candidate::Overview {
                waiting: Listed::load(tx, waiting)?,
                drafts: Application::drafts(tx, &candidate.id)?,
                recent: Listed::load(tx, recent)?,
                news: announcements::latest(tx)?,
                notices: notice::of_candidate(tx, &candidate.id)?,
                acknowledged,
                is_staff: who.staff.is_some(),
                candidate,
                today,
            })
        })
        .await?;
    Ok(frame.page(candidate::page(Registry::of_store(store), &overview)))
}
