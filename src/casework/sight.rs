//! Which part of an application a staff member sees: everything if they decide it, otherwise what their task needs,
//! once it is approved. A question and a material say which further roles read them.

use super::business::{Business, Material};
use super::lifecycle::{Action, Status};
use super::question::Question;
use crate::people::staff::{Duty, Role};

#[derive(Clone)]
pub struct Sight {
    business: &'static Business,
    duty: Duty,
    decides: bool,
    /// Whether there may be a task to carry out or to amend.
    approved: bool,
}

impl Sight {
    pub fn of(duty: Duty, business: &'static Business, status: Status) -> Sight {
        let decides = business.is_decided_by(&duty);
        let approved = matches!(status, Status::Approved | Status::Completed);
        Sight { business, duty, decides, approved }
    }

    /// The person: name, document, records and other applications. Who posts certificates or pays does not compare
    /// them with anything.
    pub fn person(&self) -> bool {
        self.decides && matches!(self.duty.role, Role::Reviewer | Role::Administrator)
    }

    /// The records that the application is about, such as the registration that is refunded.
    pub fn records(&self) -> bool {
        self.decides || self.approved
    }

    /// What colleagues wrote to the candidate and to each other.
    pub fn history(&self) -> bool {
        self.decides
    }

    /// An event of the history. Who only carries out a task sees those of tasks.
    pub fn event(&self, action: Action) -> bool {
        let of_task = matches!(action, Action::Fulfil | Action::Fail | Action::Amend);
        self.decides || (self.approved && of_task)
    }

    pub fn question(&self, question: &Question) -> bool {
        self.reads(question.readers)
    }

    pub fn material(&self, material: &Material) -> bool {
        self.reads(material.readers)
    }

    /// A file of a slot of the form, or of a task.
    pub fn slot(&self, slot: &str) -> bool {
        let of_task = || {
            let mut tasks = self.business.tasks.iter();
            tasks.any(|task| {
                task.file.is_some_and(|file| file.slot == slot)
                    && self.duty.does(task.role, self.business.slug)
            })
        };
        self.business.material(slot).map_or_else(|| self.decides || of_task(), |asked| self.material(asked))
    }

    fn reads(&self, readers: &[Role]) -> bool {
        self.decides || (self.approved && readers.contains(&self.duty.role))
    }
}
