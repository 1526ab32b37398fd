//! A form that a candidate fills in, for a new or a returned application.
//!
//! Whatever the browser sends is saved before it is checked, so that no mistake, closed window or expired session
//! loses answers.

mod applied;
mod asked;
mod check;
mod conflict;
mod offered;
mod step;
mod window;

use std::collections::BTreeSet;

use diesel::prelude::*;

use asked::Asked;
pub use conflict::Difference;
pub use offered::choices;
pub use step::FormStep;
pub use window::{Seen, Window};

use super::answers::{Answers, SentValues, values};
use super::appeal;
use super::application::By;
use super::business::{Application, Business, Context, Origin};
use super::history::Mark;
use super::lifecycle::{Action, Status};
use super::materials::{self, Attachment, Received};
use super::number::ApplicationNumber;
use super::question::{Choices, Problems, Question};
use super::refusal::Refusal;
use super::texts::{self, CurrentNotice};
use crate::either;
use crate::people::candidate::Candidate;
use crate::store::schema::applications::dsl as a;
use crate::store::{Error, Tx};

/// Which form to open.
#[derive(Clone, Debug)]
pub enum FormTarget {
    /// A new application.
    New,
    /// An appeal against the application of this number.
    Appeal(ApplicationNumber),
    /// The posting of the certificate with this key.
    Posting(String),
    /// The submitted application of this number.
    Edit(ApplicationNumber),
}

/// A form with everything that is needed to show, check and submit it.
pub struct Sheet {
    pub business: &'static Business,
    pub candidate: Candidate,
    /// The rejected application that an appeal is about.
    pub parent: Option<Application>,
    /// Key of the rejected application (appeal) or certificate (posting) that the form is about; otherwise empty.
    pub origin: String,
    /// The draft or the submitted application. `None` before the first save.
    pub application: Option<Application>,
    pub answers: Answers,
    pub choices: Choices,
    pub attachments: Vec<Attachment>,
    /// The marks of the last return.
    pub marks: Vec<Mark>,
    /// Names of the questions and slots that can change. `None`: all.
    pub opened: Option<BTreeSet<String>>,
    /// Whether it can be sent again unchanged: a failed task can succeed with the same answers.
    can_retry: bool,
    /// Set once the deadline has passed: the question whose answer determines the deadline, and the message.
    pub closed: Option<(&'static str, String)>,
    /// Subject and number of the candidate's other open applications of the business.
    open: Vec<(String, ApplicationNumber)>,
    /// Names of the questions and slots to complete, if the form has parts.
    pub unfinished: Vec<String>,
    /// Name of the window that shows the form.
    pub window: String,
    /// The notice to agree to before the form, if there is one.
    pub notice: Option<CurrentNotice>,
}

/// The outcome of [`Sheet::save`].
pub enum Saved {
    /// The answers are saved. Some files may have been refused.
    Done(Problems),
    /// Nothing is saved, because another window saved other answers that this one had not seen.
    Conflict(Vec<Difference>),
}

impl Sheet {
    /// The form as it was last saved, or a new one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it belongs to somebody else. Other refusals say why it cannot be filled in now.
    pub fn load(
        tx: &mut Tx,
        business: &'static Business,
        candidate: Candidate,
        which: &FormTarget,
    ) -> Result<Sheet, Refusal> {
        let (business, parent, origin) = begins_from(tx, business, &candidate, which)?;
        let application = match which {
            FormTarget::Edit(number) => Some(editable(tx, business, &candidate, number)?),
            _ => Application::draft(tx, &candidate.id, business.slug, &origin)?,
        };
        // A draft has no answers if the candidate has only agreed to the notice.
        let saved = application.as_ref().and_then(Application::current_answers);
        let answers = match saved {
            Some(answers) => answers,
            None => (business.prefill)(tx, &candidate)?,
        };
        let asked = application.as_ref().map(|application| Asked::load(tx, application)).transpose()?;
        let asked = asked.unwrap_or_default();
        let mut open = Application::open_of(tx, &candidate.id, business)?;
        open.retain(|(_, number)| application.as_ref().and_then(|own| own.number.as_ref()) != Some(number));
        let mut sheet = Sheet {
            business,
            candidate,
            parent,
            origin,
            application,
            answers,
            choices: Choices::new(),
            attachments: Vec::new(),
            marks: asked.marks,
            opened: asked.opened,
            can_retry: asked.can_retry,
            closed: None,
            open,
            unfinished: Vec::new(),
            window: tx.id(),
            notice: texts::notice(tx, business)?,
        };
        sheet.refresh_choices(tx)?;
        sheet.check_deadline(tx)?;
        sheet.load_attachments(tx)?;
        sheet.find_unfinished(tx)?;
        Ok(sheet)
    }

    pub fn context(&self) -> Context<'_> {
        let submitted = self.application.as_ref().filter(|application| application.number.is_some());
        let (candidate, parent, answers) = (&self.candidate, self.parent.as_ref(), &self.answers);
        Context { candidate, submitted, parent, origin: &self.origin, answers }
    }

    pub fn is_edit(&self) -> bool {
        self.application.as_ref().is_some_and(|application| application.number.is_some())
    }

    /// Saves the answers and files of a request. The answers are checked by [`Sheet::problems`].
    pub fn save(
        &mut self,
        tx: &mut Tx,
        sent: &SentValues,
        step: &FormStep,
        mut received: Vec<Received>,
    ) -> Result<Saved, Refusal> {
        received.retain(|file| self.can_change(&file.slot));
        let (saved, window) = (self.answers.clone(), Window::of(sent));
        let missed = self.application.as_ref().is_some_and(|known| window.has_missed_a_save(known));
        let sent = &conflict::resolved(sent, self.business, &saved);
        self.take_file_ids(sent, step);
        self.take_answers(sent);
        if missed {
            self.keep_unasked(sent, &saved);
        }
        if !window.name.is_empty() {
            self.window = window.name;
        }
        self.load_attachments(tx)?;
        let problems = materials::add(tx, &self.candidate.id, self.business, &mut self.answers, received)?;
        self.refresh_choices(tx)?;
        if matches!(step, FormStep::Choose) {
            self.drop_withdrawn_choices();
            self.refresh_choices(tx)?;
        }
        self.check_deadline(tx)?;
        if missed {
            self.load_attachments(tx)?;
            let differences = self.differences(tx, &saved)?;
            if !differences.is_empty() {
                return Ok(Saved::Conflict(differences));
            }
        }
        self.write(tx)?;
        self.load_attachments(tx)?;
        self.find_unfinished(tx)?;
        Ok(Saved::Done(problems))
    }

    /// If the form showed a question and the request lacks it, its answer is emptied, because browsers do not
    /// send an empty choice. If the form did not show it, the earlier answer stays, unless a new one is sent.
    fn take_answers(&mut self, sent: &SentValues) {
        let before = self.answers.clone();
        let can_change = |question: &&Question| !question.is_read_only() && self.can_change(question.name);
        let open: Vec<&Question> = self.business.questions().filter(can_change).collect();
        for question in open {
            let was_asked = self.business.is_asked(question.when, &before);
            if was_asked || !values(sent, question.name).is_empty() {
                let values = question.normalise(values(sent, question.name));
                self.answers.fields.insert(question.name.to_owned(), values);
            }
        }
    }

    fn take_file_ids(&mut self, sent: &SentValues, step: &FormStep) {
        let removed = if let FormStep::Remove(id) = step { Some(id.as_str()) } else { None };
        let before = self.answers.clone();
        let open: Vec<_> = self.business.wanted(&before).filter(|one| self.can_change(one.slot)).collect();
        for material in open {
            let ids = values(sent, &format!("material.{}", material.slot)).iter();
            let kept = ids.filter(|id| removed != Some(id.as_str())).take(material.most).cloned();
            self.answers.materials.insert(material.slot.to_owned(), kept.collect());
        }
    }

    /// Loads the files of the answers. Drops ids of files of another candidate, application or slot, and
    /// repeated ids.
    fn load_attachments(&mut self, tx: &mut Tx) -> Result<(), Error> {
        let application = self.application.as_ref().map(|application| application.id.as_str());
        let ids = self.answers.all_files();
        self.attachments = materials::usable(tx, &self.candidate.id, application, &ids)?;
        let mut seen = BTreeSet::new();
        for (slot, ids) in &mut self.answers.materials {
            let belongs =
                |id: &String| self.attachments.iter().any(|file| file.id == *id && file.slot == *slot);
            ids.retain(|id| belongs(id) && seen.insert(id.clone()));
        }
        Ok(())
    }

    fn check_deadline(&mut self, tx: &mut Tx) -> Result<(), Error> {
        let closing = (self.business.closes)(tx, &self.context())?;
        let today = tx.today();
        self.closed = closing.and_then(|closing| Some((closing.question, closing.refusal(today)?)));
        Ok(())
    }

    /// The answers to questions and materials that the form asks for now.
    pub fn submitted_answers(&self) -> Answers {
        let mut answers = self.answers.clone();
        let asked: BTreeSet<&str> =
            self.business.asked(&self.answers).map(|question| question.name).collect();
        let wanted: BTreeSet<&str> = self.business.wanted(&self.answers).map(|one| one.slot).collect();
        answers.fields.retain(|name, _| asked.contains(name.as_str()));
        answers.materials.retain(|slot, _| wanted.contains(slot.as_str()));
        answers
    }

    /// Whether the candidate has not agreed to the current version of the notice.
    pub fn must_agree(&self) -> bool {
        let agreed = self.application.as_ref().map_or("", |application| application.notice_version.as_str());
        self.notice.as_ref().is_some_and(|notice| notice.version != agreed)
    }

    /// Stores in the draft that the candidate agreed to the notice.
    pub fn agree(&mut self, tx: &mut Tx) -> Result<(), Refusal> {
        let Some(version) = self.notice.as_ref().map(|notice| notice.version.clone()) else { return Ok(()) };
        if self.application.is_none() {
            self.begin(tx)?;
        }
        let Some(application) = &self.application else { return Ok(()) };
        let agreed = (a::notice_version.eq(version), a::agreed_at.eq(Some(tx.now)));
        diesel::update(a::applications.find(&application.id)).set(agreed).execute(tx.conn)?;
        Ok(())
    }

    fn write(&mut self, tx: &mut Tx) -> Result<(), Refusal> {
        let working = self.answers.seal(tx.vault)?;
        if self.application.is_none() {
            self.begin(tx)?;
        }
        let Some(application) = &mut self.application else {
            return Err(Refusal::Defect("a draft was not saved"));
        };
        let still = a::applications
            .find(&application.id)
            .filter(a::version.eq(application.version))
            .filter(a::status.eq(application.status.code()));
        let saves = application.saves + 1;
        let change = (
            a::working.eq(working),
            a::updated_at.eq(tx.now),
            a::saves.eq(saves),
            a::saved_by.eq(&self.window),
        );
        let updated = diesel::update(still).set(change).execute(tx.conn)?;
        if updated == 0 {
            return Err(application.overtaken(By::Candidate));
        }
        application.updated_at = tx.now;
        application.saves = saves;
        application.saved_by.clone_from(&self.window);
        materials::bind(tx, &application.id, &self.answers)?;
        Ok(())
    }

    /// Begins a draft. If another window has just begun one, that is used.
    fn begin(&mut self, tx: &mut Tx) -> Result<(), Error> {
        let row = (
            a::id.eq(tx.id()),
            a::kind.eq(self.business.slug),
            a::candidate_id.eq(&self.candidate.id),
            a::parent_id.eq(&self.origin),
            a::subject.eq(""),
            a::title.eq(""),
            a::summary.eq(""),
            a::status.eq(Status::Draft.code()),
            a::version.eq(0),
            a::round.eq(0),
            a::created_at.eq(tx.now),
            a::updated_at.eq(tx.now),
        );
        let insert = diesel::insert_into(a::applications).values(row).on_conflict_do_nothing();
        either!(tx.conn, conn => insert.execute(conn))?;
        self.application = Application::draft(tx, &self.candidate.id, self.business.slug, &self.origin)?;
        Ok(())
    }
}

/// The business of the form, the application that an appeal is about, and [`Sheet::origin`].
fn begins_from(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    which: &FormTarget,
) -> Result<(&'static Business, Option<Application>, String), Refusal> {
    match (which, business.origin) {
        (FormTarget::New, Origin::Nothing) => Ok((business, None, String::new())),
        (FormTarget::Posting(key), Origin::Certificate) => Ok((business, None, key.clone())),
        (FormTarget::Appeal(number), _) => {
            let (by, parent) = appeal::against(tx, business, candidate, number)?;
            let origin = parent.id.clone();
            Ok((by, Some(parent), origin))
        }
        (FormTarget::Edit(number), _) => {
            let edited = Application::own(tx, &candidate.id, business.slug, number)?;
            let parent = Application::own_by_id(tx, &candidate.id, &edited.parent_id)?;
            Ok((business, parent, edited.parent_id))
        }
        _ => Err(Refusal::NotFound),
    }
}

fn editable(
    tx: &mut Tx,
    business: &Business,
    candidate: &Candidate,
    number: &ApplicationNumber,
) -> Result<Application, Refusal> {
    let application = Application::own(tx, &candidate.id, business.slug, number)?;
    match business.submits_by(application.status) {
        Some(_) => Ok(application),
        None => Err(application.not_now(By::Candidate, Action::Revise)),
    }
}
