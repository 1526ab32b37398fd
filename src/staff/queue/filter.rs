//! The query string of the queue.

use serde::Deserialize;

use super::part::{QueuePart, decides};
use super::position::Position;
use crate::casework::business::Registry;
use crate::casework::paging::Pages;
use crate::people::staff::Duty;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueueFilter {
    /// Slug of a business; empty for all.
    #[serde(rename = "kind")]
    pub business: String,
    /// Code of a [`QueuePart`]; any other text means 待审核.
    pub status: String,
    /// Part of an exam's title, or a whole 受理号.
    pub q: String,
    /// Not empty: only overdue applications.
    pub overdue: String,
    /// The position of the last application of the page before; any other text means the first page.
    pub after: String,
    /// The last page that is shown. Without `after` the list is shown from its beginning.
    pub page: i64,
}

impl QueueFilter {
    pub fn part(&self) -> QueuePart {
        QueuePart::from_code(&self.status).unwrap_or_default()
    }

    /// Without a status, a role that decides nothing sees the applications whose task is due.
    pub(in crate::staff) fn for_role(self, registry: Registry, duty: &Duty) -> QueueFilter {
        let todo = self.status.is_empty() && !decides(registry, duty);
        QueueFilter { status: if todo { QueuePart::ToDo.code().to_owned() } else { self.status }, ..self }
    }

    pub fn pages(&self) -> Pages {
        match Position::parse(&self.after) {
            Some(_) => Pages::new(self.page, self.page),
            None => Pages::up_to(self.page),
        }
    }

    /// Whether it filters by anything but the part.
    pub fn is_narrow(&self) -> bool {
        !(self.business.is_empty() && self.q.trim().is_empty() && self.overdue.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_status_shows_waiting_applications() {
        let filter = |status: &str| QueueFilter { status: status.into(), ..QueueFilter::default() };
        assert_eq!(filter("").part(), QueuePart::Waiting);
        assert_eq!(filter("everything").part(), QueuePart::Waiting);
        for part in QueuePart::ALL {
            assert_eq!(filter(part.code()).part(), part);
        }
    }
}
