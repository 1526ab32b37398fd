//! 我的: personal data, devices and sign-out.

use maud::html;
use poem::{Request, Response, handler};

use crate::casework::messages;
use crate::pages::signed_in::require_consent;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::mask;
use crate::store::clock;
use crate::ui::{self, Control, Fact, FormField, ListRow, Look, Page, Tab};
use crate::web::session::Way;
use crate::web::{Failure, Frame, Visitor, user_agent};

#[handler]
pub async fn show(req: &Request, visitor: Visitor, frame: Frame) -> Result<Response, Failure> {
    let read = visitor.read_signed_in(|tx, live| {
        let candidate = Candidate::load(tx, &live.who.candidate)?.ok_or(Failure::SignIn)?;
        require_consent(&live, &candidate, true)?;
        let unread = messages::unread(tx, &candidate.id)?;
        Ok((live.who, candidate, unread))
    });
    let (who, candidate, unread) = read.await?;
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
    let mut rows = vec![
        super::messages::row(unread),
        row("业务查询", paths::PROGRESS),
        row("登录设备", paths::DEVICES),
        row("谁查看过我的信息", paths::MY_VIEWS),
        row("我的数据", paths::MY_DATA),
    ];
    if who.staff.is_some() {
        rows.push(row("审核台", paths::STAFF));
    }
    let main = html! {
        (ui::panel("个人信息", html! {
            (ui::facts(&facts))
            p.muted.small { "姓名和证件信息来自政务服务平台。" }
        }))
        (ui::rows(&rows))
        form method="post" action=(paths::LOGOUT) hx-boost="false" {
            @if who.way == Way::Portal {
                input type="hidden" name="asked" value="yes";
                (ui::field(&FormField {
                    hint: "在公用电脑上请选上，以免后来的人用您的账号登录。",
                    ..FormField::new("portal", "政务服务平台", Control::Agree {
                        text: "同时退出政务服务平台",
                        checked: !user_agent::is_phone(user_agent::of(req)),
                    })
                }))
            }
            div.actions { (ui::submit("confirm", "yes", "退出登录", Look::Plain)) }
        }
    };
    Ok(frame.page(Page::new("我的", main).tab(Tab::Me)))
}
