//! A small examination authority: one exam, candidates, reviewers.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use kaozheng::business::ALL;
use kaozheng::casework::business::Application;
use kaozheng::casework::business::Business;
use kaozheng::casework::number::ApplicationNumber;
use kaozheng::casework::sheet::{FormStep, FormTarget, Sheet};
use kaozheng::casework::submission;
use kaozheng::people::candidate::{self, Candidate, Identity};
use kaozheng::people::document::{Document, DocumentType};
use kaozheng::people::staff::{self as roster, Kinds, Role, StaffMember};
use kaozheng::store::schema::{exam_subjects, exams, sittings};
use kaozheng::store::{Clock, Ids, Store, Tx, Vault};
use kaozheng::web::{Failure, Submission};

use crate::database::{TestDatabase, migrated_database};

pub struct Authority {
    pub store: Store,
    pub clock: Clock,
    _database: TestDatabase,
}

/// A form as a browser sends it.
pub fn form(pairs: &[(&str, &str)]) -> Submission {
    let mut sent = Submission::default();
    for (name, value) in pairs {
        sent.values.entry((*name).to_owned()).or_default().push((*value).to_owned());
    }
    sent
}

pub fn qualification() -> &'static Business {
    ALL.find("qualification").expect("a business")
}

const ANSWERS: &[(&str, &str)] = &[
    ("sitting", "sitting-1"),
    ("level", "一级"),
    ("specialty", "建筑工程"),
    ("subjects", "建设工程经济"),
    ("area", "市直考区"),
    ("gender", "男"),
    ("phone", "13800138000"),
    ("education", "本科"),
    ("school", "示范大学"),
    ("major", "土木工程"),
    ("graduated_on", "2016-06-30"),
    ("employer", "示范建设工程有限公司"),
    ("began_work_on", "2016-07-01"),
    ("promise", "yes"),
];

impl Authority {
    /// Starts on Monday 2026-11-23, 09:00 in China.
    pub async fn open() -> Authority {
        Authority::open_on(migrated_database()).await
    }

    pub async fn open_on(database: TestDatabase) -> Authority {
        let clock = Clock::manual("2026-11-23T01:00:00".parse().expect("a time"));
        let store = Store::open(&database.url, Vault::from_key(&[7; 32]), clock.clone(), Ids::seeded(1));
        let store = store.await.expect("a store").attach(&ALL);
        store.migrate().await.expect("tables");
        let authority = Authority { store, clock, _database: database };
        authority.write(insert_exam).await.expect("an exam");
        authority
    }

    pub async fn write<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, Failure> + Clone + Send + 'static,
    {
        self.store.write(work).await
    }

    pub fn pass_hours(&self, hours: i64) {
        self.clock.advance(TimeDelta::hours(hours));
    }

    pub async fn candidate(&self, name: &str, passport: &str) -> Candidate {
        let identity = Identity {
            name: name.to_owned(),
            document: document(passport),
            phone: Some("13800138000".to_owned()),
        };
        let signed_in = self.write(move |tx| {
            let id = candidate::enrol(tx, &identity)?;
            Ok(Candidate::load(tx, &id)?.expect("a candidate"))
        });
        signed_in.await.expect("a candidate")
    }

    /// Adds a staff member to the roster. Their candidate has the same passport.
    pub async fn staff_member(&self, name: &str, passport: &str, role: Role) -> StaffMember {
        let as_candidate = self.candidate(name, passport).await.id;
        let (joining, document) = (name.to_owned(), document(passport));
        let joined = self.write(move |tx| {
            roster::add(tx, &joining, &document, role)?;
            let member = roster::list(tx)?.into_iter().find(|member| member.name == joining);
            Ok(member.expect("a member").id)
        });
        let id = joined.await.expect("a member");
        StaffMember { id, name: name.to_owned(), role, kinds: Kinds::default(), candidate: as_candidate }
    }

    pub async fn reviewer(&self, name: &str, passport: &str) -> StaffMember {
        self.staff_member(name, passport, Role::Reviewer).await
    }

    /// Submits a new or a returned application. Returns its number.
    pub async fn submit(
        &self,
        candidate: &Candidate,
        which: FormTarget,
        years: &'static str,
    ) -> ApplicationNumber {
        let candidate = candidate.clone();
        let submitted = self.write(move |tx| {
            let business = qualification();
            let mut sheet = Sheet::load(tx, business, candidate, &which)?;
            let pairs: Vec<_> = ANSWERS.iter().copied().chain([("years", years)]).collect();
            sheet.save(tx, &form(&pairs).values, &FormStep::Submit, Vec::new())?;
            Ok(submission::submit(tx, &sheet)?)
        });
        submitted.await.expect("a number")
    }

    pub async fn apply(&self, candidate: &Candidate) -> ApplicationNumber {
        self.submit(candidate, FormTarget::New, "6").await
    }

    pub async fn appeal(&self, candidate: &Candidate, against: &ApplicationNumber) -> ApplicationNumber {
        let (candidate, which) = (candidate.clone(), FormTarget::Appeal(against.clone()));
        let submitted = self.write(move |tx| {
            let mut sheet = Sheet::load(tx, qualification(), candidate, &which)?;
            let sent = form(&[("reason", "工作年限证明已附，请重新核对"), ("phone", "13800138000")]);
            sheet.save(tx, &sent.values, &FormStep::Submit, Vec::new())?;
            Ok(submission::submit(tx, &sheet)?)
        });
        submitted.await.expect("a number")
    }

    pub async fn application(&self, number: &str) -> Application {
        let number = number.to_owned().into();
        self.write(move |tx| Ok(Application::by_number(tx, &number)?)).await.expect("an application")
    }
}

pub fn document(passport: &str) -> Document {
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day");
    Document::parse(DocumentType::Passport, passport, today).expect("a passport")
}

fn insert_exam(tx: &mut Tx) -> Result<(), Failure> {
    let exam = (
        exams::id.eq("exam-1"),
        exams::code.eq("jzs1"),
        exams::name.eq("一级建造师"),
        exams::category.eq("专业技术"),
    );
    diesel::insert_into(exams::table).values(exam).execute(tx.conn)?;
    let subject = (
        exam_subjects::id.eq("subject-1"),
        exam_subjects::exam_id.eq("exam-1"),
        exam_subjects::level.eq("一级"),
        exam_subjects::specialty.eq("建筑工程"),
        exam_subjects::subject.eq("建设工程经济"),
        exam_subjects::fee.eq(6100),
        exam_subjects::position.eq(1),
    );
    diesel::insert_into(exam_subjects::table).values(subject).execute(tx.conn)?;
    let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
    let sitting = (
        sittings::id.eq("sitting-1"),
        sittings::exam_id.eq("exam-1"),
        sittings::month.eq("202705"),
        sittings::check_opens_on.eq(day("2026-11-01")),
        sittings::check_closes_on.eq(day("2027-02-28")),
        sittings::held_on.eq(day("2027-05-15")),
    );
    diesel::insert_into(sittings::table).values(sitting).execute(tx.conn)?;
    Ok(())
}
