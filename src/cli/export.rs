//! `kaozheng export`: writes stored records with the columns of an import.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::Args;

use super::{Stop, database, import};
use crate::imports::{ImportKind, export};
use crate::people::staff;
use crate::settings::RawSettings;
use crate::store::Bulk;

/// Write stored records as CSV, with the columns of `kaozheng import`
///
/// Document numbers are not written: most are stored as keyed hashes only, and a file is not encrypted.
/// The columns 持有人标识 and 核验标识 hold the hashes, so that this installation can import its own
/// exports; importing one changes nothing. Every export is recorded in the audit.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// What to write
    #[arg(value_parser = import::kinds())]
    kind: &'static ImportKind,
    /// A file that is not there yet [default: standard output]
    #[arg(long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    raw: RawSettings,
}

impl Export {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let bulk = database::open_bulk(&self.raw).await?;
        tokio::task::spawn_blocking(move || self.write(bulk)).await?
    }

    fn write(self, mut bulk: Bulk) -> Result<(), Stop> {
        let mut output = open(self.output.as_ref())?;
        // The audit entry comes first: there is no export without one.
        bulk.write(|tx| staff::audit_command(tx, "export", self.kind.name))?;
        let count = export::export(&mut bulk, self.kind, &mut output)?;
        output.flush()?;
        eprintln!("{count} rows of {} were exported.", self.kind.name);
        Ok(())
    }
}

/// Opens the output of a command: a new file that only its owner can read, or standard output.
pub(super) fn open(file: Option<&PathBuf>) -> Result<Box<dyn Write>, Stop> {
    let Some(path) = file else { return Ok(Box::new(BufWriter::new(stdout()))) };
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}
