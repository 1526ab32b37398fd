//! Result files of a batch that were checked and wait for a confirmation.

use chrono::TimeDelta;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::casework::answers::Answers;
use crate::casework::materials::Received;
use crate::casework::refusal::Refusal;
use crate::people::staff::StaffMember;
use crate::store::schema::batch_results as r;
use crate::store::{Error, Timestamp, Tx};

/// Column name under which the rows are sealed.
const SEALED_AS: &str = "batch_results.content";

/// How long a checked file can be confirmed. Files of receipts without an application are swept after a day.
const KEPT: TimeDelta = TimeDelta::hours(12);

/// A checked row of a result file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ResultRow {
    /// Line of the file, or row of the sheet.
    pub line: u64,
    /// The 受理号 as it was written.
    pub number: String,
    /// Key of the application; empty if it is unknown.
    pub application: String,
    /// Version of the application when the file was checked.
    pub version: i32,
    /// Code of the task's action.
    pub action: String,
    pub noted: Answers,
    pub files: Vec<Received>,
    /// Why it cannot be recorded, in Chinese. Empty if it can.
    pub problem: String,
}

impl ResultRow {
    pub fn is_valid(&self) -> bool {
        self.problem.is_empty()
    }
}

/// A checked result file.
pub struct Results {
    pub rows: Vec<ResultRow>,
    pub applied_at: Option<Timestamp>,
}

/// Stores a checked file, and forgets earlier ones of this person that were not confirmed. Returns its key.
pub fn store(tx: &mut Tx, maker: &StaffMember, batch: &str, rows: &[ResultRow]) -> Result<String, Error> {
    let earlier = r::table
        .filter(r::batch_id.eq(batch))
        .filter(r::made_by.eq(&maker.id))
        .filter(r::applied_at.is_null());
    diesel::delete(earlier).execute(tx.conn)?;
    let json = serde_json::to_string(rows).map_err(|_| Error::Corrupt("batch_results"))?;
    let id = tx.id();
    let row = (
        r::id.eq(&id),
        r::batch_id.eq(batch),
        r::made_by.eq(&maker.id),
        r::made_at.eq(tx.now),
        r::content.eq(tx.vault.seal(SEALED_AS, &json)),
    );
    diesel::insert_into(r::table).values(row).execute(tx.conn)?;
    Ok(id)
}

/// A checked file, for the person who uploaded it.
///
/// # Errors
/// [`Refusal::NotFound`] if it is another person's, or too old to be confirmed.
pub fn load(tx: &mut Tx, reader: &StaffMember, batch: &str, id: &str) -> Result<Results, Refusal> {
    let own = r::table.find(id).filter(r::batch_id.eq(batch)).filter(r::made_by.eq(&reader.id));
    let recent = own.filter(r::made_at.gt(tx.now - KEPT)).select((r::content, r::applied_at));
    let found: Option<(String, Option<Timestamp>)> = recent.first(tx.conn).optional()?;
    let (content, applied_at) = found.ok_or(Refusal::NotFound)?;
    let json = tx.vault.open(SEALED_AS, &content).map_err(Error::from)?;
    Ok(Results {
        rows: serde_json::from_str(&json).map_err(|_| Error::Corrupt("batch_results"))?,
        applied_at,
    })
}

/// Marks a checked file as confirmed. Returns `false` if it was before.
pub fn claim(tx: &mut Tx, id: &str) -> Result<bool, Error> {
    let open = r::table.find(id).filter(r::applied_at.is_null());
    Ok(diesel::update(open).set(r::applied_at.eq(Some(tx.now))).execute(tx.conn)? > 0)
}
