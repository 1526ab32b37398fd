//! A replica of the database, from which public pages read.

use std::time::Duration;

use clap::Args;

use super::check::Check;

/// Unchecked settings of the replica.
#[derive(Args, Clone, Debug, Default)]
pub struct RawReplica {
    /// A replica of the PostgreSQL database, from which 证书查询 reads
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true)]
    pub database_read_url: Option<String>,
    /// 证书查询 shows no state of the replica that is older than so many seconds; the primary answers then
    #[arg(long, env = "KAOZHENG_READ_BOUND_SECONDS", default_value = "5")]
    pub read_bound_seconds: Option<String>,
}

/// A replica from which public pages read.
#[derive(Clone, Debug)]
pub struct ReplicaSettings {
    pub url: String,
    pub bound: Duration,
}

pub(super) fn check(check: &mut Check, primary: &str, raw: &RawReplica) -> Option<ReplicaSettings> {
    let (name, what) = ("KAOZHENG_READ_BOUND_SECONDS", "a whole number of seconds");
    let seconds = check.number(name, &raw.read_bound_seconds, what, 3..=300);
    let url = raw.database_read_url.as_deref().map(str::trim).filter(|url| !url.is_empty())?;
    let is_postgres =
        |url: &str| ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if !(is_postgres(url) && is_postgres(primary)) {
        check.problem(
            "DATABASE_READ_URL is wrong: expected postgres://… beside a DATABASE_URL with postgres://…",
        );
    }
    Some(ReplicaSettings { url: url.to_owned(), bound: Duration::from_secs(seconds) })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The defaults of the flags.
    pub fn complete() -> RawReplica {
        RawReplica { database_read_url: None, read_bound_seconds: Some("5".into()) }
    }

    #[test]
    fn replica_is_of_postgres() {
        let of = |primary: &str, replica: &str, bound: &str| {
            let (url, bound) = (Some(replica.to_owned()), Some(bound.to_owned()));
            let mut found = Check::default();
            let raw = RawReplica { database_read_url: url, read_bound_seconds: bound };
            (check(&mut found, primary, &raw), found.problems)
        };
        let (both, problems) = of("postgres://a/exam", "postgresql://b/exam", "9");
        let both = both.expect("a replica");
        assert_eq!((&*both.url, both.bound.as_secs(), problems.len()), ("postgresql://b/exam", 9, 0));
        let (none, problems) = of("sqlite:a.db", " ", "5");
        assert!(none.is_none() && problems.is_empty(), "{problems:?}");
        for (primary, replica, bound, problem) in [
            ("sqlite:a.db", "postgres://b/exam", "5", "DATABASE_READ_URL is wrong"),
            ("postgres://a/exam", "sqlite:b.db", "5", "DATABASE_READ_URL is wrong"),
            ("postgres://a/exam", "postgres://b/exam", "2", "KAOZHENG_READ_BOUND_SECONDS is wrong"),
        ] {
            let (_, problems) = of(primary, replica, bound);
            assert!(problems[0].contains(problem) && problems.len() == 1, "{problems:?}");
        }
    }
}
