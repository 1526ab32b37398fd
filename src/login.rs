//! Login: the QR handshake, the portal client and sign-out.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `handshake` | the row, its states and the one table of transitions |
//! | `code` | the text inside the QR code, and which text is still accepted |
//! | `waiting` | who waits for which handshake, and how they hear of its changes |
//! | `hold` | way 2, the request of a waiting screen before it is answered |
//! | `portal` | the OAuth2 client: where to send people, and who came back |
//! | `attempt` | one way to the portal and back: who began it, and how it ended |
//! | `way_in` | way 1: to the portal and back on the same device |
//! | `desk` | way 2, the screen that shows the code |
//! | `scan` | way 2, the phone that scans it |
//! | `secrets` | the cookies that bind a screen and a phone to their handshake |
//! | `pause` | repeated denials, and the pause that they start |
//! | `device_grant` | way 3: the portal's own code on the screen, and who asks what came of it |
//! | `allowance` | what an approved handshake allows its screen |
//! | `devices` | 登录设备: where somebody is signed in |
//! | `refusal` | why a sign-in came to nothing, and what people are told |
//! | `limits` | how often one may begin |
//! | `pages` | what both read |
//! | `device` | the browser and system behind a User-Agent |

pub mod allowance;
pub mod attempt;
pub mod code;
pub mod desk;
pub mod device;
pub mod device_grant;
pub mod devices;
pub mod handshake;
pub mod hold;
pub mod limits;
mod pages;
mod pause;
pub mod portal;
pub mod refusal;
pub mod scan;
mod secrets;
pub mod waiting;
pub mod way_in;

use std::sync::Arc;

use chrono::NaiveDateTime;

use crate::settings::Settings;
use crate::store::{Error, Store, Tx};
use crate::web::Failure;
use crate::web::limit::PerNetwork;
use code::Codes;
use device_grant::Poller;
use limits::Limits;
use portal::Portal;
use waiting::Waiters;

/// What login keeps between requests; one for the whole program.
pub struct Login {
    /// Makes and checks the text of QR codes.
    pub codes: Codes,
    /// The government portal.
    pub portal: Portal,
    /// Requests that wait for a handshake to change.
    pub waiters: Waiters,
    /// Asks the portal what came of its codes.
    pub poller: Poller,
    /// Limits new handshakes.
    pub new_handshakes: Limits,
    /// Limits scans.
    pub scans: Limits,
    /// Limits ways to the portal, by network.
    pub at_portal: PerNetwork,
}

impl Login {
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn new(settings: Arc<Settings>, store: Store) -> Result<Login, reqwest::Error> {
        let most = settings.max_waiters;
        Ok(Login {
            codes: Codes::new(&store.vault),
            portal: Portal::new(settings)?,
            waiters: Waiters::new(store, most),
            poller: Poller::default(),
            new_handshakes: Limits::of_handshakes(),
            scans: Limits::of_handshakes(),
            at_portal: limits::at_portal(),
        })
    }

    /// Stores that the time of a handshake is over once that has been seen, so that it stays over when
    /// the clock goes back. What is shown does not depend on it.
    async fn note_expiry(&self, store: &Store, handshake: &handshake::Handshake) {
        if !handshake.is_over_unnoticed() {
            return;
        }
        let id = handshake.id.clone();
        match store.write(move |tx| handshake::expire(tx, &id)).await {
            Ok(()) => self.waiters.wake(&handshake.id).await,
            Err(error) => tracing::warn!(%error, "an expired login code was not noted"),
        }
    }

    /// What a handshake shows at a moment, such as `waiting-3` or `scanned`: a waiting
    /// request says what it has, and is held while it has the newest.
    fn mark(handshake: &handshake::Handshake, now: NaiveDateTime) -> String {
        match handshake.status {
            // The portal's picture does not change.
            handshake::Status::Waiting if handshake.portal_code.is_some() => "waiting".to_owned(),
            handshake::Status::Waiting => format!("waiting-{}", code::step(handshake.created_at, now)),
            other => other.code().to_owned(),
        }
    }
}

/// Why a sign-in was not saved. It may be tried again, whatever the database says.
fn not_saved(failure: Failure) -> Failure {
    match failure {
        Failure::Internal(reason) => Failure::Unavailable(format!("a sign-in was not saved: {reason}")),
        other => other,
    }
}

/// Removes handshakes and denials that are kept no longer.
pub fn sweep(tx: &mut Tx) -> Result<usize, Error> {
    Ok(handshake::sweep(tx)? + pause::sweep(tx)?)
}
