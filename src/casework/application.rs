//! Reads applications from the database and changes their status.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::answers::Answers;
use super::business::{Application, Business, EditRule, Registry};
use super::history::{self, Content, NewEvent};
use super::lifecycle::{self, Action, Status};
use super::list_facts::ListFacts;
use super::messages::steps::tell_step;
use super::number::ApplicationNumber;
use super::refusal::Refusal;
use crate::store::schema::applications::{self, dsl as a};
use crate::store::{CandidateId, Error, Timestamp, Tx};

pub(super) use super::change::{By, Change};

#[derive(Queryable, Selectable)]
#[diesel(table_name = applications)]
pub(super) struct Row {
    id: String,
    number: Option<ApplicationNumber>,
    kind: String,
    candidate_id: CandidateId,
    parent_id: String,
    subject: String,
    title: String,
    summary: String,
    status: String,
    result: String,
    version: i32,
    round: i32,
    form: Option<String>,
    working: Option<String>,
    assignee_id: Option<String>,
    proposed_by: Option<String>,
    notice_version: String,
    agreed_at: Option<Timestamp>,
    updated_at: Timestamp,
    submitted_at: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    due_on: Option<NaiveDate>,
    saves: i32,
    saved_by: String,
    held_at: Option<Timestamp>,
    due_days: Option<i32>,
    appeal_until: Option<NaiveDate>,
}

/// Applications on one page of a list.
pub const PAGE: i64 = 20;

impl Application {
    pub(super) fn open(tx: &Tx, row: Row) -> Result<Application, Error> {
        let answers = |sealed: Option<String>| sealed.map(|text| Answers::open(tx.vault, &text)).transpose();
        let business = Registry::of(tx).find(&row.kind);
        Ok(Application {
            status: Status::from_code(&row.status).ok_or(Error::Corrupt("applications.status"))?,
            form: answers(row.form)?,
            working: answers(row.working)?,
            id: row.id,
            number: row.number,
            business: business.ok_or(Error::Corrupt("applications.kind"))?,
            candidate_id: row.candidate_id,
            parent_id: row.parent_id,
            subject: row.subject,
            title: row.title,
            summary: row.summary,
            version: row.version,
            round: row.round,
            assignee_id: row.assignee_id,
            proposed_by: row.proposed_by,
            result: row.result,
            notice_version: row.notice_version,
            agreed_at: row.agreed_at,
            updated_at: row.updated_at,
            submitted_at: row.submitted_at,
            decided_at: row.decided_at,
            due_on: row.due_on,
            saves: row.saves,
            saved_by: row.saved_by,
            held_at: row.held_at,
            due_days: row.due_days,
            appeal_until: row.appeal_until,
        })
    }

    /// A candidate's own application. [`Refusal::NotFound`] if it belongs to somebody else.
    pub fn own(
        tx: &mut Tx,
        candidate: &CandidateId,
        slug: &str,
        number: &ApplicationNumber,
    ) -> Result<Application, Refusal> {
        let row = a::applications
            .filter(a::candidate_id.eq(candidate))
            .filter(a::kind.eq(slug))
            .filter(a::number.eq(number))
            .select(Row::as_select())
            .first(tx.conn)
            .optional()?;
        Ok(Application::open(tx, row.ok_or(Refusal::NotFound)?)?)
    }

    /// A candidate's own application or draft, by its key.
    pub fn own_by_id(tx: &mut Tx, candidate: &CandidateId, id: &str) -> Result<Option<Application>, Error> {
        let row = a::applications.find(id).filter(a::candidate_id.eq(candidate)).select(Row::as_select());
        let row = row.first(tx.conn).optional()?;
        row.map(|row| Application::open(tx, row)).transpose()
    }

    /// A candidate's draft. `parent` is [`Application::parent_id`].
    pub fn draft(
        tx: &mut Tx,
        candidate: &CandidateId,
        slug: &str,
        parent: &str,
    ) -> Result<Option<Application>, Error> {
        let row = a::applications
            .filter(a::candidate_id.eq(candidate))
            .filter(a::kind.eq(slug))
            .filter(a::parent_id.eq(parent))
            .filter(a::status.eq(Status::Draft.code()))
            .select(Row::as_select());
        let row = row.first(tx.conn).optional()?;
        row.map(|row| Application::open(tx, row)).transpose()
    }

    /// A candidate's submitted application whose form this window saved last.
    pub fn submitted_from(
        tx: &mut Tx,
        candidate: &CandidateId,
        slug: &str,
        window: &str,
    ) -> Result<Option<Application>, Error> {
        let row = a::applications
            .filter(a::candidate_id.eq(candidate))
            .filter(a::kind.eq(slug))
            .filter(a::saved_by.eq(window))
            .filter(a::number.is_not_null())
            .select(Row::as_select());
        let row = row.first(tx.conn).optional()?;
        row.map(|row| Application::open(tx, row)).transpose()
    }

    /// The number of the application that a candidate submitted last in a business, and when.
    pub fn last_submitted(
        tx: &mut Tx,
        candidate: &CandidateId,
        slug: &str,
    ) -> Result<Option<(ApplicationNumber, Timestamp)>, Error> {
        let last = a::applications
            .filter(a::candidate_id.eq(candidate))
            .filter(a::kind.eq(slug))
            .filter(a::submitted_at.is_not_null())
            .order((a::submitted_at.desc(), a::id.desc()))
            .select((a::number.assume_not_null(), a::submitted_at.assume_not_null()));
        Ok(last.first(tx.conn).optional()?)
    }

    /// The answers that a candidate submitted last in a business.
    pub fn last_form(tx: &mut Tx, candidate: &CandidateId, slug: &str) -> Result<Option<Answers>, Error> {
        let last = a::applications
            .filter(a::candidate_id.eq(candidate))
            .filter(a::kind.eq(slug))
            .filter(a::submitted_at.is_not_null())
            .filter(a::form.is_not_null())
            .order((a::submitted_at.desc(), a::id.desc()))
            .select(a::form.assume_not_null());
        let sealed: Option<String> = last.first(tx.conn).optional()?;
        sealed.map(|sealed| Answers::open(tx.vault, &sealed)).transpose()
    }

    /// Subject and number of a candidate's open applications of a business.
    pub(super) fn open_of(
        tx: &mut Tx,
        candidate: &CandidateId,
        business: &Business,
    ) -> Result<Vec<(String, ApplicationNumber)>, Error> {
        let open = a::applications
            .filter(a::candidate_id.eq(candidate))
            .filter(a::kind.eq(business.slug))
            .filter(a::status.eq_any(business.open_states()))
            .order(a::id)
            .select((a::subject, a::number.assume_not_null()));
        Ok(open.load(tx.conn)?)
    }

    /// The number of an application of the same business about the same subject, in one of these states.
    pub(super) fn open_about(
        tx: &mut Tx,
        candidate: &CandidateId,
        slug: &str,
        subject: &str,
        states: &[&str],
    ) -> Result<Option<ApplicationNumber>, Error> {
        let number = a::applications
            .filter(a::candidate_id.eq(candidate))
            .filter(a::kind.eq(slug))
            .filter(a::subject.eq(subject))
            .filter(a::status.eq_any(states))
            .select(a::number.assume_not_null());
        Ok(number.first(tx.conn).optional()?)
    }

    /// Any submitted application, for staff. The caller writes the audit entry.
    pub fn by_number(tx: &mut Tx, number: &ApplicationNumber) -> Result<Application, Refusal> {
        let row = a::applications
            .filter(a::number.eq(number))
            .select(Row::as_select())
            .first(tx.conn)
            .optional()?;
        Ok(Application::open(tx, row.ok_or(Refusal::NotFound)?)?)
    }

    /// Any application by its key, for staff.
    pub fn by_id(tx: &mut Tx, id: &str) -> Result<Application, Refusal> {
        let row = a::applications.find(id).select(Row::as_select()).first(tx.conn).optional()?;
        Ok(Application::open(tx, row.ok_or(Refusal::NotFound)?)?)
    }

    /// The number; empty for a draft.
    pub fn shown_number(&self) -> &str {
        self.number.as_deref().unwrap_or_default()
    }

    /// Whether it is not decided yet.
    pub fn is_pending(&self) -> bool {
        self.status.is_pending()
    }

    /// The answers that its form shows now.
    pub fn current_answers(&self) -> Option<Answers> {
        self.working.clone().or_else(|| self.form.clone())
    }

    /// Changes status and columns, adds an event, by the table of [`lifecycle`], and tells the candidate.
    ///
    /// # Errors
    /// [`Refusal::Overtaken`] if the status does not allow the action, or if the application changed since
    /// it was read.
    pub(super) fn advance(
        &self,
        tx: &mut Tx,
        action: Action,
        by: By,
        change: Change,
        content: &Content,
    ) -> Result<(), Refusal> {
        let to = lifecycle::next(self.status, action, by.actor()).ok_or_else(|| self.not_now(by, action))?;
        let unchanged = a::applications.find(&self.id).filter(a::version.eq(self.version));
        let position = self.version + 1;
        let facts = ListFacts::of(position, self.business, self.form.as_ref(), &content.marks);
        let step = (
            a::status.eq(to.code()),
            a::proposed_by.eq(self.proposed_by_after(action, to, by)),
            a::version.eq(position),
            a::updated_at.eq(tx.now),
            a::list_facts.eq(facts.to_json()?),
        );
        let won = diesel::update(unchanged).set((step, &change)).execute(tx.conn)?;
        if won == 0 {
            return Err(self.overtaken(by));
        }
        let event = NewEvent {
            application: &self.id,
            position,
            action,
            from: self.status,
            to,
            staff: by.staff(),
            content,
        };
        history::add(tx, &event)?;
        Ok(tell_step(tx, self, (action, &change), content)?)
    }

    /// Who has proposed a decision after a step. A step within the review keeps the proposal, unless it changes the
    /// assignee or answers the proposal.
    fn proposed_by_after(&self, action: Action, to: Status, by: By) -> Option<String> {
        match action {
            Action::Propose => by.staff().map(str::to_owned),
            Action::HandOver | Action::SendBack | Action::Retract => None,
            _ => self.proposed_by.clone().filter(|_| to == Status::InReview),
        }
    }

    /// The refusal of a decision while a proposal waits for its confirmation.
    pub(super) fn is_proposed(&self, by: By) -> Refusal {
        self.refused(by, "这件申请已有办理意见等待复核，收回后才能重新决定".to_owned())
    }

    /// The refusal if it changed after it was read.
    pub(super) fn overtaken(&self, by: By) -> Refusal {
        self.refused(by, "这件申请刚才在别处有变动，这次操作没有生效".to_owned())
    }

    /// The refusal if its present state does not allow an action.
    pub(super) fn not_now(&self, by: By, action: Action) -> Refusal {
        let business = self.business;
        let is_candidate = matches!(by, By::Candidate);
        let step = match action {
            Action::Withdraw => "撤销",
            _ if is_candidate => "修改",
            _ => "办理",
        };
        let word = if self.result.is_empty() { business.word(self.status) } else { &self.result };
        self.refused(
            by,
            match (self.status, business.edit) {
                (Status::Submitted, EditRule::Returned) if is_candidate => {
                    "这件申请已提交，在审核退回前不能修改".to_owned()
                }
                (Status::InReview, _) => format!("{}，不能再{step}", business.taken),
                _ => format!("这件申请的状态是“{word}”，不能再{step}"),
            },
        )
    }

    fn refused(&self, by: By, happened: String) -> Refusal {
        let (slug, number) = (self.business.slug, self.number.clone());
        Refusal::Overtaken { slug, number, actor: by.actor(), happened }
    }
}
