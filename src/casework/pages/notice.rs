//! 须知: what is agreed to before a form, and before posting is changed (manual 图4.1.2, 7.1.2, 10.1.2).

use maud::html;
use poem::web::Data;
use poem::{Response, handler};

use super::form::Asked;
use crate::casework::business::Notice;
use crate::casework::sheet::{Sheet, Which};
use crate::store::Store;
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Frame};

/// Where the notice of a form is.
pub(super) fn path(sheet: &Sheet) -> String {
    format!("{}/notice", base(sheet))
}

/// Where the form is that follows the notice.
fn form_path(sheet: &Sheet) -> String {
    let form = if sheet.origin.is_empty() { "new" } else { "edit" };
    format!("{}/{form}", base(sheet))
}

fn base(sheet: &Sheet) -> String {
    match sheet.origin.as_str() {
        "" => sheet.business.path(),
        certificate => format!("/certificates/{certificate}/{}", sheet.business.slug),
    }
}

fn notice(sheet: &Sheet) -> Result<&'static Notice, Failure> {
    sheet.business.notice.as_ref().ok_or(Failure::NotFound)
}

#[handler]
pub async fn show(asked: Asked, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let sheet = store.read(move |tx| Sheet::load(tx, asked.business, asked.candidate, &asked.which)).await?;
    let notice = notice(&sheet)?;
    let main = html! {
        (ui::panel(notice.title, html! { ol.notice { @for line in notice.text { li { (line) } } } }))
        form #form method="post" {}
    };
    let bar = html! {
        (ui::link_button(&sheet.business.path(), "不同意，返回", Look::Plain))
        (ui::bar_submit("agree", notice.version, "我已阅读并同意", Look::Primary))
    };
    let title = format!("{}须知", sheet.business.label);
    Ok(frame.page(Page::new(title, main).back(sheet.business.path()).bar(bar)))
}

#[handler]
pub async fn agree(asked: Asked, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let path = store
        .write::<_, Failure, _>(move |tx| {
            asked.candidate.lock(tx)?;
            let mut sheet = Sheet::load(tx, asked.business, asked.candidate, &asked.which)?;
            notice(&sheet)?;
            sheet.agree(tx)?;
            Ok(match &asked.which {
                Which::Edit(_) if sheet.origin.is_empty() => sheet.business.path(),
                _ => form_path(&sheet),
            })
        })
        .await?;
    Ok(frame.go(&path))
}
