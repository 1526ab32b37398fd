//! A candidate's own data as a ZIP file, made in the background (个人信息保护法 art. 45).
//!
//! The ZIP is written in pieces to the encrypted store, so that only one uploaded file and one piece are in memory. It can
//! be downloaded for a day.

pub mod facts;
mod pieces;
pub mod requests;
mod trouble;

use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use self::facts::Upload;
use self::pieces::Pieces;
use self::trouble::Trouble;
use crate::files::storage::Storage;
use crate::people::audit::search::{self, Wanted};
use crate::people::candidate::Candidate;
use crate::people::person;
use crate::store::{Error, Store, Tx};

pub use self::pieces::key;

/// Time between two signs of life.
const BEAT: Duration = Duration::from_secs(10);

/// Files that this process makes at once.
static TURNS: Semaphore = Semaphore::const_new(1);

/// Entries of the audit that are read at once.
const ENTRIES: i64 = 500;

/// Makes the file of a request, without waiting for it. The row of the request says how far it is.
pub fn make(store: Store, files: Storage, id: String, candidate: Candidate) {
    tokio::spawn(async move {
        let made = with_signs_of_life(&store, &id, archive(&store, &files, &id, &candidate)).await;
        if let Err(error) = &made {
            tracing::error!(%error, id, "the data of a candidate could not be put together");
        }
        let (row, made) = (id.clone(), made.ok());
        if let Err(error) = store.write(move |tx: &mut Tx| requests::end(tx, &row, made)).await {
            tracing::error!(%error, id, "the end of a download of own data was not noted");
        }
    });
}

async fn with_signs_of_life<T>(store: &Store, id: &str, work: impl Future<Output = T>) -> T {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = beat.tick() => {
                let id = id.to_owned();
                if let Err(error) = store.write(move |tx: &mut Tx| requests::beat(tx, &id)).await {
                    tracing::warn!(%error, "a sign of life was not noted");
                }
            }
        }
    }
}

/// Deletes files that can no longer be downloaded.
pub async fn sweep(store: &Store, files: &Storage) -> Result<(), Error> {
    for (id, pieces) in store.read(requests::over).await? {
        let deleted = pieces::delete(files, &id, pieces).await;
        match deleted {
            Ok(()) => store.write(move |tx: &mut Tx| requests::forget(tx, &id)).await?,
            Err(error) => tracing::error!(%error, id, "own data cannot be deleted; it is tried again"),
        }
    }
    Ok(())
}

/// Writes the ZIP. Returns the number of its pieces and its bytes.
async fn archive(
    store: &Store,
    files: &Storage,
    id: &str,
    candidate: &Candidate,
) -> Result<(i32, i64), Trouble> {
    let _turn = TURNS.acquire().await;
    let pieces = Pieces::new(store, files, id);
    let mut zip = Archive { zip: ZipWriter::new_stream(pieces.writer()), pieces };
    zip.text("说明.txt", facts::ABOUT).await?;
    let of = candidate.clone();
    for (name, value) in store.read(move |tx: &mut Tx| facts::of_person(tx, &of)).await? {
        zip.json(&name, &value).await?;
    }
    let of = candidate.id.clone();
    for application in store.read(move |tx: &mut Tx| facts::applications(tx, &of)).await? {
        let of = candidate.id.clone();
        let read = move |tx: &mut Tx| facts::of_application(tx, &of, &application);
        let Some((folder, value, uploads)) = store.read(read).await? else { continue };
        zip.json(&format!("{folder}/申请.json"), &value).await?;
        for upload in uploads {
            zip.upload(files, &folder, &upload).await?;
        }
    }
    who_saw(store, candidate, &mut zip).await?;
    zip.end().await
}

/// The entries of the audit about the candidate, page by page.
async fn who_saw(store: &Store, candidate: &Candidate, zip: &mut Archive) -> Result<(), Trouble> {
    let id = candidate.id.clone();
    let person = store.read(move |tx: &mut Tx| person::candidates_of(tx, &[id])).await?;
    zip.begin("谁查看过.json", true)?;
    let (mut after, mut before) = (None, "[\n");
    loop {
        let wanted = Wanted { candidates: Some(person.clone()), after: after.clone(), ..Wanted::default() };
        let entries = store.read(move |tx: &mut Tx| search::find(tx, &wanted, ENTRIES)).await?;
        let Some(last) = entries.last() else { break };
        after = Some((last.at, last.id.clone()));
        for entry in &entries {
            let line = format!("{before}{}", facts::entry(entry));
            zip.write(line.as_bytes()).await?;
            before = ",\n";
        }
    }
    let end: &[u8] = if before == "[\n" { b"[]\n" } else { b"\n]\n" };
    zip.write(end).await
}

struct Archive {
    zip: ZipWriter<zip::write::StreamWriter<pieces::Writer>>,
    pieces: Pieces,
}

impl Archive {
    fn begin(&mut self, name: &str, compressed: bool) -> Result<(), Trouble> {
        let method = if compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        Ok(self.zip.start_file(name, SimpleFileOptions::default().compression_method(method))?)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        for part in bytes.chunks(pieces::SIZE) {
            std::io::Write::write_all(&mut self.zip, part)?;
            self.pieces.store_full().await?;
        }
        Ok(())
    }

    async fn text(&mut self, name: &str, text: &str) -> Result<(), Trouble> {
        self.begin(name, true)?;
        self.write(text.as_bytes()).await
    }

    async fn json(&mut self, name: &str, value: &Value) -> Result<(), Trouble> {
        self.begin(name, true)?;
        self.write(&serde_json::to_vec_pretty(value)?).await
    }

    /// A file that the storage has lost is left out; the application says so.
    async fn upload(&mut self, files: &Storage, folder: &str, upload: &Upload) -> Result<(), Trouble> {
        match files.get(&upload.storage_key).await {
            Ok(bytes) => {
                self.begin(&format!("{folder}/{}", upload.path), false)?;
                self.write(&bytes).await
            }
            Err(error) if error.is_loss() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn end(self) -> Result<(i32, i64), Trouble> {
        let Archive { zip, mut pieces } = self;
        zip.finish()?;
        pieces.store_rest().await
    }
}
