//! `kaozheng keys rotate`: replaces the data key.

mod files;
mod hashes;
mod values;

use clap::Args;

use crate::cli::{Stop, database, stored_hashes};
use crate::people::audit::{self, cut};
use crate::settings::{Location, RawSettings};
use crate::store::data_keys::{self, DataKeyRow};
use crate::store::{Error, Store, Tx};

/// Replace the data key, while the site goes on
///
/// First add the new key to KAOZHENG_DATA_KEY behind the old one, and start every process of the site again. This
/// command then replaces every hash and seals every value and file with the new key. It can be interrupted and run
/// again; after it is done, another run seals what was stored at the last moment. Then remove the old key from
/// KAOZHENG_DATA_KEY and start every process again. Keep the old key as long as there are backups that were made before.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Rotate {
    /// Where the uploads are: a folder or s3://BUCKET/PREFIX
    #[arg(long, env = "KAOZHENG_FILES")]
    files: Location,
    #[command(flatten)]
    raw: RawSettings,
}

impl Rotate {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let store = database::open_current(&self.raw).await?;
        let files = database::open_files(&self.files, &store)?;
        let key = begin(&store).await?;
        println!("Data key {} ({}) seals from now on.", key.generation, key.suite()?.label());
        let (raw, number) = (self.raw, key.number());
        tokio::task::spawn_blocking(move || hashes::turn(&raw, number).map_err(|error| error.to_string()))
            .await??;
        // A second pass finds what was sealed with the former key while the first one ran.
        loop {
            let (values, uploads) = (values::reseal(&store).await?, files::reseal(&files).await?);
            println!("{} values and {} files were sealed with the new key.", values.done, uploads.done);
            if values.done + uploads.done == 0 {
                tell_damaged(values.damaged, uploads.damaged);
                break;
            }
        }
        store.write(move |tx| finish(tx, key.generation)).await?;
        println!("Done. The former key opens nothing any more, except in older backups.");
        Ok(())
    }
}

/// Counts of one pass over the values or the files.
#[derive(Default)]
struct Pass {
    /// Sealed with the new key.
    done: u64,
    /// No key opens them, so no key has to be kept for them.
    damaged: u64,
}

fn tell_damaged(values: u64, files: u64) {
    if values + files > 0 {
        println!(
            "{values} values and {files} files are damaged and stay as they are; see kaozheng verify-store."
        );
    }
}

/// Begins to turn, or finds the turn that an earlier run has begun. Without a new key, what the newest one did not seal
/// is sealed once more: an upload may have been sealed just before a turn began and stored after it ended.
async fn begin(store: &Store) -> Result<DataKeyRow, Stop> {
    let known = store.read(newest).await?;
    if known.finished_at.is_none() && known.begun_at.is_some() {
        return Ok(known);
    }
    if !store.vault.may_turn() {
        return Err("KAOZHENG_DATA_KEY has no new key: add it behind the present one".into());
    }
    if known.begun_at.is_some() && !store.read(data_keys::has_new_key).await? {
        return Ok(known);
    }
    // Later keys cannot make these hashes.
    stored_hashes::renew(store, |_| {}).await?;
    store.without_one_key(begin_alone(store, known.begun_at.is_none())).await?;
    store.write(data_keys::keep_blind_keys).await?;
    Ok(store.read(newest).await?)
}

/// The caller has made sure that no process with one key uses SQLite.
async fn begin_alone(store: &Store, is_announced: bool) -> Result<(), Error> {
    if !is_announced {
        store.write(data_keys::prepare).await?;
    }
    // From now on no process without the key connects. Those that are connected must not go on.
    let without = store.read(data_keys::without_newest).await?;
    if !without.is_empty() {
        store.write(data_keys::take_back).await?;
        return Err(Error::OneKey(without.join(", ")));
    }
    let began = store.write(|tx| {
        data_keys::begin(tx)?;
        audit::audit_command(tx, "data_key_begin", "")
    });
    began.await
}

fn newest(tx: &mut Tx) -> Result<DataKeyRow, Error> {
    data_keys::list(tx)?.pop().ok_or(Error::Corrupt("data_keys"))
}

/// The head of the audit's chain, and what is left of the removed part, are of the new key from now on.
fn finish(tx: &mut Tx, generation: i32) -> Result<(), Error> {
    cut::renew(tx)?;
    data_keys::keep_blind_keys(tx)?;
    data_keys::finish(tx, generation)?;
    audit::audit_command(tx, "data_key_replaced", &generation.to_string())
}
