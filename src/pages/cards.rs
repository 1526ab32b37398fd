//! Applications as cards of a list: where each stands, and what its owner can do.

use maud::{Markup, html};

use super::{links, views};
use crate::casework::appeal::{self, AppealState};
use crate::casework::application::PAGE;
use crate::casework::business::Application;
use crate::casework::history::{self, Mark};
use crate::casework::lifecycle::{Action, Actor, Status, may};
use crate::store::{Error, Tx, clock};
use crate::ui::{self, Card};

/// An application with what its card says.
pub struct Listed {
    /// The application.
    pub application: Application,
    marks: Vec<Mark>,
    standing: AppealState,
    more: Vec<(String, String)>,
}

impl Listed {
    /// Looks up what the cards of some applications say.
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
        let posted = (application.business.leads_to)(tx, &application)?;
        let more = posted.as_ref().and_then(links::posting).into_iter().collect();
        Ok(Listed { application, marks, standing, more })
    }

    /// `2 处需要修改：学历证书、从业年限。请在 2026-11-30 前重新提交。`
    pub fn what_waits(&self) -> String {
        let form = self.application.form.clone().unwrap_or_default();
        let place = |mark: &Mark| {
            self.application.business.label_of(self.application.business.place_of(&mark.name, &form))
        };
        let labels: Vec<_> = self.marks.iter().map(place).collect();
        let by = self.application.due_on.map(|day| format!("请在 {day} 前重新提交。")).unwrap_or_default();
        format!("{} 处需要修改：{}。{by}", labels.len(), labels.join("、"))
    }

    /// The tag of its state.
    pub fn tag(&self) -> Markup {
        views::tag(&self.application)
    }

    /// Why it waits for the candidate: 被退回, or what failed.
    pub fn why_waiting(&self) -> &str {
        if self.application.result.is_empty() { "被退回" } else { &self.application.result }
    }

    /// Name of its kind.
    pub fn kind_label(&self) -> &'static str {
        self.application.business.label
    }

    /// The card; with its kind where several kinds stand together.
    pub fn card(&self, with_kind: bool) -> Markup {
        let application = &self.application;
        let mut facts = vec![
            (self.application.business.summary_label.to_owned(), application.summary.clone()),
            ("申请时间".to_owned(), application.submitted_at.map(clock::china).unwrap_or_default()),
            ("受理号".to_owned(), application.shown_number().to_owned()),
        ];
        if with_kind {
            facts.insert(0, ("业务".to_owned(), self.application.business.label.to_owned()));
        }
        if let Some(decided_at) = application.decided_at.filter(|_| with_kind) {
            facts.push(("办结时间".to_owned(), clock::china(decided_at)));
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

    fn note(&self) -> Option<(String, String)> {
        match (&self.application.status, &self.standing) {
            (Status::Returned, _) => Some(("returned".to_owned(), self.what_waits())),
            (Status::Rejected, AppealState::Until(day)) => {
                Some(("rejected".to_owned(), format!("如有异议，可以在 {day} 前申诉一次。")))
            }
            (Status::Rejected, AppealState::Made(appeal)) => {
                Some((appeal.status.code().to_owned(), format!("申诉：{}", appeal.status)))
            }
            (status, _) => {
                let waiting = self.application.business.awaited_task(*status)?.waiting;
                Some(("due".to_owned(), waiting.to_owned()))
            }
        }
    }

    fn actions(&self) -> Vec<(String, String)> {
        let (application, path) = (&self.application, links::application(&self.application));
        let mut actions = vec![("详情".to_owned(), path.clone())];
        if self.application.business.submits_by(application.status).is_some() {
            actions.push(("修改".to_owned(), links::edit(application)));
        }
        actions.extend(self.more.iter().cloned());
        match &self.standing {
            AppealState::Until(_) => actions.push(("申诉".to_owned(), format!("{path}/appeal"))),
            AppealState::Made(appeal) => actions.push(("申诉详情".to_owned(), links::application(appeal))),
            AppealState::None | AppealState::Over(_) => {}
        }
        if may(application.status, Action::Withdraw, Actor::Candidate) {
            actions.push(("撤销".to_owned(), format!("{path}/withdraw")));
        }
        actions
    }
}

/// Cards with a link to the rest; `href` is the address of a page.
pub(crate) fn items(listed: &[Listed], href: &dyn Fn(i64) -> String, page: i64, with_kind: bool) -> Markup {
    let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
    html! {
        div #items {
            @for one in listed.iter().take(shown) { (one.card(with_kind)) }
            @if listed.len() > shown { (ui::more(&href(page + 1), "加载更多")) }
        }
    }
}
