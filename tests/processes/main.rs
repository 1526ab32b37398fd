//! Tests with several processes: three `kaozheng serve` on one PostgreSQL behind a proxy that
//! distributes requests round-robin, PostgreSQL outages, a replica, TLS to PostgreSQL, uploads behind nginx
//! and haproxy, and `kaozheng load` against a demo.

#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/driver.rs"]
mod driver;
#[path = "../support/page_region.rs"]
mod page_region;
#[path = "../support/portal.rs"]
mod portal_server;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/qr.rs"]
mod qr;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/sign_in.rs"]
mod sign_in;

mod cluster;
mod demo;
mod faulty_proxy;
mod load;
mod login;
mod outage;
mod replica;
mod tls;
mod uploads;
