//! 须知: the notice to agree to before a form, and before a change of a posting (manual 图4.1.2, 7.1.2, 10.1.2).

use maud::html;
use poem::web::Data;
use poem::{Response, handler};

use super::address::{BusinessOf, Version};
use super::request::FormRequest;
use crate::casework::sheet::{FormTarget, Sheet};
use crate::casework::texts::{self, CurrentNotice};
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx};
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Frame, Submission, Visitor};

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

fn notice(sheet: &Sheet) -> Result<&CurrentNotice, Failure> {
    sheet.notice.as_ref().ok_or(Failure::NotFound)
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
        (ui::panel(notice.title, ui::prose(&notice.body)))
        form #form method="post" {}
    };
    let bar = html! {
        (ui::link_button(&links::list(sheet.business), "不同意，返回", Look::Plain))
        (ui::bar_submit("agree", &notice.version, "我已阅读并同意", Look::Primary))
    };
    let title = format!("{}须知", sheet.business.label);
    Ok(frame.page(Page::new(title, main).back(links::list(sheet.business)).bar(bar)))
}

/// `GET /services/{business}/notice/{version}`: the notice that an application keeps the version of.
#[handler]
pub async fn agreed(
    BusinessOf(business): BusinessOf,
    Version(version): Version,
    visitor: Visitor,
    frame: Frame,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, _: Candidate| {
        texts::agreed_notice(tx, business, &version)?.ok_or(Failure::NotFound)
    };
    let notice = as_candidate(&visitor, load).await?;
    let main = html! {
        (ui::heading(&format!("版本 {}", notice.version), notice.title, ""))
        (ui::panel("", ui::prose(&notice.body)))
    };
    let title = format!("{}须知", business.label);
    Ok(frame.page(Page::new(title, main).own_heading().back(paths::SERVICES)))
}

#[handler]
pub async fn agree(
    wanted: FormRequest,
    frame: Frame,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    accept(wanted, &frame, store, sent.one("agree")).await
}

/// Agrees to the notice of the version `seen`. If another one is in use now, it is shown instead.
pub(super) async fn accept(
    wanted: FormRequest,
    frame: &Frame,
    store: &Store,
    seen: &str,
) -> Result<Response, Failure> {
    let (again, seen) = (wanted.clone(), seen.to_owned());
    let FormRequest { business, visitor, address, .. } = wanted;
    let candidate = as_candidate(&visitor, |_, candidate| Ok(candidate)).await?;
    let path = store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            let target = address.target(tx, &candidate)?;
            let mut sheet = Sheet::load(tx, business, candidate, &target)?;
            if notice(&sheet)?.version != seen {
                return Ok(None);
            }
            sheet.agree(tx)?;
            Ok(Some(match &target {
                FormTarget::Edit(_) if sheet.origin.is_empty() => links::list(sheet.business),
                _ => form_path(&sheet),
            }))
        })
        .await?;
    match path {
        Some(path) => Ok(frame.go(&path)),
        None => read(again, frame).await,
    }
}
