//! A business, and an application of it.
//!
//! A business is a struct of data and functions rather than a trait, because the review desk and 业务查询 find it
//! by a stored slug at run time. [`Business`] and [`Application`] refer to each other, so both are defined here;
//! the functions of applications are in `casework::application`.

mod material;
mod parts;
mod purposes;
mod task;

pub use material::{DOCUMENT_HINT, Material, MaterialKind, extra, need, portrait};
pub use parts::*;
pub use task::{Since, Task};

use std::fmt;

use chrono::NaiveDate;

use super::answers::Answers;
use super::history::Content;
use super::lifecycle::{Action, Actor, Status, may};
use super::number::ApplicationNumber;
use super::question::{self, AnswerRule, Choices, Part, Problems, Question, Section, When};
use super::refusal::Refusal;
use crate::people::candidate::Candidate;
use crate::people::staff::{Duty, Role};
use crate::store::{CandidateId, Error, Store, Timestamp, Tx};

/// One of the kinds of application. Defaults are in [`Business::PLAIN`].
pub struct Business {
    /// Its name in URLs and in the database.
    pub slug: &'static str,
    /// First two letters of its 受理号.
    pub prefix: &'static str,
    /// Its name on screen.
    pub label: &'static str,
    pub icon: Icon,
    /// Its purpose, in a sentence or two.
    pub about: &'static str,
    /// Label of the button that begins an application.
    pub start_label: &'static str,
    /// Label of [`Application::summary`].
    pub summary_label: &'static str,
    /// What an application begins from. Those of [`Origin::Nothing`] are on the first page.
    pub origin: Origin,
    pub sections: &'static [&'static Section],
    pub materials: &'static [Material],
    /// The sections of a long form in parts. Empty: the form is one page.
    pub parts: &'static [Part],
    /// The question whose answer is a bank account, which needs a consent of its own.
    pub account: Option<&'static str>,
    /// The text that the candidate agrees to before the form.
    pub notice: Option<Notice>,
    /// Until when the candidate may change a submitted application.
    pub edit: EditRule,
    /// Whether 核对信息 comes before the first submission.
    pub review: bool,
    /// What the page after a submission says.
    pub next: Next,
    /// Label of the button that submits a form without 核对信息.
    pub submit_label: &'static str,
    pub reviewed_by: Role,
    /// Whether several applications can be approved at once, unless the office rules otherwise.
    pub bulk_approval: bool,
    /// Says that a staff member has taken an application.
    pub taken: &'static str,
    pub verdicts: Verdicts,
    /// Whether its applications are pleas against a notice of a violation. The notice gives the days of
    /// [`Rule::PleadDays`](super::rules::Rule::PleadDays) for them.
    pub pleads: bool,
    /// What staff do besides deciding, such as paying a refund.
    pub tasks: &'static [Task],
    /// Labels of states, where they differ from [`Status::label`].
    pub words: &'static [(Status, &'static str)],
    /// The records above the list of applications, and why none can be begun. `pending` has the subjects of the
    /// pending applications in the list.
    pub outset: fn(&mut Tx, &Candidate, pending: &[&str]) -> Result<Outset, Error>,
    /// The periods that run for a candidate who has no pending application about the same.
    pub periods: fn(&mut Tx, &Candidate) -> Result<Vec<Period>, Error>,
    /// The records of the authority that a form is about, among those of the candidate.
    pub cited: fn(&mut Tx, &Context) -> Result<Vec<Record>, Error>,
    /// The choices of questions, given the answers so far.
    pub choices: fn(&mut Tx, &Context) -> Result<Choices, Error>,
    /// Answers that the server computes, such as a sum.
    pub derive: fn(&mut Tx, &Context) -> Result<Derived, Error>,
    /// Answers of a new form.
    pub prefill: fn(&mut Tx, &Candidate) -> Result<Answers, Error>,
    /// Until when the form can be submitted, given the answers so far. `None`: at any time.
    pub closes: fn(&mut Tx, &Context) -> Result<Option<Closing>, Error>,
    /// Problems between several answers, and between answers and records.
    pub check: fn(&mut Tx, &Context) -> Result<Problems, Error>,
    /// The questions whose answers, joined by `/`, are the key of the subject. A business that asks none of them is
    /// about the candidate, or about its origin.
    pub subject: &'static [&'static str],
    /// The subject of a form.
    pub describe: fn(&mut Tx, &Context) -> Result<About, Refusal>,
    /// Title of the document of its decision, which is served on the candidate. `None`: a decision is a sentence.
    pub decision: Option<&'static str>,
    /// The business of appeals against its rejections.
    pub appeal: Option<&'static Business>,
    /// Tells the candidate in a sentence what an approval means.
    pub approved: &'static str,
    /// Changes other tables after a transition, in the same transaction.
    pub after: fn(&mut Tx, &Transition) -> Result<(), Refusal>,
    /// Undoes what [`Business::after`] changed for a decision, or for the last task of a completed application, before
    /// it is reopened or taken back. The application is as before. [`Refusal::CannotReopen`] says why it cannot.
    pub undo: fn(&mut Tx, &Application) -> Result<(), Refusal>,
    /// Whether the answers ask for the new certificate to be posted. `None` if the business makes no certificate.
    pub by_post: Option<fn(&Answers) -> bool>,
}

/// What the functions of a business read.
pub struct Context<'a> {
    pub candidate: &'a Candidate,
    /// The application, if it was submitted before.
    pub submitted: Option<&'a Application>,
    /// The rejected application that an appeal is about.
    pub parent: Option<&'a Application>,
    /// Key of the rejected application or certificate that it began from, or empty.
    pub origin: &'a str,
    pub answers: &'a Answers,
}

impl<'a> Context<'a> {
    /// The context of a submitted application.
    pub fn of_submitted(
        candidate: &'a Candidate,
        submitted: &'a Application,
        parent: Option<&'a Application>,
        answers: &'a Answers,
    ) -> Context<'a> {
        Context { candidate, submitted: Some(submitted), parent, origin: &submitted.parent_id, answers }
    }
}

/// Answers that the server computes, by question.
pub type Derived = Vec<(&'static str, String)>;

/// A change of status that was made.
pub struct Transition<'a> {
    /// The application after the change.
    pub application: &'a Application,
    pub action: Action,
    pub content: &'a Content,
}

/// An application of any business.
#[derive(Clone, Debug)]
pub struct Application {
    /// Key of the row.
    pub id: String,
    /// 受理号; a draft has none yet.
    pub number: Option<ApplicationNumber>,
    pub business: &'static Business,
    pub candidate_id: CandidateId,
    /// Key of the rejected application or certificate that it began from, or empty.
    pub parent_id: String,
    /// Key of what it is about, see [`About::subject`].
    pub subject: String,
    /// Exam and sitting.
    pub title: String,
    /// Level and specialty.
    pub summary: String,
    pub status: Status,
    /// Label of its state, or empty for [`Business::word`].
    pub result: String,
    /// Rises by one at every change of status.
    pub version: i32,
    /// Number of submissions.
    pub round: i32,
    /// The answers that were submitted last.
    pub form: Option<Answers>,
    /// Saved answers that are not submitted.
    pub working: Option<Answers>,
    /// The staff member to whom it is assigned.
    pub assignee_id: Option<String>,
    /// The assignee, while a decision that they proposed waits for a confirmation.
    pub proposed_by: Option<String>,
    /// Version of the notice that the candidate agreed to, or empty.
    pub notice_version: String,
    pub agreed_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    /// Time of the first submission.
    pub submitted_at: Option<Timestamp>,
    pub decided_at: Option<Timestamp>,
    /// The last day on which its rejection can be appealed against.
    pub appeal_until: Option<NaiveDate>,
    /// The day by which the reviewer or the candidate should act.
    pub due_on: Option<NaiveDate>,
    /// Number of times that the form was saved.
    pub saves: i32,
    /// Name of the browser window that saved the form last, or empty.
    pub saved_by: String,
    /// Since when it is on hold.
    pub held_at: Option<Timestamp>,
    /// The working days from which `due_on` was counted; those that are left while it is on hold.
    pub due_days: Option<i32>,
}

/// Every business, in the order of the first page. The store is opened with one.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [&'static Business]);

impl Registry {
    pub fn of(tx: &Tx) -> Registry {
        *tx.attached()
    }

    pub fn of_store(store: &Store) -> Registry {
        *store.attached()
    }

    pub fn iter(self) -> impl Iterator<Item = &'static Business> + use<> {
        self.0.iter().copied()
    }

    pub fn find(self, slug: &str) -> Option<&'static Business> {
        self.iter().find(|business| business.slug == slug)
    }
}

impl fmt::Debug for Business {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug)
    }
}

impl Business {
    /// The defaults, to be completed by each business.
    pub const PLAIN: Business = Business {
        slug: "",
        prefix: "",
        label: "",
        icon: Icon::File,
        about: "",
        start_label: "",
        summary_label: "级别专业",
        origin: Origin::Nothing,
        sections: &[],
        materials: &[],
        parts: &[],
        pleads: false,
        account: None,
        notice: None,
        edit: EditRule::Returned,
        review: true,
        next: Next {
            work: "审核员审核您的申请",
            look: "在首页和业务查询查看结果",
            hint: "需要修改时，首页会提醒您",
        },
        submit_label: "提交申请",
        reviewed_by: Role::Reviewer,
        bulk_approval: false,
        taken: "审核员已开始审核",
        verdicts: Verdicts {
            approve: &[Approval { label: "通过", result: "" }],
            reject: "不通过",
            rejected: "",
            remarks: &[
                (Action::Approve, "材料齐全，情况属实。"),
                (Action::Reject, "材料与登记的信息不一致。"),
                (Action::Reject, "不符合办理条件。"),
            ],
        },
        tasks: &[],
        words: &[],
        outset: |_, _, _| Ok(Outset { records: Vec::new(), nothing: None }),
        periods: |_, _| Ok(Vec::new()),
        cited: |_, _| Ok(Vec::new()),
        choices: |_, _| Ok(Choices::new()),
        derive: |_, _| Ok(Vec::new()),
        prefill: phone_only,
        closes: |_, _| Ok(None),
        check: |_, _| Ok(Vec::new()),
        subject: &[],
        describe: |_, _| Err(Refusal::NotFound),
        decision: None,
        appeal: None,
        approved: "您的申请已通过审核。",
        after: |_, _| Ok(()),
        undo: |_, _| Ok(()),
        by_post: None,
    };

    pub fn questions(&self) -> impl Iterator<Item = &'static Question> + use<> {
        self.sections.iter().flat_map(|section| section.questions)
    }

    pub fn question(&self, name: &str) -> Option<&'static Question> {
        self.questions().find(|question| question.name == name)
    }

    pub fn material(&self, slot: &str) -> Option<&'static Material> {
        self.materials.iter().find(|material| material.slot == slot)
    }

    /// Whether a condition holds, and that of the question on which it depends.
    pub fn is_asked(&self, when: Option<When>, answers: &Answers) -> bool {
        let of = |when: When| {
            self.question(when.question).is_none_or(|question| self.is_asked(question.when, answers))
        };
        question::holds(when, answers) && when.is_none_or(of)
    }

    /// The questions whose condition holds, in order.
    pub fn asked<'a>(&self, answers: &'a Answers) -> impl Iterator<Item = &'static Question> + use<'a, '_> {
        self.questions().filter(|question| self.is_asked(question.when, answers))
    }

    /// The materials whose condition holds, in order.
    pub fn wanted<'a>(&'a self, answers: &'a Answers) -> impl Iterator<Item = &'static Material> + use<'a> {
        self.materials.iter().filter(|material| self.is_asked(material.when, answers))
    }

    /// Whether another answer to this question changes the rest of the form.
    pub fn steers(&self, question: &Question) -> bool {
        let decides = |when: Option<When>| when.is_some_and(|when| when.question == question.name);
        let tells_a_sum = || self.questions().any(|other| matches!(other.rule, AnswerRule::Money));
        matches!(question.rule, AnswerRule::Pick)
            || self.questions().any(|other| decides(other.when))
            || self.materials.iter().any(|material| decides(material.when))
            || (question.is_picked() && tells_a_sum())
    }

    /// The question or slot that shows a mark: if `name` is not asked, the question on which it depends.
    pub fn place_of<'a>(&'a self, name: &'a str, answers: &Answers) -> &'a str {
        let when = self.question(name).map_or_else(|| self.material(name)?.when, |question| question.when);
        match when {
            Some(decides) if !self.is_asked(when, answers) => self.place_of(decides.question, answers),
            _ => name,
        }
    }

    /// The index of the part that asks for a question or slot. Zero if the form has no parts.
    pub fn part_of(&self, name: &str) -> usize {
        let asks = |part: &Part| {
            let mut questions = part.sections.iter().flat_map(|section| section.questions);
            questions.any(|question| question.name == name)
                || (part.has_materials && self.material(name).is_some())
        };
        self.parts.iter().position(asks).unwrap_or_default()
    }

    /// Label of a question or slot.
    pub fn label_of(&self, name: &str) -> &'static str {
        let label = self.question(name).map(|question| question.label);
        label.or_else(|| self.material(name).map(|m| m.label)).unwrap_or("整体")
    }

    pub fn is_appeal(&self) -> bool {
        self.origin == Origin::Rejection
    }

    /// Label of a state.
    pub fn word(&self, status: Status) -> &'static str {
        let own = self.words.iter().find(|(known, _)| *known == status);
        own.map_or_else(|| status.label(), |(_, word)| word)
    }

    /// The action by which a candidate submits the form of an application in this state, if they may.
    pub fn submits_by(&self, status: Status) -> Option<Action> {
        let action = match (status, self.edit) {
            (Status::Submitted, EditRule::UntilTaken) => Action::Revise,
            _ => Action::Submit,
        };
        may(status, action, Actor::Candidate).then_some(action)
    }

    /// Whether a staff member decides it.
    pub fn is_decided_by(&self, duty: &Duty) -> bool {
        duty.does(self.reviewed_by, self.slug)
    }

    /// Whether a staff member decides it or carries out one of its tasks.
    pub fn is_work_of(&self, duty: &Duty) -> bool {
        self.is_decided_by(duty) || self.tasks.iter().any(|task| duty.does(task.role, self.slug))
    }

    pub fn task(&self, action: Action) -> Option<&'static Task> {
        self.tasks.iter().find(|task| task.action == action)
    }

    /// The task that an application in this state waits for.
    pub fn awaited_task(&self, status: Status) -> Option<&'static Task> {
        self.tasks.iter().find(|task| task.is_due(status) && !task.waiting.is_empty())
    }

    /// Codes of the states in which an application is open. The index `applications_one_open` has the same.
    pub fn open_states(&self) -> Vec<&'static str> {
        let carried_out = self.tasks.iter().any(|task| task.action == Action::Fulfil);
        let open = [Status::Submitted, Status::InReview, Status::Returned].into_iter();
        open.chain(carried_out.then_some(Status::Approved)).map(Status::code).collect()
    }
}

/// The default of [`Business::prefill`].
fn phone_only(_: &mut Tx, candidate: &Candidate) -> Result<Answers, Error> {
    let mut answers = Answers::default();
    answers.set("phone", candidate.phone.clone());
    Ok(answers)
}
