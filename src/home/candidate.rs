//! The first page of a candidate: waiting applications and drafts, then what can be done.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::announcements::{self, Headline};
use super::services;
use crate::casework::application::ApplicationFilter;
use crate::casework::business::{Application, Origin, Registry};
use crate::pages::cards::Listed;
use crate::pages::{account_notices, links};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::identity::notice::{self, Notice};
use crate::store::{Tx, clock};
use crate::ui::{self, ListRow, Page, Tab, Tone};
use crate::web::Failure;
use crate::web::session::live::Live;

const RECENT: usize = 3;

pub(super) struct Overview {
    pub candidate: Candidate,
    pub today: NaiveDate,
    pub waiting: Vec<Listed>,
    pub drafts: Vec<Application>,
    pub recent: Vec<Listed>,
    pub news: Vec<Headline>,
    pub notices: Vec<Notice>,
    /// Ids of the notices that were acknowledged in this session.
    pub acknowledged: Vec<String>,
    pub is_staff: bool,
}

impl Overview {
    pub(super) fn load(tx: &mut Tx, live: Live) -> Result<Overview, Failure> {
        let candidate = Candidate::load(tx, &live.who.candidate)?.ok_or(Failure::SignIn)?;
        let waiting = Application::waiting_for(tx, &candidate.id)?;
        let recent = Application::list(tx, &candidate.id, &ApplicationFilter::default())?;
        let recent = recent.into_iter().take(RECENT).collect();
        Ok(Overview {
            today: tx.today(),
            waiting: Listed::load(tx, waiting)?,
            drafts: Application::drafts(tx, &candidate.id)?,
            recent: Listed::load(tx, recent)?,
            news: announcements::latest(tx)?,
            notices: notice::of_candidate(tx, &candidate.id)?,
            acknowledged: account_notices::acknowledged(&live),
            is_staff: live.who.staff.is_some(),
            candidate,
        })
    }
}

pub(super) fn page(registry: Registry, overview: &Overview) -> Page {
    let greeting = format!("您好，{}", overview.candidate.masked_name());
    let main = html! {
        (ui::greeting(&greeting, &overview.today.to_string()))
        (account_notices::banner(&overview.notices, &overview.acknowledged))
        @for listed in &overview.waiting { (waiting(listed)) }
        @for draft in &overview.drafts { (unfinished(draft)) }
        @if overview.is_staff {
            (ui::rows(&[ListRow {
                title: "审核台".to_owned(),
                detail: "您是工作人员，可以从这里办理审核".to_owned(),
                href: paths::STAFF.to_owned(),
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
    let title = format!("{}{}，待您处理", listed.business().label, listed.reason_for_waiting());
    let body = html! {
        p { (application.title) "：" (listed.return_summary()) }
        p { a href=(links::edit(application)) { "去修改" } }
    };
    ui::banner(Tone::Warn, &title, body)
}

fn unfinished(draft: &Application) -> Markup {
    let business = draft.business;
    // The draft of an appeal or a posting is found at what it began from.
    if business.origin != Origin::Nothing {
        return html! {};
    }
    let body = html! {
        p { (clock::china(draft.updated_at)) " 保存，尚未提交。" }
        p { a href=(paths::new_application(business.slug)) { "继续填写" } }
    };
    ui::banner(Tone::Info, &format!("{}草稿", business.label), body)
}

fn recent(listed: &Listed) -> ListRow {
    let application = &listed.application;
    ListRow {
        title: format!("{} · {}", listed.business().label, application.title),
        detail: clock::china(application.updated_at),
        href: links::application(application),
        trailing: listed.tag(),
    }
}
