//! Accounts of the portal and the candidates that they are bound to.
//!
//! An account is (portal, `sub`). Its first sign-in binds it to a candidate; after that a document
//! number alone admits nobody.
//!
//! What a later sign-in may change, where "same" is by type and [identifying](super::document::identifying) part of
//! the document and by the [key](super::name::key) of the name:
//!
//! | change | rule | entry |
//! | --- | --- | --- |
//! | another number of the same document | admitted, the record shows the newest | `identity_renewed` |
//! | another document of a bound account, also of another type | stopped: `AnotherNumber` | `identity_stopped` |
//! | another account with the same document and name | verified: admitted, else stopped: `AnotherAccount` | `identity_another_account` |
//! | another account with the same document and another name | stopped: `AnotherPerson` | `identity_stopped` |
//! | another name of a bound account | verified: admitted, else stopped: `AnotherName` | `identity_renamed` |
//!
//! An administrator decides a stopped sign-in: `identity_joined` or `identity_separated`, and an entry of the audit.
//!
//! | file | contents |
//! | --- | --- |
//! | `decision` | the rules of admission, as a pure function |
//! | `admission` | one sign-in: loads the facts, decides, stores the result |
//! | `account` | accounts and their candidates |
//! | `case` | stopped sign-ins and the decisions of administrators |
//! | `event` | security events |
//! | `notice` | notices to candidates about sign-ins |

pub mod account;
pub mod admission;
pub mod case;
pub mod decision;
pub mod event;
pub mod notice;

pub use account::{Account, Arrival};
pub use admission::{SignInOutcome, sign_in};
pub use decision::{Assurance, Reason};
