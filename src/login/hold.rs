//! The request of a waiting screen, before it is answered.
//!
//! It is held here, before anything else is done for it: a screen that waits is a connection,
//! an address and a cookie, and nothing of the layers that will answer it.

use std::sync::Arc;
use std::time::Duration;

use poem::http::{HeaderValue, Method, Request};
use tokio::time::Instant;
use tower_sessions::session::Id;

use super::desk::of_screen;
use super::handshake::Handshake;
use super::pages::Asks;
use super::{Login, code};
use crate::store::Store;
use crate::web::frame::wants_fragment;
use crate::web::session::{self, Session, SessionRows};

/// How long a request is held; below the 30 s after which proxies give up.
const HELD: Duration = Duration::from_secs(25);

/// Holds what htmx asks of `GET /login/wait/{id}`.
pub struct Hold {
    login: Arc<Login>,
    store: Store,
    rows: Arc<SessionRows>,
    https: bool,
}

/// What a request that was held brings to its answer.
#[derive(Clone)]
pub struct Held {
    /// How the handshake stood when it was last looked at.
    pub(super) last: Handshake,
    /// How soon the screen is to come again.
    pub(super) asks: Asks,
}

/// What a waiting screen says.
struct Asked {
    handshake: String,
    seen: String,
    screen: Option<Id>,
}

impl Hold {
    /// With the sessions that the site's answers see.
    pub fn new(login: Arc<Login>, store: Store, rows: Arc<SessionRows>, https: bool) -> Hold {
        Hold { login, store, rows, https }
    }

    /// Gives the request back when it is to be answered: where a waiting screen has seen the
    /// newest, when there is something newer, after 25 seconds, or when too many wait already.
    pub async fn pass<B>(&self, mut request: Request<B>) -> Request<B> {
        let Some(asked) = self.asked(&request) else { return request };
        unshare(&mut request);
        // On the heap, since other requests have no use for the room.
        if let Some(held) = Box::pin(self.until_news(asked)).await {
            request.extensions_mut().insert(held);
        }
        request
    }

    fn asked<B>(&self, request: &Request<B>) -> Option<Asked> {
        let handshake = request.uri().path().strip_prefix("/login/wait/")?;
        if request.method() != Method::GET || !wants_fragment(request.headers()) {
            return None;
        }
        let query = request.uri().query().unwrap_or_default();
        let seen = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "seen");
        Some(Asked {
            handshake: handshake.to_owned(),
            seen: seen.map_or(String::new(), |(_, seen)| seen.into_owned()),
            screen: session::id_in(request.headers(), self.https),
        })
    }

    /// Nothing if no such handshake can be read for this screen.
    async fn until_news(&self, asked: Asked) -> Option<Held> {
        let deadline = Instant::now() + HELD;
        let session = Session::new(asked.screen, self.rows.clone(), None);
        // Watch first and look then, so that no change falls in between.
        let mut watch = self.login.waiters.watch(&asked.handshake);
        let (mut leave, mut held) = (None, None);
        loop {
            let Ok(last) = of_screen(&self.login, &self.store, &asked.handshake, &session).await else {
                return held;
            };
            let now = self.store.clock.now();
            let is_new = Login::mark(&last, now) != asked.seen;
            if is_new || watch.is_stopping() || Instant::now() >= deadline {
                return Some(Held { last, asks: Asks::AtOnce });
            }
            leave = leave.or_else(|| watch.hold());
            if leave.is_none() {
                return Some(Held { last, asks: Asks::Later });
            }
            let next_picture = code::step_ends(last.created_at, now) - now;
            let until = Instant::now() + next_picture.to_std().unwrap_or_default();
            watch.later_than(last.changed_at, until.min(deadline)).await;
            held = Some(Held { last, asks: Asks::AtOnce });
        }
    }
}

/// Copies what was read out of the connection's buffer. hyper then uses that to listen for the
/// end of the connection, and needs no other of 8 KiB.
fn unshare<B>(request: &mut Request<B>) {
    for value in request.headers_mut().values_mut() {
        if let Ok(copy) = HeaderValue::from_bytes(value.as_bytes()) {
            *value = copy;
        }
    }
    if let Ok(copy) = request.uri().to_string().parse() {
        *request.uri_mut() = copy;
    }
}
