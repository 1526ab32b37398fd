//! Single-key shortcuts of the review desk. They are off until a staff member turns them on
//! (WCAG 2.1.4).

use diesel::prelude::*;
use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::schema::staff::dsl as s;
use crate::store::{Error, Store, Tx};
use crate::web::{Failure, Submission, see_other};

#[handler]
pub async fn switch(
    Data(store): Data<&Store>,
    staff: StaffMember,
    sent: Submission,
) -> Result<Response, Failure> {
    let on = sent.one("on") == "yes";
    let turn = move |tx: &mut Tx| {
        diesel::update(s::staff.find(&staff.id)).set(s::single_keys.eq(on)).execute(tx.conn)?;
        Ok::<_, Error>(())
    };
    store.write(turn).await?;
    Ok(see_other(paths::QUEUE))
}

/// The switch. It is on the page of the queue, where nothing is typed.
pub(super) fn show(on: bool) -> Markup {
    html! {
        form.desk-keys method="post" action=(paths::STAFF_KEYS) {
            input type="hidden" name="on" value=(if on { "no" } else { "yes" });
            button.pill type="submit" aria-pressed=(on) aria-describedby="keys-hint" { "键盘快捷键" }
            p.muted.small #keys-hint {
                @if on { "已打开。" } @else { "未打开。打开后，" }
                "焦点在审核按钮上时，按键等于按旁边写着该字母的按钮；按下后还会请您确认。"
            }
        }
    }
}
