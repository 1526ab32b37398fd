//! A list as it is sent: its file, its key or its proof of work, and the limits.

use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};
use poem::{FromRequest, Request, RequestBody};
use tokio::task::spawn_blocking;

use super::job::{self, Admission, ListRefusal};
use super::proof;
use super::row::{ListRow, Outcome, Problem};
use super::table::{self, FileProblem};
use crate::exams::organisation::{self, Organisation};
use crate::files::storage::Storage;
use crate::lookup::{Lookup, limits};
use crate::pages::upload::{SmallFile, small_upload};
use crate::people::document;
use crate::store::{Error, Store, Timestamp, Tx, Vault, clock};
use crate::web::address::{Network, client_address, client_network, network};
use crate::web::{Failure, Submission, attached};

/// Largest file. A list of 500 rows has some 40 KB.
const MOST_BYTES: usize = 512 << 10;

/// A list counts as so many rows at least.
const LEAST_COUNTED: u16 = 25;

/// The form of a list. Its file is kept in memory.
pub struct SentList {
    pub sent: Submission,
    file: Option<SmallFile>,
    network: Network,
}

impl<'a> FromRequest<'a> for SentList {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let lookup: &Arc<Lookup> = attached(req)?;
        let address = client_address(req);
        let permits = lookup.arriving.acquire(client_network(address)).ok_or(Failure::ManyUploads)?;
        let (sent, file) = small_upload(req, body, MOST_BYTES).await?;
        drop(permits);
        Ok(SentList { sent, file, network: network(address) })
    }
}

/// Why a list is not accepted. The form tells it.
#[derive(Debug)]
pub enum Refused {
    File(FileProblem),
    Key,
    /// The proof was used before, or is too old.
    Proof,
    /// Too many rows; they can be sent again after some seconds.
    TooMany(u64),
    /// The quota of the organisation is used up; another day begins after some seconds.
    Quota(u64),
    /// Too many lists wait.
    Queue,
    Failure(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        match failure {
            Failure::TooMany(seconds) => Refused::TooMany(seconds),
            other => Refused::Failure(other),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Failure(error.into())
    }
}

impl From<ListRefusal> for Refused {
    fn from(refusal: ListRefusal) -> Refused {
        match refusal {
            ListRefusal::Used => Refused::Proof,
            ListRefusal::QueueFull => Refused::Queue,
            ListRefusal::Store(error) => error.into(),
        }
    }
}

impl SentList {
    /// Checks a list and adds it to the lists that wait. Returns the secret of its address.
    pub(super) async fn accept(
        self,
        store: &Store,
        lookup: &Lookup,
        files: &Storage,
    ) -> Result<String, Refused> {
        let now = store.clock.now();
        let key = self.sent.one("key").trim().to_owned();
        let organisation = match key.as_str() {
            "" => None,
            key => Some(organisation_of(store, lookup, key, &self.network, now).await?),
        };
        if organisation.is_none() {
            lookup.limits.check_rows(&self.network, LEAST_COUNTED, now)?;
        }
        // Before the file is read, which costs more.
        let admission = match &organisation {
            Some(organisation) => Admission::Key(organisation.id.clone()),
            None => admission(&store.vault, &self.sent, now)?,
        };
        let mut rows = read(self.file, files, now).await?;
        if organisation.is_none() {
            let count = u16::try_from(rows.len()).unwrap_or(u16::MAX);
            lookup.limits.check_rows(&self.network, count.saturating_sub(LEAST_COUNTED), now)?;
        }
        leave_out_frequent(lookup, &mut rows, now);
        let add = move |tx: &mut Tx| -> Result<String, Refused> {
            if let Some(organisation) = &organisation {
                take_from_quota(tx, organisation, &rows)?;
            }
            Ok(job::add(tx, &admission, &rows)?)
        };
        store.write(add).await
    }
}

/// The organisation of a key. Wrong keys are counted as lookups of their network.
pub(super) async fn organisation_of(
    store: &Store,
    lookup: &Lookup,
    key: &str,
    network: &Network,
    now: Timestamp,
) -> Result<Arc<Organisation>, Refused> {
    let key = key.to_owned();
    let known = store.read_one(move |tx| organisation::by_key(tx, &key)).await?;
    match known {
        Some(known) => Ok(Arc::new(known)),
        None => {
            lookup.limits.check_network(network, now)?;
            Err(Refused::Key)
        }
    }
}

async fn read(file: Option<SmallFile>, files: &Storage, now: Timestamp) -> Result<Vec<ListRow>, Refused> {
    let file = file.ok_or(Refused::File(FileProblem::NotChosen))?;
    let bytes = file.bytes.ok_or(Refused::File(FileProblem::TooLarge))?;
    let (folder, today) = (files.arriving(), clock::china_date(now));
    let read = spawn_blocking(move || table::read(&folder, &bytes, today)).await;
    let read = read.map_err(|error| Failure::Internal(format!("a list: {error}")))?;
    read.map_err(Refused::File)
}

/// Counts each document. Rows of one that was looked up too often are not looked up.
pub(super) fn leave_out_frequent(lookup: &Lookup, rows: &mut [ListRow], now: Timestamp) {
    for row in rows.iter_mut().filter(|row| row.is_waiting()) {
        if lookup.limits.check(&limits::DOCUMENT, &document::counted(&row.document), now).is_err() {
            row.outcome = Outcome::Wrong(vec![Problem::TooOften]);
        }
    }
}

/// A proof of work that is wrong is refused. Without one, the list waits.
fn admission(vault: &Vault, sent: &Submission, now: Timestamp) -> Result<Admission, Refused> {
    let (challenge, proof) = (sent.one("challenge"), sent.one("proof"));
    match proof {
        "" => Ok(Admission::Wait),
        proof if proof::is_solved(vault, challenge, proof, now) => Ok(Admission::Proof(challenge.to_owned())),
        _ => Err(Refused::Proof),
    }
}

/// Counts the rows that are looked up. Returns how many are left today.
pub(super) fn take_from_quota(
    tx: &mut Tx,
    organisation: &Organisation,
    rows: &[ListRow],
) -> Result<i32, Refused> {
    let count = rows.iter().filter(|row| row.is_waiting()).count();
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let left = organisation::count(tx, organisation, count)?;
    left.ok_or_else(|| Refused::Quota(until_tomorrow(tx.now)))
}

/// Seconds until the next day in China.
fn until_tomorrow(now: Timestamp) -> u64 {
    let begins = (clock::china_date(now) + TimeDelta::days(1)).and_time(NaiveTime::MIN) - clock::CHINA;
    (Timestamp::from_utc(begins) - now).num_seconds().unsigned_abs() + 1
}
