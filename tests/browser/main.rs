//! Stories told in a real Chromium: every step by what is visible on the page.

#[path = "../support/applicant.rs"]
mod applicant;
#[path = "../support/axe.rs"]
mod axe;
#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/driver.rs"]
mod driver;
#[path = "../support/nu.rs"]
mod nu;
#[path = "../support/part.rs"]
mod part;
#[path = "../support/pictures.rs"]
mod pictures;
#[path = "../support/portal.rs"]
mod portal_server;
#[path = "../support/qr.rs"]
mod qr;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/ways.rs"]
mod ways;

mod chapter11;
mod chapter3;
mod harness;
mod login;
mod pages;
mod portal;
