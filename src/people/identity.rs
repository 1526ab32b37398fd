//! Accounts of the portal and the candidates that they are bound to.
//!
//! An account is (portal, `sub`). Its first sign-in binds it to a candidate; after that a document
//! number alone admits nobody.
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
