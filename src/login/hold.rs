//! The request of a waiting screen, before it is answered.
//!
//! It is held here, before anything else is done for it: a screen that waits is a connection,
//! an address and the hash of a secret, and nothing of the layers that will answer it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DurationRound, NaiveDateTime, TimeDelta};
use poem::http::{Extensions, Method, Request};
use tokio::time::Instant;
use tower_sessions::session::Id;

use super::desk::of_screen;
use super::handshake::Handshake;
use super::pages::Asks;
use super::{Login, code, secrets};
use crate::settings::Settings;
use crate::store::Store;
use crate::web::SignedIn;
use crate::web::address::{Customer, address_of, customer};
use crate::web::connection::Rest;
use crate::web::frame::wants_fragment;
use crate::web::session::{self, Session, SessionRows};

/// Screens that are to have a new picture get it at the next beat, so that the program wakes up for
/// all of them at once. A code is accepted for 15 seconds after it is shown no more.
const BEAT: TimeDelta = TimeDelta::milliseconds(250);

/// How long a request is held; below the 30 s after which proxies give up.
const HELD: Duration = Duration::from_secs(25);

/// Holds what htmx asks of `GET /login/wait/{id}`.
pub struct Hold {
    login: Arc<Login>,
    store: Store,
    rows: Arc<SessionRows>,
    settings: Arc<Settings>,
}

/// What a request that was held brings to its answer.
#[derive(Clone)]
pub struct Held {
    /// How the handshake stood when it was last looked at.
    pub(super) last: Arc<Handshake>,
    /// How soon the screen is to come again.
    pub(super) asks: Asks,
}

/// What a waiting screen says.
struct Asked {
    handshake: String,
    seen: String,
    /// Hash of its secret.
    screen: String,
    session: Option<Id>,
    customer: Customer,
}

impl Hold {
    /// With the sessions that the site's answers see.
    pub fn new(login: Arc<Login>, store: Store, rows: Arc<SessionRows>, settings: Arc<Settings>) -> Hold {
        Hold { login, store, rows, settings }
    }

    /// The rest of a waiting screen's request: until there is something newer than the screen has
    /// seen, 25 seconds, or not at all when too many wait already.
    pub fn rest_of<B>(self: &Arc<Self>, request: &Request<B>, peer: IpAddr) -> Option<Rest> {
        let (asked, hold) = (self.asked(request, peer)?, self.clone());
        Some(Box::pin(async move {
            let mut news = Extensions::new();
            if let Some(held) = hold.until_news(asked).await {
                news.insert(held);
            }
            news
        }))
    }

    fn asked<B>(&self, request: &Request<B>, peer: IpAddr) -> Option<Asked> {
        let handshake = request.uri().path().strip_prefix("/login/wait/")?;
        let (headers, https) = (request.headers(), self.settings.is_https());
        if request.method() != Method::GET || !wants_fragment(headers) {
            return None;
        }
        let query = request.uri().query().unwrap_or_default();
        let seen = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "seen");
        Some(Asked {
            handshake: handshake.to_owned(),
            seen: seen.map_or(String::new(), |(_, seen)| seen.into_owned()),
            screen: secrets::of_screen(headers, handshake, https)?,
            session: session::id_in(headers, https),
            customer: customer(address_of(headers, Some(peer), &self.settings)),
        })
    }

    async fn is_signed_in(&self, session: Option<Id>) -> bool {
        let Some(id) = session else { return false };
        let session = Session::new(Some(id), self.rows.clone(), None);
        let found = SignedIn::of(&session, &self.store, &self.settings).await;
        found.is_ok_and(|found| found.is_some())
    }

    /// Nothing if the answer does not depend on it: no such handshake can be read for this screen, or
    /// its browser is signed in already, by another tab.
    async fn until_news(&self, asked: Asked) -> Option<Held> {
        let deadline = Instant::now() + HELD;
        if self.is_signed_in(asked.session).await {
            return None;
        }
        // Watch first and look then, so that no change falls in between.
        let mut watch = self.login.waiters.watch(&asked.handshake);
        let (mut place, mut held) = (None, None);
        loop {
            let Ok(last) = of_screen(&watch, &self.store, &asked.screen).await else {
                return held;
            };
            let now = self.store.clock.now();
            let is_new = Login::mark(&last, now) != asked.seen;
            if is_new || watch.is_stopping() || Instant::now() >= deadline {
                return Some(Held { last, asks: Asks::AtOnce });
            }
            place = place.or_else(|| watch.hold(asked.customer));
            if place.is_none() || watch.is_displaced() {
                return Some(Held { last, asks: Asks::Later });
            }
            watch.later_than(last.changed_at, next_picture(&last, now).min(deadline)).await;
            held = Some(Held { last, asks: Asks::AtOnce });
        }
    }
}

fn next_picture(handshake: &Handshake, now: NaiveDateTime) -> Instant {
    let due = code::step_ends(handshake.created_at, now);
    let beat = due.duration_trunc(BEAT).map_or(due, |beat| beat + BEAT);
    Instant::now() + (beat - now).to_std().unwrap_or_default()
}
