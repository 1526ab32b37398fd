//! Applications as cards of a list: where each stands, and what its owner can do.

use maud::Markup;

use super::appeal::{self, Standing};
use super::business::{self, Business, Origin, Registry};
use super::history::{self, Mark};
use super::lifecycle::{Action, Actor, Status, may};
use super::record::Application;
use super::{task, views};
use crate::store::{Error, Tx, clock};
use crate::ui::{self, Card};

/// Where its owner changes an application: posting begins with its notice again.
pub fn edit_path(business: &Business, application: &Application) -> String {
    match business.origin {
        Origin::Certificate => format!("/certificates/{}/{}/notice", application.parent_id, business.slug),
        _ => format!("{}/edit", application.path()),
    }
}

/// An application with what its card says.
pub struct Listed {
    /// The application.
    pub application: Application,
    business: &'static Business,
    marks: Vec<Mark>,
    standing: Standing,
    more: Vec<(String, String)>,
}

impl Listed {
    /// Looks up what the cards of some applications say; one of an unknown kind is left out.
    pub fn load(
        tx: &mut Tx,
        registry: Registry,
        applications: Vec<Application>,
    ) -> Result<Vec<Listed>, Error> {
        let mut listed = Vec::new();
        for application in applications {
            if let Some(business) = business::find(registry, &application.kind) {
                listed.push(Listed::of(tx, business, application)?);
            }
        }
        Ok(listed)
    }

    fn of(tx: &mut Tx, business: &'static Business, application: Application) -> Result<Listed, Error> {
        let marks = match application.status {
            Status::Returned => history::last_marks(&history::of(tx, &application.id)?).to_vec(),
            _ => Vec::new(),
        };
        let standing = match application.status {
            Status::Rejected | Status::Approved => appeal::standing(tx, business, &application)?,
            _ => Standing::None,
        };
        let more = (business.actions)(tx, &application)?;
        Ok(Listed { application, business, marks, standing, more })
    }

    /// `2 处需要修改：学历证书、从业年限。请在 2026-11-30 前重新提交。`
    pub fn what_waits(&self) -> String {
        let form = self.application.form.clone().unwrap_or_default();
        let place = |mark: &Mark| self.business.label_of(self.business.place_of(&mark.name, &form));
        let labels: Vec<_> = self.marks.iter().map(place).collect();
        let by = self.application.due_on.map(|day| format!("请在 {day} 前重新提交。")).unwrap_or_default();
        format!("{} 处需要修改：{}。{by}", labels.len(), labels.join("、"))
    }

    /// The tag of its state.
    pub fn tag(&self) -> Markup {
        views::tag(self.business, &self.application)
    }

    /// Why it waits for the candidate: 被退回, or what failed.
    pub fn why_waiting(&self) -> &str {
        if self.application.result.is_empty() { "被退回" } else { &self.application.result }
    }

    /// Name of its kind.
    pub fn kind_label(&self) -> &'static str {
        self.business.label
    }

    /// The card; with its kind where several kinds stand together.
    pub fn card(&self, with_kind: bool) -> Markup {
        let application = &self.application;
        let mut facts = vec![
            (self.business.summary_label.to_owned(), application.summary.clone()),
            ("申请时间".to_owned(), application.submitted_at.map(clock::china).unwrap_or_default()),
            ("受理号".to_owned(), application.shown_number().to_owned()),
        ];
        if with_kind {
            facts.insert(0, ("业务".to_owned(), self.business.label.to_owned()));
        }
        if let Some(decided_at) = application.decided_at.filter(|_| with_kind) {
            facts.push(("办结时间".to_owned(), clock::china(decided_at)));
        }
        ui::card(&Card {
            title: application.title.clone(),
            href: application.path(),
            tag: self.tag(),
            facts,
            note: self.note(),
            actions: self.actions(),
        })
    }

    fn note(&self) -> Option<(String, String)> {
        match (&self.application.status, &self.standing) {
            (Status::Returned, _) => Some(("returned".to_owned(), self.what_waits())),
            (Status::Rejected, Standing::Until(day)) => {
                Some(("rejected".to_owned(), format!("如有异议，可以在 {day} 前申诉一次。")))
            }
            (Status::Rejected, Standing::Made(appeal)) => {
                Some((appeal.status.code().to_owned(), format!("申诉：{}", appeal.status)))
            }
            (status, _) => {
                let waiting = task::awaited(self.business, *status)?.waiting;
                Some(("due".to_owned(), waiting.to_owned()))
            }
        }
    }

    fn actions(&self) -> Vec<(String, String)> {
        let (application, path) = (&self.application, self.application.path());
        let mut actions = vec![("详情".to_owned(), path.clone())];
        if self.business.submits_by(application.status).is_some() {
            actions.push(("修改".to_owned(), edit_path(self.business, application)));
        }
        actions.extend(self.more.iter().cloned());
        match &self.standing {
            Standing::Until(_) => actions.push(("申诉".to_owned(), format!("{path}/appeal"))),
            Standing::Made(appeal) => actions.push(("申诉详情".to_owned(), appeal.path())),
            Standing::None | Standing::Over(_) => {}
        }
        if may(application.status, Action::Withdraw, Actor::Candidate) {
            actions.push(("撤销".to_owned(), format!("{path}/withdraw")));
        }
        actions
    }
}
