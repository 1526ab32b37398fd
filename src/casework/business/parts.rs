//! Parts of a business that are only data.

use chrono::NaiveDate;

use crate::casework::lifecycle::Action;

/// The picture of a business on the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Clipboard,
    File,
    Mail,
    Pencil,
    Receipt,
    Refund,
    Reissue,
    Scales,
    Shield,
}

/// What the applications of a business begin from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The list of services.
    Nothing,
    /// A rejected application; the business is an appeal.
    Rejection,
    /// A certificate of the candidate.
    Certificate,
}

/// Until when a submitted application can be changed by its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditRule {
    /// Only after a return.
    Returned,
    /// Also while it is not assigned.
    UntilTaken,
}

/// 须知, the text that a candidate agrees to before the form.
pub struct Notice {
    /// Stored with each application. A new text needs a new version.
    pub version: &'static str,
    pub title: &'static str,
    /// Paragraphs.
    pub text: &'static [&'static str],
}

/// What the page after a submission says.
pub struct Next {
    /// What staff do.
    pub work: &'static str,
    /// Where the candidate finds the result.
    pub look: &'static str,
    pub hint: &'static str,
}

/// The verdicts that reviewers choose from, as labels of buttons.
pub struct Verdicts {
    /// The ways to approve. Empty if applications are not decided but carried out by a [`Task`](super::Task).
    pub approve: &'static [Approval],
    /// 不通过.
    pub reject: &'static str,
    /// [`Application::result`](super::Application::result) of a rejection.
    pub rejected: &'static str,
    /// Ready-made remarks for a verdict.
    pub remarks: &'static [(Action, &'static str)],
}

/// A way to approve.
pub struct Approval {
    pub label: &'static str,
    /// [`Application::result`](super::Application::result) after it.
    pub result: &'static str,
}

/// The last day on which a form can be submitted.
pub struct Closing {
    /// The question whose answer it depends on.
    pub question: &'static str,
    /// Name of the period, such as 申诉期限.
    pub what: &'static str,
    /// A day in China.
    pub last_day: NaiveDate,
    /// It was first submitted in time, so that it can be corrected later.
    pub was_in_time: bool,
}

impl Closing {
    /// Says in Chinese that the last day has passed.
    pub fn refusal(&self, today: NaiveDate) -> Option<String> {
        let is_over = today > self.last_day && !self.was_in_time;
        is_over.then(|| format!("{}已于 {} 截止，不能再提交", self.what, self.last_day))
    }
}

/// What an application is about.
pub struct About {
    /// Key of the subject. A candidate has at most one open application of a business about it.
    pub subject: String,
    /// Exam and sitting.
    pub title: String,
    /// Level and specialty.
    pub summary: String,
}

/// The top of the page that lists the applications of a business.
#[derive(Default)]
pub struct Outset {
    /// Records of the authority, shown above the applications.
    pub records: Vec<Record>,
    /// Why no application can be begun.
    pub nothing: Option<&'static str>,
}

/// A period that is running, in which the candidate may do something and has not begun it.
pub struct Period {
    /// The exam or record to which the period belongs.
    pub title: String,
    /// Name of the period, such as 申诉期限.
    pub what: &'static str,
    /// A day in China.
    pub last_day: NaiveDate,
}

/// A record of the authority about a candidate.
pub struct Record {
    pub title: String,
    /// Label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Code of the state that colours it, and a sentence about the deadline.
    pub deadline: Option<(&'static str, String)>,
}

impl Record {
    /// Without a deadline.
    pub fn plain(title: impl Into<String>, facts: Vec<(&'static str, String)>) -> Record {
        Record { title: title.into(), facts, deadline: None }
    }
}
