//! 须知: the notice to agree to before a form, and before a change of a posting (manual 图4.1.2, 7.1.2, 10.1.2).

use maud::html;
use poem::web::Data;
use poem::{Response, handler};

use super::request::FormRequest;
use crate::casework::business::Notice;
use crate::casework::sheet::{FormTarget, Sheet};
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx};
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Frame};

pub(super) fn notice_path(sheet: &Sheet) -> String {
    match sheet.origin.as_str() {
        "" => paths::notice(sheet.business.slug),
        certificate => paths::mailing_notice(certificate),
    }
}

fn form_path(sheet: &Sheet) -> String {
    match sheet.origin.as_str() {
        "" => paths::new_application(sheet.business.slug),
        certificate => paths::edit_mailing(certificate),
    }
}

fn notice(sheet: &Sheet) -> Result<&'static Notice, Failure> {
    sheet.business.notice.as_ref().ok_or(Failure::NotFound)
}

#[handler]
pub async fn show(wanted: FormRequest, frame: Frame) -> Result<Response, Failure> {
    read(wanted, &frame).await
}

pub(super) async fn read(wanted: FormRequest, frame: &Frame) -> Result<Response, Failure> {
    let FormRequest { business, visitor, address, .. } = wanted;
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let target = address.target(tx, &candidate)?;
        Ok(Sheet::load(tx, business, candidate, &target)?)
    };
    let sheet = as_candidate(&visitor, load).await?;
    let notice = notice(&sheet)?;
    let main = html! {
        (ui::panel(notice.title, html! { ol.notice { @for line in notice.text { li { (line) } } } }))
        form #form method="post" {}
    };
    let bar = html! {
        (ui::link_button(&links::list(sheet.business), "不同意，返回", Look::Plain))
        (ui::bar_submit("agree", notice.version, "我已阅读并同意", Look::Primary))
    };
    let title = format!("{}须知", sheet.business.label);
    Ok(frame.page(Page::new(title, main).back(links::list(sheet.business)).bar(bar)))
}

#[handler]
pub async fn agree(
    wanted: FormRequest,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    accept(wanted, &frame, store).await
}

pub(super) async fn accept(wanted: FormRequest, frame: &Frame, store: &Store) -> Result<Response, Failure> {
    let FormRequest { business, visitor, address, .. } = wanted;
    let candidate = as_candidate(&visitor, |_, candidate| Ok(candidate)).await?;
    let path = store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            let target = address.target(tx, &candidate)?;
            let mut sheet = Sheet::load(tx, business, candidate, &target)?;
            notice(&sheet)?;
            sheet.agree(tx)?;
            Ok(match &target {
                FormTarget::Edit(_) if sheet.origin.is_empty() => links::list(sheet.business),
                _ => form_path(&sheet),
            })
        })
        .await?;
    Ok(frame.go(&path))
}
