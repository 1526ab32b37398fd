//! How long sessions last.

use chrono::Duration;
use clap::Args;

use super::check::Check;

/// Unchecked settings of sessions.
#[derive(Args, Clone, Debug, Default)]
pub struct RawSessions {
    /// A signed-in session ends after this many idle minutes
    #[arg(long, env = "KAOZHENG_SESSION_IDLE_MINUTES", default_value = "30")]
    pub session_idle_minutes: Option<String>,
    /// A signed-in session ends after this many hours in any case
    #[arg(long, env = "KAOZHENG_SESSION_HOURS", default_value = "12")]
    pub session_hours: Option<String>,
    /// A session of the review desk ends after this many idle minutes
    #[arg(long, env = "KAOZHENG_STAFF_SESSION_IDLE_MINUTES", default_value = "30")]
    pub staff_session_idle_minutes: Option<String>,
    /// A session of the review desk ends after this many hours in any case
    #[arg(long, env = "KAOZHENG_STAFF_SESSION_HOURS", default_value = "10")]
    pub staff_session_hours: Option<String>,
    /// Staff sign in again before an export of personal data if their sign-in is older than this many minutes
    #[arg(long, env = "KAOZHENG_RECENT_SIGN_IN_MINUTES", default_value = "15")]
    pub recent_sign_in_minutes: Option<String>,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct SessionRules {
    pub candidates: SessionLength,
    /// Of sessions with the review desk.
    pub staff: SessionLength,
    /// Personal data is exported only in a session whose sign-in is not older than this.
    pub recent: Duration,
}

#[derive(Clone, Copy, Debug)]
pub struct SessionLength {
    /// From the last use.
    pub idle: Duration,
    /// From the sign-in.
    pub absolute: Duration,
}

impl SessionRules {
    /// The defaults of `serve`.
    pub const STANDARD: SessionRules = SessionRules {
        candidates: SessionLength { idle: Duration::minutes(30), absolute: Duration::hours(12) },
        staff: SessionLength { idle: Duration::minutes(30), absolute: Duration::hours(10) },
        recent: Duration::minutes(15),
    };

    /// The length of a session with or without the review desk.
    pub fn length(&self, is_staff: bool) -> SessionLength {
        if is_staff { self.staff } else { self.candidates }
    }
}

pub(super) fn check(check: &mut Check, raw: &RawSessions) -> SessionRules {
    let mut time = |name, value| check.number(name, value, "a whole number above 0", 1..=10_000);
    SessionRules {
        candidates: SessionLength {
            idle: Duration::minutes(time("KAOZHENG_SESSION_IDLE_MINUTES", &raw.session_idle_minutes)),
            absolute: Duration::hours(time("KAOZHENG_SESSION_HOURS", &raw.session_hours)),
        },
        staff: SessionLength {
            idle: Duration::minutes(time(
                "KAOZHENG_STAFF_SESSION_IDLE_MINUTES",
                &raw.staff_session_idle_minutes,
            )),
            absolute: Duration::hours(time("KAOZHENG_STAFF_SESSION_HOURS", &raw.staff_session_hours)),
        },
        recent: Duration::minutes(time("KAOZHENG_RECENT_SIGN_IN_MINUTES", &raw.recent_sign_in_minutes)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The defaults of the flags.
    pub fn complete() -> RawSessions {
        let text = |value: &str| Some(value.to_owned());
        RawSessions {
            session_idle_minutes: text("30"),
            session_hours: text("12"),
            staff_session_idle_minutes: text("30"),
            staff_session_hours: text("10"),
            recent_sign_in_minutes: text("15"),
        }
    }
}
