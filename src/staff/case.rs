//! Everything a reviewer needs to see of one application.

use std::collections::BTreeSet;

use diesel::prelude::*;
use maud::Markup;

use crate::casework::Refusal;
use crate::casework::answers::Answers;
use crate::casework::assignment;
use crate::casework::business::{Application, Business, Registry};
use crate::casework::history::{self, Event, Mark};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::materials::{self, Attachment};
use crate::casework::number::ApplicationNumber;
use crate::exams::registration::{self, Registration};
use crate::pages::views;
use crate::people::candidate::Candidate;
use crate::people::staff::{self as roster, Member, Role, StaffMember};
use crate::store::schema::{applications::dsl as a, staff::dsl as s};
use crate::store::{Error, Tx};

/// Other applications of the candidate that are shown.
const MOST_OTHERS: i64 = 50;

/// An application with what was sent in and what happened.
pub struct File {
    /// The application.
    pub application: Application,
    /// Everything that happened, in order.
    pub events: Vec<Event>,
    /// Every file it uses or used.
    pub attachments: Vec<Attachment>,
    /// What was submitted last.
    pub answers: Answers,
}

/// Another application of the same candidate.
pub struct Other {
    /// 受理号
    pub number: ApplicationNumber,
    /// Its kind.
    pub business: &'static Business,
    /// Exam and sitting.
    pub title: String,
    /// Where it stands.
    pub tag: Markup,
}

/// What the reader may do with an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits and can be taken.
    Free,
    /// The reader took it and decides.
    Mine,
    /// A colleague took it.
    Taken,
    /// It is the reader's own.
    Own,
    /// It is an appeal against what the reader decided.
    Involved,
    /// It is not with the desk now.
    Closed,
}

/// A material whose file is missing or damaged.
pub struct Lost {
    /// Id of the file.
    pub id: String,
    /// What it is.
    pub label: String,
}

/// One application on the desk.
pub struct Case {
    /// The application.
    pub file: File,
    /// What an appeal is about.
    pub appealed: Option<File>,
    /// Whose it is.
    pub candidate: Candidate,
    /// Who reads it.
    pub reader: Role,
    /// What they may do.
    pub standing: Standing,
    /// Who took it.
    pub assignee: Option<String>,
    /// Whether that is the reader.
    pub mine: bool,
    /// Whether the reader may put it back and hand it over, whoever took it.
    pub manages: bool,
    /// Whom it can be handed over to; only for who [`Case::manages`] it.
    pub colleagues: Vec<Member>,
    /// What the candidate is registered for.
    pub registrations: Vec<Registration>,
    /// What else the candidate applied for, newest first.
    pub others: Vec<Other>,
}

impl File {
    fn load(tx: &mut Tx, application: Application) -> Result<File, Refusal> {
        let events = history::of(tx, &application.id)?;
        let answers = application.form.clone().unwrap_or_default();
        Ok(File { attachments: materials::of(tx, &application.id)?, application, events, answers })
    }

    /// Fields and slots that differ from the round before; none in the first.
    pub fn changed(&self) -> BTreeSet<String> {
        let earlier = history::previous_answers(&self.events);
        earlier.map(|earlier| self.answers.changes(earlier)).unwrap_or_default()
    }

    /// What was marked in the round before.
    pub fn earlier_marks(&self) -> &[Mark] {
        history::last_marks(&self.events)
    }

    /// Why it was rejected.
    pub fn rejection(&self) -> Option<&str> {
        history::last(&self.events, Action::Reject).map(|event| event.content.note.as_str())
    }

    /// The materials submitted last whose files do not open.
    fn lost(&self) -> impl Iterator<Item = Lost> {
        let found = |id: &String| self.attachments.iter().any(|file| file.id == *id && !file.unreadable);
        self.application.business.wanted(&self.answers).flat_map(move |material| {
            let lost = self.answers.files(material.slot).iter().filter(move |id| !found(id));
            lost.map(|id| Lost { id: id.clone(), label: material.label.to_owned() })
        })
    }

    /// The files submitted last, with what they are, in the order of the form.
    pub fn sheets(&self) -> impl Iterator<Item = (&'static str, &Attachment)> {
        self.application.business.wanted(&self.answers).flat_map(|material| {
            let find = |id: &String| self.attachments.iter().find(|file| file.id == *id);
            self.answers.files(material.slot).iter().filter_map(find).map(|file| (material.label, file))
        })
    }
}

impl Case {
    /// Opens an application for a member of staff, and what an appeal is about with it. The audit
    /// gets an entry for both: there is no other way to a case.
    ///
    /// # Errors
    /// [`Refusal::NotTheirBusiness`] for who does not work on its kind; [`people::Refusal::Unrecorded`](crate::people::Refusal::Unrecorded) when the
    /// audit cannot be written.
    pub fn open(tx: &mut Tx, reader: &StaffMember, number: &ApplicationNumber) -> Result<Case, Refusal> {
        let application = Application::by_number(tx, number)?;
        let business = application.business;
        if !business.is_work_of(reader.role) {
            return Err(Refusal::NotTheirBusiness);
        }
        let appealed = match business.is_appeal() {
            true => Some(Application::by_id(tx, &application.parent_id)?),
            false => None,
        };
        for shown in [Some(&application), appealed.as_ref()].into_iter().flatten() {
            roster::viewed(tx, &reader.id, "open", shown.shown_number())?;
        }
        let manages = reader.role == Role::Administrator;
        let candidate = Candidate::load(tx, &application.candidate_id)?;
        let candidate = candidate.ok_or(Error::Corrupt("applications.candidate_id"))?;
        Ok(Case {
            reader: reader.role,
            standing: standing(tx, &application, reader)?,
            assignee: assignee(tx, &application)?,
            mine: application.assignee_id.as_deref() == Some(&reader.id),
            manages,
            colleagues: match manages {
                true => assignment::colleagues(tx, &application)?,
                false => Vec::new(),
            },
            registrations: registration::of_holder(tx, &candidate.holder)?,
            others: others(tx, &application)?,
            appealed: appealed.map(|application| File::load(tx, application)).transpose()?,
            file: File::load(tx, application)?,
            candidate,
        })
    }

    /// The materials whose files do not open, those of what an appeal is about too.
    pub fn lost(&self) -> Vec<Lost> {
        let earlier = self.appealed.iter().flat_map(File::lost);
        let earlier = earlier.map(|lost| Lost { label: format!("被申诉申请的{}", lost.label), ..lost });
        self.file.lost().chain(earlier).collect()
    }

    /// What [`Case::lost`] comes to, in words.
    pub fn told_of_lost(&self) -> Option<String> {
        let labels: Vec<String> = self.lost().into_iter().map(|lost| lost.label).collect();
        let told =
            || format!("有 {} 份材料打不开（{}），请退回让考生重新上传。", labels.len(), labels.join("、"));
        (!labels.is_empty()).then(told)
    }

    /// Every file that can be looked at here, in order.
    pub fn sheets(&self) -> Vec<(&'static str, &Attachment)> {
        self.file.sheets().chain(self.appealed.iter().flat_map(File::sheets)).collect()
    }
}

fn standing(tx: &mut Tx, application: &Application, reader: &StaffMember) -> Result<Standing, Error> {
    let decides = reader.role.does(application.business.reviewed_by);
    let own = application.candidate_id == reader.candidate;
    let mine = application.assignee_id.as_deref() == Some(&reader.id);
    let waits = matches!(application.status, Status::Submitted | Status::InReview);
    let involved = waits && assignment::decided_before(tx, application, reader)?;
    Ok(match application.status {
        _ if own => Standing::Own,
        _ if involved => Standing::Involved,
        Status::Submitted if decides => Standing::Free,
        Status::InReview if mine => Standing::Mine,
        Status::InReview => Standing::Taken,
        _ => Standing::Closed,
    })
}

fn assignee(tx: &mut Tx, application: &Application) -> Result<Option<String>, Error> {
    let Some(id) = &application.assignee_id else { return Ok(None) };
    Ok(s::staff.find(id).select(s::name).first(tx.conn).optional()?)
}

fn others(tx: &mut Tx, shown: &Application) -> Result<Vec<Other>, Error> {
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
        .map(|(number, kind, title, status, result)| {
            let business = registry.find(&kind).ok_or(Error::Corrupt("applications.kind"))?;
            let status = Status::from_code(&status).ok_or(Error::Corrupt("applications.status"))?;
            Ok(Other { business, tag: views::state_tag(business, status, &result), number, title })
        })
        .collect()
}
