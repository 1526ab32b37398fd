//! What staff do besides deciding, as data: pay a refund, print a certificate, issue a receipt, post.

use chrono::NaiveDate;

use super::Material;
use crate::casework::answers::{Answers, SentValues, values};
use crate::casework::lifecycle::{self, Action, Status};
use crate::casework::question::{Choices, Problems, Question, problem};
use crate::people::staff::Role;
use crate::store::{Error, Tx};

/// A step of staff with a small form of its own.
pub struct Task {
    /// The step; it is offered in the state that it leaves.
    pub action: Action,
    /// The button, such as 登记退款.
    pub label: &'static str,
    /// What an application is called that waits for it, such as 待退款; empty where another
    /// task says so.
    pub waiting: &'static str,
    /// What it is called afterwards, such as 已退款.
    pub result: &'static str,
    /// Whose work it is.
    pub role: Role,
    /// What is noted.
    pub questions: &'static [Question],
    /// A file that goes to the candidate.
    pub file: Option<Material>,
    /// What else is wrong with what is noted, such as a number that is taken.
    pub check: fn(&mut Tx, &Answers) -> Result<Problems, Error>,
    /// After a failure, what the candidate has to mend; the reason is the first field's answer.
    pub mends: &'static [&'static str],
}

impl Task {
    /// The `check` of a task without one.
    pub const UNCHECKED: fn(&mut Tx, &Answers) -> Result<Problems, Error> = |_, _| Ok(Vec::new());

    /// Whether an application in this state can have it done.
    pub fn is_due(&self, status: Status) -> bool {
        lifecycle::may(status, self.action, lifecycle::Actor::Reviewer)
    }

    /// What somebody sent for it, and what is wrong with that.
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
