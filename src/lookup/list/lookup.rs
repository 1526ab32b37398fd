//! Looks rows of a list up.

use tokio::time::{Instant, sleep_until};

use super::row::{ListRow, Matched, Outcome};
use crate::exams::certificate::person_hashes;
use crate::exams::inquiry::{Inquiries, Way};
use crate::lookup::finding::{self, Listed};
use crate::lookup::form::MISS_TAKES;
use crate::people::document;
use crate::store::{Error, Store, Tx};

/// Rows of one read transaction.
pub(super) const STEP: usize = 25;

/// Who asks, as the holders see it.
#[derive(Clone)]
pub(super) struct Asker {
    pub way: Way,
    /// Id of the organisation; empty without a key.
    pub id: String,
}

impl Asker {
    pub fn of(organisation: Option<&str>) -> Asker {
        match organisation {
            Some(id) => Asker { way: Way::Organisation, id: id.to_owned() },
            None => Asker { way: Way::List, id: String::new() },
        }
    }
}

/// Looks up the waiting rows among at most [`STEP`], and adds what was found to `inquiries`.
///
/// Every waiting row takes one statement, whatever is wrong with it, and all of them together no less than a time that
/// depends on their number alone. So neither content nor duration tells which entry was wrong.
pub(super) async fn look_up(
    store: &Store,
    rows: &mut [ListRow],
    asker: &Asker,
    inquiries: &mut Inquiries,
) -> Result<(), Error> {
    let began = Instant::now();
    let waiting: Vec<ListRow> = rows.iter().filter(|row| row.is_waiting()).cloned().collect();
    let count = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    let found = store
        .read_public(move |tx| waiting.iter().map(|row| find(tx, row)).collect::<Result<Vec<_>, Error>>())
        .await?;
    for (row, listed) in rows.iter_mut().filter(|row| row.is_waiting()).zip(found) {
        if let Some(listed) = &listed {
            inquiries.add(&listed.certificate.id, asker.way, &asker.id, store.clock.now());
        }
        row.outcome = outcome(listed);
    }
    sleep_until(began + MISS_TAKES * count).await;
    Ok(())
}

fn find(tx: &mut Tx, row: &ListRow) -> Result<Option<Listed>, Error> {
    let hashes = person_hashes(tx.vault, &row.name, &row.document, tx.today());
    finding::find_anywhere(tx, hashes, &document::normalise(&row.number))
}

fn outcome(listed: Option<Listed>) -> Outcome {
    let Some(Listed { exam, certificate, voided_on }) = listed else { return Outcome::Nothing };
    let matched = Matched {
        exam,
        level: certificate.level.clone(),
        specialty: certificate.specialty.clone(),
        approved_on: certificate.approved_on,
    };
    match (voided_on, certificate.annulment()) {
        (Some(day), _) => Outcome::Voided(day),
        (None, Some(annulment)) => Outcome::Annulled(matched, annulment.on),
        (None, None) => Outcome::Valid(matched),
    }
}
