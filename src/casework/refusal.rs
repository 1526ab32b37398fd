//! Reasons why casework refuses a request.
//!
//! `pages::refusal` maps each to a status, a message and a link.

use super::lifecycle::Actor;
use super::number::ApplicationNumber;
use crate::files::storage::StorageError;
use crate::{people, store};

/// A reason to refuse. The transaction must be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It does not exist, or belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The application changed since it was read, or its state does not allow the step.
    #[error("the application changed")]
    Overtaken {
        slug: &'static str,
        /// A draft has none.
        number: Option<ApplicationNumber>,
        actor: Actor,
        /// What happened to it, and what the actor cannot do any more, in Chinese.
        happened: String,
    },
    /// The candidate has an open application about the same subject.
    #[error("an application is open")]
    OpenAlready {
        slug: &'static str,
        number: ApplicationNumber,
        /// Label of the business.
        label: &'static str,
        /// Title of the subject.
        title: String,
    },
    /// Only a rejected application can be appealed against.
    #[error("not rejected")]
    NotRejected { slug: &'static str, number: ApplicationNumber },
    /// The application was appealed against before.
    #[error("appealed already")]
    AppealedAlready {
        slug: &'static str,
        /// Number of the appeal.
        number: ApplicationNumber,
    },
    /// The certificate cannot be posted in its present state.
    #[error("the certificate is not ready")]
    NotReady {
        /// Key of the certificate.
        certificate: String,
        /// Its exam and sitting.
        title: String,
        /// What is true of it, in Chinese.
        state: &'static str,
    },
    /// The application is in an open batch, whose result is not known yet.
    #[error("in an open batch")]
    InBatch {
        /// Key of the batch.
        id: String,
        /// 批次号.
        batch: String,
    },
    /// Some of the subjects were refunded before.
    #[error("refunded already")]
    RefundedAlready { number: ApplicationNumber },
    /// Some of the registrations have a receipt.
    #[error("receipted already")]
    ReceiptedAlready { number: ApplicationNumber },
    /// The chosen staff member cannot decide the application.
    #[error("not a colleague who decides it")]
    NotAColleague { number: ApplicationNumber },
    /// It is on hold, and has to be resumed first.
    #[error("on hold")]
    OnHold { number: ApplicationNumber },
    /// What the decision changed cannot be undone. The text says why in Chinese.
    #[error("cannot be reopened: {why}")]
    CannotReopen { number: ApplicationNumber, why: String },
    /// The staff member is the applicant.
    #[error("own application")]
    OwnApplication,
    /// The staff member has taken as many applications as one may have.
    #[error("too many taken")]
    TooManyTaken { most: i64 },
    /// The staff member decided what the appeal is about.
    #[error("decided before")]
    DecidedBefore,
    /// The staff member proposed the decision, which somebody else confirms.
    #[error("own proposal")]
    OwnProposal,
    /// The role of the staff member does not decide this business.
    #[error("another role decides it")]
    NotTheirBusiness,
    /// The role of the staff member does not carry out this task.
    #[error("another role carries it out")]
    NotTheirTask,
    /// Only an administrator hands over.
    #[error("administrators only")]
    AdministratorsOnly,
    /// Nobody else on the roster is an administrator.
    #[error("the last administrator")]
    LastAdministrator,
    /// Staff members do not change their own entry of the roster.
    #[error("own entry of the roster")]
    OwnEntry,
    /// The document is on the roster.
    #[error("on the roster already")]
    OnRoster {
        /// Key of the entry.
        id: String,
        name: String,
    },
    /// A change of the office's records that other records do not allow. The text says why in Chinese.
    #[error("it breaks other records: {0}")]
    Breaks(String),
    /// Another administrator changed it after it was read.
    #[error("changed by another administrator")]
    ChangedMeanwhile,
    /// The scanner does not answer, and the file was not scanned before.
    #[error("not scanned")]
    NotScanned,
    /// The scanner has found something in the file, which was removed.
    #[error("harmful")]
    Harmful,
    /// The request is invalid. The text says why in Chinese.
    #[error("invalid: {0}")]
    Invalid(&'static str),
    /// A defect of this program.
    #[error("defect: {0}")]
    Defect(&'static str),
    #[error(transparent)]
    People(#[from] people::Refusal),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        Refusal::Store(error.into())
    }
}
