//! `kaozheng verify-store`: whether everything that is stored is there and can be opened.

mod objects;
mod rows;
mod values;

use std::fmt;

use clap::Args;

use super::{Stop, database};
use crate::settings::{Location, RawSettings};

/// Check that every upload is there and opens, that every sealed value opens, and that every stored file has a row
///
/// Run it beside the site, or after a restore. Prints what it has found without personal data, and fails if
/// anything is lost, cannot be opened or is left over. Reads every upload, a few at a time.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct VerifyStore {
    /// Where the uploads are: a folder or s3://BUCKET/PREFIX
    #[arg(long, env = "KAOZHENG_FILES")]
    files: Location,
    #[command(flatten)]
    raw: RawSettings,
}

/// Rows of one question.
const PAGE: u32 = 500;

/// Faults of one kind that are named. The rest is counted.
const NAMED: usize = 20;

/// What was found wrong, by kind.
#[derive(Default)]
struct Faults(Vec<(&'static str, u64, Vec<String>)>);

impl Faults {
    /// `name` is no personal data: a column, or a storage key.
    fn add(&mut self, kind: &'static str, name: String) {
        let at = self.0.iter().position(|(known, ..)| *known == kind).unwrap_or_else(|| {
            self.0.push((kind, 0, Vec::new()));
            self.0.len() - 1
        });
        let (_, count, names) = &mut self.0[at];
        *count += 1;
        if names.len() < NAMED && !names.contains(&name) {
            names.push(name);
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store is not whole")?;
        for (kind, count, names) in &self.0 {
            write!(f, "\n  - {kind}: {count}")?;
            for name in names {
                write!(f, "\n      {name}")?;
            }
        }
        Ok(())
    }
}

impl VerifyStore {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let store = database::open_current(&self.raw).await?;
        let files = database::open_files(&self.files, &store)?;
        let mut faults = Faults::default();
        let values = values::check(&store, &mut faults).await?;
        let uploads = rows::check(&store, &files, &mut faults).await?;
        let (objects, quarantined) = objects::check(&store, &files, &mut faults).await?;
        println!("{values} sealed values, {uploads} files of rows and {objects} stored files were checked.");
        if quarantined > 0 {
            println!("{quarantined} files without a row are in quarantine.");
        }
        if faults.0.is_empty() { Ok(()) } else { Err(faults.to_string().into()) }
    }
}
