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
#[path = "../support/engine.rs"]
mod engine;
#[path = "../support/filing.rs"]
mod filing;
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

mod chapter10;
mod chapter11;
mod chapter2;
mod chapter3;
mod chapter4;
mod chapter5;
mod chapter6;
mod chapter7;
mod chapter8;
mod chapter9;
mod desk;
mod engines;
mod figures;
mod harness;
mod login;
mod office;
mod pages;
mod portal;
