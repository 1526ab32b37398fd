//! The page on which a person confirms whose account signs in.

use maud::html;

use crate::login::attempt::HeldArrival;
use crate::paths;
use crate::people::mask;
use crate::ui::{self, Fact, Look, Page};

/// `attempt` is the id of the attempt.
pub fn page(attempt: &str, held: &HeldArrival) -> Page {
    let facts = [Fact::of("姓名", mask::name(&held.name)), Fact::of("证件号码", mask::number(&held.number))];
    let main = html! {
        (ui::heading("", "确认登录", "请确认这是您本人在政务服务平台的账号。"))
        (ui::panel("将要登录的账号", ui::facts(&facts)))
        form method="post" action=(paths::LOGIN_CALLBACK) hx-boost="false" {
            input type="hidden" name="attempt" value=(attempt);
            div.actions {
                (ui::submit("own", "yes", "是我，登录", Look::Primary))
                (ui::submit("own", "no", "不是我", Look::Plain))
            }
        }
        p.muted.small { "如果您没有要登录，或者这不是您的账号，请点“不是我”。" }
    };
    Page::new("确认登录", main).own_heading()
}
