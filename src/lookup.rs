//! 证书查询: anybody verifies a certificate, without signing in.
//!
//! Nothing here touches a session or sets a cookie, no GET writes to the database, and nothing
//! personal is in an address or a log. Whatever of name, document number and certificate number
//! is wrong, the answer is the same.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `exams` | the list of exams to choose from (manual 图11.1) |
//! | `form` | an exam's form and its answers (图11.2–11.4) |
//! | `finding` | the one query, and what follows from its rows |
//! | `link` | 核验链接: what a holder lets somebody see |
//! | `opened` | when links were opened |
//! | `limits` | how often one may look up |
//! | `pages` | what people read, in Chinese and English |

pub mod exams;
pub mod finding;
pub mod form;
pub mod limits;
pub mod link;
pub mod opened;
mod pages;

use crate::store::{Error, Store};
use limits::Limits;
use opened::OpenedLinks;

/// What the lookup keeps between requests; one for the whole program.
pub struct Lookup {
    /// Counts who asks how often.
    pub limits: Limits,
    /// Links that were opened and not noted yet.
    pub opened: OpenedLinks,
}

impl Lookup {
    /// Nothing is counted yet.
    pub fn new(store: &Store) -> Lookup {
        Lookup { limits: Limits::new(&store.vault), opened: OpenedLinks::default() }
    }

    /// Brings to the database what was kept back to answer faster, and hears what other
    /// processes brought. To be called every second or so.
    pub async fn exchange(&self, store: &Store) -> Result<(), Error> {
        self.opened.note(store).await?;
        self.limits.exchange(store).await
    }
}
