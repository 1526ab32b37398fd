//! `kaozheng sample`: writes fictional files to import.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Stop, export};
use crate::demo::sample;

/// Write a file to import: exams, or certificates of fictional people
///
/// The certificates belong to the exams of `kaozheng sample exams`. The same seed gives the same file.
/// Try it:
///
///   kaozheng sample exams --output exams.csv && kaozheng import exams exams.csv
///   kaozheng sample certificates --count 100000 --output c.csv && kaozheng import certificates c.csv
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Sample {
    /// Exams with their levels, specialties, subjects and sittings
    Exams {
        /// A file that is not there yet [default: standard output]
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// Certificates, each with a holder and valid numbers
    Certificates {
        /// How many
        #[arg(long, default_value_t = 1000)]
        count: u32,
        /// Another number gives other people
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// A file that is not there yet [default: standard output]
        #[arg(long)]
        output: Option<PathBuf>,
    },
}

impl Sample {
    pub(super) fn run(self) -> Result<(), Stop> {
        match self {
            Sample::Exams { output } => sample::exams::write(&mut export::open(output.as_ref())?)?,
            Sample::Certificates { count, seed, output } => {
                sample::certificates(count, seed, &mut export::open(output.as_ref())?)?;
            }
        }
        Ok(())
    }
}
