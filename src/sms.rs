//! Sends messages to candidates to the office's SMS gateway, as signed webhooks (`docs/messages.md`).

mod gateway;

use futures_util::future::join_all;

use crate::casework::messages::outbox::{self, Letter};
use crate::store::{Error, Store, Tx};

pub use gateway::Gateway;

/// Messages that one process tries at once.
const AT_ONCE: i64 = 16;

/// What became of the messages that were tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    pub sent: usize,
    pub failed: usize,
}

/// Tries the messages that are due, until none is left or the gateway takes none. A message that is not taken waits for
/// its next try.
pub async fn deliver_due(store: &Store, gateway: &Gateway) -> Result<Tried, Error> {
    let mut all = Tried::default();
    // Mostly none is due, which a read finds out.
    while store.read(outbox::is_due).await? {
        let letters = store.write(|tx: &mut Tx| outbox::lease(tx, AT_ONCE)).await?;
        let tried = join_all(letters.iter().map(|letter| deliver(store, gateway, letter))).await;
        let sent = tried.into_iter().collect::<Result<Vec<bool>, Error>>()?;
        let taken = sent.iter().filter(|sent| **sent).count();
        all = Tried { sent: all.sent + taken, failed: all.failed + sent.len() - taken };
        if taken == 0 && !sent.is_empty() {
            break;
        }
    }
    Ok(all)
}

/// Tries one message. Returns whether the gateway has taken it.
async fn deliver(store: &Store, gateway: &Gateway, letter: &Letter) -> Result<bool, Error> {
    let answer = gateway.send(letter, store.clock.now()).await;
    let letter = letter.clone();
    let note = move |tx: &mut Tx| match answer {
        Ok(()) => outbox::sent(tx, &letter).map(|()| true),
        Err(refused) => outbox::failed(tx, &letter, refused.failure, refused.after).map(|()| false),
    };
    store.write(note).await
}
