//! The pages of a posting, at addresses below its certificate. They are the pages of any application.

use poem::web::Data;
use poem::{Request, Response, handler};

use super::address::Mailing;
use super::detail::{self, Detail};
use super::{form, notice, withdraw};
use crate::files::storage::Storage;
use crate::pages::arrival::Arrived;
use crate::pages::upload::Upload;
use crate::store::Store;
use crate::web::{Failure, Frame};

#[handler]
pub async fn show(
    mailing: Mailing,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let number = mailing.number()?;
    let detail = Detail::read(store, mailing.business, mailing.candidate, number).await?;
    Ok(detail::answer(detail, &frame, store, files).await)
}

#[handler]
pub async fn show_notice(
    mailing: Mailing,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    notice::read(mailing.into(), &frame, store).await
}

#[handler]
pub async fn agree(mailing: Mailing, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    notice::accept(mailing.into(), &frame, store).await
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
pub async fn confirm_cancel(
    mailing: Mailing,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let number = mailing.number()?;
    withdraw::confirmation(mailing.business, number, mailing.candidate, &frame, store).await
}

#[handler]
pub async fn cancel(mailing: Mailing, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let number = mailing.number()?;
    withdraw::carry_out(mailing.business, number, mailing.candidate, &frame, store).await
}
