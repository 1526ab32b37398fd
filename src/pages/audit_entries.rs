//! Lists of entries of the audit, for candidates and administrators.

use serde::Deserialize;

use crate::people::audit::search::FoundEntry;
use crate::people::staff::Role;
use crate::store::{Timestamp, ids};

/// Entries of a page.
pub const PAGE: i64 = 50;

/// The query string of a page: the entry after which it begins.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Position {
    after: String,
}

impl Position {
    /// Time and id of the entry. `None` on the first page.
    pub fn entry(&self) -> Option<(Timestamp, String)> {
        parse(&self.after)
    }
}

/// Reads what [`place`] wrote.
pub fn parse(text: &str) -> Option<(Timestamp, String)> {
    let (millis, id) = text.split_once('-')?;
    let at = chrono::DateTime::from_timestamp_millis(millis.parse().ok()?)?;
    ids::made_at(id).is_some().then(|| (at.into(), id.to_owned()))
}

/// The place of an entry in a list.
pub fn place(entry: &FoundEntry) -> String {
    place_of(entry.at, &entry.id)
}

/// The place of what has a time and an id.
pub fn place_of(at: Timestamp, id: &str) -> String {
    format!("{}-{id}", at.and_utc().timestamp_millis())
}

/// The address of the page that begins after an entry.
pub fn next_page(path: &str, last: &FoundEntry) -> String {
    format!("{path}?after={}", place(last))
}

/// Who did it: the role and the name of the staff member, or that it was a command.
pub fn who(entry: &FoundEntry) -> String {
    match &entry.who {
        Some((name, role)) => {
            let role = Role::from_code(role).map_or("工作人员", Role::label);
            format!("{role} {name}")
        }
        None => "系统管理（命令行）".to_owned(),
    }
}
