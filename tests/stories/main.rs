//! Stories told over HTTP, and promises of the whole program, on either database.

#[path = "../support/applicant.rs"]
mod applicant;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/server.rs"]
mod server;

mod chapter3;
mod commands;
mod desk;
mod durability;
mod harness;
mod imports;
mod login;
mod schema;
mod store;
mod web;
