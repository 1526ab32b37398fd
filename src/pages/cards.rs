//! Applications as cards of a list.

use maud::{Markup, html};
use serde::Deserialize;

use super::{links, views};
use crate::casework::appeal::{self, AppealState};
use crate::casework::application::PAGE;
use crate::casework::business::{Application, Business};
use crate::casework::history::{self, Mark};
use crate::casework::lifecycle::{Action, Actor, Status, may};
use crate::paths;
use crate::store::{Error, Tx, clock};
use crate::ui::{self, Card, Link};

#[derive(Deserialize)]
pub struct Paging {
    #[serde(default)]
    pub page: i64,
}

/// An application with the data of its card.
pub struct Listed {
    pub application: Application,
    marks: Vec<Mark>,
    standing: AppealState,
    posting: Option<Link>,
}

impl Listed {
    pub fn load(tx: &mut Tx, applications: Vec<Application>) -> Result<Vec<Listed>, Error> {
        applications.into_iter().map(|application| Listed::of(tx, application)).collect()
    }

    fn of(tx: &mut Tx, application: Application) -> Result<Listed, Error> {
        let marks = match application.status {
            Status::Returned => history::last_marks(&history::of(tx, &application.id)?).to_vec(),
            _ => Vec::new(),
        };
        let standing = match application.status {
            Status::Rejected | Status::Approved => appeal::state(tx, &application)?,
            _ => AppealState::None,
        };
        let certificate = (application.business.leads_to)(tx, &application)?;
        let posting = certificate.as_ref().and_then(links::posting);
        Ok(Listed { application, marks, standing, posting })
    }

    /// `2 处需要修改：学历证书、从业年限。请在 2026-11-30 前重新提交。`
    pub fn return_summary(&self) -> String {
        let (business, form) = (self.business(), self.application.form.clone().unwrap_or_default());
        let label = |mark: &Mark| business.label_of(business.place_of(&mark.name, &form));
        let labels: Vec<_> = self.marks.iter().map(label).collect();
        let by = self.application.due_on.map(|day| format!("请在 {day} 前重新提交。")).unwrap_or_default();
        format!("{} 处需要修改：{}。{by}", labels.len(), labels.join("、"))
    }

    pub fn tag(&self) -> Markup {
        views::tag(&self.application)
    }

    /// Why the candidate must act: 被退回, or the task that failed.
    pub fn reason_for_waiting(&self) -> &str {
        if self.application.result.is_empty() { "被退回" } else { &self.application.result }
    }

    pub fn business(&self) -> &'static Business {
        self.application.business
    }

    /// The card. `with_business` adds 业务 and 办结时间, for lists of several businesses.
    fn card(&self, with_business: bool) -> Markup {
        let application = &self.application;
        let mut facts = vec![
            (self.business().summary_label, application.summary.clone()),
            ("申请时间", application.submitted_at.map(clock::china).unwrap_or_default()),
            ("受理号", application.shown_number().to_owned()),
        ];
        if with_business {
            facts.insert(0, ("业务", self.business().label.to_owned()));
        }
        if let Some(decided_at) = application.decided_at.filter(|_| with_business) {
            facts.push(("办结时间", clock::china(decided_at)));
        }
        ui::card(&Card {
            title: application.title.clone(),
            href: links::application(application),
            tag: self.tag(),
            facts,
            note: self.note(),
            actions: self.actions(),
        })
    }

    fn note(&self) -> Option<(&'static str, String)> {
        match (&self.application.status, &self.standing) {
            (Status::Returned, _) => Some(("returned", self.return_summary())),
            (Status::Rejected, AppealState::Until(day)) => {
                Some(("rejected", format!("如有异议，可以在 {day} 前申诉一次。")))
            }
            (Status::Rejected, AppealState::Made(appeal)) => {
                Some((appeal.status.code(), format!("申诉：{}", appeal.status)))
            }
            (status, _) => {
                let waiting = self.business().awaited_task(*status)?.waiting;
                Some(("due", waiting.to_owned()))
            }
        }
    }

    fn actions(&self) -> Vec<Link> {
        let (application, slug) = (&self.application, self.business().slug);
        let number = application.shown_number();
        let mut actions = vec![Link::new("详情", links::application(application))];
        if self.business().submits_by(application.status).is_some() {
            actions.push(Link::new("修改", links::edit(application)));
        }
        actions.extend(self.posting.clone());
        match &self.standing {
            AppealState::Until(_) => actions.push(Link::new("申诉", paths::appeal(slug, number))),
            AppealState::Made(appeal) => actions.push(Link::new("申诉详情", links::application(appeal))),
            AppealState::None | AppealState::Over(_) => {}
        }
        if may(application.status, Action::Withdraw, Actor::Candidate) {
            actions.push(Link::new("撤销", paths::withdraw(slug, number)));
        }
        actions
    }
}

/// The cards of a page and a link to the next one. `href` builds the address of a page.
pub fn items(listed: &[Listed], href: &dyn Fn(i64) -> String, page: i64, with_business: bool) -> Markup {
    let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
    html! {
        div #items {
            @for one in listed.iter().take(shown) { (one.card(with_business)) }
            @if listed.len() > shown { (ui::more(&href(page + 1), "加载更多")) }
        }
    }
}
