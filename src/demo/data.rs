//! The data of `kaozheng demo`: an authority, its exams and a few people, all fictional. Every date is relative
//! to today, so the data does not become old.

mod applications;
mod papers;
mod records;
mod stories;

use std::collections::BTreeSet;

use chrono::{Datelike, Duration, Months, NaiveDate};
use diesel::prelude::*;

use super::english::english;
use super::exams::{EXAMS, Exam, Level};
use crate::casework::{Refusal, texts};
use crate::demo::sandbox::people::{PEOPLE, Person};
use crate::either;
use crate::exams::certificate::{Annulment, person_hash};
use crate::exams::english::Part;
use crate::exams::held;
use crate::exams::inquiry::{self, Inquiries, Way};
use crate::exams::organisation::{self, Entry, OrganisationRefusal};
use crate::files::storage::Storage;
use crate::people::candidate::{self, Identity};
use crate::people::consent::{self, Consents, Purpose};
use crate::people::document::{Document, Gender};
use crate::people::holder_hash::HolderHash;
use crate::people::mask;
use crate::people::staff::{self, Role};
use crate::store::schema::{
    announcements, certificates, english_names, exam_subjects, integrity_records, registration_subjects,
    registrations, sittings, violations, voided_prints,
};
use crate::store::{CandidateId, Error, Store, Timestamp, Tx};
use records::{ANNOUNCEMENTS, ANNULLED, ELECTRONIC, ENTRIES, INTEGRITY, VIOLATIONS, VOIDED, Violation};

/// Days from today to each exam's past sittings.
const PAST: [i64; 2] = [-540, -175];

/// Loads authority, exams, people and records. Returns `false` if the database has exams already.
pub async fn load_demo(store: &Store) -> Result<bool, Error> {
    store.write(load).await
}

/// Loads applications in every state, after [`load_demo`].
pub async fn load_applications(store: &Store, files: &Storage) -> Result<(), Refusal> {
    applications::load(store, files).await
}

fn load(tx: &mut Tx) -> Result<bool, Error> {
    use crate::store::schema::exams::dsl as x;
    if x::exams.count().get_result::<i64>(tx.conn)? > 0 {
        return Ok(false);
    }
    for person in PEOPLE {
        introduce(tx, person)?;
    }
    for exam in EXAMS {
        add_exam(tx, exam)?;
    }
    for (index, entry) in ENTRIES.iter().enumerate() {
        add_entry(tx, index, entry)?;
    }
    change_certificates(tx)?;
    add_voided_prints(tx)?;
    add_violations(tx)?;
    add_integrity_records(tx)?;
    add_announcements(tx)?;
    add_organisation(tx)?;
    Ok(true)
}

/// The access key of the demo's organisation.
pub const ORGANISATION_KEY: &str = "kzk_demo-key-of-an-invented-company";

/// Adds an organisation, which asked about a certificate yesterday.
fn add_organisation(tx: &mut Tx) -> Result<(), Error> {
    let entry = Entry {
        name: "示范人力资源有限公司".to_owned(),
        contact: "钱小姐 0000-87654321".to_owned(),
        daily_quota: 2_000,
        expires_on: tx.today() + Duration::days(365),
    };
    let id = match organisation::insert(tx, &entry, ORGANISATION_KEY) {
        Ok(id) => id,
        Err(OrganisationRefusal::Store(error)) => return Err(error),
        Err(_) => return Err(Error::Corrupt("the demo's organisation")),
    };
    let mut inquiries = Inquiries::default();
    inquiries.add(&certificate_key(0), Way::Organisation, &id, tx.now - Duration::days(1));
    inquiry::record(tx, &inquiries)
}

fn document(tx: &Tx, person: &Person) -> Result<Document, Error> {
    Document::parse(person.document_type, person.document_number, tx.today())
        .map_err(|_| Error::Corrupt("a demo person's document"))
}

fn holder(tx: &Tx, person: usize) -> String {
    let person = &PEOPLE[person];
    holder_hash(tx, person).stored(tx.vault)
}

fn holder_hash(tx: &Tx, person: &Person) -> HolderHash {
    HolderHash::of(tx.vault, person.document_type, person.document_number)
}

/// Adds the staff members and the candidates.
fn introduce(tx: &mut Tx, person: &Person) -> Result<(), Error> {
    let document = document(tx, person)?;
    let role = match person.role {
        "审核员" => Role::Reviewer,
        "管理员" => Role::Administrator,
        "财务" => Role::Finance,
        "邮寄员" => Role::Dispatcher,
        _ => {
            let (name, phone) = (person.name.to_owned(), Some(person.phone.to_owned()));
            let id = candidate::enrol(tx, &Identity { name, document, phone })?;
            let has_agreed = person.account != UNDECIDED;
            return if has_agreed { agree(tx, &id) } else { Ok(()) };
        }
    };
    staff::add(tx, person.name, &document, role).map(drop)
}

/// The account of the candidate who has not agreed to the privacy notice.
const UNDECIDED: &str = "demo-14";

fn agree(tx: &mut Tx, id: &CandidateId) -> Result<(), Error> {
    let notice = texts::privacy_notice(tx)?;
    consent::agree(tx, (id, &Consents::default()), notice.version, &Purpose::SENSITIVE)
}

/// Ids that are computed from codes, so that records need no query for their exam and sitting.
fn exam_key(code: &str) -> String {
    format!("exam-{code}")
}

fn sitting_key(code: &str, index: usize) -> String {
    format!("sitting-{code}-{index}")
}

fn certificate_key(entry: usize) -> String {
    format!("certificate-{entry:02}")
}

fn month(day: NaiveDate) -> String {
    format!("{:04}{:02}", day.year(), day.month())
}

fn held_on(tx: &Tx, exam: &Exam, index: usize) -> NaiveDate {
    tx.today() + Duration::days(PAST.get(index).copied().unwrap_or(exam.next.0))
}

fn add_exam(tx: &mut Tx, exam: &Exam) -> Result<(), Error> {
    use crate::store::schema::exams::dsl as x;
    use exam_subjects::dsl as s;
    let id = exam_key(exam.code);
    let row = (x::id.eq(&id), x::code.eq(exam.code), x::name.eq(exam.name), x::category.eq(exam.category));
    diesel::insert_into(x::exams).values(row).execute(tx.conn)?;
    let offered = exam.levels.iter().flat_map(|level| level.papers().map(move |paper| (level.name, paper)));
    let rows: Vec<_> = offered
        .zip(0_i32..)
        .map(|((level, (specialty, subject)), position)| {
            (
                s::id.eq(format!("subject-{}-{position}", exam.code)),
                s::exam_id.eq(id.clone()),
                s::level.eq(level),
                s::specialty.eq(specialty),
                s::subject.eq(subject),
                s::fee.eq(exam.fee),
                s::position.eq(position),
            )
        })
        .collect();
    either!(tx.conn, conn => diesel::insert_into(s::exam_subjects).values(&rows).execute(conn))?;
    for index in 0..=PAST.len() {
        add_sitting(tx, exam, index)?;
    }
    add_english_names(tx, exam)
}

fn add_english_names(tx: &mut Tx, exam: &Exam) -> Result<(), Error> {
    use english_names::dsl as n;
    let of_level = |level: &Level| {
        let specialties = level.specialties.iter().map(|specialty| (Part::Specialty, *specialty));
        specialties.chain([(Part::Level, level.name)]).collect::<Vec<_>>()
    };
    let of_exam = [(Part::Category, exam.category), (Part::Exam, exam.name)];
    // Levels share specialties.
    let names: BTreeSet<(&str, &str)> = of_exam
        .into_iter()
        .chain(exam.levels.iter().flat_map(of_level))
        .map(|(part, chinese)| (part.code(), chinese))
        .collect();
    for (part, chinese) in names {
        let row = (
            n::id.eq(tx.id()),
            n::exam_id.eq(exam_key(exam.code)),
            n::part.eq(part),
            n::chinese.eq(chinese),
            n::english.eq(english(chinese)),
        );
        diesel::insert_into(n::english_names).values(row).execute(tx.conn)?;
    }
    Ok(())
}

fn add_sitting(tx: &mut Tx, exam: &Exam, index: usize) -> Result<(), Error> {
    use sittings::dsl as t;
    let held_on = held_on(tx, exam, index);
    let closes_on = match index {
        next if next == PAST.len() => tx.today() + Duration::days(exam.next.1),
        _ => held_on - Duration::days(60),
    };
    let row = (
        t::id.eq(sitting_key(exam.code, index)),
        t::exam_id.eq(exam_key(exam.code)),
        t::month.eq(month(held_on)),
        t::check_opens_on.eq(closes_on - Duration::days(75)),
        t::check_closes_on.eq(closes_on),
        t::held_on.eq(held_on),
    );
    diesel::insert_into(t::sittings).values(row).execute(tx.conn)?;
    Ok(())
}

fn find_exam(code: &str) -> Result<&'static Exam, Error> {
    EXAMS.iter().find(|exam| exam.code == code).ok_or(Error::Corrupt("a demo exam's code"))
}

fn add_entry(tx: &mut Tx, index: usize, entry: &records::Entry) -> Result<(), Error> {
    use registration_subjects::dsl as s;
    use registrations::dsl as r;
    let exam = find_exam(entry.exam)?;
    let held_on = held_on(tx, exam, entry.sitting);
    let (id, holder) = (format!("registration-{index:02}"), holder(tx, entry.person));
    let paid_on = (held_on - Duration::days(45)).min(tx.today() - Duration::days(20));
    let row = (
        r::id.eq(&id),
        r::holder_hash.eq(&holder),
        r::holder_name.eq(PEOPLE[entry.person].name),
        r::sitting_id.eq(sitting_key(entry.exam, entry.sitting)),
        r::ticket_number.eq(format!("{}{}{index:05}", month(held_on), entry.exam)),
        r::level.eq(entry.level),
        r::specialty.eq(entry.specialty),
        r::order_number.eq(format!("DD{}{index:06}", month(held_on))),
        r::paid_at.eq(paid_on.and_hms_opt(2, 30, 0)),
        r::result.eq(entry.result),
    );
    diesel::insert_into(r::registrations).values(row).execute(tx.conn)?;
    let level = exam.levels.iter().find(|level| level.name == entry.level);
    let subjects = level.map_or(&[][..], |level| level.subjects);
    for (position, subject) in subjects.iter().enumerate() {
        let row = (
            s::id.eq(format!("{id}-{position}")),
            s::registration_id.eq(&id),
            s::subject.eq(*subject),
            s::fee.eq(exam.fee),
            s::result.eq(entry.result),
        );
        diesel::insert_into(s::registration_subjects).values(row).execute(tx.conn)?;
    }
    if entry.result == "合格" { add_certificate(tx, index, entry, held_on, &holder) } else { Ok(()) }
}

fn add_certificate(
    tx: &mut Tx,
    index: usize,
    entry: &records::Entry,
    held_on: NaiveDate,
    holder: &str,
) -> Result<(), Error> {
    use certificates::dsl as c;
    let person = &PEOPLE[entry.person];
    let gender = document(tx, person)?.gender().map_or("", Gender::code);
    let (approved_on, issued_on) = (held_on + Duration::days(90), held_on + Duration::days(120));
    let row = (
        c::id.eq(certificate_key(index)),
        c::holder_hash.eq(holder),
        c::holder_name.eq(person.name),
        c::exam_id.eq(exam_key(entry.exam)),
        c::sitting_month.eq(month(held_on)),
        c::level.eq(entry.level),
        c::specialty.eq(entry.specialty),
        c::number.eq(format!("{}440300{}{index:06}", month(held_on), entry.exam)),
        c::print_number.eq(format!("SF{}{index:06}", entry.exam)),
        c::approved_on.eq(approved_on),
        c::issued_on.eq(issued_on),
        c::issuing_body.eq("示范市考试院"),
        c::delivery.eq("ready"),
        c::person_hash.eq(person_hash(tx.vault, person.name, &holder_hash(tx, person))),
        c::document_mask.eq(mask::number(person.document_number)),
        c::gender.eq(gender),
    );
    diesel::insert_into(c::certificates).values(row).execute(tx.conn)?;
    Ok(())
}

/// Turns some certificates into electronic or annulled ones.
fn change_certificates(tx: &mut Tx) -> Result<(), Error> {
    use certificates::dsl as c;
    for (entry, number) in ELECTRONIC {
        let numbers = (c::number.eq(*number), c::query_number.eq(*number), c::print_number.eq(""));
        diesel::update(c::certificates.find(certificate_key(*entry))).set(numbers).execute(tx.conn)?;
    }
    for (entry, number, days) in ANNULLED {
        let on = tx.today() - Duration::days(*days);
        let decision = format!("示考撤〔{}〕{number}号", on.year());
        let annulment = Annulment { on, decision: &decision };
        held::annul(tx, &certificate_key(*entry), Some(annulment))?;
    }
    Ok(())
}

fn add_voided_prints(tx: &mut Tx) -> Result<(), Error> {
    use voided_prints::dsl as v;
    for (entry, number, days) in VOIDED {
        let row = (
            v::id.eq(tx.id()),
            v::certificate_id.eq(certificate_key(*entry)),
            v::print_number.eq(*number),
            v::voided_on.eq(tx.today() - Duration::days(*days)),
        );
        diesel::insert_into(v::voided_prints).values(row).execute(tx.conn)?;
    }
    Ok(())
}

fn add_violations(tx: &mut Tx) -> Result<(), Error> {
    use violations::dsl as v;
    for (index, violation) in VIOLATIONS.iter().enumerate() {
        let Violation { person, exam, sitting, fact, clause, decision, served } = *violation;
        let exam = find_exam(exam)?;
        let row = (
            v::id.eq(format!("violation-{index}")),
            v::holder_hash.eq(holder(tx, person)),
            v::sitting_id.eq(sitting_key(exam.code, sitting)),
            v::subject.eq(exam.levels[0].subjects[0]),
            v::happened_at
                .eq(held_on(tx, exam, sitting).and_hms_opt(2, 10, 0).map_or(tx.now, Timestamp::from_utc)),
            v::place.eq("示范市第一中学考点 012 考场"),
            v::fact.eq(fact),
            v::clause.eq(clause),
            v::proposed_decision.eq(decision),
            v::served_on.eq(tx.today() - Duration::days(served)),
        );
        diesel::insert_into(v::violations).values(row).execute(tx.conn)?;
    }
    Ok(())
}

fn add_integrity_records(tx: &mut Tx) -> Result<(), Error> {
    use integrity_records::dsl as i;
    for (index, (person, category, fact, number, since, years)) in INTEGRITY.iter().enumerate() {
        let starts_on = tx.today() - Duration::days(*since);
        let row = (
            i::id.eq(format!("integrity-{index}")),
            i::holder_hash.eq(holder(tx, *person)),
            i::category.eq(*category),
            i::fact.eq(*fact),
            i::decision_number.eq(format!("示考诚〔{}〕{number}号", starts_on.year())),
            i::starts_on.eq(starts_on),
            i::ends_on.eq(years.map(|years| starts_on + Months::new(12 * years) - Duration::days(1))),
        );
        diesel::insert_into(i::integrity_records).values(row).execute(tx.conn)?;
    }
    Ok(())
}

fn add_announcements(tx: &mut Tx) -> Result<(), Error> {
    use announcements::dsl as a;
    let year = (tx.today().year() + 1).to_string();
    for (days, title, body) in ANNOUNCEMENTS {
        let row = (
            a::id.eq(tx.id()),
            a::title.eq(title.replace("{年度}", &year)),
            a::body.eq(body.replace("{年度}", &year)),
            a::published_at.eq(tx.now - Duration::days(*days)),
        );
        diesel::insert_into(a::announcements).values(row).execute(tx.conn)?;
    }
    Ok(())
}
