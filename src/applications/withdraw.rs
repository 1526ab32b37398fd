//! 撤销 of a submitted application and 删除 of a draft, each with a confirmation page for browsers without
//! JavaScript.

use poem::web::Data;
use poem::{Response, handler};

use super::address::{BusinessOf, Number};
use super::detail::withdraw_dialog;
use crate::casework::business::{Application, Business};
use crate::casework::lifecycle::{Action, Actor, may};
use crate::casework::number::ApplicationNumber;
use crate::casework::{decision, sweep};
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx};
use crate::ui::{self, Confirm, Page};
use crate::web::{Failure, Frame, Visitor};

#[handler]
pub async fn confirm(
    BusinessOf(business): BusinessOf,
    Number(number): Number,
    visitor: Visitor,
    frame: Frame,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, candidate: Candidate| {
        Ok(Application::own(tx, &candidate.id, business.slug, &number)?)
    };
    Ok(confirmation(&as_candidate(&visitor, load).await?, &frame))
}

pub(super) fn confirmation(application: &Application, frame: &Frame) -> Response {
    let (business, path) = (application.business, links::application(application));
    if !may(application.status, Action::Withdraw, Actor::Candidate) {
        return frame.go(&path);
    }
    let url = paths::withdraw(business.slug, application.shown_number());
    let ask = withdraw_dialog(business, &url);
    let main = ui::confirm_form(&ask, &path);
    frame.page(Page::new(ask.open_label, main).about(application.shown_number()).back(path))
}

#[handler]
pub async fn withdraw(
    BusinessOf(business): BusinessOf,
    Number(number): Number,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    carry_out(business, number, candidate, &frame, store).await
}

pub(super) async fn carry_out(
    business: &'static Business,
    number: ApplicationNumber,
    candidate: Candidate,
    frame: &Frame,
    store: &Store,
) -> Result<Response, Failure> {
    let path = store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            let application = Application::own(tx, &candidate.id, business.slug, &number)?;
            decision::withdraw(tx, &application)?;
            Ok(links::application(&application))
        })
        .await?;
    Ok(frame.go(&path))
}

#[handler]
pub fn confirm_discard(BusinessOf(business): BusinessOf, _: Candidate, frame: Frame) -> Response {
    let url = paths::discard(business.slug);
    let ask = Confirm {
        id: "discard",
        open_label: "删除草稿",
        title: "要删除这份草稿吗？",
        body: "已填写的内容和已上传的材料会一并删除，不能恢复。",
        action_url: &url,
        confirm_label: "删除草稿",
        page_url: &url,
    };
    frame.page(
        Page::new("删除草稿", ui::confirm_form(&ask, &links::list(business)))
            .about(business.label)
            .back(links::list(business)),
    )
}

#[handler]
pub async fn discard(
    BusinessOf(business): BusinessOf,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            if let Some(draft) = Application::draft(tx, &candidate.id, business.slug, "")? {
                sweep::discard(tx, &[draft.id])?;
            }
            Ok(())
        })
        .await?;
    Ok(frame.go(&links::list(business)))
}
