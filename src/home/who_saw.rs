//! 谁查看过我的信息: the entries of the audit about a candidate, for the candidate.

use maud::{Markup, html};
use poem::web::Query;
use poem::{Response, handler};

use crate::pages::audit_entries::{PAGE, Position, next_page, who};
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::audit::actions;
use crate::people::audit::search::{self, FoundEntry, Wanted};
use crate::people::candidate::Candidate;
use crate::people::person;
use crate::store::clock::china_to_the_second;
use crate::store::{Tx, ids};
use crate::ui::{self, Icon, Moment, Page};
use crate::web::{Failure, Frame, Visitor};

/// `GET /me/views`
#[handler]
pub async fn show(
    frame: Frame,
    visitor: Visitor,
    Query(position): Query<Position>,
) -> Result<Response, Failure> {
    let after = position.entry();
    let is_first = after.is_none();
    let read = move |tx: &mut Tx, candidate: Candidate| {
        let candidates = Some(person::candidates_of(tx, &[candidate.id])?);
        Ok(search::find(tx, &Wanted { candidates, after, ..Wanted::default() }, PAGE + 1)?)
    };
    let entries = as_candidate(&visitor, read).await?;
    let main = html! {
        (ui::heading("", "谁查看过我的信息", "工作人员打开、办理您的申请和材料，都有记录。"))
        @if entries.is_empty() {
            @if is_first { (ui::empty(Icon::Check, "还没有人查看过", "工作人员打开您的申请后，这里会有记录。", None)) }
        } @else { (list(&entries)) }
        p.muted.small { "待办列表里只显示遮盖后的姓名，不列在这里。您本人的查看也不列。" }
    };
    Ok(frame.page(Page::new("谁查看过我的信息", main).own_heading().back(paths::ME)))
}

fn list(entries: &[FoundEntry]) -> Markup {
    let shown = &entries[..entries.len().min(PAGE as usize)];
    let moment = |entry: &FoundEntry| Moment {
        state: String::new(),
        title: actions::label(&entry.action).to_owned(),
        when: china_to_the_second(entry.at),
        detail: match subject(&entry.target) {
            Some(subject) => format!("{} · {subject}", who(entry)),
            None => who(entry),
        },
    };
    let next = (entries.len() > shown.len()).then(|| shown.last()).flatten();
    html! {
        (ui::panel("", ui::timeline(&shown.iter().map(moment).collect::<Vec<_>>())))
        @if let Some(last) = next {
            p.actions { (ui::link_button(&next_page(paths::MY_VIEWS, last), "更早的记录", ui::Look::Plain)) }
        }
    }
}

/// The number of the application or certificate, without the id of a file. `None` for an id, such as that of a request
/// for deletion, which says nothing to the candidate.
fn subject(target: &str) -> Option<&str> {
    target.split('/').next().filter(|name| ids::made_at(name).is_none())
}
