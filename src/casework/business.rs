//! A business, and an application of it.
//!
//! A business is a struct of data and plain functions rather than a trait: the desk and 业务查询
//! go from a stored slug to its business at run time, and a table of values reads better than one
//! type for each. [`Business`] and [`Application`] refer to each other, so both are defined here;
//! what is done with applications is in `casework::application`.

mod material;
mod parts;
mod task;

pub use material::{DOCUMENT_HINT, Material, MaterialKind, extra, need, portrait};
pub use parts::*;
pub use task::Task;

use std::fmt;

use chrono::NaiveDate;

use super::answers::Answers;
use super::history::Content;
use super::lifecycle::{Action, Actor, Status, may};
use super::number::ApplicationNumber;
use super::question::{self, AnswerRule, Choices, Problems, Question, Section, When};
use super::refusal::Refusal;
use crate::exams::held::Certificate;
use crate::people::candidate::Candidate;
use crate::people::staff::Role;
use crate::store::{CandidateId, Error, Store, Timestamp, Tx};

/// A kind of application. What a kind does not say is as in [`Business::PLAIN`].
pub struct Business {
    /// Its place in URLs, and its name in the database.
    pub slug: &'static str,
    /// First two letters of its 受理号.
    pub prefix: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its picture on the first page.
    pub icon: Icon,
    /// What it is for, in a sentence or two.
    pub about: &'static str,
    /// The button that begins one.
    pub start_label: &'static str,
    /// What its summary tells, beside the exam.
    pub summary_label: &'static str,
    /// What is begun from: [`Origin::Nothing`] is on the first page.
    pub origin: Origin,
    /// What is asked, in order.
    pub sections: &'static [&'static Section],
    /// What must be uploaded, in order.
    pub materials: &'static [Material],
    /// What is agreed to before the form.
    pub notice: Option<Notice>,
    /// Until when the candidate may change what was submitted.
    pub edit: EditRule,
    /// Whether 核对信息 comes before the first submission; short forms go without.
    pub review: bool,
    /// What follows a submission.
    pub next: Next,
    /// The button that submits a form without 核对信息.
    pub submit_label: &'static str,
    /// Who decides it.
    pub reviewed_by: Role,
    /// What reviewers may answer.
    pub verdicts: Verdicts,
    /// What staff do besides deciding, such as paying what was approved.
    pub tasks: &'static [Task],
    /// What its states are called, where that differs from the usual.
    pub words: &'static [(Status, &'static str)],
    /// What a candidate can begin with, for the list's page.
    pub outset: fn(&mut Tx, &Candidate) -> Result<Outset, Error>,
    /// Answers to pick from, given what is answered so far.
    pub choices: fn(&mut Tx, &Context) -> Result<Choices, Error>,
    /// Answers that the server gives itself, such as a sum.
    pub derive: fn(&mut Tx, &Context) -> Result<Derived, Error>,
    /// What a new form begins with.
    pub prefill: fn(&mut Tx, &Candidate) -> Result<Answers, Error>,
    /// Until when the form can be submitted, going by what is answered so far; none: at any time.
    pub closes: fn(&mut Tx, &Context) -> Result<Option<Closing>, Error>,
    /// Rules between several answers, and between answers and records.
    pub check: fn(&mut Tx, &Context) -> Result<Problems, Error>,
    /// What a filled-in form is about.
    pub describe: fn(&mut Tx, &Context) -> Result<About, Refusal>,
    /// The business by which its rejection is appealed against.
    pub appeal: Option<&'static Business>,
    /// What its approval means for the candidate, in a sentence.
    pub approved: &'static str,
    /// What a step changes elsewhere, in the same transaction.
    pub after: fn(&mut Tx, &Transition) -> Result<(), Refusal>,
    /// The certificate that an application leads to, which its owner may have posted.
    pub leads_to: fn(&mut Tx, &Application) -> Result<Option<Certificate>, Error>,
}

/// What a business may look at.
pub struct Context<'a> {
    /// Who applies.
    pub candidate: &'a Candidate,
    /// The application being edited, if it was submitted before.
    pub submitted: Option<&'a Application>,
    /// What an appeal is about.
    pub parent: Option<&'a Application>,
    /// Key of what it began from: a rejected application or a certificate; else empty.
    pub origin: &'a str,
    /// What is answered so far.
    pub answers: &'a Answers,
}

/// Answers that the server gives, by field.
pub type Derived = Vec<(&'static str, String)>;

/// A step that was taken.
pub struct Transition<'a> {
    /// The application after it.
    pub application: &'a Application,
    /// What was done.
    pub action: Action,
    /// What it carried.
    pub content: &'a Content,
}

/// An application of any kind.
#[derive(Clone, Debug)]
pub struct Application {
    /// Key of the row.
    pub id: String,
    /// 受理号; a draft has none yet.
    pub number: Option<ApplicationNumber>,
    /// What it is an application for.
    pub business: &'static Business,
    /// Whose it is.
    pub candidate_id: CandidateId,
    /// What it began from: a rejected application, a certificate; else empty.
    pub parent_id: String,
    /// What it is about; one open application each.
    pub subject: String,
    /// Exam and sitting.
    pub title: String,
    /// Level and specialty.
    pub summary: String,
    /// Where it stands.
    pub status: Status,
    /// What its state is called, where that is not the state's usual name; else empty.
    pub result: String,
    /// One more at every change.
    pub version: i32,
    /// How often it was submitted.
    pub round: i32,
    /// What was submitted last.
    pub form: Option<Answers>,
    /// What the candidate is writing and has not submitted.
    pub working: Option<Answers>,
    /// The member of staff who took it.
    pub assignee_id: Option<String>,
    /// Version of the notice that was agreed to; empty if none was.
    pub notice_version: String,
    /// When that was.
    pub agreed_at: Option<Timestamp>,
    /// Last change of any kind.
    pub updated_at: Timestamp,
    /// First submission.
    pub submitted_at: Option<Timestamp>,
    /// Decision.
    pub decided_at: Option<Timestamp>,
    /// Until when whose turn it is should act.
    pub due_on: Option<NaiveDate>,
}

/// Every business, in the order of the first page. The store is opened with one.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [&'static Business]);

impl Registry {
    /// The registry with which the store was opened.
    pub fn of(tx: &Tx) -> Registry {
        *tx.attached()
    }

    /// The same for what needs no transaction.
    pub fn of_store(store: &Store) -> Registry {
        *store.attached()
    }

    /// Each business in order.
    pub fn iter(self) -> impl Iterator<Item = &'static Business> + use<> {
        self.0.iter().copied()
    }

    /// The business of a slug.
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
    /// The usual: to be completed by each kind.
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
        outset: |_, _| Ok(Outset { records: Vec::new(), nothing: None }),
        choices: |_, _| Ok(Choices::new()),
        derive: |_, _| Ok(Vec::new()),
        prefill: phone_only,
        closes: |_, _| Ok(None),
        check: |_, _| Ok(Vec::new()),
        describe: |_, _| Err(Refusal::NotFound),
        appeal: None,
        approved: "您的申请已通过审核。",
        after: |_, _| Ok(()),
        leads_to: |_, _| Ok(None),
    };

    /// Every question, in order.
    pub fn questions(&self) -> impl Iterator<Item = &'static Question> + use<> {
        self.sections.iter().flat_map(|section| section.questions)
    }

    /// The question of a name.
    pub fn question(&self, name: &str) -> Option<&'static Question> {
        self.questions().find(|question| question.name == name)
    }

    /// The slot of a name.
    pub fn material(&self, slot: &str) -> Option<&'static Material> {
        self.materials.iter().find(|material| material.slot == slot)
    }

    /// Whether a question or material belongs to the answers: what it depends on is asked too,
    /// and answered so.
    pub fn is_asked(&self, when: Option<When>, answers: &Answers) -> bool {
        let of = |when: When| {
            self.question(when.question).is_none_or(|question| self.is_asked(question.when, answers))
        };
        question::holds(when, answers) && when.is_none_or(of)
    }

    /// The questions that belong to the answers, in order.
    pub fn asked<'a>(&self, answers: &'a Answers) -> impl Iterator<Item = &'static Question> + use<'a, '_> {
        self.questions().filter(|question| self.is_asked(question.when, answers))
    }

    /// The materials that belong to the answers, in order.
    pub fn wanted<'a>(&'a self, answers: &'a Answers) -> impl Iterator<Item = &'static Material> + use<'a> {
        self.materials.iter().filter(|material| self.is_asked(material.when, answers))
    }

    /// Whether another answer to this question changes what the form asks, offers or tells.
    pub fn steers(&self, question: &Question) -> bool {
        let decides = |when: Option<When>| when.is_some_and(|when| when.question == question.name);
        let tells_a_sum = || self.questions().any(|other| matches!(other.rule, AnswerRule::Money));
        matches!(question.rule, AnswerRule::Pick)
            || self.questions().any(|other| decides(other.when))
            || self.materials.iter().any(|material| decides(material.when))
            || (question.is_picked() && tells_a_sum())
    }

    /// Where a mark on a field or slot belongs, given the answers: on what it depends on, if it is not asked.
    pub fn place_of<'a>(&'a self, name: &'a str, answers: &Answers) -> &'a str {
        let when = self.question(name).map_or_else(|| self.material(name)?.when, |question| question.when);
        match when {
            Some(decides) if !self.is_asked(when, answers) => self.place_of(decides.question, answers),
            _ => name,
        }
    }

    /// What people read for a field or slot name.
    pub fn label_of(&self, name: &str) -> &'static str {
        let label = self.question(name).map(|question| question.label);
        label.or_else(|| self.material(name).map(|m| m.label)).unwrap_or("整体")
    }

    /// Whether it is an appeal against another application.
    pub fn is_appeal(&self) -> bool {
        self.origin == Origin::Rejection
    }

    /// What a state is called.
    pub fn word(&self, status: Status) -> &'static str {
        let own = self.words.iter().find(|(known, _)| *known == status);
        own.map_or_else(|| status.label(), |(_, word)| word)
    }

    /// What the owner does by sending the form of an application in this state; nothing if they
    /// may not.
    pub fn submits_by(&self, status: Status) -> Option<Action> {
        let action = match (status, self.edit) {
            (Status::Submitted, EditRule::UntilTaken) => Action::Revise,
            _ => Action::Submit,
        };
        may(status, action, Actor::Candidate).then_some(action)
    }

    /// Whether somebody of this role works on it.
    pub fn is_work_of(&self, role: Role) -> bool {
        role.does(self.reviewed_by) || self.tasks.iter().any(|task| role.does(task.role))
    }

    /// The task of an action.
    pub fn task(&self, action: Action) -> Option<&'static Task> {
        self.tasks.iter().find(|task| task.action == action)
    }

    /// The task that an application in this state waits for.
    pub fn awaited_task(&self, status: Status) -> Option<&'static Task> {
        self.tasks.iter().find(|task| task.is_due(status) && !task.waiting.is_empty())
    }

    /// Codes of the states in which an application occupies its subject; the same are in the
    /// index `applications_one_open`.
    pub fn open_states(&self) -> Vec<&'static str> {
        let carried_out = self.tasks.iter().any(|task| task.action == Action::Fulfil);
        let open = [Status::Submitted, Status::InReview, Status::Returned].into_iter();
        open.chain(carried_out.then_some(Status::Approved)).map(Status::code).collect()
    }
}

/// What most forms begin with.
fn phone_only(_: &mut Tx, candidate: &Candidate) -> Result<Answers, Error> {
    let mut answers = Answers::default();
    answers.set("phone", candidate.phone.clone());
    Ok(answers)
}
