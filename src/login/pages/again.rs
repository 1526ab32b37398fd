//! The page that asks for another sign-in.

use maud::html;

use crate::paths;
use crate::ui::{self, Look, Page};

/// Leads to `next` after the sign-in.
pub fn page(next: &str) -> Page {
    let main = html! {
        (ui::heading("", "请再次登录", "导出的文件里有考生的个人信息，导出前须重新登录，确认是您本人。"))
        p { "登录后回到刚才的页面，您选好的条件还在。" }
        form method="post" action=(paths::LOGIN_AGAIN) {
            input type="hidden" name="next" value=(next);
            div.actions {
                (ui::submit("go", "again", "重新登录", Look::Primary))
                (ui::link_button(paths::QUEUE, "返回待办", Look::Plain))
            }
        }
    };
    Page::new("再次登录", main).own_heading()
}
