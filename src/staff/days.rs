//! The working days that the desk's due dates depend on.

use chrono::NaiveDate;
use maud::{Markup, html};

use crate::casework::calendar::Calendar;
use crate::casework::deadline;
use crate::store::{Error, Tx};
use crate::ui::{self, Tone};

/// Today, and the working days around it.
pub struct Days {
    /// Today in China.
    pub today: NaiveDate,
    /// The working day after it.
    pub next: NaiveDate,
    calendar: Calendar,
}

impl Days {
    pub fn load(tx: &mut Tx) -> Result<Days, Error> {
        Ok(Days::of(Calendar::load(tx)?, tx.today()))
    }

    fn of(calendar: Calendar, today: NaiveDate) -> Days {
        Days { today, next: deadline::working_days_after(&calendar, today, 1), calendar }
    }

    /// A banner that due days are the latest possible ones, if the holidays of that year are unknown.
    pub fn uncertain(&self, due_on: Option<NaiveDate>) -> Markup {
        let unknown = due_on.and_then(|day| Some((day, self.calendar.unknown_year(day)?)));
        let Some((due_on, year)) = unknown else { return html! {} };
        let body = html! { p { (year) " 年放假安排尚未公布或导入，" (due_on) " 等日期按最晚计。" } };
        ui::banner(Tone::Info, "办理期限按最晚计", body)
    }
}

#[cfg(test)]
impl Days {
    /// Uses the published holidays.
    pub fn at(today: &str) -> Days {
        Days::of(Calendar::published(), today.parse().unwrap())
    }
}
