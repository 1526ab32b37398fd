//! Stories told over HTTP, and promises of the whole program, on either database.

#[path = "../support/database.rs"]
mod database;

mod desk;
mod harness;
