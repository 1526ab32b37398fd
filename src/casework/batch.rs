//! Batches: applications that staff carry out together, such as the refunds of one file for the bank.
//!
//! A row keeps the version of the application that the files of the batch show. An application is in one open
//! batch at a time; a unique index guarantees it.

pub mod results;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::application::Row;
use super::business::Application;
use super::lifecycle::Status;
use super::refusal::Refusal;
use crate::either;
use crate::people::staff::StaffMember;
use crate::store::schema::{applications, batch_rows, batches, candidates, number_sequences as n, staff};
use crate::store::{Error, Timestamp, Tx, codes};

/// Maximum number of applications in a batch.
pub const MOST: usize = 2_000;

codes! {
    /// The state of an application in a batch.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RowState {
        /// Its result is not known yet.
        Open = "open", "等待结果";
        Done = "done", "已登记";
        /// It could not be carried out, and went back to the candidate.
        Failed = "failed", "未办成";
        /// Somebody took it out of the batch.
        Dropped = "dropped", "已移出";
    }
}

#[derive(Clone, Debug)]
pub struct Batch {
    pub id: String,
    /// Code of its kind.
    pub kind: String,
    /// 批次号.
    pub number: String,
    /// Name of the staff member who made it.
    pub made_by: String,
    pub made_at: Timestamp,
}

/// An application in a batch.
pub struct BatchRow {
    pub application: Application,
    /// The name of the candidate.
    pub name: String,
    /// From 1, in the order of the files.
    pub position: i32,
    /// Version of the application in the files of the batch.
    pub version: i32,
    pub state: RowState,
    /// Why it could not be recorded the last time, or empty.
    pub note: String,
}

impl BatchRow {
    /// Whether the application changed after the files of the batch were made.
    pub fn has_changed(&self) -> bool {
        self.state == RowState::Open && self.application.version != self.version
    }
}

/// An application that could be put into a batch.
pub struct Waiting {
    pub application: Application,
    /// The name of the candidate.
    pub name: String,
}

/// Applications of a business in a state that are in no open batch, the first submitted first. Those on hold, those
/// of the staff member and those that a colleague has taken are left out.
pub fn waiting(
    tx: &mut Tx,
    reader: &StaffMember,
    (kind, status): (&str, Status),
    most: usize,
) -> Result<Vec<Waiting>, Error> {
    let rows: Vec<(Row, String)> = either!(tx.conn, conn => applications::table
        .inner_join(candidates::table)
        .filter(applications::status.eq(status.code()))
        .filter(applications::kind.eq(kind))
        .filter(applications::held_at.is_null())
        .filter(applications::candidate_id.ne(&reader.candidate))
        .filter(free_or_taken_by(&reader.id))
        .filter(not(exists(open_rows())))
        .order((applications::submitted_at, applications::id))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((Row::as_select(), candidates::name))
        .load(conn))?;
    let open = |(row, name)| Ok(Waiting { application: Application::open(tx, row)?, name });
    rows.into_iter().map(open).collect()
}

/// Number of applications that [`waiting`] would find.
pub fn count_waiting(
    tx: &mut Tx,
    reader: &StaffMember,
    (kind, status): (&str, Status),
) -> Result<i64, Error> {
    Ok(either!(tx.conn, conn => applications::table
        .filter(applications::status.eq(status.code()))
        .filter(applications::kind.eq(kind))
        .filter(applications::held_at.is_null())
        .filter(applications::candidate_id.ne(&reader.candidate))
        .filter(free_or_taken_by(&reader.id))
        .filter(not(exists(open_rows())))
        .count()
        .get_result(conn))?)
}

/// An application in review belongs to whoever took it.
#[diesel::dsl::auto_type(no_type_alias)]
fn free_or_taken_by<'a>(staff: &'a str) -> _ {
    let in_review: &'static str = Status::InReview.code();
    applications::status.ne(in_review).or(applications::assignee_id.assume_not_null().eq(staff))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn open_rows() -> _ {
    let open: &'static str = RowState::Open.code();
    batch_rows::table
        .filter(batch_rows::application_id.eq(applications::id))
        .filter(batch_rows::state.eq(open))
}

/// Begins a batch. `prefix` begins its number, together with today's date.
pub fn begin(tx: &mut Tx, maker: &StaffMember, kind: &str, prefix: &str) -> Result<Batch, Error> {
    let (id, number) = (tx.id(), next_number(tx, prefix)?);
    let row = (
        batches::id.eq(&id),
        batches::kind.eq(kind),
        batches::number.eq(&number),
        batches::made_by.eq(&maker.id),
        batches::made_at.eq(tx.now),
    );
    diesel::insert_into(batches::table).values(row).execute(tx.conn)?;
    Ok(Batch { id, kind: kind.to_owned(), number, made_by: maker.name.clone(), made_at: tx.now })
}

/// `PTF20260401001`
fn next_number(tx: &mut Tx, prefix: &str) -> Result<String, Error> {
    let today = tx.today();
    let name = format!("{prefix}{today}");
    let count: i64 = either!(tx.conn, conn => diesel::insert_into(n::table)
        .values((n::name.eq(&name), n::last.eq(1)))
        .on_conflict(n::name)
        .do_update()
        .set(n::last.eq(n::last + 1))
        .returning(n::last)
        .get_result(conn))?;
    Ok(format!("{prefix}{}{count:03}", today.format("%Y%m%d")))
}

/// Adds an application at its present version. Returns `false` if it is in an open batch already.
pub fn add(tx: &mut Tx, batch: &Batch, application: &Application, position: i32) -> Result<bool, Error> {
    let row = (
        batch_rows::batch_id.eq(&batch.id),
        batch_rows::application_id.eq(&application.id),
        batch_rows::position.eq(position),
        batch_rows::version.eq(application.version),
        batch_rows::state.eq(RowState::Open.code()),
        batch_rows::note.eq(""),
        batch_rows::changed_at.eq(tx.now),
    );
    let added = either!(tx.conn, conn => diesel::insert_into(batch_rows::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(added > 0)
}

/// A batch by its key.
pub fn load(tx: &mut Tx, id: &str) -> Result<Batch, Refusal> {
    let found = batches::table.inner_join(staff::table).filter(batches::id.eq(id));
    let row: Option<BatchFields> = found.select(batch_fields()).first(tx.conn).optional()?;
    Ok(batch(row.ok_or(Refusal::NotFound)?))
}

type BatchFields = (String, String, String, String, Timestamp);

#[diesel::dsl::auto_type(no_type_alias)]
fn batch_fields() -> _ {
    (batches::id, batches::kind, batches::number, staff::name, batches::made_at)
}

fn batch((id, kind, number, made_by, made_at): BatchFields) -> Batch {
    Batch { id, kind, number, made_by, made_at }
}

/// How many rows of a batch are in each state.
pub type Counts = Vec<(RowState, i64)>;

/// The newest batches of a kind.
pub fn newest(tx: &mut Tx, kind: &str, most: i64) -> Result<Vec<(Batch, Counts)>, Error> {
    let found = batches::table.inner_join(staff::table).filter(batches::kind.eq(kind));
    let rows: Vec<BatchFields> = found
        .order((batches::made_at.desc(), batches::id.desc()))
        .limit(most)
        .select(batch_fields())
        .load(tx.conn)?;
    rows.into_iter()
        .map(|row| (batch(row.clone()), row.0))
        .map(|(batch, id)| Ok((batch, counts(tx, &id)?)))
        .collect()
}

pub fn counts(tx: &mut Tx, batch: &str) -> Result<Counts, Error> {
    let rows: Vec<(String, i64)> = batch_rows::table
        .filter(batch_rows::batch_id.eq(batch))
        .group_by(batch_rows::state)
        .select((batch_rows::state, diesel::dsl::count_star()))
        .load(tx.conn)?;
    let mut counts: Counts = rows
        .into_iter()
        .map(|(state, count)| {
            Ok((RowState::from_code(&state).ok_or(Error::Corrupt("batch_rows.state"))?, count))
        })
        .collect::<Result<_, Error>>()?;
    counts.sort_unstable();
    Ok(counts)
}

/// The rows of a batch in their order.
pub fn rows(tx: &mut Tx, batch: &str) -> Result<Vec<BatchRow>, Error> {
    type Found = (Row, String, i32, i32, String, String);
    let found: Vec<Found> = either!(tx.conn, conn => batch_rows::table
        .inner_join(applications::table.inner_join(candidates::table))
        .filter(batch_rows::batch_id.eq(batch))
        .order(batch_rows::position)
        .select((
            Row::as_select(),
            candidates::name,
            batch_rows::position,
            batch_rows::version,
            batch_rows::state,
            batch_rows::note,
        ))
        .load(conn))?;
    let row = |(row, name, position, version, state, note): Found| {
        let state = RowState::from_code(&state).ok_or(Error::Corrupt("batch_rows.state"))?;
        Ok(BatchRow { application: Application::open(tx, row)?, name, position, version, state, note })
    };
    found.into_iter().map(row).collect()
}

/// Ends an open row. Returns `false` if it is not open any more: of two staff members who record the same result,
/// one does.
pub fn settle(tx: &mut Tx, batch: &str, application: &str, state: RowState) -> Result<bool, Error> {
    let open =
        batch_rows::table.find((batch, application)).filter(batch_rows::state.eq(RowState::Open.code()));
    let ended =
        (batch_rows::state.eq(state.code()), batch_rows::note.eq(""), batch_rows::changed_at.eq(tx.now));
    Ok(diesel::update(open).set(ended).execute(tx.conn)? > 0)
}

/// Notes why the result of an open row could not be recorded.
pub fn note(tx: &mut Tx, batch: &str, application: &str, why: &str) -> Result<(), Error> {
    let open =
        batch_rows::table.find((batch, application)).filter(batch_rows::state.eq(RowState::Open.code()));
    diesel::update(open).set(batch_rows::note.eq(why)).execute(tx.conn)?;
    Ok(())
}
