//! The first page for a candidate: where they stand, then what they can do.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::announcements::{self, Headline};
use super::services;
use crate::casework::business::{self, Origin, Registry};
use crate::casework::cards::Listed;
use crate::casework::record::Application;
use crate::people::candidate::Candidate;
use crate::people::identity::notice::{Notice, view};
use crate::store::clock;
use crate::ui::{self, ListRow, Page, Tab, Tone};

/// How many recent applications the page shows.
pub(super) const RECENT: usize = 3;

/// Everything the page says.
pub(super) struct Overview {
    pub candidate: Candidate,
    pub today: NaiveDate,
    pub waiting: Vec<Listed>,
    pub drafts: Vec<Application>,
    pub recent: Vec<Listed>,
    pub news: Vec<Headline>,
    pub notices: Vec<Notice>,
    /// Keys of the notices that this session has acknowledged.
    pub told: Vec<String>,
    pub is_staff: bool,
}

pub(super) fn page(registry: Registry, overview: &Overview) -> Page {
    let greeting = format!("您好，{}", overview.candidate.masked_name());
    let main = html! {
        (ui::greeting(&greeting, &overview.today.to_string()))
        (view::banner(&overview.notices, &overview.told))
        @for listed in &overview.waiting { (waiting(listed)) }
        @for draft in &overview.drafts { (unfinished(registry, draft)) }
        @if overview.is_staff {
            (ui::rows(&[ListRow {
                title: "审核台".to_owned(),
                detail: "您是工作人员，可以从这里办理审核".to_owned(),
                href: "/staff".to_owned(),
                trailing: html! { "→" },
            }]))
        }
        h2 { "业务办理" }
        (ui::tiles(&services::tiles(registry, overview.waiting.len())))
        @if !overview.recent.is_empty() {
            h2 { "最近进度" }
            (ui::rows(&overview.recent.iter().map(recent).collect::<Vec<_>>()))
        }
        (announcements::list(&overview.news))
    };
    Page::new("首页", main).own_heading().tab(Tab::Home)
}

fn waiting(listed: &Listed) -> Markup {
    let application = &listed.application;
    let title = format!("{}{}，待您处理", listed.kind_label(), listed.why_waiting());
    let body = html! {
        p { (application.title) "：" (listed.what_waits()) }
        p { a href={ (application.path()) "/edit" } { "去修改" } }
    };
    ui::banner(Tone::Warn, &title, body)
}

fn unfinished(registry: Registry, draft: &Application) -> Markup {
    // The draft of an appeal or a posting is found at what it began from.
    let Some(business) =
        business::find(registry, &draft.kind).filter(|business| business.origin == Origin::Nothing)
    else {
        return html! {};
    };
    let body = html! {
        p { (clock::china(draft.updated_at)) " 保存，尚未提交。" }
        p { a href={ (business.path()) "/new" } { "继续填写" } }
    };
    ui::banner(Tone::Info, &format!("{}草稿", business.label), body)
}

fn recent(listed: &Listed) -> ListRow {
    let application = &listed.application;
    ListRow {
        title: format!("{} · {}", listed.kind_label(), application.title),
        detail: clock::china(application.updated_at),
        href: application.path(),
        trailing: listed.tag(),
    }
}
