//! 待您处理: everything with a day by which the candidate should act, the first to end first.

use chrono::{Duration, NaiveDate};
use maud::{Markup, html};

use crate::casework::business::{Business, Origin, Period, Registry};
use crate::casework::listing::{self, ListedApplication};
use crate::pages::{cards, links};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx, clock};
use crate::ui::{self, Tone};

/// A draft is announced this long before its deletion.
const NOTICE: Duration = Duration::days(7);

/// The periods of the businesses themselves.
pub(super) type OwnPeriods = Vec<(&'static Business, Period)>;

pub(super) fn of_businesses(tx: &mut Tx, candidate: &Candidate) -> Result<OwnPeriods, Error> {
    let mut own = Vec::new();
    for business in Registry::of(tx).iter() {
        let periods = (business.periods)(tx, candidate)?;
        own.extend(periods.into_iter().map(|period| (business, period)));
    }
    Ok(own)
}

/// The day on which an unchanged draft is deleted.
fn deleted_on(draft: &ListedApplication, age: Duration) -> NaiveDate {
    clock::china_date(draft.updated_at + age)
}

/// Whether a draft is so old that it is listed here.
pub(super) fn is_expiring(draft: &ListedApplication, age: Duration, today: NaiveDate) -> bool {
    deleted_on(draft, age) - today <= NOTICE
}

/// Banners in the order of their days. `soon` is the day until which a returned application is urgent.
pub(super) fn banners(
    overview: &listing::Overview,
    of_businesses: &OwnPeriods,
    draft_age: Duration,
    (today, soon): (NaiveDate, NaiveDate),
) -> Vec<Markup> {
    let mut dated: Vec<(Option<NaiveDate>, Markup)> = Vec::new();
    dated.extend(overview.waiting.iter().map(|one| (one.due_on, returned(one, soon))));
    dated.extend(of_businesses.iter().map(|(business, one)| (Some(one.last_day), own(business, one, today))));
    for (application, last_day) in &overview.appealable {
        let has_draft = overview.drafts.iter().any(|draft| draft.parent_id == application.id);
        dated.push((Some(*last_day), rejected(application, *last_day, has_draft, today)));
    }
    for draft in overview.drafts.iter().filter(|draft| is_expiring(draft, draft_age, today)) {
        if let Some(href) = form_of(draft, overview) {
            let deleted_on = deleted_on(draft, draft_age);
            dated.push((Some(deleted_on), expiring(draft, deleted_on, &href)));
        }
    }
    // An application without a day comes last.
    dated.sort_by_key(|(day, _)| day.unwrap_or(NaiveDate::MAX));
    dated.into_iter().map(|(_, banner)| banner).collect()
}

/// `还剩 7 天`.
fn left(last_day: NaiveDate, today: NaiveDate) -> String {
    match (last_day - today).num_days() {
        0 => "今天是最后一天".to_owned(),
        days => format!("还剩 {days} 天"),
    }
}

/// `soon` is the day two working days from today: until then the banner warns.
fn returned(application: &ListedApplication, soon: NaiveDate) -> Markup {
    // 被退回, or the task that failed.
    let reason = if application.result.is_empty() { "被退回" } else { &application.result };
    let ends_soon = application.due_on.filter(|due_on| *due_on <= soon);
    let body = html! {
        p { (ui::words(&application.title)) "：" (ui::words(&cards::return_summary(application))) }
        @if let Some(day) = ends_soon { p { "补正期限 " (ui::date(day)) " 当日截止，逾期将按“逾期未补正”关闭。" } }
        p { a href=(links::edit_listed(application)) { "去修改" } }
    };
    let hurry = if ends_soon.is_some() { "，即将逾期" } else { "" };
    ui::banner(Tone::Warn, &format!("{}{reason}{hurry}", application.business.label), body)
}

fn own(business: &Business, period: &Period, today: NaiveDate) -> Markup {
    let body = html! {
        p {
            (ui::words(&period.title)) "：" (period.what) "到 " (ui::date(period.last_day)) " 为止，"
            (left(period.last_day, today)) "。"
        }
        p { a href=(paths::new_application(business.slug)) { (business.start_label) } }
    };
    ui::banner(Tone::Warn, &format!("可以提出{}", business.label), body)
}

fn rejected(
    application: &ListedApplication,
    last_day: NaiveDate,
    has_draft: bool,
    today: NaiveDate,
) -> Markup {
    let business = application.business;
    let body = html! {
        p {
            (ui::words(&application.title)) "：如有异议，可以申诉一次，到 " (ui::date(last_day)) " 为止，"
            (left(last_day, today)) "。"
        }
        p {
            a.text-button href=(paths::appeal(business.slug, &application.number)) {
                @if has_draft { "继续填写申诉" } @else { "去申诉" }
            }
            "　"
            a.text-button href=(links::listed(application)) { "查看原因" }
        }
    };
    ui::banner(Tone::Warn, &format!("{}不通过，可以申诉", business.label), body)
}

/// The page on which a draft is continued. `None` for an appeal that is too late.
fn form_of(draft: &ListedApplication, overview: &listing::Overview) -> Option<String> {
    match draft.business.origin {
        Origin::Nothing => Some(paths::new_application(draft.business.slug)),
        Origin::Certificate => Some(paths::mailing_notice(&draft.parent_id)),
        Origin::Rejection => {
            let mut rejected = overview.appealable.iter().map(|(application, _)| application);
            let rejected = rejected.find(|application| application.id == draft.parent_id)?;
            Some(paths::appeal(rejected.business.slug, &rejected.number))
        }
    }
}

fn expiring(draft: &ListedApplication, deleted_on: NaiveDate, href: &str) -> Markup {
    let body = html! {
        p {
            (ui::date(clock::china(draft.updated_at))) " 保存，尚未提交，将于 " (ui::date(deleted_on)) " 删除。"
        }
        p { a href=(href) { "继续填写" } }
    };
    ui::banner(Tone::Warn, &format!("{}草稿即将删除", draft.business.label), body)
}
