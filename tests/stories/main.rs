//! Tests over HTTP and against the library, on SQLite or PostgreSQL.

#[path = "../support/applicant.rs"]
mod applicant;
#[path = "../support/authority_records.rs"]
mod authority_records;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/disk.rs"]
mod disk;
#[path = "../support/explain.rs"]
mod explain;
#[path = "../support/filing.rs"]
mod filing;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/recordings.rs"]
mod recordings;
#[path = "../support/s3.rs"]
mod s3;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/statements.rs"]
mod statements;

mod admin;
mod audit_command;
mod backups;
mod certificate_codes;
mod certificate_states;
mod certificates;
mod commands;
mod correction;
mod data_folder;
mod data_keys;
mod deadlines;
mod demo;
mod desk;
mod documentation;
mod durability;
mod forms;
mod full_disk;
mod harness;
mod home;
mod housekeeping;
mod imports;
mod integrity;
mod last_release;
mod lists;
mod login;
mod lookup;
mod media;
mod messages;
mod monitoring;
mod names;
mod pagination;
mod permits;
mod privacy;
mod properties;
mod qualification;
mod receipt;
mod records;
mod refund;
mod reissue;
mod rounds;
mod s3_uploads;
mod sandbox;
mod scans;
mod schema;
mod settings;
mod store;
mod stored_files;
mod summaries;
mod transport;
mod violation;
mod web;
mod who_saw;
mod words;
