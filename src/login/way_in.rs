//! Way 1: to the portal and back on the same device. The phone of way 2 comes through
//! here too when it is not signed in yet.

use chrono::TimeDelta;
use poem::http::header;
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::{self, Ending, Stage};
use super::pages::login_path;
use super::portal::{Attempt, Return};
use super::refusal::{Refusal, admitted};
use super::{Login, device, devices, not_saved};
use crate::people::identity::{self, Arrival, notice};
use crate::settings::Settings;
use crate::store::{Error, Store};
use crate::web::address::{client_address, network};
use crate::web::session::{self, Id, Way, live};
use crate::web::{Failure, Frame, SignedIn, local_path, log, see_other};

/// How often a return looks whether another request has answered it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The portal is asked at most four times, for 5 s each.
const PATIENCE: Duration = Duration::from_secs(25);

/// Where to go after signing in.
#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

impl Next {
    /// A checked local path; `/` when none was given.
    pub fn path(&self) -> &str {
        local_path(self.next.as_deref().unwrap_or("/"))
    }
}

/// `GET /login/portal`: sends the browser to the portal.
#[handler]
pub async fn start(
    req: &Request,
    frame: Frame,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Query(next): Query<Next>,
) -> Result<Response, Failure> {
    login.at_portal.check(&network(client_address(req)))?;
    let begun = login.portal.begin(req.header(header::HOST)).await;
    let (attempt, url) = begun.map_err(|refusal| refusal.failure(login_path(next.path())))?;
    let (id, secret) = (attempt::key(&attempt.state), store.ids.token(32));
    let (next, kept) = (next.path().to_owned(), secret.clone());
    store.write(move |tx| attempt::begin(tx, &attempt, &next, &kept)).await?;
    let mut response = frame.go(&url);
    let binding = attempt::binding(&id, settings.is_https());
    binding.give(&mut response, &secret, attempt::LIFETIME.num_seconds());
    Ok(response)
}

/// `GET /login/callback`: the browser is back from the portal.
#[handler]
pub async fn callback(
    req: &Request,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Query(back): Query<Return>,
) -> Result<Response, Failure> {
    let outdated = || Refusal::Outdated.failure("/login".to_owned());
    let state = back.state.clone().ok_or_else(outdated)?;
    let id = attempt::key(&state);
    let found = id.clone();
    let known = store.read(move |tx| attempt::find(tx, &found)).await?.ok_or_else(outdated)?;
    let secret = attempt::binding(&id, settings.is_https()).secret(req.headers());
    if !known.is_of(secret.as_deref()) {
        return arrived_before(req, &known).await?.ok_or_else(outdated);
    }
    let taken = match known.stage {
        Stage::Open => store.write(move |tx| attempt::take(tx, &id, &state)).await?,
        Stage::Taken | Stage::Ended { .. } => None,
    };
    match taken {
        Some(attempt) => first(req, login, store, settings, known, attempt, back).await,
        None => again(req, store, settings, known).await,
    }
}

/// Answers a return for the first time. The work goes on when the browser gives up, as it does when
/// somebody reloads the page: the portal's code has been used by then.
async fn first(
    req: &Request,
    login: &Arc<Login>,
    store: &Store,
    settings: &Settings,
    known: attempt::Known,
    attempt: Attempt,
    back: Return,
) -> Result<Response, Failure> {
    let host = req.header(header::HOST).map(str::to_owned);
    let device = device::describe(device::user_agent(req));
    let old = session::id_in(req.headers(), settings.is_https());
    let idle = settings.session_idle;
    let returned = Returned { id: known.id, old, idle, device, login: login.clone() };
    let store = store.clone();
    let work = async move { returned.finish(&store, host.as_deref(), attempt, back).await };
    let request = log::request_id().unwrap_or_default();
    let done = tokio::spawn(log::within(request, work)).await;
    match done.map_err(|error| Failure::Internal(format!("a return: {error}")))?? {
        Ending::In { session, .. } => Ok(signed_in(&known.next, &session, settings)),
        Ending::Refused(refusal) => Err(refusal.failure(login_path(&known.next))),
    }
}

/// Sends a browser on with its session.
fn signed_in(next: &str, session: &str, settings: &Settings) -> Response {
    let mut response = see_other(next);
    if let Ok(session) = session.parse() {
        session::give(&mut response, &session, settings.is_https());
    }
    response
}

/// A return and the browser that brought it.
struct Returned {
    id: String,
    /// The session that the browser had before.
    old: Option<Id>,
    idle: TimeDelta,
    device: String,
    login: Arc<Login>,
}

impl Returned {
    async fn finish(
        self,
        store: &Store,
        host: Option<&str>,
        attempt: Attempt,
        back: Return,
    ) -> Result<Ending, Failure> {
        let ending = match self.login.portal.finish(host, attempt, back, store.clock.now()).await {
            Ok(arrival) => self.enter(store, arrival).await?,
            Err(refusal) => Ending::Refused(refusal),
        };
        let (id, kept) = (self.id, ending.clone());
        store.write(move |tx| attempt::end(tx, &id, &kept)).await?;
        Ok(ending)
    }

    /// The session begins with the sign-in, in one transaction, so that each request of this browser
    /// can be given it.
    async fn enter(&self, store: &Store, arrival: Arrival) -> Result<Ending, Failure> {
        let (device, name) = (devices::told(&self.device, Way::Portal), self.device.clone());
        let (old, idle) = (self.old, self.idle);
        let ending = store.write::<_, Failure, _>(move |tx| {
            let known = match admitted(identity::sign_in(tx, &arrival)?) {
                Ok(known) => known,
                Err(refusal) => return Ok(Ending::Refused(refusal)),
            };
            notice::signed_in_on(tx, &known.candidate, &device)?;
            let who = SignedIn::at(tx.now, known.candidate.clone(), known.staff, name);
            let session = session::replace(tx, old, &who, idle)?;
            Ok(Ending::In { candidate: known.candidate, session: session.to_string() })
        });
        ending.await.map_err(not_saved)
    }
}

/// Answers a return that another request answers, or has answered, in the same way.
async fn again(
    req: &Request,
    store: &Store,
    settings: &Settings,
    known: attempt::Known,
) -> Result<Response, Failure> {
    let known = wait_for_end(store, known).await?;
    if let Some(response) = arrived_before(req, &known).await? {
        return Ok(response);
    }
    match known.stage {
        Stage::Ended { ending: Ending::In { session, .. }, fresh: true }
            if lives(store, &session).await? =>
        {
            Ok(signed_in(&known.next, &session, settings))
        }
        Stage::Ended { ending: Ending::Refused(refusal), .. } => {
            Err(refusal.failure(login_path(&known.next)))
        }
        _ => Err(Refusal::Outdated.failure(login_path(&known.next))),
    }
}

/// Whether a session has not been ended since.
async fn lives(store: &Store, session: &str) -> Result<bool, Failure> {
    let Ok(id) = session.parse() else { return Ok(false) };
    Ok(store.read::<_, Error, _>(move |tx| live::is_live(tx, &id)).await?)
}

/// Where an ended attempt led, if this browser is signed in by it or since.
async fn arrived_before(req: &Request, known: &attempt::Known) -> Result<Option<Response>, Failure> {
    let Stage::Ended { ending: Ending::In { candidate, .. }, .. } = &known.stage else { return Ok(None) };
    let who = SignedIn::find(req).await?;
    Ok(who.filter(|who| who.candidate == *candidate).map(|_| see_other(&known.next)))
}

/// The process that answers the first request may be another one.
async fn wait_for_end(store: &Store, mut known: attempt::Known) -> Result<attempt::Known, Failure> {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !matches!(known.stage, Stage::Ended { .. }) && tokio::time::Instant::now() < deadline {
        looks.tick().await;
        let id = known.id.clone();
        let found = store.read(move |tx| attempt::find(tx, &id)).await?;
        known = found.ok_or_else(|| Refusal::Outdated.failure(login_path(&known.next)))?;
    }
    Ok(known)
}

/// `POST /logout`: removes the session.
#[handler]
pub async fn logout(req: &Request, frame: Frame) -> Result<Response, Failure> {
    let session = session::of(req);
    // There is nothing to end without one, which anybody may ask for and the log would warn of.
    if session.id().is_some() {
        session::end(&session).await?;
    }
    Ok(frame.go("/"))
}
