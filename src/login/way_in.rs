//! Way 1: to the portal and back on the same device. A phone that scans a code and is not signed in yet
//! comes here too.

use chrono::TimeDelta;
use poem::http::{HeaderValue, header};
use poem::web::Query;
use poem::{Request, Response, handler};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

use super::admission::admit;
use super::attempt::{self, AttemptEnding, AttemptStage, StoredAttempt};
use super::pages::login_path;
use super::portal::{AttemptSecrets, AuthorizationResponse};
use super::refusal::Refusal;
use super::{Context, Login, devices, not_saved, user_agent};
use crate::paths;
use crate::people::identity::{Arrival, notice};
use crate::settings::Settings;
use crate::store::{Error, Store};
use crate::web::address::{client_address, network};
use crate::web::session::{self, Id, Way, live};
use crate::web::{Failure, Frame, SignedIn, local_path, log, see_other};

/// How often a repeated callback checks whether the first one has been answered.
const CHECK_EVERY: Duration = Duration::from_millis(100);

/// How long a repeated callback waits for the first one, which makes at most four calls of 5 s each.
const MAX_WAIT: Duration = Duration::from_secs(25);

/// The query of the login pages.
#[derive(Deserialize)]
pub struct NextPage {
    next: Option<String>,
}

impl NextPage {
    /// The checked local path to go to after signing in; `/` if none was given.
    pub fn path(&self) -> &str {
        local_path(self.next.as_deref().unwrap_or(paths::HOME))
    }
}

/// `GET /login/portal`: redirects to the portal.
#[handler]
pub async fn start(
    req: &Request,
    frame: Frame,
    Context { login, store, settings }: Context<'_>,
    Query(next): Query<NextPage>,
) -> Result<Response, Failure> {
    login.at_portal.check(&network(client_address(req)))?;
    let begun = login.portal.begin(req.header(header::HOST)).await;
    let (attempt, url) = begun.map_err(|refusal| refusal.failure(login_path(next.path())))?;
    let (id, secret) = (attempt::id_of(&attempt.state), store.ids.token(32));
    let (next, cookie) = (next.path().to_owned(), secret.clone());
    store.write(move |tx| attempt::begin(tx, &attempt, &next, &cookie)).await?;
    let mut response = frame.go(&url);
    let binding = attempt::binding(&id, settings.is_https());
    binding.give(&mut response, &secret, attempt::LIFETIME.num_seconds());
    Ok(response)
}

/// `GET /login/callback`: the redirect URI of the portal.
#[handler]
pub async fn callback(
    req: &Request,
    Context { login, store, settings }: Context<'_>,
    Query(response): Query<AuthorizationResponse>,
) -> Result<Response, Failure> {
    let outdated = || Refusal::Outdated.failure(paths::LOGIN.to_owned());
    let state = response.state.clone().ok_or_else(outdated)?;
    let id = attempt::id_of(&state);
    let found = id.clone();
    let stored = store.read(move |tx| attempt::find(tx, &found)).await?.ok_or_else(outdated)?;
    let secret = attempt::binding(&id, settings.is_https()).secret(req.headers());
    if !stored.is_of(secret.as_deref()) {
        return signed_in_before(req, &stored).await?.ok_or_else(outdated);
    }
    let taken = match stored.stage {
        AttemptStage::Open => store.write(move |tx| attempt::take(tx, &id, &state)).await?,
        AttemptStage::Taken | AttemptStage::Ended { .. } => None,
    };
    match taken {
        Some(attempt) => answer(req, login, store, settings, stored, attempt, response).await,
        None => answer_again(req, store, settings, stored).await,
    }
}

/// Answers a callback for the first time. The work goes on if the browser disconnects, as it does when
/// somebody reloads the page, because the authorization code works only once.
async fn answer(
    req: &Request,
    login: &Arc<Login>,
    store: &Store,
    settings: &Settings,
    stored: StoredAttempt,
    attempt: AttemptSecrets,
    response: AuthorizationResponse,
) -> Result<Response, Failure> {
    let host = req.header(header::HOST).map(str::to_owned);
    let device = user_agent::describe(user_agent::of(req));
    let old = session::id_in(req.headers(), settings.is_https());
    let idle = settings.session_idle;
    let received = Callback { attempt: stored.id, old, idle, device, login: login.clone() };
    let store = store.clone();
    let work = async move { received.finish(&store, host.as_deref(), attempt, response).await };
    let request = log::request_id().unwrap_or_default();
    let done = tokio::spawn(log::within(request, work)).await;
    match done.map_err(|error| Failure::Internal(format!("a return: {error}")))?? {
        AttemptEnding::In { session, .. } => Ok(signed_in(&stored.next, &session, settings)),
        AttemptEnding::Refused(refusal) => Err(refusal.failure(login_path(&stored.next))),
    }
}

/// Redirects to `next` with the cookie of the session.
fn signed_in(next: &str, session: &str, settings: &Settings) -> Response {
    let mut response = see_other(next);
    if let Ok(session) = session.parse() {
        session::give(&mut response, &session, settings.is_https());
    }
    response
}

/// A callback that is being answered.
struct Callback {
    attempt: String,
    /// The session that the browser had before.
    old: Option<Id>,
    idle: TimeDelta,
    device: String,
    login: Arc<Login>,
}

impl Callback {
    async fn finish(
        self,
        store: &Store,
        host: Option<&str>,
        attempt: AttemptSecrets,
        response: AuthorizationResponse,
    ) -> Result<AttemptEnding, Failure> {
        let ending = match self.login.portal.finish(host, attempt, response, store.clock.now()).await {
            Ok(arrival) => self.sign_in(store, arrival).await?,
            Err(refusal) => AttemptEnding::Refused(refusal),
        };
        let (id, stored) = (self.attempt, ending.clone());
        store.write(move |tx| attempt::end(tx, &id, &stored)).await?;
        Ok(ending)
    }

    /// Signs in and begins the session in one transaction, so that a repeated callback can hand the session
    /// out too.
    async fn sign_in(&self, store: &Store, arrival: Arrival) -> Result<AttemptEnding, Failure> {
        let (device, name) = (devices::described(&self.device, Way::Portal), self.device.clone());
        let (old, idle) = (self.old, self.idle);
        let ending = store.write::<_, Failure, _>(move |tx| {
            let known = match admit(tx, &arrival)? {
                Ok(known) => known,
                Err(refusal) => return Ok(AttemptEnding::Refused(refusal)),
            };
            notice::signed_in_on(tx, &known.candidate, &device)?;
            let who = SignedIn::at(tx.now, known.candidate.clone(), known.staff, name);
            let session = session::replace(tx, old, &who, idle)?;
            Ok(AttemptEnding::In { candidate: known.candidate, session: session.to_string() })
        });
        ending.await.map_err(not_saved)
    }
}

/// Answers a repeated callback like the first one, which another request answers or has answered.
async fn answer_again(
    req: &Request,
    store: &Store,
    settings: &Settings,
    stored: StoredAttempt,
) -> Result<Response, Failure> {
    let stored = wait_for_end(store, stored).await?;
    if let Some(response) = signed_in_before(req, &stored).await? {
        return Ok(response);
    }
    match stored.stage {
        AttemptStage::Ended { ending: AttemptEnding::In { session, .. }, is_repeatable: true }
            if is_live(store, &session).await? =>
        {
            Ok(signed_in(&stored.next, &session, settings))
        }
        AttemptStage::Ended { ending: AttemptEnding::Refused(refusal), .. } => {
            Err(refusal.failure(login_path(&stored.next)))
        }
        _ => Err(Refusal::Outdated.failure(login_path(&stored.next))),
    }
}

/// Whether a session has not ended since.
async fn is_live(store: &Store, session: &str) -> Result<bool, Failure> {
    let Ok(id) = session.parse() else { return Ok(false) };
    Ok(store.read::<_, Error, _>(move |tx| live::is_live(tx, &id)).await?)
}

/// The redirect of an ended attempt, if its candidate is signed in on this browser.
async fn signed_in_before(req: &Request, stored: &StoredAttempt) -> Result<Option<Response>, Failure> {
    let AttemptStage::Ended { ending: AttemptEnding::In { candidate, .. }, .. } = &stored.stage else {
        return Ok(None);
    };
    let who = SignedIn::find(req).await?;
    Ok(who.filter(|who| who.candidate == *candidate).map(|_| see_other(&stored.next)))
}

/// Waits until the first callback has been answered, possibly by another process.
async fn wait_for_end(store: &Store, mut stored: StoredAttempt) -> Result<StoredAttempt, Failure> {
    let mut checks = tokio::time::interval(CHECK_EVERY);
    let deadline = tokio::time::Instant::now() + MAX_WAIT;
    while !matches!(stored.stage, AttemptStage::Ended { .. }) && tokio::time::Instant::now() < deadline {
        checks.tick().await;
        let id = stored.id.clone();
        let found = store.read(move |tx| attempt::find(tx, &id)).await?;
        stored = found.ok_or_else(|| Refusal::Outdated.failure(login_path(&stored.next)))?;
    }
    Ok(stored)
}

#[handler]
pub async fn logout(req: &Request, frame: Frame) -> Result<Response, Failure> {
    let session = session::of(req);
    // Without a session there is nothing to end, and the log would have a warning for each such request.
    if session.id().is_some() {
        session::end(&session).await?;
    }
    let mut response = frame.go(paths::HOME);
    // Thumbnails are the only pages of a person that a browser keeps.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
