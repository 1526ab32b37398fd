//! `kaozheng files move`: copies the uploads between a folder and a bucket.

use std::fmt::Display;

use clap::{Args, Subcommand};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error, ObjectMeta};
use sha2::{Digest, Sha256};

use super::Stop;
use crate::files::objects::Objects;
use crate::files::quarantine::SWEEPS;
use crate::files::storage::Storage;
use crate::settings::Location;

/// Move the uploads to another place
#[derive(Subcommand)]
pub(super) enum Files {
    Move(Move),
}

/// Copy every upload from one place to another, and verify each
///
/// A place is a folder or s3://BUCKET/PREFIX. Files stay sealed, so the data key is not needed. Each copy is read
/// back and compared. Nothing is deleted. It can be interrupted and run again: a file that is there already with the
/// same content is not sent again.
///
/// To move a site: run it while the site serves, stop the site, run it again for what came since, set KAOZHENG_FILES to
/// the new place, start the site, and run kaozheng verify-store. Fails if a file was not copied.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Move {
    /// Where the uploads are
    #[arg(long)]
    from: Location,
    /// Where they shall be
    #[arg(long)]
    to: Location,
}

/// Files that are copied at once. Each is in memory as a whole, twice.
const AT_ONCE: usize = 2;

/// Failures that are printed. The rest is counted.
const PRINTED: u64 = 20;

#[derive(Default)]
struct Counts {
    moved: u64,
    there: u64,
    failed: u64,
}

enum Outcome {
    Moved,
    /// With the same content.
    There,
    /// It was deleted after it was listed.
    Gone,
}

impl Files {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let Files::Move(Move { from, to }) = self;
        if let Some(folder) = from.folder().filter(|folder| !folder.is_dir()) {
            return Err(format!("there is no folder of uploads at {}", folder.display()).into());
        }
        if from == to {
            return Err("both places are the same".into());
        }
        let (source, target) = (Objects::open(&from)?, Objects::open(&to)?);
        let mut counts = Counts::default();
        for folder in Storage::STORED {
            copy_all(&source, &target, source.list(Some(&folder.into())), &mut counts).await?;
        }
        // Last, because a number that is greater than the database's stops the removal of leftovers.
        let sweeps = stream::iter(source.meta(&SWEEPS.into()).await?).map(Ok).boxed();
        copy_all(&source, &target, sweeps, &mut counts).await?;
        let Counts { moved, there, failed } = counts;
        println!("{moved} files were moved, {there} were there already, {failed} failed.");
        if failed == 0 { Ok(()) } else { Err("not every file was moved; run it again".into()) }
    }
}

async fn copy_all(
    source: &Objects,
    target: &Objects,
    found: BoxStream<'_, object_store::Result<ObjectMeta>>,
    counts: &mut Counts,
) -> Result<(), Stop> {
    let outcomes = found.map_ok(|found| async move {
        let outcome = copy(source, target, &found).await;
        Ok::<_, Error>((found.location, outcome))
    });
    let mut outcomes = outcomes.try_buffer_unordered(AT_ONCE);
    while let Some((path, outcome)) = outcomes.try_next().await? {
        match outcome {
            Ok(Outcome::Moved) => counts.moved += 1,
            Ok(Outcome::There) => counts.there += 1,
            Ok(Outcome::Gone) => {}
            Err(error) => counts.fail(&path, error),
        }
    }
    Ok(())
}

impl Counts {
    fn fail(&mut self, path: &Path, error: impl Display) {
        self.failed += 1;
        if self.failed <= PRINTED {
            eprintln!("{path}: {error}");
        }
    }
}

async fn copy(source: &Objects, target: &Objects, found: &ObjectMeta) -> Result<Outcome, Stop> {
    let path = &found.location;
    let bytes = match source.get(path).await {
        Err(Error::NotFound { .. }) => return Ok(Outcome::Gone),
        read => read?,
    };
    if is_same(target, path, &bytes).await? {
        return Ok(Outcome::There);
    }
    let wanted = (bytes.len(), Sha256::digest(&bytes));
    target.put(path, bytes).await?;
    let copy = target.get(path).await?;
    if (copy.len(), Sha256::digest(&copy)) == wanted {
        return Ok(Outcome::Moved);
    }
    Err("the copy differs from the file".into())
}

async fn is_same(target: &Objects, path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    match target.meta(path).await? {
        Some(meta) if meta.size == bytes.len() as u64 => Ok(target.get(path).await? == bytes),
        _ => Ok(false),
    }
}
