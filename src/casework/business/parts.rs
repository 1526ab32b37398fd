//! The parts of a business that are plain data.

use chrono::NaiveDate;

use crate::casework::lifecycle::Action;

/// The picture of a business on the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
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

/// What an application of a kind begins from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The candidate's wish.
    Nothing,
    /// A rejected application: it is an appeal.
    Rejection,
    /// A certificate of theirs.
    Certificate,
}

/// Until when a submitted application can be changed by its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditRule {
    /// Only when it was returned.
    Returned,
    /// Also while no reviewer has taken it.
    UntilTaken,
}

/// 须知: what is agreed to before a form.
pub struct Notice {
    /// Kept with each application; another text has another one.
    pub version: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// The text, paragraph by paragraph.
    pub text: &'static [&'static str],
}

/// What follows a submission, told right after it.
pub struct Next {
    /// What staff do.
    pub work: &'static str,
    /// Where the candidate finds what came of it.
    pub look: &'static str,
    /// What else to know.
    pub hint: &'static str,
}

/// What reviewers may answer, as the words of the buttons.
pub struct Verdicts {
    /// 通过, in one way or several; none: it is not decided but carried out, by a [`Task`].
    pub approve: &'static [Approval],
    /// 不通过.
    pub reject: &'static str,
    /// What a rejection is called on lists, if not by its state.
    pub rejected: &'static str,
    /// Words to a verdict to pick from; more can be typed.
    pub remarks: &'static [(Action, &'static str)],
}

/// A way to approve.
pub struct Approval {
    /// The button.
    pub label: &'static str,
    /// What it is called on lists, if not by its state.
    pub result: &'static str,
}

/// The end of a time in which a form can be submitted.
pub struct Closing {
    /// The question whose answer it depends on.
    pub question: &'static str,
    /// Name of the period that ends, such as 申诉期限.
    pub what: &'static str,
    /// The last day on which it can be submitted, China time.
    pub last_day: NaiveDate,
    /// It was submitted in time before: it can be mended later.
    pub was_in_time: bool,
}

impl Closing {
    /// Why it cannot be submitted on a day, if it cannot.
    pub fn refusal(&self, today: NaiveDate) -> Option<String> {
        let is_over = today > self.last_day && !self.was_in_time;
        is_over.then(|| format!("{}已于 {} 截止，不能再提交", self.what, self.last_day))
    }
}

/// What an application is about.
pub struct About {
    /// Key of the subject: one open application of a kind for each.
    pub subject: String,
    /// Exam and sitting.
    pub title: String,
    /// Level and specialty.
    pub summary: String,
}

/// What a candidate can begin with.
#[derive(Default)]
pub struct Outset {
    /// What the authority has on record, to be shown above the applications.
    pub records: Vec<Record>,
    /// Why there is nothing to begin with.
    pub nothing: Option<&'static str>,
}

/// A record as the list's page shows it.
pub struct Record {
    /// What it is.
    pub title: String,
    /// Label and value.
    pub facts: Vec<(&'static str, String)>,
    /// What to know about time, with a state that colours it.
    pub deadline: Option<(&'static str, String)>,
}
