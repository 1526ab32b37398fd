//! The first page, 业务办理, 我的, messages, announcements, personal data and 长者模式.

mod announcements;
mod candidate;
pub mod consent;
pub mod data;
pub mod deletion;
mod guest;
pub mod me;
pub mod messages;
mod periods;
pub mod privacy;
pub mod senior;
pub mod services;
pub mod who_saw;

use poem::web::Data;
use poem::{Response, handler};

use crate::casework::business::Registry;
use crate::store::{Store, Tx};
use crate::web::session::live::Live;
use crate::web::{Failure, Frame, Visitor};

pub use announcements::show as announcement;

enum FirstPage {
    Guest(Vec<announcements::Headline>),
    Candidate(Box<candidate::Overview>),
}

/// `GET /`: the candidate's page, or for guests the links to sign in and to look up a certificate.
#[handler]
pub async fn show(visitor: Visitor, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let load = |tx: &mut Tx, live: Option<Live>| {
        Ok(match live {
            Some(live) => FirstPage::Candidate(Box::new(candidate::Overview::load(tx, live)?)),
            None => FirstPage::Guest(announcements::latest(tx)?),
        })
    };
    Ok(frame.page(match visitor.read(load).await? {
        FirstPage::Candidate(overview) => candidate::page(Registry::of_store(store), &overview),
        FirstPage::Guest(news) => guest::page(&news),
    }))
}
