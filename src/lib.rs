//! Kaozheng (考证通): the portal of an examination authority.
//!
//! Candidates log in by scanning a code with the provincial government app and
//! apply, appeal and track; staff review; everyone may verify a certificate.
//!
//! # The rooms, from the street up
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`cli`] | the commands: `serve`, `demo`, `migrate`, `backup`, `restore`, `staff`, `import`, `export`, `sample` |
//! | [`site`] | every URL in one table, and what is done for every request |
//! | [`home`] | the first page, 业务办理 and 我的 |
//! | [`login`] | the QR handshake, the portal client, sign-out, the demo portal |
//! | [`business`] | the kinds of application, one file each |
//! | [`certificates`] | 证书管理: a candidate's own certificates |
//! | [`lookup`] | 证书查询: anybody verifies a certificate |
//! | [`progress`] | 业务查询: everything a candidate has applied for |
//! | [`staff`] | the review desk |
//! | [`casework`] | what every application shares: record, lifecycle, materials, pages |
//! | [`imports`] | what the authority's systems hand over, from CSV and XLSX, and back |
//! | [`exams`] | exam, sitting, registration, certificate, violation, integrity record |
//! | [`people`] | candidates, staff, identity documents, masking |
//! | [`files`] | uploads: checks, re-encoding, storage |
//! | [`web`] | what HTTP needs and no business knows |
//! | [`permits`] | permits that bound how many tasks do the same thing at once |
//! | [`ui`] | maud components; they know neither HTTP nor the database |
//! | [`settings`] | every setting in one struct, checked once at start |
//! | [`store`] | databases, schema, clock, ids, encryption of personal data |
//!
//! Imports only go down this table; rooms at one height do not import each
//! other: `site → (home, login, business, certificates, progress, lookup, staff) →
//! (casework, imports) →
//! (exams, people, files) → web → ui → settings → store`.

pub mod business;
pub mod casework;
pub mod certificates;
pub mod cli;
pub mod exams;
pub mod files;
pub mod home;
pub mod imports;
pub mod login;
pub mod lookup;
pub mod people;
pub mod permits;
pub mod progress;
pub mod settings;
pub mod site;
pub mod staff;
pub mod store;
pub mod ui;
pub mod web;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
