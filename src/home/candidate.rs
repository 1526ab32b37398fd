//! The first page of a candidate: what has a deadline, drafts, then what can be done.

use chrono::{Duration, NaiveDate};
use maud::{Markup, html};

use super::announcements::{self, Headline};
use super::periods::{self, OwnPeriods, is_expiring};
use super::services;
use crate::casework::business::{Origin, Registry};
use crate::casework::deadline;
use crate::casework::listing::{self, ListedApplication};
use crate::casework::messages;
use crate::casework::sweep;
use crate::pages::signed_in::require_consent;
use crate::pages::{account_notices, cards, links};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::identity::notice::{self, Notice};
use crate::store::{Tx, clock};
use crate::ui::{self, ListRow, Page, Tab, Tone};
use crate::web::Failure;
use crate::web::session::live::Live;

const RECENT: usize = 3;

/// Working days before the end of a correction in which the page warns.
const WARNED: u32 = 2;

pub(super) struct Overview {
    candidate: Candidate,
    today: NaiveDate,
    /// Age at which a draft is deleted.
    draft_age: Duration,
    /// Two working days from today.
    soon: NaiveDate,
    applications: listing::Overview,
    periods: OwnPeriods,
    news: Vec<Headline>,
    /// Messages that are not read.
    unread: i64,
    notices: Vec<Notice>,
    /// Ids of the notices that were acknowledged in this session.
    acknowledged: Vec<String>,
    is_staff: bool,
}

impl Overview {
    pub(super) fn load(tx: &mut Tx, live: Live) -> Result<Overview, Failure> {
        let found = notice::with_candidate(tx, &live.who.candidate)?;
        let (candidate, notices) = found.ok_or(Failure::SignIn)?;
        require_consent(&live, &candidate, true)?;
        let applications = listing::overview(tx, &candidate.id, RECENT)?;
        let soon = match applications.waiting.is_empty() {
            true => tx.today(),
            false => deadline::working_days_from_today(tx, WARNED)?,
        };
        let draft_age = match applications.drafts.is_empty() {
            true => Duration::zero(),
            false => sweep::draft_age(tx)?,
        };
        Ok(Overview {
            today: tx.today(),
            draft_age,
            soon,
            applications,
            periods: periods::of_businesses(tx, &candidate)?,
            news: announcements::latest(tx)?,
            unread: messages::unread(tx, &candidate.id)?,
            notices,
            acknowledged: account_notices::acknowledged(&live),
            is_staff: live.who.staff.is_some(),
            candidate,
        })
    }
}

pub(super) fn page(registry: Registry, overview: &Overview) -> Page {
    let listing::Overview { waiting, drafts, recent, .. } = &overview.applications;
    let periods = periods::banners(
        &overview.applications,
        &overview.periods,
        overview.draft_age,
        (overview.today, overview.soon),
    );
    let greeting = format!("您好，{}", overview.candidate.masked_name());
    let main = html! {
        (ui::greeting(&greeting, &overview.today.to_string()))
        (account_notices::banner(&overview.notices, &overview.acknowledged))
        @if !periods.is_empty() {
            h2 { "待您处理" }
            @for period in &periods { (period) }
        }
        @for draft in drafts.iter().filter(|draft| !is_expiring(draft, overview.draft_age, overview.today)) { (unfinished(draft)) }
        (ui::rows(&[super::messages::row(overview.unread)]))
        @if overview.is_staff {
            (ui::rows(&[ListRow {
                title: html! { "审核台" },
                detail: "您是工作人员，可以从这里办理审核".to_owned(),
                href: paths::STAFF.to_owned(),
                trailing: html! { "→" },
            }]))
        }
        h2 { "业务办理" }
        (ui::tiles(&services::tiles(registry, waiting.len())))
        @if !recent.is_empty() {
            h2 { "最近进度" }
            (ui::rows(&recent.iter().map(progress).collect::<Vec<_>>()))
        }
        (announcements::list(&overview.news))
    };
    Page::new("首页", main).own_heading().tab(Tab::Home)
}

fn unfinished(draft: &ListedApplication) -> Markup {
    let business = draft.business;
    // The draft of an appeal or a posting is found at what it began from.
    if business.origin != Origin::Nothing {
        return html! {};
    }
    let body = html! {
        p { (ui::date(clock::china(draft.updated_at))) " 保存，尚未提交。" }
        p { a href=(paths::new_application(business.slug)) { "继续填写" } }
    };
    ui::banner(Tone::Info, &format!("{}草稿", business.label), body)
}

fn progress(application: &ListedApplication) -> ListRow {
    ListRow {
        title: html! { (application.business.label) " · " (ui::words(&application.title)) },
        detail: clock::china(application.updated_at),
        href: links::listed(application),
        trailing: cards::tag(application),
    }
}
