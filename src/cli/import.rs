//! `kaozheng import`: loads the authority's records.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::progress::Meter;
use super::{Stop, database, holidays};
use crate::imports::job::{BATCH, ImportOptions, JoinedRows, Summary};
use crate::imports::source::Sheet;
use crate::imports::{ImportKind, KINDS, run};
use crate::settings::RawSettings;
use crate::store::Bulk;

/// Load exams, registrations, certificates, violations, integrity records or holidays from a file
///
/// Checks the whole file first. If a row is refused, nothing is imported; with --batch, only the
/// 10,000 rows around it are left out. FILE.refused.csv lists every refused row, and the command
/// fails. Rows that exist and differ are updated, and nothing is deleted. Importing the same file
/// again changes nothing. An interrupted import continues where it stopped when it is run again.
///
/// A file of holidays is JSON for one year, as github.com/NateScarlet/holiday-cn publishes it. The year
/// is added or replaced as a whole. Due days of open applications move if they become later.
#[derive(Args)]
#[command(verbatim_doc_comment, after_long_help = columns())]
pub(super) struct Import {
    /// What the rows are
    #[arg(value_parser = contents())]
    kind: Content,
    /// CSV (UTF-8 or GB18030) or XLSX (its first visible sheet); the first row names the columns, in any order. JSON for holidays
    file: PathBuf,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// A refused row stops its batch of 10,000 rows, not the whole file
    #[arg(long)]
    batch: bool,
    /// Where refused rows are reported [default: FILE.refused.csv]
    #[arg(long)]
    report: Option<PathBuf>,
    #[command(flatten)]
    raw: RawSettings,
}

/// The content of a file.
#[derive(Clone, Copy)]
enum Content {
    Rows(&'static ImportKind),
    Holidays,
}

fn contents() -> impl TypedValueParser<Value = Content> {
    let names = KINDS.iter().map(|kind| kind.name).chain([holidays::NAME]);
    PossibleValuesParser::new(names).map(|name| {
        let kind = KINDS.into_iter().find(|kind| kind.name == name);
        kind.map_or(Content::Holidays, Content::Rows)
    })
}

/// Parses the name of a kind.
pub(super) fn kinds() -> impl TypedValueParser<Value = &'static ImportKind> {
    PossibleValuesParser::new(KINDS.map(|kind| kind.name)).try_map(|name| {
        KINDS.into_iter().find(|kind| kind.name == name).ok_or_else(|| format!("unknown kind {name}"))
    })
}

impl Import {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let Content::Rows(kind) = self.kind else {
            return holidays::import(&self.raw, &self.file, self.dry_run).await;
        };
        let bulk = database::open_bulk(&self.raw).await?;
        tokio::task::spawn_blocking(move || self.load(kind, bulk)).await?
    }

    fn load(self, kind: &'static ImportKind, mut bulk: Bulk) -> Result<(), Stop> {
        let report = self.report.clone().unwrap_or_else(|| beside(&self.file));
        let options = ImportOptions {
            kind,
            file: &self.file,
            report: &report,
            batch: self.batch,
            dry_run: self.dry_run,
        };
        let (began, mut meter) = (Instant::now(), Meter::new());
        let summary = run::import(&mut bulk, &options, &mut |progress| meter.show(progress))?;
        meter.finish();
        println!("{}", told(&options, &summary, began.elapsed().as_secs_f64()));
        match summary.refused {
            0 => Ok(()),
            refused => Err(format!("{refused} rows were refused; see {}", report.display()).into()),
        }
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".refused.csv");
    name.into()
}

fn told(options: &ImportOptions, summary: &Summary, seconds: f64) -> String {
    let (kind, read, refused) = (options.kind.name, summary.read, summary.refused);
    let rate = read as f64 / seconds.max(0.001);
    let mut told = format!("{kind}: {read} rows read in {seconds:.1} s ({rate:.0} rows/s), ");
    let (added, changed, unchanged) = (summary.added, summary.changed, summary.unchanged);
    let _ = write!(told, "{added} new, {changed} changed, {unchanged} unchanged, {refused} refused");
    if let Some(Sheet { name, others }) = &summary.sheet {
        let _ = write!(told, "\nThe sheet “{name}” was read.");
        if !others.is_empty() {
            let _ = write!(told, " Not read: the sheets “{}”.", others.join("”, “"));
        }
    }
    told.push_str(&joined(&summary.joined));
    if summary.resumed > 0 {
        let _ = write!(told, "\nThe first {} rows were there from an interrupted import.", summary.resumed);
    }
    if summary.left_out > 0 {
        let (left, batches) = (summary.left_out, summary.left_out.div_ceil(BATCH as u64));
        let _ = write!(told, "\n{left} rows were left out: {batches} batches with refused rows among them.");
    }
    if !summary.loaded {
        told.push_str("\nNothing was imported, because rows were refused.");
    } else if options.dry_run {
        told.push_str("\nNothing was written: this was a dry run.");
    }
    told
}

/// Says which rows have another number of a permit than what is on record. Empty if there are none.
fn joined(JoinedRows { count, people, lines }: &JoinedRows) -> String {
    if *count == 0 {
        return String::new();
    }
    let listed = lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let more = count - lines.len() as u64;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "\nPermits are on record, or in an earlier row, with another count of renewals; each is one person. \
         Rows: {count} ({listed}{more}). People: {people}."
    )
}

/// Lists the columns of every kind, for `--help`.
fn columns() -> String {
    let mut text =
        String::from("Columns, by their Chinese or English names (* must be there and filled in):\n");
    for kind in KINDS {
        let _ = write!(text, "\n{}:\n", kind.name);
        for column in kind.columns {
            let must = if column.default.is_none() { "*" } else { " " };
            let _ = writeln!(text, "  {must} {}  {}", column.label, column.name);
        }
    }
    text.push_str("\nREADME.md, “Loading the authority's data”, says what each of them takes.");
    text
}
