//! Several `kaozheng serve` on one PostgreSQL behind a proxy that sends each request to the next
//! of them: nobody notices, not even when one dies. And what happens when the server dies, and
//! whom it is spoken to with TLS.

#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/driver.rs"]
mod driver;
#[path = "../support/part.rs"]
mod part;
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
#[path = "../support/ways.rs"]
mod ways;

mod cable;
mod login;
mod outage;
mod sites;
mod tls;
mod uploads;
