//! Who somebody is: accounts of the portal and the candidates they are bound to.
//!
//! An account is (portal, `sub`). Its first sign-in binds it to a candidate; after that a document
//! number alone opens nothing.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `decision` | the rules, as one pure function |
//! | `admission` | one sign-in: facts, decision, what is stored |
//! | `account` | the accounts and their candidates |
//! | `case` | sign-ins that were stopped, and an administrator's decision |
//! | `event` | security events |
//! | `notice` | what candidates are told about sign-ins |

pub mod account;
pub mod admission;
pub mod case;
pub mod decision;
pub mod event;
pub mod notice;

pub use account::Account;
pub use admission::{Arrival, Entry, sign_in};
pub use decision::{Assurance, Reason};
