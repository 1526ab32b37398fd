//! Applications as cards of a list.

use maud::{Markup, html};
use serde::Deserialize;

use super::{links, views};
use crate::casework::appeal::AppealState;
use crate::casework::lifecycle::{Action, Actor, Status, may};
use crate::casework::listing::{Listed, ListedApplication};
use crate::casework::paging::Pages;
use crate::paths;
use crate::store::clock;
use crate::ui::{self, Card, Fact, Link};

/// The pages of a list in the query string: `page` is the last one. Without `from` the list is shown from its
/// beginning.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Paging {
    from: i64,
    page: i64,
}

impl Paging {
    pub fn pages(self) -> Pages {
        Pages::new(self.from, self.page)
    }
}

/// `2 处需要修改：学历证书、从业年限。请在 2026-11-30 前重新提交。`
pub fn return_summary(application: &ListedApplication) -> String {
    let labels = application.marked.iter().map(|name| application.business.label_of(name));
    let labels: Vec<_> = labels.collect();
    let by = application.due_on.map(|day| format!("请在 {day} 前重新提交。")).unwrap_or_default();
    format!("{} 处需要修改：{}。{by}", labels.len(), labels.join("、"))
}

pub fn tag(application: &ListedApplication) -> Markup {
    views::state_tag(application.business, application.status, &application.result)
}

/// The card. `with_business` adds 业务 and 办结时间, for lists of several businesses.
fn card(listed: &Listed, with_business: bool) -> Markup {
    let application = &listed.application;
    let business = application.business;
    let mut facts = vec![
        Fact::of(business.summary_label, &application.summary),
        Fact::of("申请时间", application.submitted_at.map(clock::china).unwrap_or_default()),
        Fact { label: "受理号", value: ui::digits(&application.number) },
    ];
    if with_business {
        facts.insert(0, Fact::of("业务", business.label));
    }
    if let Some(decided_at) = application.decided_at.filter(|_| with_business) {
        facts.push(Fact::of("办结时间", clock::china(decided_at)));
    }
    ui::card(&Card {
        title: application.title.clone(),
        href: links::listed(application),
        tag: tag(application),
        facts,
        note: note(listed),
        actions: actions(listed),
    })
}

fn note(listed: &Listed) -> Option<(&'static str, String)> {
    let application = &listed.application;
    match (application.status, &listed.appeal) {
        (Status::Returned, _) => Some(("returned", return_summary(application))),
        (Status::Rejected, AppealState::Until(day)) => {
            Some(("rejected", format!("如有异议，可以在 {day} 前申诉一次。")))
        }
        (Status::Rejected, AppealState::Made(appeal)) => Some((appeal.status.code(), appeal.word())),
        (status, _) => {
            let waiting = application.business.awaited_task(status)?.waiting;
            Some(("due", waiting.to_owned()))
        }
    }
}

fn actions(listed: &Listed) -> Vec<Link> {
    let application = &listed.application;
    let (slug, number) = (application.business.slug, &application.number);
    let mut actions = vec![Link::new("详情", links::listed(application))];
    if application.business.submits_by(application.status).is_some() {
        actions.push(Link::new("修改", links::edit_listed(application)));
    }
    actions.extend(listed.certificate.as_ref().and_then(links::posting_listed));
    match &listed.appeal {
        AppealState::Until(_) => actions.push(Link::new("申诉", paths::appeal(slug, number))),
        AppealState::Made(appeal) => actions.push(Link::new("申诉详情", links::appeal(appeal))),
        AppealState::None | AppealState::Over(_) => {}
    }
    if may(application.status, Action::Withdraw, Actor::Candidate) {
        actions.push(Link::new("撤销", paths::withdraw(slug, number)));
    }
    actions
}

/// The cards of applications. `list` is the address of the list, with its filters.
pub fn items(listed: &[Listed], list: &str, pages: Pages, with_business: bool) -> Markup {
    paged(listed, list, pages, |one| card(one, with_business))
}

/// The items of pages, and a link to the next page.
pub fn paged<T>(items: &[T], list: &str, pages: Pages, show: impl Fn(&T) -> Markup) -> Markup {
    let (split, has_next) = pages.split(items);
    let (next, sign) = (pages.next(), if list.contains('?') { '&' } else { '?' });
    html! {
        div #items {
            @for (number, items) in split {
                (ui::page_mark(number))
                @for item in items { (show(item)) }
            }
            @if has_next {
                (ui::more(&format!("{list}{sign}from={next}&page={next}"), &format!("{list}{sign}page={next}")))
            }
        }
    }
}
