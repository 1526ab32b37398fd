//! The first page without a sign-in.

use maud::html;

use super::announcements::{self, Headline};
use crate::paths;
use crate::ui::{self, Icon, Page, Tab};

pub(super) fn page(news: &[Headline]) -> Page {
    let main = html! {
        (ui::heading("", "职业资格考试服务", "报考核查、进度查询、证书核验，在手机上就能办。"))
        (ui::door(Icon::Qr, "考生登录", "用政务 App 扫码或在手机上直接登录", paths::LOGIN, true))
        (ui::door(Icon::Search, "证书查询（免登录）", "核验他人证书的真伪", paths::LOOKUP, false))
        (announcements::list(news))
    };
    Page::new("首页", main).own_heading().tab(Tab::Home)
}
