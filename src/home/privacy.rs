//! 个人信息处理规则: the privacy notice, for everybody.

use maud::html;
use poem::web::{Data, Path};
use poem::{Response, handler};

use crate::casework::texts::{self, OfficeText, TextKind};
use crate::paths;
use crate::store::Store;
use crate::ui::{self, Page};
use crate::web::{Failure, Frame};

/// `GET /privacy`: the notice that is in use.
#[handler]
pub async fn show(frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let text = store.read(texts::privacy_notice).await?;
    Ok(frame.page(page(&text)))
}

/// `GET /privacy/{version}`: a version that somebody agreed to.
#[handler]
pub async fn show_version(
    Path(version): Path<i32>,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let text = store.read(move |tx| texts::of_version(tx, TextKind::Privacy, None, version)).await?;
    Ok(frame.page(page(&text.ok_or(Failure::NotFound)?)))
}

fn page(text: &OfficeText) -> Page {
    let main = html! {
        (ui::heading("", TextKind::Privacy.label(), &version_name(text.version)))
        (ui::panel("", ui::prose(&text.body)))
    };
    Page::new(TextKind::Privacy.label(), main).own_heading().back(paths::HOME)
}

/// `第 1 版` for the text of the program.
pub(super) fn version_name(version: i32) -> String {
    format!("第 {} 版", version.saturating_add(1))
}
