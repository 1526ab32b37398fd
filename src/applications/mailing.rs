//! The pages of a posting, at addresses below its certificate. They are the pages of any application.

use poem::web::Data;
use poem::{Request, Response, handler};

use super::address::Mailing;
use super::detail::{self, Detail};
use super::{form, notice, withdraw};
use crate::casework::business::Application;
use crate::files::storage::Storage;
use crate::pages::arrival::Arrived;
use crate::pages::signed_in::as_candidate;
use crate::pages::upload::Upload;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx};
use crate::web::{Failure, Frame, Submission};

#[handler]
pub async fn show(
    mailing: Mailing,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let posting = mailing.clone();
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let number = posting.number(tx, &candidate)?;
        Detail::load(tx, posting.business, candidate, &number)
    };
    let detail = as_candidate(&mailing.visitor, load).await?;
    Ok(detail::answer(detail, &frame, store, files).await)
}

#[handler]
pub async fn show_notice(mailing: Mailing, frame: Frame) -> Result<Response, Failure> {
    notice::read(mailing.into(), &frame).await
}

#[handler]
pub async fn agree(
    mailing: Mailing,
    frame: Frame,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    notice::accept(mailing.into(), &frame, store, sent.one("agree")).await
}

#[handler]
pub async fn edit(
    req: &Request,
    mailing: Mailing,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    form::open(mailing.into(), form::wants_check(req), &frame, store, files).await
}

#[handler]
pub async fn save(
    arrived: Arrived,
    mailing: Mailing,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    upload: Upload,
) -> Result<Response, Failure> {
    form::receive(arrived, mailing.into(), &frame, store, files, upload).await
}

#[handler]
pub async fn confirm_cancel(mailing: Mailing, frame: Frame) -> Result<Response, Failure> {
    let posting = mailing.clone();
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let number = posting.number(tx, &candidate)?;
        Ok(Application::own(tx, &candidate.id, posting.business.slug, &number)?)
    };
    let application = as_candidate(&mailing.visitor, load).await?;
    Ok(withdraw::confirmation(&application, &frame))
}

#[handler]
pub async fn cancel(mailing: Mailing, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let posting = mailing.clone();
    let load = move |tx: &mut Tx, candidate: Candidate| Ok((posting.number(tx, &candidate)?, candidate));
    let (number, candidate) = as_candidate(&mailing.visitor, load).await?;
    withdraw::carry_out(mailing.business, number, candidate, &frame, store).await
}
