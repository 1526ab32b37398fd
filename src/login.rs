//! Login: the QR handshake, the portal client and sign-out.
//!
//! There are three ways to sign in:
//!
//! 1. to the portal and back on the same device;
//! 2. the screen shows our code, a phone scans it, and its user types the number that the screen shows;
//! 3. the screen shows the portal's own code (RFC 8628).
//!
//! | file | what it has |
//! | --- | --- |
//! | `handshake` | the row of ways 2 and 3, its states and transitions |
//! | `code` | the text inside the QR code |
//! | `screen` | ways 2 and 3: the login screen |
//! | `scan` | way 2: the phone that scans |
//! | `parking` | which requests of a screen are parked, and for how long |
//! | `waiting` | how parked requests learn of a handshake's changes |
//! | `device_grant` | way 3: polling the portal |
//! | `poller` | whether this process polls the portal |
//! | `door` | which portal: candidates' or staff's |
//! | `way_in` | way 1: the redirect to the portal, and pages that the government app opens |
//! | `callback` | the return from the portal |
//! | `attempt` | the row of way 1: who began it, and how it ended |
//! | `portal` | the OAuth 2.0 client, and the calls of portals that do not follow OAuth 2 |
//! | `sign_out` | sign-out here and at the portal |
//! | `allowance` | whether an approved handshake opens the review desk to its screen |
//! | `secrets` | the cookies that bind a screen and a phone to their handshake |
//! | `pause` | the pause after repeated denials |
//! | `limits` | rate limits |
//! | `refusal` | why a sign-in failed, and the page for each reason |
//! | `devices` | 登录设备: a candidate's sessions |
//! | `pages` | the pages of the screen and of the phone |

mod admission;
pub mod again;
pub mod allowance;
pub mod attempt;
pub mod callback;
pub mod code;
pub mod device_grant;
pub mod devices;
pub mod door;
pub mod handshake;
pub mod limits;
mod pages;
pub mod parking;
mod pause;
mod poller;
pub mod portal;
pub mod refusal;
pub mod scan;
pub mod screen;
mod secrets;
pub mod sign_out;
pub mod waiting;
pub mod way_in;

use std::sync::Arc;

use poem::web::Data;
use poem::{FromRequest, Request, RequestBody};

use crate::settings::{PortalSettings, Settings};
use crate::store::{Error, Store, Timestamp, Tx};
use crate::web::Failure;
use crate::web::limit::PerNetwork;
use code::Codes;
use door::Door;
use limits::ScanLimits;
use poller::Poller;
use portal::{Portal, PortalError};
use waiting::Waiters;

/// What login keeps in memory between requests; one for the whole program.
pub struct Login {
    pub codes: Codes,
    portal: Portal,
    staff_portal: Option<Portal>,
    pub waiters: Waiters,
    pub poller: Poller,
    pub new_handshakes: PerNetwork,
    pub scans: ScanLimits,
    pub at_portal: PerNetwork,
}

/// What every handler of login needs.
#[derive(Clone, Copy)]
struct Context<'a> {
    login: &'a Arc<Login>,
    store: &'a Store,
    settings: &'a Arc<Settings>,
}

impl<'a> FromRequest<'a> for Context<'a> {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let Data(login) = Data::from_request(req, body).await?;
        let Data(store) = Data::from_request(req, body).await?;
        let Data(settings) = Data::from_request(req, body).await?;
        Ok(Context { login, store, settings })
    }
}

impl Login {
    pub fn new(settings: Arc<Settings>, store: Store) -> Result<Login, PortalError> {
        let max_parked = settings.max_waiters;
        let new = |portal: &PortalSettings| Portal::new(settings.address(), portal.clone());
        Ok(Login {
            codes: Codes::new(&store.vault),
            portal: new(&settings.portal)?,
            staff_portal: settings.staff_portal.as_ref().map(new).transpose()?,
            waiters: Waiters::new(store, max_parked),
            poller: Poller::default(),
            new_handshakes: limits::new_handshakes(),
            scans: ScanLimits::new(),
            at_portal: limits::at_portal(),
        })
    }

    /// The portal behind a door.
    fn portal(&self, door: Door) -> &Portal {
        match door {
            Door::Candidates => &self.portal,
            Door::Staff => self.staff_portal.as_ref().unwrap_or(&self.portal),
        }
    }

    fn portals(&self) -> impl Iterator<Item = &Portal> {
        std::iter::once(&self.portal).chain(&self.staff_portal)
    }

    /// Stores that a handshake has expired, so that it stays expired when the clock goes back. The page
    /// does not depend on it, so a failure is only logged.
    async fn store_expiry(&self, store: &Store, handshake: &handshake::Handshake) {
        if !handshake.is_expiry_unstored() {
            return;
        }
        let id = handshake.id.clone();
        match store.write(move |tx| handshake::expire(tx, &id)).await {
            Ok(()) => self.waiters.wake(&handshake.id).await,
            Err(error) => tracing::warn!(%error, "an expired login code was not noted"),
        }
    }

    /// Names what a screen shows at a moment, such as `waiting-3` (the fourth picture) or `scanned`. A
    /// screen's request says the mark that it has, and is parked while that is the current one.
    fn mark(handshake: &handshake::Handshake, now: Timestamp) -> String {
        match handshake.status {
            // The portal's picture does not change.
            handshake::Status::Waiting if handshake.portal_code.is_some() => "waiting".to_owned(),
            handshake::Status::Waiting => format!("waiting-{}", code::step(handshake.created_at, now)),
            other => other.code().to_owned(),
        }
    }
}

/// A sign-in that was not saved may be tried again, so an internal error becomes
/// [`Failure::Unavailable`].
fn not_saved(failure: Failure) -> Failure {
    match failure {
        Failure::Internal(reason) => Failure::Unavailable(format!("a sign-in was not saved: {reason}")),
        other => other,
    }
}

/// Removes handshakes and denials whose retention is over. Returns how many.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    Ok(handshake::sweep(tx)? + pause::sweep(tx)?)
}
