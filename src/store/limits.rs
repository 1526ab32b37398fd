//! How long the database may take. SQLite is a file, so these are for PostgreSQL.
//!
//! The server enforces the limits of statements, the system those of the network. Neither notices
//! a server or a proxy that takes everything and answers nothing, so whoever asks gives up too.

use std::time::Duration;

/// To connect and to sign in, of libpq.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// To connect and for the TLS handshake. Shorter than [`CONNECT`], so that libpq is told why.
pub(super) const REACH: Duration = Duration::from_secs(4);

/// What was sent and not acknowledged for so long means that the connection is dead.
pub(super) const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// Silence after which the other side is asked whether it is there.
pub(super) const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);

/// Between two such questions.
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// Such questions without an answer that mean that the connection is dead.
pub(super) const KEEPALIVE_COUNT: u32 = 5;

/// To wait for an answer in [`Store::read`](super::Store::read) and
/// [`Store::write`](super::Store::write). Longer than a statement and a lock may take.
pub(super) const ANSWER: Duration = Duration::from_secs(25);

/// To wait for an answer in [`Store::glance`](super::Store::glance).
pub(super) const GLANCE: Duration = Duration::from_secs(8);

/// Limits of a session for pages.
pub(super) const OF_PAGES: &str = "SET statement_timeout = '15s'; SET lock_timeout = '5s'; \
                                   SET idle_in_transaction_session_timeout = '30s'";

/// Limits of a session for short questions.
pub(super) const OF_GLANCES: &str = "SET statement_timeout = '5s'; SET lock_timeout = '2s'; \
                                     SET idle_in_transaction_session_timeout = '30s'";

/// Imports, exports and migrations take as long as they take, whatever the server's own settings.
pub(super) const OF_COMMANDS: &str = "SET statement_timeout = 0; SET lock_timeout = 0; \
                                      SET idle_in_transaction_session_timeout = 0";
