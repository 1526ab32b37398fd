//! One application with everything that a reviewer needs to see of it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use maud::Markup;

use crate::casework::answers::Answers;
use crate::casework::business::{Application, Business, Context, Material, Record, Registry};
use crate::casework::history::{self, Event, Mark};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::materials::{self, Attachment};
use crate::casework::notes::{self, Note};
use crate::casework::number::ApplicationNumber;
use crate::casework::sight::Sight;
use crate::casework::texts::Reasons;
use crate::casework::{Refusal, assignment, proposal};
use crate::exams::discipline::{self, IntegrityRecord, Violation};
use crate::exams::registration::{self, Registration};
use crate::pages::views;
use crate::people::candidate::Candidate;
use crate::people::holder_hash::HolderHash;
use crate::people::person;
use crate::people::staff::{Duty, Member, Role, StaffMember, View};
use crate::store::schema::{applications::dsl as a, staff::dsl as s};
use crate::store::{Error, Tx};

/// At most so many other applications of the candidate are shown.
const MOST_OTHERS: i64 = 50;

/// The candidate's records of misconduct.
#[derive(Default)]
pub struct Conduct {
    pub violations: Vec<Violation>,
    pub integrity: Vec<IntegrityRecord>,
    /// Whether an integrity record is kept today.
    pub on_record: bool,
}

impl Conduct {
    fn load(tx: &mut Tx, holder: &HolderHash) -> Result<Conduct, Error> {
        let integrity = discipline::integrity_of(tx, holder)?;
        let on_record = integrity.iter().any(|record| record.is_kept_on(tx.today()));
        Ok(Conduct { violations: discipline::violations_of(tx, holder)?, integrity, on_record })
    }
}

/// An application with its answers, attachments and history.
pub struct CaseFile {
    pub application: Application,
    /// The oldest first.
    pub events: Vec<Event>,
    /// Also those of former rounds.
    pub attachments: Vec<Attachment>,
    /// What was submitted last.
    pub answers: Answers,
}

pub struct OtherApplication {
    pub number: ApplicationNumber,
    pub business: &'static Business,
    /// Exam and sitting.
    pub title: String,
    pub tag: Markup,
}

/// The reader's relation to an application, which decides what they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has taken it.
    Free,
    /// The reader has taken it.
    Mine,
    /// A colleague has taken it.
    Taken,
    /// The reader has proposed a decision, which waits for a confirmation.
    Proposed,
    /// A colleague has proposed a decision, which the reader may confirm.
    Second,
    Own,
    /// It is an appeal against a decision of the reader.
    Involved,
    /// It does not wait for a review.
    Closed,
}

/// A submitted file that is missing or damaged.
pub struct UnreadableFile {
    pub id: String,
    pub label: String,
}

/// One application on the desk.
pub struct Case {
    pub file: CaseFile,
    /// The rejected application, if this one is an appeal.
    pub appealed: Option<CaseFile>,
    pub candidate: Candidate,
    /// The records that it is about.
    pub cited: Vec<Record>,
    pub reader: Duty,
    pub standing: Standing,
    pub assignee: Option<String>,
    /// Whether the reader is the assignee.
    pub mine: bool,
    /// Whether the reader may put it back and hand it over, whoever has taken it.
    pub manages: bool,
    /// The other staff who may decide it; empty unless the reader may hand it over, or a proposal waits for one of them.
    pub colleagues: Vec<Member>,
    /// What staff wrote for each other, the oldest first.
    pub notes: Vec<Note>,
    /// What the reader sees.
    pub sight: Sight,
    /// Whether the place of the files did not answer, so that some cannot be opened now.
    pub files_silent: bool,
    pub registrations: Vec<Registration>,
    /// The ready-made texts of a reviewer; none if the reader does not decide it.
    pub reasons: Reasons,
    /// Of a hundred decisions on this business, how many a colleague confirms; 0 if the reader does not decide it.
    pub confirmed_share: i32,
    pub conduct: Conduct,
    /// The candidate's other applications, the newest first.
    pub others: Vec<OtherApplication>,
}

impl CaseFile {
    fn load(tx: &mut Tx, application: Application) -> Result<CaseFile, Refusal> {
        let events = history::of(tx, &application.id)?;
        let answers = application.form.clone().unwrap_or_default();
        Ok(CaseFile { attachments: materials::of(tx, &application.id)?, application, events, answers })
    }

    /// Names of the questions and slots that changed since the previous round; none in the first.
    pub fn changed(&self) -> BTreeSet<String> {
        let earlier = history::previous_answers(&self.events);
        earlier.map(|earlier| self.answers.changes(earlier)).unwrap_or_default()
    }

    /// The marks of the previous round.
    pub fn earlier_marks(&self) -> &[Mark] {
        history::last_marks(&self.events)
    }

    /// Who handed it to the present assignee, and the word for them.
    pub fn handed_over(&self) -> Option<&Event> {
        let assigning = [Action::Take, Action::PutBack, Action::HandOver];
        let last = self.events.iter().rev().find(|event| assigning.contains(&event.action));
        last.filter(|event| event.action == Action::HandOver && event.to == Status::InReview)
    }

    pub fn rejection(&self) -> Option<&str> {
        history::last(&self.events, Action::Reject).map(|event| event.content.note.as_str())
    }

    /// The submitted files that cannot be read.
    fn unreadable(&self) -> impl Iterator<Item = UnreadableFile> {
        let is_readable =
            |id: &String| self.attachments.iter().any(|file| file.id == *id && !file.unreadable);
        self.application.business.wanted(&self.answers).flat_map(move |material| {
            let ids = self.answers.files(material.slot).iter().filter(move |id| !is_readable(id));
            ids.map(|id| UnreadableFile { id: id.clone(), label: material.label.to_owned() })
        })
    }

    /// The submitted files with their materials, in the order of the form.
    fn sheets(&self) -> impl Iterator<Item = (&'static Material, &Attachment)> {
        self.application.business.wanted(&self.answers).flat_map(|material| {
            let find = |id: &String| self.attachments.iter().find(|file| file.id == *id);
            self.answers.files(material.slot).iter().filter_map(find).map(move |file| (material, file))
        })
    }
}

impl Case {
    /// Reads an application for a staff member, and with an appeal the rejected application. The caller notes
    /// the [`views`](Case::views) in the audit.
    ///
    /// # Errors
    /// [`Refusal::NotTheirBusiness`] if the business is not the work of the reader's role.
    pub fn load(tx: &mut Tx, reader: &StaffMember, number: &ApplicationNumber) -> Result<Case, Refusal> {
        let application = Application::by_number(tx, number)?;
        let business = application.business;
        if !business.is_work_of(&reader.duty()) {
            return Err(Refusal::NotTheirBusiness);
        }
        let appealed = match business.is_appeal() {
            true => Some(Application::by_id(tx, &application.parent_id)?),
            false => None,
        };
        let manages = reader.role == Role::Administrator;
        let mine = application.assignee_id.as_deref() == Some(&reader.id);
        let candidate = Candidate::load(tx, &application.candidate_id)?;
        let candidate = candidate.ok_or(Error::Corrupt("applications.candidate_id"))?;
        let sight = Sight::of(reader.duty(), business, application.status);
        let person = sight.person();
        let answers = application.form.clone().unwrap_or_default();
        let context = Context::of_submitted(&candidate, &application, appealed.as_ref(), &answers);
        let standing = standing(tx, &application, reader)?;
        Ok(Case {
            cited: if sight.records() { (business.cited)(tx, &context)? } else { Vec::new() },
            reader: reader.duty(),
            standing,
            assignee: assignee(tx, &application)?,
            mine,
            manages,
            notes: notes::of(tx, &application.id)?,
            colleagues: match manages || mine || application.proposed_by.is_some() {
                true => assignment::colleagues(tx, &application)?,
                false => Vec::new(),
            },
            reasons: match standing {
                Standing::Mine => Reasons::load(tx, business)?,
                _ => Reasons::default(),
            },
            confirmed_share: match standing {
                Standing::Mine => proposal::share(tx, &application)?,
                _ => 0,
            },
            registrations: if person { registration::of_holder(tx, &candidate.holder)? } else { Vec::new() },
            others: if person { others(tx, &application)? } else { Vec::new() },
            conduct: if person { Conduct::load(tx, &candidate.holder)? } else { Conduct::default() },
            sight,
            files_silent: false,
            appealed: appealed.map(|application| CaseFile::load(tx, application)).transpose()?,
            file: CaseFile::load(tx, application)?,
            candidate,
        })
    }

    /// The candidate's name: masked for who does not compare it with anything.
    pub fn shown_name(&self) -> String {
        if self.sight.person() { self.candidate.name.clone() } else { self.candidate.masked_name() }
    }

    /// Whether the reader may uncover the full number of the document: of a case that they are deciding, and
    /// administrators of any.
    pub fn may_uncover(&self) -> bool {
        let decides = self.standing == Standing::Mine || self.manages;
        self.sight.person() && decides && self.standing != Standing::Own
    }

    /// An entry of the audit for each application that it shows.
    pub fn views(&self) -> Vec<View> {
        let files = [Some(&self.file), self.appealed.as_ref()].into_iter().flatten();
        files.map(|file| ("open", file.application.shown_number().to_owned())).collect()
    }

    /// The files that cannot be read, also those of the rejected application of an appeal.
    pub fn unreadable(&self) -> Vec<UnreadableFile> {
        if !self.sight.history() {
            return Vec::new();
        }
        let earlier = self.appealed.iter().flat_map(CaseFile::unreadable);
        let earlier =
            earlier.map(|file| UnreadableFile { label: format!("被申诉申请的{}", file.label), ..file });
        self.file.unreadable().chain(earlier).collect()
    }

    /// A sentence that names the unreadable files.
    pub fn warning_of_unreadable(&self) -> Option<String> {
        if self.files_silent && self.sight.history() {
            return Some("现在打不开材料：存放材料的地方没有响应。请稍后再办理，不必因此退回。".to_owned());
        }
        let labels: Vec<String> = self.unreadable().into_iter().map(|file| file.label).collect();
        let sentence =
            || format!("有 {} 份材料打不开（{}），请退回让考生重新上传。", labels.len(), labels.join("、"));
        (!labels.is_empty()).then(sentence)
    }

    /// Every file that the viewer can show, with its label.
    pub fn sheets(&self) -> Vec<(&'static str, &Attachment)> {
        let appealed = self.appealed.iter().flat_map(CaseFile::sheets);
        let sheets = self.file.sheets().chain(appealed);
        let seen = sheets.filter(|(material, _)| self.sight.material(material));
        seen.map(|(material, file)| (material.label, file)).collect()
    }
}

fn standing(tx: &mut Tx, application: &Application, reader: &StaffMember) -> Result<Standing, Error> {
    let decides = application.business.is_decided_by(&reader.duty());
    let own = person::is_same(tx, &application.candidate_id, &reader.candidate)?;
    let mine = application.assignee_id.as_deref() == Some(&reader.id);
    let waits = matches!(application.status, Status::Submitted | Status::InReview);
    let involved = waits && assignment::decided_before(tx, application, reader)?;
    Ok(match application.status {
        _ if own => Standing::Own,
        _ if involved => Standing::Involved,
        Status::Submitted if decides => Standing::Free,
        Status::InReview if application.proposed_by.is_some() => {
            match (proposal::is_by(tx, application, reader)?, decides) {
                (true, _) => Standing::Proposed,
                (false, true) => Standing::Second,
                (false, false) => Standing::Taken,
            }
        }
        Status::InReview if mine => Standing::Mine,
        Status::InReview => Standing::Taken,
        _ => Standing::Closed,
    })
}

fn assignee(tx: &mut Tx, application: &Application) -> Result<Option<String>, Error> {
    let Some(id) = &application.assignee_id else { return Ok(None) };
    Ok(s::staff.find(id).select(s::name).first(tx.conn).optional()?)
}

fn others(tx: &mut Tx, shown: &Application) -> Result<Vec<OtherApplication>, Error> {
    let rows: Vec<(ApplicationNumber, String, String, String, String)> = a::applications
        .filter(a::candidate_id.eq(&shown.candidate_id))
        .filter(a::id.ne(&shown.id))
        .filter(a::status.ne(Status::Draft.code()))
        .order((a::submitted_at.desc(), a::id.desc()))
        .limit(MOST_OTHERS)
        .select((a::number.assume_not_null(), a::kind, a::title, a::status, a::result))
        .load(tx.conn)?;
    let registry = Registry::of(tx);
    rows.into_iter()
        .map(|(number, slug, title, status, result)| {
            let business = registry.find(&slug).ok_or(Error::Corrupt("applications.kind"))?;
            let status = Status::from_code(&status).ok_or(Error::Corrupt("applications.status"))?;
            Ok(OtherApplication { business, tag: views::state_tag(business, status, &result), number, title })
        })
        .collect()
}
