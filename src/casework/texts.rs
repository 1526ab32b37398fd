//! Texts of the office: the privacy notice, messages to candidates, and by business notices, help and ready-made reasons.
//!
//! The text of the program is version 0. Each text that an administrator publishes is a version more, and none is ever
//! changed, so that the text that somebody agreed to can be read later.

mod kind;
mod privacy;

use diesel::prelude::*;

use super::business::{Business, Notice};
use super::lifecycle::Action;
use super::question::{Choice, Choices, PROMISED};
use super::refusal::Refusal;
use crate::either;
use crate::people::staff::{self as roster, StaffMember};
use crate::settings::Contact;
use crate::store::schema::{office_texts as t, staff};
use crate::store::{Error, Timestamp, Tx};
use kind::parse_remark;
pub use kind::{LONGEST, OfficeText, TextKind};

/// A version that an administrator published.
pub struct Published {
    pub version: i32,
    pub staff: String,
    pub at: Timestamp,
}

/// The value of the column `kind`.
fn slug(scope: Option<&Business>) -> &'static str {
    scope.map_or("", |business| business.slug)
}

/// The text that is in use. `None` if the business, or the office, has no such text.
pub fn current(tx: &mut Tx, kind: TextKind, scope: Option<&Business>) -> Result<Option<OfficeText>, Error> {
    let Some(built_in) = kind.built_in(scope) else { return Ok(None) };
    let newest: Option<(i32, String)> = t::table
        .filter(t::kind.eq(slug(scope)))
        .filter(t::name.eq(kind.code()))
        .order(t::version.desc())
        .select((t::version, t::body))
        .first(tx.conn)
        .optional()?;
    Ok(Some(newest.map_or(built_in, |(version, body)| OfficeText { version, body })))
}

/// A version of a text.
pub fn of_version(
    tx: &mut Tx,
    kind: TextKind,
    scope: Option<&Business>,
    version: i32,
) -> Result<Option<OfficeText>, Error> {
    if version == 0 {
        return Ok(kind.built_in(scope));
    }
    let body: Option<String> = t::table
        .filter(t::kind.eq(slug(scope)))
        .filter(t::name.eq(kind.code()))
        .filter(t::version.eq(version))
        .select(t::body)
        .first(tx.conn)
        .optional()?;
    Ok(body.map(|body| OfficeText { version, body }))
}

/// The published versions, the newest first.
pub fn versions(tx: &mut Tx, kind: TextKind, scope: Option<&Business>) -> Result<Vec<Published>, Error> {
    let rows: Vec<(i32, String, Timestamp)> = t::table
        .inner_join(staff::table)
        .filter(t::kind.eq(slug(scope)))
        .filter(t::name.eq(kind.code()))
        .order(t::version.desc())
        .select((t::version, staff::name, t::published_at))
        .load(tx.conn)?;
    Ok(rows.into_iter().map(|(version, staff, at)| Published { version, staff, at }).collect())
}

/// Publishes a checked text as the version after `seen`.
///
/// # Errors
/// [`Refusal::ChangedMeanwhile`] if `seen` is not in use any more.
pub fn publish(
    tx: &mut Tx,
    staff: &StaffMember,
    (kind, scope): (TextKind, Option<&Business>),
    seen: i32,
    body: &str,
) -> Result<(), Refusal> {
    let current = current(tx, kind, scope)?.ok_or(Refusal::NotFound)?;
    if current.version != seen {
        return Err(Refusal::ChangedMeanwhile);
    }
    let row = (
        t::id.eq(tx.id()),
        t::name.eq(kind.code()),
        t::kind.eq(slug(scope)),
        t::version.eq(seen + 1),
        t::body.eq(body),
        t::staff_id.eq(&staff.id),
        t::published_at.eq(tx.now),
    );
    // Of two who publish at once, the other finds the version taken.
    let added = either!(tx.conn, conn => diesel::insert_into(t::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    if added == 0 {
        return Err(Refusal::ChangedMeanwhile);
    }
    let target = format!("{} {} {}", scope.map_or("office", |business| business.slug), kind.code(), seen + 1);
    Ok(roster::audit(tx, &staff.id, "text", &target)?)
}

/// The privacy notice that is in use.
pub fn privacy_notice(tx: &mut Tx) -> Result<OfficeText, Error> {
    current(tx, TextKind::Privacy, None)?.ok_or(Error::Corrupt("office_texts"))
}

/// The notice of a business that is in use, with the name of its version that an application keeps.
#[derive(Clone)]
pub struct CurrentNotice {
    pub title: &'static str,
    pub version: String,
    pub body: String,
}

/// The notice to agree to before a form, if the business has one.
pub fn notice(tx: &mut Tx, business: &Business) -> Result<Option<CurrentNotice>, Error> {
    let Some(notice) = &business.notice else { return Ok(None) };
    let text = current(tx, TextKind::Notice, Some(business))?;
    Ok(text.map(|OfficeText { version, body }| CurrentNotice {
        title: notice.title,
        version: version_name(notice, version),
        body,
    }))
}

/// The notice of a version that an application keeps. `None` if the program has another text now.
pub fn agreed_notice(tx: &mut Tx, business: &Business, name: &str) -> Result<Option<CurrentNotice>, Error> {
    let Some(notice) = &business.notice else { return Ok(None) };
    let number = name.strip_prefix(REVISION).and_then(|number| number.parse().ok());
    let Some(version) = number.or((name == notice.version).then_some(0)) else { return Ok(None) };
    let text = of_version(tx, TextKind::Notice, Some(business), version)?;
    let shown =
        |text: OfficeText| CurrentNotice { title: notice.title, version: name.to_owned(), body: text.body };
    Ok(text.map(shown))
}

/// Begins the name of a version that an administrator published.
const REVISION: &str = "r";

fn version_name(notice: &Notice, version: i32) -> String {
    if version == 0 { notice.version.to_owned() } else { format!("{REVISION}{version}") }
}

/// What the questions of a business offer that the office publishes. An answer stays what it was when another version
/// is published: a promise is named by its version.
pub fn published_choices(tx: &mut Tx, business: &Business) -> Result<Choices, Error> {
    let mut choices = Choices::new();
    for question in business.questions() {
        let Some(kind) = TextKind::offered_by(question) else { continue };
        let text = current(tx, kind, Some(business))?.ok_or(Error::Corrupt("office_texts"))?;
        let offered = match kind {
            TextKind::Promise => vec![Choice::new(promise_name(text.version), text.body)],
            _ => text.body.lines().map(|line| Choice::new(line, line)).collect(),
        };
        choices.insert(question.name, offered);
    }
    Ok(choices)
}

fn promise_name(version: i32) -> String {
    if version == 0 { PROMISED.to_owned() } else { format!("{REVISION}{version}") }
}

/// The office's contact, if an administrator has published one.
pub fn published_contact(tx: &mut Tx) -> Result<Option<Contact>, Error> {
    let text = current(tx, TextKind::Contact, None)?.filter(|text| text.version > 0);
    text.map(|text| Contact::parse(&text.body).map_err(|_| Error::Corrupt("office_texts.body"))).transpose()
}

/// The ready-made texts of a reviewer.
#[derive(Clone, Default)]
pub struct Reasons {
    /// Remarks, each for a verdict.
    pub remarks: Vec<(Action, String)>,
    pub marks: Vec<String>,
}

impl Reasons {
    pub fn load(tx: &mut Tx, business: &Business) -> Result<Reasons, Error> {
        let remarks =
            current(tx, TextKind::Remarks, Some(business))?.map(|text| text.body).unwrap_or_default();
        let marks = current(tx, TextKind::Marks, Some(business))?.map(|text| text.body).unwrap_or_default();
        Ok(Reasons {
            remarks: remarks.lines().filter_map(parse_remark).collect(),
            marks: marks.lines().map(str::to_owned).collect(),
        })
    }
}
