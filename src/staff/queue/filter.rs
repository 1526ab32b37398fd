//! The query string of the queue.

use serde::Deserialize;

use super::part::{QueuePart, decides};
use super::position::Position;
use super::time::TimeFilter;
use crate::casework::business::Registry;
use crate::casework::paging::Pages;
use crate::people::staff::Duty;
use crate::web::Submission;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueueFilter {
    /// Slug of a business; empty for all.
    #[serde(rename = "kind")]
    pub business: String,
    /// Code of a [`QueuePart`]; any other text means 待审核.
    pub status: String,
    /// An exam, or a title of an application: exam and sitting.
    pub exam: String,
    /// Code of a [`TimeFilter`]; any other text is no filter.
    pub time: String,
    /// Key of the staff member who has taken or decided it.
    pub taker: String,
    /// Part of an exam's title, or a whole 受理号.
    pub q: String,
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

    pub fn time(&self) -> Option<TimeFilter> {
        TimeFilter::from_code(&self.time)
    }

    /// Whether it filters by anything but the part.
    pub fn is_narrow(&self) -> bool {
        [&self.business, &self.exam, &self.time, &self.taker, self.q.trim()]
            .iter()
            .any(|value| !value.is_empty())
    }

    /// The names and values of the filters that are set.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = [
            ("status", self.part().code()),
            ("kind", &self.business),
            ("exam", &self.exam),
            ("time", &self.time),
            ("taker", &self.taker),
            ("q", self.q.trim()),
        ];
        own.into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// The filter of a form with [`QueueFilter::pairs`].
    pub(in crate::staff) fn of_form(sent: &Submission) -> QueueFilter {
        let value = |name| sent.one(name).to_owned();
        QueueFilter {
            status: value("status"),
            business: value("kind"),
            exam: value("exam"),
            time: value("time"),
            taker: value("taker"),
            q: value("q"),
            ..QueueFilter::default()
        }
    }

    /// The query string of the list from its beginning.
    pub fn query(&self) -> String {
        self.query_with(&[])
    }

    /// [`QueueFilter::query`] with further values.
    pub(in crate::staff) fn query_with(&self, more: &[(&str, &str)]) -> String {
        let more = more.iter().copied().filter(|(_, value)| !value.is_empty());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs()).extend_pairs(more).finish()
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
