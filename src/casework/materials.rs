//! Uploaded files of applications. A file is stored at once, belongs to a candidate, and is bound to the
//! application that uses it.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::answers::Answers;
use super::business::{Application, Business, Registry};
use super::lifecycle::Status;
use super::question::{Problems, problem};
pub use super::received::{Received, receive, store_file};
use super::refusal::Refusal;
use super::sight::Sight;
use crate::either;
use crate::people::staff as roster;
use crate::store::schema::attachments::{self, dsl as f};
use crate::store::{CandidateId, Error, Timestamp, Tx, Vault};

/// Unsubmitted files of one candidate. A form has far fewer slots.
const MOST_UNSUBMITTED: i64 = 100;

/// Column name under which a file's name is sealed.
const NAME_SEALED_AS: &str = "attachments.name";

/// An uploaded file.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Key of the row, and part of its URL.
    pub id: String,
    pub slot: String,
    /// The file name on the device of its sender.
    pub name: String,
    /// Media type, detected from its content.
    pub mime: String,
    /// In bytes.
    pub size: i64,
    /// In pixels; 0 unless it is a picture.
    pub width: i32,
    /// Key in the storage.
    pub storage_key: String,
    /// Whether the stored file is known to be missing or damaged.
    pub unreadable: bool,
    /// Whether the file was removed at the end of its retention.
    pub removed: bool,
    /// Whether the file was removed because the scanner found malware in it. Such a file is also unreadable.
    pub harmful: bool,
    /// Whether the scanner has read the file and found nothing in it.
    pub scanned: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attachments)]
struct Row {
    id: String,
    slot: String,
    name: String,
    mime: String,
    size: i64,
    width: i32,
    storage_key: String,
    unreadable_since: Option<Timestamp>,
    removed_at: Option<Timestamp>,
    scanned_at: Option<Timestamp>,
    finding: Option<String>,
}

impl Attachment {
    fn open(vault: &Vault, row: Row) -> Result<Attachment, Error> {
        let name = vault.open(NAME_SEALED_AS, &row.name)?;
        let Row { id, slot, mime, size, width, storage_key, .. } = row;
        let harmful = row.finding.is_some();
        Ok(Attachment {
            id,
            slot,
            name,
            mime,
            size,
            width,
            storage_key,
            unreadable: row.unreadable_since.is_some() || harmful,
            removed: row.removed_at.is_some() && !harmful,
            harmful,
            scanned: row.scanned_at.is_some(),
        })
    }

    /// Whether it is shown as a picture.
    pub fn is_picture(&self) -> bool {
        self.width > 0
    }

    /// Whether it is sound or film.
    pub fn is_recording(&self) -> bool {
        self.mime.starts_with("audio/") || self.mime.starts_with("video/")
    }
}

/// Adds rows and answers for stored files. A slot for one file replaces its file. A slot for several is filled up.
pub(super) fn add(
    tx: &mut Tx,
    candidate: &CandidateId,
    business: &'static Business,
    answers: &mut Answers,
    received: Vec<Received>,
) -> Result<Problems, Error> {
    let unsubmitted =
        f::attachments.filter(f::candidate_id.eq(candidate)).filter(f::submitted_at.is_null()).count();
    let mut room = MOST_UNSUBMITTED - unsubmitted.get_result::<i64>(tx.conn)?;
    let mut problems = Problems::new();
    for file in received {
        let most = business.material(&file.slot).map_or(0, |material| material.most);
        let ids = answers.materials.entry(file.slot.clone()).or_default();
        if most == 1 {
            ids.clear();
        }
        if ids.len() >= most {
            problems.push(problem(&file.slot, format!("最多上传 {most} 份，请先删除一份")));
        } else if room <= 0 {
            problems.push(problem(&file.slot, "今天上传的文件太多，请明天再试"));
        } else {
            ids.push(file.id.clone());
            room -= 1;
            insert(tx, candidate, file)?;
        }
    }
    Ok(problems)
}

/// Does nothing if the file has a row.
fn insert(tx: &mut Tx, candidate: &CandidateId, file: Received) -> Result<(), Error> {
    let row = (
        f::id.eq(file.id),
        f::candidate_id.eq(candidate),
        f::slot.eq(file.slot),
        f::name.eq(tx.vault.seal(NAME_SEALED_AS, &file.name)),
        f::mime.eq(file.mime),
        f::size.eq(i64::try_from(file.size).unwrap_or(i64::MAX)),
        f::width.eq(i32::try_from(file.width).unwrap_or_default()),
        f::height.eq(i32::try_from(file.height).unwrap_or_default()),
        f::storage_key.eq(file.storage_key),
        f::created_at.eq(tx.now),
        f::scanned_at.eq(file.scanned.then_some(tx.now)),
    );
    either!(tx.conn, conn => diesel::insert_into(f::attachments)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// Adds rows for files from staff that nobody has confirmed yet. They are swept like an unsubmitted upload unless
/// an application [gets](hand_over) them.
pub fn set_aside(tx: &mut Tx, candidate: &CandidateId, files: &[Received]) -> Result<(), Error> {
    files.iter().try_for_each(|file| insert(tx, candidate, file.clone()))
}

/// Adds rows for files from staff to the owner of an application. Returns their ids.
pub(super) fn hand_over(
    tx: &mut Tx,
    application: &Application,
    files: Vec<Received>,
) -> Result<Vec<String>, Error> {
    let ids: Vec<String> = files.iter().map(|file| file.id.clone()).collect();
    for file in files {
        insert(tx, &application.candidate_id, file)?;
    }
    let given = (f::application_id.eq(Some(&application.id)), f::submitted_at.eq(Some(tx.now)));
    diesel::update(f::attachments.filter(f::id.eq_any(&ids))).set(given).execute(tx.conn)?;
    Ok(ids)
}

/// Takes files of staff back: their candidate cannot open them any more, staff can.
pub(super) fn withdraw(tx: &mut Tx, application: &str, ids: &[String]) -> Result<(), Error> {
    let given = f::attachments.filter(f::application_id.eq(application)).filter(f::id.eq_any(ids));
    diesel::update(given).set(f::withdrawn_at.eq(Some(tx.now))).execute(tx.conn)?;
    Ok(())
}

/// Those of the files that belong to the candidate and to this application or to none.
pub(super) fn usable(
    tx: &mut Tx,
    candidate: &CandidateId,
    application: Option<&str>,
    ids: &[String],
) -> Result<Vec<Attachment>, Error> {
    let free = f::application_id.is_null();
    let own = f::attachments.filter(f::candidate_id.eq(candidate)).filter(f::id.eq_any(ids));
    let rows: Vec<Row> = match application {
        Some(id) => own.filter(free.or(f::application_id.eq(id))).select(Row::as_select()).load(tx.conn)?,
        None => own.filter(free).select(Row::as_select()).load(tx.conn)?,
    };
    rows.into_iter().map(|row| Attachment::open(tx.vault, row)).collect()
}

/// Every file that an application uses or used.
pub fn of(tx: &mut Tx, application: &str) -> Result<Vec<Attachment>, Error> {
    let rows: Vec<Row> = f::attachments
        .filter(f::application_id.eq(application))
        .order(f::id)
        .select(Row::as_select())
        .load(tx.conn)?;
    rows.into_iter().map(|row| Attachment::open(tx.vault, row)).collect()
}

/// The files of an application that its candidate may open.
pub(super) fn of_owner(tx: &mut Tx, application: &str) -> Result<Vec<Attachment>, Error> {
    let own = f::attachments.filter(f::application_id.eq(application)).filter(f::withdrawn_at.is_null());
    let rows: Vec<Row> = own.order(f::id).select(Row::as_select()).load(tx.conn)?;
    rows.into_iter().map(|row| Attachment::open(tx.vault, row)).collect()
}

/// Binds the files of the answers to the application, and unbinds unsubmitted files that are not in the answers.
pub(super) fn bind(tx: &mut Tx, application: &str, answers: &Answers) -> Result<(), Error> {
    let ids = answers.all_files();
    let dropped = f::attachments
        .filter(f::application_id.eq(application))
        .filter(f::submitted_at.is_null())
        .filter(f::id.ne_all(&ids));
    diesel::update(dropped).set(f::application_id.eq(None::<String>)).execute(tx.conn)?;
    let used = f::attachments.filter(f::id.eq_any(&ids)).filter(f::application_id.is_null());
    diesel::update(used).set(f::application_id.eq(application)).execute(tx.conn)?;
    Ok(())
}

/// Marks the files of the answers as submitted, so that they stay in the history.
pub(super) fn submit(tx: &mut Tx, application: &str, answers: &Answers) -> Result<(), Error> {
    let sent = f::attachments
        .filter(f::application_id.eq(application))
        .filter(f::id.eq_any(answers.all_files()))
        .filter(f::submitted_at.is_null());
    diesel::update(sent).set(f::submitted_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

pub fn own(tx: &mut Tx, candidate: &CandidateId, id: &str) -> Result<Attachment, Refusal> {
    let own = f::attachments.find(id).filter(f::candidate_id.eq(candidate));
    let row = own.filter(f::withdrawn_at.is_null()).select(Row::as_select());
    let row: Option<Row> = row.first(tx.conn).optional()?;
    Ok(Attachment::open(tx.vault, row.ok_or(Refusal::NotFound)?)?)
}

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileView {
    Opening,
    /// A piece after the first, while a recording is playing.
    PlayingOn,
}

/// A submitted file, for a staff member who works on its business. The audit gets an entry in either case, one
/// for each opening.
///
/// # Errors
/// [`people::Refusal::Unrecorded`](crate::people::Refusal::Unrecorded) when the audit cannot be written.
pub fn for_staff(tx: &mut Tx, staff: &str, id: &str, view: FileView) -> Result<Option<Attachment>, Refusal> {
    use crate::store::schema::applications;
    let Some(duty) = roster::duty_of(tx, Some(staff))? else { return Ok(None) };
    let application = (applications::kind, applications::number.assume_not_null(), applications::status);
    let columns = (Row::as_select(), application);
    let file = f::attachments.inner_join(applications::table).filter(f::id.eq(id));
    let row = file.filter(f::submitted_at.is_not_null()).select(columns).first(tx.conn).optional()?;
    let Some((row, (kind, number, status))): Option<(Row, (String, String, String))> = row else {
        return Ok(None);
    };
    let (business, status) = (Registry::of(tx).find(&kind), Status::from_code(&status));
    let works_on = business
        .zip(status)
        .is_some_and(|(business, status)| Sight::of(duty, business, status).slot(&row.slot));
    let target = format!("{number}/{id}");
    if !works_on {
        roster::viewed(tx, staff, "refused", &target)?;
        return Ok(None);
    }
    let file = Attachment::open(tx.vault, row)?;
    match view {
        FileView::PlayingOn if file.is_recording() => roster::played_on(tx, staff, "file", &target)?,
        _ => roster::viewed(tx, staff, "file", &target)?,
    }
    Ok(Some(file))
}

/// Deletes the unused files of a candidate, as [`forget_strays`] does.
pub(super) fn forget_unused(tx: &mut Tx, candidate: &CandidateId) -> Result<(), Error> {
    let unused = f::attachments.filter(f::candidate_id.eq(candidate)).filter(f::application_id.is_null());
    let unused: Vec<(String, String)> = unused.select((f::id, f::storage_key)).load(tx.conn)?;
    forget(tx, unused)
}

/// Deletes rows of unused files that were uploaded before `cutoff`, and lists their objects for deletion.
pub(super) fn forget_strays(tx: &mut Tx, cutoff: Timestamp) -> Result<(), Error> {
    let stray = f::application_id.is_null().and(f::created_at.lt(cutoff));
    let strays = f::attachments.filter(stray).select((f::id, f::storage_key));
    let strays: Vec<(String, String)> = strays.load(tx.conn)?;
    forget(tx, strays)
}

/// Deletes rows by id, and lists their storage keys.
fn forget(tx: &mut Tx, files: Vec<(String, String)>) -> Result<(), Error> {
    use crate::store::schema::files_to_delete::dsl as d;
    for (id, key) in files {
        // A form may have used it in the meantime.
        let unused = f::attachments.filter(f::id.eq(id)).filter(f::application_id.is_null());
        if diesel::delete(unused).execute(tx.conn)? > 0 {
            let row = (d::storage_key.eq(key), d::dropped_at.eq(tx.now));
            diesel::insert_into(d::files_to_delete).values(row).execute(tx.conn)?;
        }
    }
    Ok(())
}

/// The storage keys that a row has.
pub(super) fn known(tx: &mut Tx, storage_keys: &[String]) -> Result<BTreeSet<String>, Error> {
    let rows = f::attachments.filter(f::storage_key.eq_any(storage_keys)).select(f::storage_key);
    Ok(rows.load(tx.conn)?.into_iter().collect())
}

/// Time of the newest upload.
pub(super) fn newest(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    Ok(f::attachments.select(diesel::dsl::max(f::created_at)).first(tx.conn)?)
}
