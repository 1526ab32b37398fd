//! 批量查询: looks up a list of certificates, from a file or for a program.
//!
//! A list is read and checked when it is sent, and looked up in the background. It has a secret address, is sealed in
//! the database and removed within a day.
//!
//! | file | what it has |
//! | --- | --- |
//! | `row` | a row, its outcome, and what can be wrong with it |
//! | `table` | reads the rows of a file |
//! | `lookup` | looks rows up |
//! | `job` | the lists in the database |
//! | `worker` | looks lists up in the background |
//! | `proof` | the proof of work of a list without a key |
//! | `arriving` | bounds how many lists are received at once |
//! | `request` | a list as it is sent: its file, key and limits |
//! | `pages`, `view` | the pages, in Chinese and English |
//! | `file` | the result as CSV and XLSX, and the template |
//! | `api` | the same for programs of organisations |

pub mod api;
pub mod arriving;
mod file;
pub mod job;
mod lookup;
pub mod pages;
pub mod proof;
mod request;
mod row;
mod table;
mod view;
pub mod worker;
