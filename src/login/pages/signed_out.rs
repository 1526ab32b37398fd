//! The pages after sign-out.

use maud::html;

use crate::paths;
use crate::ui::{self, Look, Page};

/// Leads to the address at which the portal ends its session, and which leads back.
pub fn at_portal(url: &str) -> Page {
    let main = html! {
        (ui::heading("", "已退出本站", "正在退出政务服务平台，请稍候。"))
        p.actions { a.button data-look="primary" href=(url) rel="noreferrer" hx-boost="false" { "退出政务服务平台" } }
        p.muted.small { "没有自动跳转时，请点上面的按钮。" }
    };
    Page::new("已退出", main).own_heading().back(paths::HOME).refresh(0, url.to_owned())
}

/// After a sign-out here alone. `asks_again` says whether the next sign-in makes the portal ask for a person.
pub fn here(asks_again: bool) -> Page {
    let main = html! {
        (ui::heading("", "已退出本站", "政务服务平台可能仍处于登录状态。"))
        @if asks_again {
            p { "下次在这里登录时，会请政务服务平台重新确认身份。" }
        }
        p { "如果这是公用电脑，请到政务服务平台退出登录，或关闭浏览器的全部窗口，以免后来的人用您的账号登录。" }
        p.actions {
            (ui::link_button(paths::HOME, "返回首页", Look::Primary))
            (ui::link_button(paths::LOGIN, "重新登录", Look::Plain))
        }
    };
    Page::new("已退出", main).own_heading()
}
