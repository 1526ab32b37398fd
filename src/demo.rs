//! The sandbox portals, the demo's data, and sample files to import. All people are invented.
//!
//! | file | what it has |
//! | --- | --- |
//! | `sandbox` | the sandbox portals, with their accounts in `sandbox/people` |
//! | `data` | what `kaozheng demo` loads into an empty database |
//! | `exams` | the exams of the demo's authority, with their English names in `english` |
//! | `sample` | files of any size for `kaozheng import` |

pub mod data;
mod english;
mod exams;
pub mod sample;
pub mod sandbox;
