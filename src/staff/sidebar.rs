//! The short queue at the left of a case.

use maud::{Markup, html};

use super::days::Days;
use super::queue::{self, Filter, Item, Show};
use super::queue_page;
use crate::casework::Refusal;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::{Timestamp, Tx};

/// How many of each part are shown.
const MOST: i64 = 6;

/// What the reader has taken, what comes next, and what is to be carried out.
const PARTS: [Show; 3] = [Show::Mine, Show::Waiting, Show::ToDo];

/// A few of each part.
pub struct Sidebar {
    parts: Vec<(Show, Vec<Item>)>,
    now: Timestamp,
    pub(super) days: Days,
}

impl Sidebar {
    /// Reads every part.
    pub fn load(tx: &mut Tx, reader: &StaffMember) -> Result<Sidebar, Refusal> {
        let mut first = |show: Show| {
            let filter = Filter { status: show.code().into(), ..Filter::default() };
            let mut items = queue::read(tx, reader, &filter, MOST)?;
            items.truncate(usize::try_from(MOST).unwrap_or_default());
            Ok::<_, Refusal>((show, items))
        };
        let parts = PARTS.into_iter().map(&mut first).collect::<Result<_, _>>()?;
        Ok(Sidebar { parts, now: tx.now, days: Days::load(tx)? })
    }

    /// The list; the application of number `current` is marked.
    pub fn show(&self, current: &str) -> Markup {
        html! {
            aside.desk-queue aria-label="待办" {
                @for (show, items) in &self.parts { (self.part(show.label(), items, current)) }
            }
        }
    }

    fn part(&self, heading: &str, items: &[Item], current: &str) -> Markup {
        html! {
            @if !items.is_empty() {
                h2.small.muted { (heading) }
                ul { @for item in items { li { (self.entry(item, *item.number == *current)) } } }
            }
        }
    }

    fn entry(&self, item: &Item, current: bool) -> Markup {
        html! {
            a href=(paths::case(&item.number)) aria-current=[current.then_some("page")] {
                span.head { strong { (item.name) } (queue_page::due_tag(item, &self.days)) }
                span { (item.business.label) }
                span.muted.small { (item.title) " · 等待" (queue_page::span(item.since, self.now)) }
            }
        }
    }
}
