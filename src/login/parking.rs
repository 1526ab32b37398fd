//! Which requests of login screens are parked, and for how long.
//!
//! A request is parked before the rest of the program sees it. While it is parked it costs a connection,
//! an address and the hash of a secret, and nothing of the layers that answer it later.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use poem::http::{Method, Request};
use tokio::time::Instant;
use tower_sessions::session::Id;

use super::handshake::Handshake;
use super::pages::NextPoll;
use super::{Login, code, secrets};
use crate::paths;
use crate::settings::Settings;
use crate::store::{Store, Timestamp};
use crate::web::Visitor;
use crate::web::address::{ClientNetwork, address_of, client_network};
use crate::web::frame::wants_fragment;
use crate::web::session;

/// Screens whose picture ends get the next one at a multiple of this, so that the program wakes up for
/// all of them at once. A code is accepted for 15 seconds after its picture has been replaced.
const BEAT: TimeDelta = TimeDelta::milliseconds(250);

/// Proxies give a request up after 30 s.
const MAX_PARKED: Duration = Duration::from_secs(25);

/// Parks the requests of htmx for `GET /login/wait/{id}`.
pub struct Parking {
    login: Arc<Login>,
    store: Store,
    settings: Arc<Settings>,
}

/// What the handler learns about a request that was parked.
#[derive(Clone)]
pub struct ScreenUpdate {
    pub(super) handshake: Arc<Handshake>,
    pub(super) next_poll: NextPoll,
}

/// The parts of a screen's request that decide how long it is parked.
struct ScreenRequest {
    handshake: String,
    /// The mark that the screen shows, see [`Login::mark`].
    seen: String,
    /// Hash of the screen's secret.
    screen: String,
    session: Option<Id>,
    network: ClientNetwork,
}

impl Parking {
    pub fn new(login: Arc<Login>, store: Store, settings: Arc<Settings>) -> Parking {
        Parking { login, store, settings }
    }

    /// Parks the request of a waiting screen: until the screen has something new to show, for at most
    /// 25 seconds, and not at all if too many are parked. Any other request is not parked.
    pub fn park<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        peer: IpAddr,
    ) -> Option<impl Future<Output = Option<ScreenUpdate>> + Send + 'static> {
        let (request, parking) = (self.screen_request(request, peer)?, self.clone());
        Some(async move { parking.wait_for_update(request).await })
    }

    fn screen_request<B>(&self, request: &Request<B>, peer: IpAddr) -> Option<ScreenRequest> {
        let handshake = request.uri().path().strip_prefix(paths::prefix(paths::WAIT))?;
        let (headers, https) = (request.headers(), self.settings.is_https());
        if request.method() != Method::GET || !wants_fragment(headers) {
            return None;
        }
        let query = request.uri().query().unwrap_or_default();
        let seen = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "seen");
        Some(ScreenRequest {
            handshake: handshake.to_owned(),
            seen: seen.map_or(String::new(), |(_, seen)| seen.into_owned()),
            screen: secrets::of_screen(headers, handshake, https)?,
            session: session::id_in(headers, https),
            network: client_network(address_of(headers, Some(peer), &self.settings)),
        })
    }

    async fn is_signed_in(&self, session: Option<Id>) -> bool {
        let visitor = Visitor::new(session, &self.store, &self.settings);
        session.is_some() && visitor.read(|_, live| Ok(live.is_some())).await.unwrap_or(false)
    }

    /// `None` if the handler has to find out by itself: the handshake is not this screen's, or another
    /// tab has signed the browser in.
    async fn wait_for_update(&self, request: ScreenRequest) -> Option<ScreenUpdate> {
        let deadline = Instant::now() + MAX_PARKED;
        if self.is_signed_in(request.session).await {
            return None;
        }
        // Subscribed before the handshake is read, so that no change is missed in between.
        let mut watch = self.login.waiters.watch(&request.handshake);
        let mut permit = None;
        loop {
            let handshake = watch.handshake(&self.store, &request.screen).await.ok()?;
            let now = self.store.clock.now();
            let is_new = Login::mark(&handshake, now) != request.seen;
            if is_new || watch.is_stopping() || Instant::now() >= deadline {
                return Some(ScreenUpdate { handshake, next_poll: NextPoll::Soon });
            }
            permit = permit.or_else(|| watch.park(request.network));
            if permit.is_none() || watch.is_displaced() {
                return Some(ScreenUpdate { handshake, next_poll: NextPoll::Later });
            }
            watch.changed_after(handshake.changed_at, next_picture(&handshake, now).min(deadline)).await;
        }
    }
}

fn next_picture(handshake: &Handshake, now: Timestamp) -> Instant {
    let due = code::step_ends(handshake.created_at, now);
    let beat = due.truncate(BEAT) + BEAT;
    Instant::now() + (beat - now).to_std().unwrap_or_default()
}
