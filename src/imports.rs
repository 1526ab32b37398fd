//! Imports of the authority's records from CSV and XLSX files, and exports to CSV.
//!
//! An [`ImportKind`] is data: its columns, the checks of a whole row and the tables that it fills. The
//! modules below are one engine for every kind:
//!
//! - [`source`] reads rows of bounded size;
//! - [`check`] converts each cell to its stored form, or gives the reason for refusing it;
//! - [`pass`] reads and checks a file once, on several threads;
//! - [`run`] makes two passes: the check pass writes nothing, the load pass writes batches;
//! - `load` is the load pass: a batch is one transaction;
//! - `joined` finds the rows of people whose permit was renewed;
//! - `merge` compares a batch with the stored rows and writes those that are new or differ;
//! - [`jobs`] has the imports of the desk, and [`background`] runs them;
//! - [`export`] writes the stored records with the same columns.
//!
//! An import never deletes a record. Only the subjects of a registration are replaced as a whole.

pub mod background;
pub mod cell;
pub mod check;
pub mod export;
pub mod job;
pub mod jobs;
mod joined;
mod journal;
pub mod kind;
mod kinds;
mod load;
mod merge;
pub mod pass;
pub mod reference;
mod replaced;
pub mod report;
mod row_checks;
pub mod run;
pub mod source;
mod spool;
mod sql;
pub mod table;
mod unique_values;
pub mod unnamed;
mod words;

pub use kind::ImportKind;

/// Every kind of record, in the order in which an empty installation needs them.
pub static KINDS: [&ImportKind; 6] = [
    &kinds::exams::EXAMS,
    &kinds::registrations::REGISTRATIONS,
    &kinds::certificates::CERTIFICATES,
    &kinds::violations::VIOLATIONS,
    &kinds::integrity::INTEGRITY,
    &kinds::refund_rules::REFUND_RULES,
];

/// Why an import or export stopped. Refused rows are not errors: they are counted and reported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file as a whole cannot be used.
    #[error("{0}")]
    File(String),
    /// The file or the report could not be read or written.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Error::Store(error.into())
    }
}

impl Error {
    /// The reason in Chinese, for the desk.
    pub fn chinese(&self) -> String {
        match self {
            Error::File(why) => words::chinese(why),
            Error::Io(..) => "文件读取中断，请重新上传".to_owned(),
            Error::Store(_) => "数据库暂时不能使用，没有完成；已导入的行不会重复".to_owned(),
        }
    }

    fn io(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Error {
        move |error| Error::Io(what.to_string(), error)
    }
}
