//! What staff do besides deciding, as data: pay a refund, print or post a certificate, issue a receipt.

use chrono::NaiveDate;

use super::Material;
use crate::casework::answers::{Answers, SentValues, values};
use crate::casework::lifecycle::{self, Action, Status};
use crate::casework::question::{Choices, Problems, Question, problem};
use crate::people::staff::Role;
use crate::store::{Error, Tx};

/// An action of staff with a small form of its own.
pub struct Task {
    /// It is offered in the states that this action leaves.
    pub action: Action,
    /// The button, such as 登记退款.
    pub label: &'static str,
    /// Label of an application that waits for the task, such as 待退款. Empty if another task has it.
    pub waiting: &'static str,
    /// Label of the application afterwards, such as 已退款.
    pub result: &'static str,
    pub role: Role,
    pub questions: &'static [Question],
    /// A file for the candidate.
    pub file: Option<Material>,
    /// The questions that ask for a day, and the event before which that day cannot be.
    pub not_before: &'static [(&'static str, Since)],
    /// Problems that the database shows, such as a number in use.
    pub check: fn(&mut Tx, &Answers) -> Result<Problems, Error>,
    /// Questions and slots that are marked after a failure. The reason is the answer to the first question.
    pub mends: &'static [&'static str],
    /// Questions and slots that can change after a failure, besides those that are marked. Empty: all.
    pub opens: &'static [&'static str],
    /// Tells the candidate in a sentence what it means. Empty: the facts say it.
    pub told: &'static str,
}

/// An event before which a task cannot be carried out.
#[derive(Clone, Copy)]
pub enum Since {
    Submission,
    /// The last approval. Its action is [`Action::Approve`] or [`Action::Uphold`].
    Approval,
    /// The day that an earlier task noted under this name, and what happened then.
    Noted(&'static str, &'static str),
}

impl Task {
    /// The defaults, to be completed by each task.
    pub const PLAIN: Task = Task {
        action: Action::Fulfil,
        label: "",
        waiting: "",
        result: "",
        role: Role::Administrator,
        questions: &[],
        file: None,
        not_before: &[],
        check: |_, _| Ok(Vec::new()),
        mends: &[],
        opens: &[],
        told: "",
    };

    /// Whether it can be carried out in this state.
    pub fn is_due(&self, status: Status) -> bool {
        lifecycle::may(status, self.action, lifecycle::Actor::Reviewer)
    }

    /// Reads what was sent, and its problems.
    pub fn read(&self, today: NaiveDate, sent: &SentValues, has_file: bool) -> (Answers, Problems) {
        let mut noted = Answers::default();
        for question in self.questions {
            noted.fields.insert(question.name.to_owned(), question.normalise(values(sent, question.name)));
        }
        let wrong = |question: &Question| {
            Some(problem(question.name, question.problem(&noted, &Choices::new(), today)?))
        };
        let mut problems: Problems = self.questions.iter().filter_map(wrong).collect();
        if let Some(file) = self.file.filter(|file| !has_file && !file.optional) {
            problems.push(problem(file.slot, format!("请上传{}", file.label)));
        }
        (noted, problems)
    }
}
