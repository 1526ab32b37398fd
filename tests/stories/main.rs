//! Stories told over HTTP, and promises of the whole program, on either database.

#[path = "../support/applicant.rs"]
mod applicant;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/disk.rs"]
mod disk;
#[path = "../support/filing.rs"]
mod filing;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/server.rs"]
mod server;

mod backups;
mod chapter10;
mod chapter11;
mod chapter3;
mod chapter4;
mod chapter5;
mod chapter6;
mod chapter7;
mod chapter8;
mod chapter9;
mod commands;
mod deadlines;
mod demo;
mod desk;
mod durability;
mod full_disk;
mod harness;
mod imports;
mod lists;
mod login;
mod place;
mod properties;
mod schema;
mod store;
mod sweeping;
mod transport;
mod web;
