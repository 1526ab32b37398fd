//! Tests in Chromium: each step acts on what is visible on the page.

#[path = "../support/applicant.rs"]
mod applicant;
#[path = "../support/authority_records.rs"]
mod authority_records;
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
#[path = "../support/page_region.rs"]
mod page_region;
#[path = "../support/pictures.rs"]
mod pictures;
#[path = "../support/portal.rs"]
mod portal_server;
#[path = "../support/qr.rs"]
mod qr;
#[path = "../support/recordings.rs"]
mod recordings;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/sign_in.rs"]
mod sign_in;

mod administrator_day;
mod certificates;
mod codes;
mod contrast;
mod correction;
mod desk;
mod dispatcher_day;
mod engines;
mod figures;
mod finance_day;
mod finding;
mod forms;
mod harness;
mod integrity;
mod login;
mod lookup;
mod media;
mod pages;
mod portal;
mod progress;
mod qualification;
mod reading;
mod receipt;
mod refund;
mod reissue;
mod reviewer_day;
mod roles;
mod steps;
mod violation;
