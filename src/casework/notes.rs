//! 内部备注: what staff write for each other on an application. Candidates never see it, and it changes nothing.

use std::ops::RangeInclusive;

use diesel::prelude::*;

use super::business::Application;
use super::permission::refuse_own;
use super::refusal::Refusal;
use crate::people::staff::StaffMember;
use crate::store::schema::{case_notes as n, staff};
use crate::store::{Error, Timestamp, Tx};

/// Column name under which a note is sealed.
const SEALED_AS: &str = "case_notes.content";

/// Lengths of a note, in characters.
pub const LENGTH: RangeInclusive<usize> = 1..=500;

/// Notes of one application.
const MOST: i64 = 200;

pub struct Note {
    pub at: Timestamp,
    /// Name of the staff member.
    pub staff: String,
    pub text: String,
}

/// Adds a note of a staff member. A repeated request, such as a double click, adds it once.
pub fn add(tx: &mut Tx, staff: &StaffMember, application: &Application, text: &str) -> Result<(), Refusal> {
    refuse_own(tx, staff, application)?;
    if !application.business.is_work_of(&staff.duty()) {
        return Err(Refusal::NotTheirBusiness);
    }
    let notes = of(tx, &application.id)?;
    if notes.len() as i64 >= MOST {
        return Err(Refusal::Invalid("这件申请的备注太多，不能再添加"));
    }
    if notes.last().is_some_and(|last| last.staff == staff.name && last.text == text) {
        return Ok(());
    }
    let row = (
        n::id.eq(tx.id()),
        n::application_id.eq(&application.id),
        n::staff_id.eq(&staff.id),
        n::at.eq(tx.now),
        n::content.eq(tx.vault.seal(SEALED_AS, text)),
    );
    diesel::insert_into(n::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The notes of an application, oldest first.
pub fn of(tx: &mut Tx, application: &str) -> Result<Vec<Note>, Error> {
    let rows: Vec<(Timestamp, String, String)> = n::table
        .inner_join(staff::table)
        .filter(n::application_id.eq(application))
        .order(n::id)
        .limit(MOST)
        .select((n::at, staff::name, n::content))
        .load(tx.conn)?;
    let open = |(at, staff, sealed): (Timestamp, String, String)| {
        Ok(Note { at, staff, text: tx.vault.open(SEALED_AS, &sealed)? })
    };
    rows.into_iter().map(open).collect()
}
