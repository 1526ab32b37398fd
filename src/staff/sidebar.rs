//! The short queue beside a case.

use maud::{Markup, html};

use super::days::Days;
use super::queue::{self, QueueItem, QueuePart};
use super::queue_page;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::{Error, Timestamp, Tx};
use crate::ui;

/// At most so many applications of each part are shown.
const MOST: i64 = 6;

const PARTS: [QueuePart; 3] = [QueuePart::Mine, QueuePart::Waiting, QueuePart::ToDo];

pub struct Sidebar {
    parts: Vec<(QueuePart, Vec<QueueItem>)>,
    now: Timestamp,
    pub(super) days: Days,
}

impl Sidebar {
    pub fn load(tx: &mut Tx, reader: &StaffMember) -> Result<Sidebar, Error> {
        let first = |part: QueuePart| Ok::<_, Error>((part, queue::first(tx, reader, part, MOST)?));
        let parts = PARTS.into_iter().map(first).collect::<Result<_, _>>()?;
        Ok(Sidebar { parts, now: tx.now, days: Days::load(tx)? })
    }

    /// The numbers that it shows, as the audit notes them.
    pub fn numbers(&self) -> String {
        queue::numbers(self.parts.iter().flat_map(|(_, items)| items))
    }

    /// Marks the application with the number `current`.
    pub fn show(&self, current: &str) -> Markup {
        html! {
            aside.desk-queue aria-label="待办" {
                @for (part, items) in &self.parts { (self.part(part.label(), items, current)) }
            }
        }
    }

    fn part(&self, heading: &str, items: &[QueueItem], current: &str) -> Markup {
        html! {
            @if !items.is_empty() {
                h2.small.muted { (heading) }
                ul { @for item in items { li { (self.item(item, *item.number == *current)) } } }
            }
        }
    }

    fn item(&self, item: &QueueItem, current: bool) -> Markup {
        html! {
            a href=(paths::case(&item.number)) aria-current=[current.then_some("page")] {
                span.head { strong { (item.name) } (queue_page::due_tag(item, &self.days)) }
                span { (item.business.label) }
                span.muted.small { (ui::words(&item.title)) " · 等待" (queue_page::span(item.since, self.now)) }
            }
        }
    }
}
