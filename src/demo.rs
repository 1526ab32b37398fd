//! The demo: a portal to sign in at, data to start with, and samples to import. Nobody in it exists.
//!
//! | file | what it has |
//! | --- | --- |
//! | `sandbox` | the demo portal, with its accounts in `sandbox/people` |
//! | `data` | what `kaozheng demo` loads into an empty database |
//! | `exams` | the exams of the demo's authority |
//! | `sample` | files of any size for `kaozheng import` |

pub mod data;
mod exams;
pub mod sample;
pub mod sandbox;
