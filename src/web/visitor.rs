//! Who sent a request, read in the same transaction as the page.

use chrono::Duration;
use poem::{FromRequest, Request, RequestBody};
use tokio::sync::Semaphore;

use super::log_throttle::LogThrottle;
use super::session::live::{self, Live, SessionState};
use super::session::{self, Id, SignedIn};
use super::{Failure, attached};
use crate::settings::{SessionRules, Settings};
use crate::store::{Store, Timestamp, Tx};

/// A session's last use is noted when the last note is older than this.
const NOTED_EVERY: Duration = Duration::minutes(1);

/// Most notes that are being written. Further uses are noted with a later request.
static NOTES: Semaphore = Semaphore::const_new(256);

/// The session that a request's cookie names, if any. It is not read before a page asks for it.
#[derive(Clone)]
pub struct Visitor {
    store: Store,
    session: Option<String>,
    rules: SessionRules,
    /// Whether the request is for a page, and sends nothing that could be lost.
    pub is_read: bool,
}

impl Visitor {
    pub fn new(session: Option<Id>, store: &Store, settings: &Settings) -> Visitor {
        let session = session.as_ref().map(live::key);
        Visitor { store: store.clone(), session, rules: settings.sessions, is_read: true }
    }

    pub fn of_request(req: &Request) -> Result<Visitor, Failure> {
        let settings: &std::sync::Arc<Settings> = attached(req)?;
        let id = session::id_in(req.headers(), settings.is_https());
        let is_read = req.method().is_safe();
        Ok(Visitor { is_read, ..Visitor::new(id, attached(req)?, settings) })
    }

    /// Runs `page` with the visitor's session, if somebody is signed in in it, in one read transaction. Afterwards
    /// the use of the session is noted, which the caller does not wait for.
    pub async fn read<T, F>(&self, page: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, Option<Live>) -> Result<T, Failure> + Clone + Send + 'static,
    {
        let visitor = self.clone();
        let read = self.store.read(move |tx| {
            let (note, live) = visitor.find(tx)?;
            Ok::<_, Failure>((note.map(|note| (note, tx.now)), page(tx, live)))
        });
        let (note, outcome) = read.await?;
        if let Some((note, at)) = note {
            self.write(note, at);
        }
        outcome
    }

    /// [`Visitor::read`] for pages of somebody who is signed in.
    ///
    /// # Errors
    /// [`Failure::SignIn`] if nobody is.
    pub async fn read_signed_in<T, F>(&self, page: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, Live) -> Result<T, Failure> + Clone + Send + 'static,
    {
        self.read(move |tx, live| page(tx, live.ok_or(Failure::SignIn)?)).await
    }

    /// Whether the sign-in of the visitor's session is recent enough for an export of personal data. `true` if
    /// nobody is signed in.
    pub async fn has_recent_sign_in(&self) -> Result<bool, Failure> {
        let recent = self.rules.recent;
        self.read(move |tx, live| Ok(live.is_none_or(|live| tx.now - live.who.since < recent))).await
    }

    fn find(&self, tx: &mut Tx) -> Result<(Option<Note>, Option<Live>), Failure> {
        let Some(key) = &self.session else { return Ok((None, None)) };
        Ok(match live::find(tx, key, &self.rules)? {
            SessionState::Missing => (None, None),
            SessionState::Expired => (Some(Note::Expired), None),
            SessionState::Live(live) if tx.now - live.used_at >= NOTED_EVERY => {
                (Some(Note::Used(self.rules.length(live.who.staff.is_some()).idle)), Some(live))
            }
            SessionState::Live(live) => (None, Some(live)),
        })
    }

    fn write(&self, note: Note, at: Timestamp) {
        static WARNED: LogThrottle = LogThrottle::new();
        let (Some(key), Ok(permit)) = (self.session.clone(), NOTES.try_acquire()) else { return };
        let store = self.store.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let noted = store.write(move |tx| match note {
                Note::Used(idle) => live::note_use(tx, &key, at, idle),
                Note::Expired => live::remove(tx, &key),
            });
            if let Err(error) = noted.await
                && WARNED.is_due()
            {
                tracing::warn!(%error, "the last use or the end of sessions was not noted");
            }
        });
    }
}

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Visitor::of_request(req)?)
    }
}

impl SignedIn {
    /// Who is signed in on a request, if anybody.
    pub async fn find(req: &Request) -> Result<Option<SignedIn>, Failure> {
        Visitor::of_request(req)?.read(|_, live| Ok(live.map(|live| live.who))).await
    }
}

impl<'a> FromRequest<'a> for SignedIn {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(SignedIn::find(req).await?.ok_or(Failure::SignIn)?)
    }
}

/// What is written about a session after it was read.
#[derive(Clone, Copy)]
enum Note {
    /// The session expires this long after its use.
    Used(Duration),
    /// Removed, so that it stays expired when the clock goes back.
    Expired,
}
