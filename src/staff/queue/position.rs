//! The place of an application in a list.

use std::fmt;

use chrono::NaiveDate;

use crate::store::Timestamp;

/// The due day of an application without one. The indexes of the queue have the same day.
pub(super) const NEVER: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

/// What a list is ordered by. A next page begins after the position of the last application, so that none is
/// left out when others of the page before are taken meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The due day, or [`NEVER`].
    pub due: NaiveDate,
    /// The first submission; for decided applications the last change.
    pub at: Timestamp,
    /// Key of the application.
    pub id: String,
}

impl Position {
    /// Reads what [`Position`] displays. `None` for any other text.
    pub fn parse(text: &str) -> Option<Position> {
        let mut parts = text.splitn(3, '_');
        let (due, at, id) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Position { due: due.parse().ok()?, at: at.parse().ok()?, id: id.to_owned() })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.due, self.at.format("%Y-%m-%dT%H:%M:%S%.f"), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displayed_position_is_parsed() {
        for at in ["2026-11-23T01:00:00", "2026-11-23T01:00:00.000123"] {
            let position = Position { due: NEVER, at: at.parse().unwrap(), id: "0_1".into() };
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        for text in ["", "1", "2026-11-23_x_1", "2026-11-23_2026-11-23T01:00:00"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
