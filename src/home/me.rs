//! 我的: personal data, devices and sign-out.

use maud::html;
use poem::{Response, handler};

use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::mask;
use crate::store::clock;
use crate::ui::{self, Fact, ListRow, Look, Page, Tab};
use crate::web::session::Way;
use crate::web::{Failure, Frame, Visitor};

#[handler]
pub async fn show(visitor: Visitor, frame: Frame) -> Result<Response, Failure> {
    let read = visitor.read_signed_in(|tx, live| {
        let candidate = Candidate::load(tx, &live.who.candidate)?.ok_or(Failure::SignIn)?;
        Ok((live.who, candidate))
    });
    let (who, candidate) = read.await?;
    let way = match who.way {
        Way::Portal => "在本机通过政务服务平台登录",
        Way::Scan => "手机扫码登录",
        Way::Device => "在政务服务平台扫码登录",
    };
    let facts = [
        Fact::of("姓名", candidate.masked_name()),
        Fact::of("证件", candidate.masked_document()),
        Fact::of("手机号", mask::phone(&candidate.phone)),
        Fact::of("登录时间", clock::china(who.since)),
        Fact::of("登录方式", way),
    ];
    let row = |title: &str, href: &str| ListRow {
        title: html! { (title) },
        detail: String::new(),
        href: href.to_owned(),
        trailing: html! { "→" },
    };
    let mut rows = vec![row("业务查询", paths::PROGRESS), row("登录设备", paths::DEVICES)];
    if who.staff.is_some() {
        rows.push(row("审核台", paths::STAFF));
    }
    let main = html! {
        (ui::panel("个人信息", html! {
            (ui::facts(&facts))
            p.muted.small { "姓名和证件信息来自政务服务平台。" }
        }))
        (ui::rows(&rows))
        form.actions method="post" action=(paths::LOGOUT) hx-boost="false" {
            (ui::submit("confirm", "yes", "退出登录", Look::Plain))
        }
    };
    Ok(frame.page(Page::new("我的", main).tab(Tab::Me)))
}
