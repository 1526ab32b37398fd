//! Kaozheng (考证通): the portal of an examination authority.
//!
//! Candidates log in by scanning a code with the provincial government app and
//! apply, appeal and track; staff review; everyone may verify a certificate.
//!
//! # The rooms
//!
//! Imports go from a higher floor to a lower one. Rooms on one floor do not import each other.
//! `tests/house.rs` reads this table and fails on any other import.
//!
//! | floor | room | what it holds |
//! | --- | --- | --- |
//! | 11 | [`cli`] | the commands: `serve`, `demo`, `migrate`, `backup`, `restore`, `files`, `verify-store`, `staff`, `portal`, `import`, `export`, `audit`, `keys`, `verify`, `config`, `health`, `load`, `sample` |
//! | 10 | [`site`] | the route of every address, and what is done for every request |
//! | 9 | [`demo`] | the sandbox portals, demo data and sample files |
//! | 9 | [`home`] | the first page, 业务办理, 我的 and 消息 |
//! | 9 | [`login`] | the login screen, the portal client, devices and sign-out |
//! | 9 | [`applications`] | the pages of an application: list, notice, form, review, detail, slip |
//! | 9 | [`certificates`] | 证书管理: the certificates of a candidate |
//! | 9 | [`progress`] | 业务查询: everything that a candidate has applied for |
//! | 9 | [`lookup`] | 证书查询: anybody verifies a certificate |
//! | 9 | [`staff`] | the review desk |
//! | 8 | [`pages`] | what pages share: who is signed in, uploads, how a refusal is told |
//! | 7 | [`business`] | the businesses, one file each |
//! | 7 | [`sms`] | messages to candidates, sent to the SMS gateway |
//! | 7 | [`imports`] | CSV and XLSX files of the authority's systems, read and written |
//! | 6 | [`casework`] | what every application shares: record, lifecycle, materials, decisions |
//! | 5 | [`exams`] | exam, sitting, registration, certificate, violation, integrity record |
//! | 4 | [`people`] | candidates, staff, identity documents, masking, the audit |
//! | 4 | [`files`] | uploads: checks, re-encoding, storage |
//! | 4 | [`server`] | the HTTP server: connections, their limits, parked requests |
//! | 3 | [`web`] | what HTTP needs: sessions, forms, errors, headers, assets |
//! | 2 | [`ui`] | maud components |
//! | 2 | [`paper`] | PDF files that are printed, and their fonts |
//! | 1 | [`paths`] | every address, and the function that builds it |
//! | 1 | [`permits`] | permits that bound how many tasks do the same thing at once |
//! | 1 | [`settings`] | every setting in one struct, checked once at start |
//! | 1 | [`telemetry`] | metrics and traces of the running program |
//! | 0 | [`store`] | databases, schema, clock, ids, encryption of personal data |

pub mod applications;
pub mod business;
pub mod casework;
pub mod certificates;
pub mod cli;
pub mod demo;
pub mod exams;
pub mod files;
pub mod home;
pub mod imports;
pub mod login;
pub mod lookup;
pub mod pages;
pub mod paper;
pub mod paths;
pub mod people;
pub mod permits;
pub mod progress;
pub mod server;
pub mod settings;
pub mod site;
pub mod sms;
pub mod staff;
pub mod store;
pub mod telemetry;
pub mod ui;
pub mod web;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
