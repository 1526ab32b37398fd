//! What the authority's own systems hand over, read from CSV and XLSX files and handed back.
//!
//! A [`kind::Kind`] is data: its columns (what people call them, what they must be, how an export finds them),
//! the steps that check a row as a whole, and the tables where it goes. Everything else is one engine:
//!
//! - [`source`] reads rows and never holds more than one of bounded size;
//! - [`check`] brings each cell to its one stored spelling, or says in Chinese why not;
//! - [`pass`] goes through a file once, with the checking on other threads;
//! - [`run`] goes through it twice: the first time nothing is written, so that one refused row can stop
//!   the whole file, and a file is known by its content when an interrupted import goes on;
//! - `load` is the second time: a batch is one transaction;
//! - [`target`] compares ten thousand rows with what is stored and writes what is new or differs;
//! - [`export`] writes what is stored, with the same columns.
//!
//! An import never removes a record; only the subjects of a registration are replaced as a whole.

pub mod cell;
pub mod check;
pub mod export;
mod former;
mod journal;
pub mod kind;
mod kinds;
mod load;
pub mod pass;
pub mod report;
pub mod run;
pub mod source;
mod spool;
mod sql;
mod steps;
pub mod target;
mod unshared;
pub mod world;

pub use kind::Kind;

/// Every kind that can be imported and exported, in the order in which an empty installation needs them.
pub static KINDS: [&Kind; 5] = [
    &kinds::exams::EXAMS,
    &kinds::registrations::REGISTRATIONS,
    &kinds::certificates::CERTIFICATES,
    &kinds::violations::VIOLATIONS,
    &kinds::integrity::INTEGRITY,
];

/// Why an import or export stopped. Refused rows are no error: they are in the report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file as a whole cannot be used; says why.
    #[error("{0}")]
    File(String),
    /// The file or the report could not be read or written.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The database did not do what it was asked.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Error::Store(error.into())
    }
}

impl Error {
    fn io(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Error {
        move |error| Error::Io(what.to_string(), error)
    }
}
