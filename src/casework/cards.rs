//! Applications as cards of a list: where each stands, and what its owner can do.

use maud::Markup;

use super::appeal::{self, Standing};
use super::business::{self, Business, Registry};
use super::history::{self, Mark};
use super::lifecycle::{Action, Actor, Status, may};
use super::record::Application;
use super::views;
use crate::store::{Error, Tx, clock};
use crate::ui::{self, Card};

/// An application with what its card says.
pub struct Listed {
    /// The application.
    pub application: Application,
    business: &'static Business,
    marks: Vec<Mark>,
    standing: Standing,
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
            Status::Returned => {
                let events = history::of(tx, &application.id)?;
                history::last(&events, Action::Return).map(|event| event.content.marks.clone())
            }
            _ => None,
        };
        let standing = match application.status {
            Status::Rejected | Status::Approved => appeal::standing(tx, business, &application)?,
            _ => Standing::None,
        };
        Ok(Listed { application, business, marks: marks.unwrap_or_default(), standing })
    }

    /// `2 处需要修改：学历证书、从业年限。请在 2026-11-30 前重新提交。`
    pub fn what_waits(&self) -> String {
        let labels: Vec<_> = self.marks.iter().map(|mark| self.business.label_of(&mark.name)).collect();
        let by = self.application.due_on.map(|day| format!("请在 {day} 前重新提交。")).unwrap_or_default();
        format!("{} 处需要修改：{}。{by}", labels.len(), labels.join("、"))
    }

    /// Name of its kind.
    pub fn kind_label(&self) -> &'static str {
        self.business.label
    }

    /// The card; with its kind where several kinds stand together.
    pub fn card(&self, with_kind: bool) -> Markup {
        let application = &self.application;
        let mut facts = vec![
            ("级别专业".to_owned(), application.summary.clone()),
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
            tag: views::tag(application.status),
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
            _ => None,
        }
    }

    fn actions(&self) -> Vec<(String, String)> {
        let (application, path) = (&self.application, self.application.path());
        let mut actions = vec![("详情".to_owned(), path.clone())];
        if may(application.status, Action::Submit, Actor::Candidate) {
            actions.push(("修改".to_owned(), format!("{path}/edit")));
        }
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
