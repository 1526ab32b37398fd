//! Why casework does not do what it was asked, as data.
//!
//! `pages::refusal` gives each reason its status, its words and its link.

use super::lifecycle::Actor;
use super::number::ApplicationNumber;
use crate::exams::held::Delivery;
use crate::files::storage::StorageError;
use crate::people;
use crate::store;

/// A reason to refuse. Whoever gets one rolls back the transaction.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It does not exist, or belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The application changed since it was read, or its state does not allow the step.
    #[error("the application changed")]
    Overtaken {
        /// Slug of its business.
        slug: &'static str,
        /// Its number; a draft has none.
        number: Option<ApplicationNumber>,
        /// Who wanted the step.
        actor: Actor,
    },
    /// The candidate has an open application about the same subject.
    #[error("an application is open")]
    OpenAlready {
        /// Slug of its business.
        slug: &'static str,
        /// Its number.
        number: ApplicationNumber,
        /// What people call its business.
        label: &'static str,
        /// Title of the subject.
        title: String,
    },
    /// Only a rejected application can be appealed against.
    #[error("not rejected")]
    NotRejected {
        /// Slug of its business.
        slug: &'static str,
        /// Its number.
        number: ApplicationNumber,
    },
    /// The application was appealed against before.
    #[error("appealed already")]
    AppealedAlready {
        /// Slug of its business.
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
        /// Where its paper is.
        delivery: Delivery,
    },
    /// Some of the subjects were refunded before.
    #[error("refunded already")]
    RefundedAlready {
        /// Number of the application.
        number: ApplicationNumber,
    },
    /// Some of the registrations have a receipt.
    #[error("receipted already")]
    ReceiptedAlready {
        /// Number of the application.
        number: ApplicationNumber,
    },
    /// The chosen staff member cannot decide the application.
    #[error("not a colleague who decides it")]
    NotAColleague {
        /// Number of the application.
        number: ApplicationNumber,
    },
    /// The application belongs to the staff member.
    #[error("own application")]
    OwnApplication,
    /// The staff member decided what the appeal is about.
    #[error("decided before")]
    DecidedBefore,
    /// The role of the staff member does not decide this business.
    #[error("another role decides it")]
    NotTheirBusiness,
    /// The role of the staff member does not carry out this task.
    #[error("another role carries it out")]
    NotTheirTask,
    /// Only an administrator hands over.
    #[error("administrators only")]
    AdministratorsOnly,
    /// What was sent cannot be used; the text tells people why.
    #[error("invalid: {0}")]
    Invalid(&'static str),
    /// A defect of this program.
    #[error("defect: {0}")]
    Defect(&'static str),
    /// The people of the application refuse it.
    #[error(transparent)]
    People(#[from] people::Refusal),
    /// A file could not be stored or read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        Refusal::Store(error.into())
    }
}
