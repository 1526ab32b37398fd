//! Time limits for PostgreSQL. SQLite needs none.
//!
//! The server enforces the limits of statements, the operating system those of the network. Neither detects
//! a server or proxy that accepts everything and answers nothing, so the callers have limits too.

use std::time::Duration;

/// libpq's limit to connect and authenticate.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// The relay's limit to connect and shake hands. Shorter than [`CONNECT`], so that libpq receives the reason.
pub(super) const REACH: Duration = Duration::from_secs(4);

/// A connection is dead if sent data is not acknowledged for so long.
pub(super) const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// Silence before the first keepalive probe.
pub(super) const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);

/// Between two keepalive probes.
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// A connection is dead after so many unanswered probes.
pub(super) const KEEPALIVE_COUNT: u32 = 5;

/// Limit of [`Store::read`](super::Store::read). Longer than the limits of its statements.
pub(super) const READ: Duration = Duration::from_secs(8);

/// Limit of [`Store::read_public`](super::Store::read_public) on a replica, after which the primary is asked.
pub(super) const REPLICA: Duration = Duration::from_secs(1);

/// Limit of [`Store::write`](super::Store::write). Longer than the limits of a statement and a lock.
pub(super) const WRITE: Duration = Duration::from_secs(25);

/// Settings of a connection for [`Store::read`](super::Store::read).
pub(super) const OF_READS: &str = "SET statement_timeout = '5s'; SET lock_timeout = '2s'; \
                                   SET idle_in_transaction_session_timeout = '30s'";

/// Settings of a connection for [`Store::write`](super::Store::write).
pub(super) const OF_WRITES: &str = "SET statement_timeout = '15s'; SET lock_timeout = '5s'; \
                                    SET idle_in_transaction_session_timeout = '30s'";

/// Settings for imports, exports and migrations: no limits, whatever the server's settings.
pub(super) const OF_COMMANDS: &str = "SET statement_timeout = 0; SET lock_timeout = 0; \
                                      SET idle_in_transaction_session_timeout = 0";
