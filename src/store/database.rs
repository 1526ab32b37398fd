//! The database of `DATABASE_URL`. Every connection is opened here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};

use super::address::Address;
use super::outage::Outage;
use super::relay::Relay;
use super::tls::{Tls, TlsMode};
use super::{Conn, Error, limits};

/// A database. Cheap to clone.
#[derive(Clone)]
pub(super) enum Database {
    /// Path of the file.
    Sqlite(Arc<str>),
    Postgres(Arc<Server>),
}

/// A PostgreSQL server, or several with the same data.
pub(super) struct Server {
    /// Address for libpq.
    url: String,
    outage: Outage,
    /// Set if the connections use TLS.
    _relay: Option<Relay>,
}

impl Database {
    /// Parses `sqlite:PATH` or `postgres://…`. Does not connect.
    pub(super) fn parse(url: &str) -> Result<Database, Error> {
        match url.strip_prefix("sqlite:") {
            Some(path) => Ok(Database::Sqlite(path.into())),
            None => Ok(Database::Postgres(Arc::new(Server::parse(url).map_err(Error::Address)?))),
        }
    }

    /// Opens a connection and applies its settings.
    pub(super) fn connect(&self, prepare: fn(&mut Conn) -> QueryResult<()>) -> Result<Conn, Error> {
        let connected = match self {
            Database::Sqlite(path) => {
                SqliteConnection::establish(path).map(Conn::Sqlite).map_err(|error| error.to_string())
            }
            Database::Postgres(server) => server.connect().map(Conn::Postgres),
        };
        let mut conn = connected.map_err(Error::Unavailable)?;
        prepare(&mut conn).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(conn)
    }

    /// `None` for SQLite.
    pub(super) fn outage(&self) -> Option<&Outage> {
        match self {
            Database::Sqlite(_) => None,
            Database::Postgres(server) => Some(&server.outage),
        }
    }

    /// See [`Outage::lost`].
    pub(super) fn lost(&self, made: Instant) {
        if let Some(outage) = self.outage() {
            outage.lost(made);
        }
    }

    /// See [`Outage::is_stale`].
    pub(super) fn is_stale(&self, made: Instant) -> bool {
        self.outage().is_some_and(|outage| outage.is_stale(made))
    }
}

impl Server {
    fn parse(url: &str) -> Result<Server, String> {
        let mut address = Address::parse(url)?;
        let tls = Tls::take(&mut address, |name| std::env::var(name).ok())?;
        warn_of_weak_tls(&address, tls.as_ref());
        let relay = tls.map(|tls| Relay::start(&address.hosts, tls)).transpose();
        let relay = relay.map_err(|error| format!("the TLS relay cannot start: {error}"))?;
        if let Some(relay) = &relay {
            for (at, host) in address.hosts.iter_mut().enumerate() {
                *host = relay.host(at, host);
            }
        }
        let seconds = |limit: Duration| limit.as_secs().to_string();
        address.default("sslmode", "disable");
        address.default("connect_timeout", &seconds(limits::CONNECT));
        address.default("keepalives_idle", &seconds(limits::KEEPALIVE_IDLE));
        address.default("keepalives_interval", &seconds(limits::KEEPALIVE_INTERVAL));
        address.default("keepalives_count", &limits::KEEPALIVE_COUNT.to_string());
        address.default("tcp_user_timeout", &limits::UNACKNOWLEDGED.as_millis().to_string());
        Ok(Server { url: address.url(), outage: Outage::default(), _relay: relay })
    }

    fn connect(&self) -> Result<PgConnection, String> {
        self.outage.attempt()?;
        // `Conn::establish` would try both databases and return neither's error.
        match PgConnection::establish(&self.url) {
            Ok(conn) => {
                self.outage.reached();
                Ok(conn)
            }
            Err(error) => {
                let why = error.to_string();
                self.outage.unreachable(why.trim());
                Err(why)
            }
        }
    }
}

fn warn_of_weak_tls(address: &Address, tls: Option<&Tls>) {
    let mode = tls.map_or(TlsMode::Disable, |tls| tls.mode);
    if mode < TlsMode::VerifyFull && !address.hosts.iter().all(super::address::Host::is_local) {
        tracing::warn!(
            ?mode,
            "the database is on another machine, and whoever is on the way there can read or pretend to be it: \
             set sslmode=verify-full and sslrootcert"
        );
    }
}
