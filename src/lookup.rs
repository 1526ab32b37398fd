//! 证书查询: the public verifies certificates without signing in.
//!
//! No handler here uses a session or sets a cookie, no GET writes to the database, and no personal data is in
//! an address or a log. The page for "not found" is the same whichever of name, document number and
//! certificate number is wrong.
//!
//! | file | what it has |
//! | --- | --- |
//! | `exams` | the list of exams to choose from (manual 图11.1) |
//! | `form` | an exam's form and its results (图11.2–11.4) |
//! | `finding` | the query |
//! | `list` | 批量查询: lists of certificates, and the API of organisations |
//! | `link` | 核验链接: the page of a holder's link |
//! | `code` | 证书码: the page that checks the code of an electronic certificate |
//! | `report` | what was found, as PDF |
//! | `opened` | counts how often links were opened, and who asked |
//! | `limits` | rate limits |
//! | `typed` | the fields of the form as they were typed |
//! | `pages` | the pages, in Chinese and English |

mod card;
pub mod code;
mod code_pages;
pub mod exams;
pub mod finding;
pub mod form;
pub mod limits;
pub mod link;
pub mod list;
pub mod opened;
mod pages;
mod report;
mod typed;

use crate::store::{Error, Store};
use limits::LookupLimits;
use list::arriving::Arriving;
use list::worker::Worker;
use opened::OpenedLinks;

/// What the lookup keeps in memory between requests; one for the whole program.
pub struct Lookup {
    pub limits: LookupLimits,
    pub opened: OpenedLinks,
    pub arriving: Arriving,
    worker: Worker,
    pub lists: code::StatusLists,
}

impl Lookup {
    pub fn new(store: &Store) -> Lookup {
        Lookup {
            limits: LookupLimits::new(&store.vault),
            opened: OpenedLinks::default(),
            arriving: Arriving::default(),
            worker: Worker::default(),
            lists: Default::default(),
        }
    }

    /// Writes the beat and the counts of this process to the database, and reads the counts of other processes. Call it about
    /// every second.
    pub async fn exchange(&self, store: &Store) -> Result<(), Error> {
        store.beat().await?;
        self.opened.save(store).await?;
        self.limits.exchange(store).await
    }

    /// Looks up every list that is due. Call it every few seconds: a list may wait, or may have lost its process.
    pub async fn look_up_lists(&self, store: &Store) {
        if let Err(error) = self.worker.run(store).await {
            tracing::error!(%error, "a list could not be looked up; it is tried again");
        }
    }
}
