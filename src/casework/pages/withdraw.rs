//! 撤销 a submitted application, 删除 a draft: asked before done, also without scripts.

use poem::web::Data;
use poem::{Response, handler};

use super::detail::ask_withdraw;
use super::kind::{Kind, Number};
use crate::casework::lifecycle::{Action, Actor, may};
use crate::casework::record::Application;
use crate::casework::{decision, sweep};
use crate::people::candidate::Candidate;
use crate::store::Store;
use crate::ui::{self, Confirm, Page};
use crate::web::{Failure, Frame};

#[handler]
pub async fn confirm(
    Kind(business): Kind,
    Number(number): Number,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let application = store
        .read::<_, Failure, _>(move |tx| Application::own(tx, &candidate.id, business.slug, &number))
        .await?;
    let path = application.path();
    if !may(application.status, Action::Withdraw, Actor::Candidate) {
        return Ok(frame.go(&path));
    }
    let url = format!("{path}/withdraw");
    let ask = ask_withdraw(business, &url);
    let main = ui::confirm_form(&ask, &path);
    Ok(frame.page(Page::new(ask.open_label, main).back(path)))
}

#[handler]
pub async fn withdraw(
    Kind(business): Kind,
    Number(number): Number,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let path = store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            let application = Application::own(tx, &candidate.id, business.slug, &number)?;
            decision::withdraw(tx, business, &application)?;
            Ok(application.path())
        })
        .await?;
    Ok(frame.go(&path))
}

#[handler]
pub fn confirm_discard(Kind(business): Kind, _: Candidate, frame: Frame) -> Response {
    let url = format!("{}/discard", business.path());
    let ask = Confirm {
        id: "discard",
        open_label: "删除草稿",
        title: "要删除这份草稿吗？",
        body: "已填写的内容和已上传的材料会一并删除，不能恢复。",
        action_url: &url,
        confirm_label: "删除草稿",
        page_url: &url,
    };
    frame.page(Page::new("删除草稿", ui::confirm_form(&ask, &business.path())).back(business.path()))
}

#[handler]
pub async fn discard(
    Kind(business): Kind,
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
    Ok(frame.go(&business.path()))
}
