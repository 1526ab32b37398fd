//! The return from the portal (`/login/callback`): which attempt it belongs to, and how it ends.
//!
//! A return that belongs to no attempt of this browser never signs anybody in. If it has a code and the browser
//! has begun nothing, as after a link that leads straight to the portal, an attempt of our own begins at once.
//!
//! A return that names its attempt only by a cookie, because the portal did not send `state` back, could be an
//! attacker's link (RFC 9700 §4.7). It signs in once the person has confirmed whose account it is.

use std::sync::Arc;
use std::time::Duration;

use poem::http::header;
use poem::web::{Path, Query};
use poem::{Request, Response, handler};

use super::admission::admit;
use super::attempt::{self, AttemptEnding, AttemptStage, HeldArrival, StoredAttempt};
use super::door::Door;
use super::pages::{self, login_path};
use super::portal::steps::call::Moment;
use super::portal::{AttemptSecrets, Returned};
use super::refusal::Refusal;
use super::{Context, Login, devices, not_saved, sign_out, way_in};
use crate::paths;
use crate::people::identity::{Arrival, notice};
use crate::settings::Settings;
use crate::store::{Error, Store, Tx};
use crate::web::session::{self, Id, Way, live};
use crate::web::{Failure, Frame, SignedIn, Submission, log, see_other, user_agent};

/// How often a repeated callback checks whether the first one has been answered.
const CHECK_EVERY: Duration = Duration::from_millis(100);

/// How long a repeated callback waits for the first one, which makes at most four calls of 5 s each.
const MAX_WAIT: Duration = Duration::from_secs(25);

/// How long a browser without an attempt is not sent to the portal a second time, in seconds.
const ONE_BY_ITSELF: i64 = 60;

/// The name of an attempt in a return.
struct Named {
    state: String,
    /// Whether only a cookie names it.
    by_cookie: bool,
}

/// `GET /login/callback`: the redirect URI of the portal.
#[handler]
pub async fn return_from_portal(
    req: &Request,
    frame: Frame,
    context: Context<'_>,
    Query(returned): Query<Returned>,
) -> Result<Response, Failure> {
    let named = name_of(req, context, &returned);
    receive(req, &frame, context, named, returned).await
}

/// `GET /login/callback/{state}`: the redirect URI for a portal that has no `state`.
#[handler]
pub async fn return_with_state(
    req: &Request,
    frame: Frame,
    context: Context<'_>,
    Path(state): Path<String>,
    Query(returned): Query<Returned>,
) -> Result<Response, Failure> {
    receive(req, &frame, context, Some(Named { state, by_cookie: false }), returned).await
}

fn name_of(
    req: &Request,
    Context { login, settings, .. }: Context<'_>,
    returned: &Returned,
) -> Option<Named> {
    let told = login.portals().find_map(|portal| portal.state_in(returned));
    if let Some(state) = told {
        return Some(Named { state: state.to_owned(), by_cookie: false });
    }
    let by_cookie = login.portals().any(|portal| portal.state_may_be_missing());
    let state = attempt::last(settings.is_https()).secret(req.headers()).filter(|_| by_cookie)?;
    Some(Named { state, by_cookie })
}

async fn receive(
    req: &Request,
    frame: &Frame,
    context: Context<'_>,
    named: Option<Named>,
    returned: Returned,
) -> Result<Response, Failure> {
    let Context { login, store, settings } = context;
    let Some(Named { state, by_cookie }) = named else {
        return begin_by_itself(req, frame, context, &returned).await;
    };
    let id = attempt::id_of(&state);
    let found = id.clone();
    let Some(stored) = store.read(move |tx| attempt::find(tx, &found)).await? else {
        return begin_by_itself(req, frame, context, &returned).await;
    };
    if by_cookie && !login.portal(stored.door).state_may_be_missing() {
        return Err(outdated(settings, paths::HOME));
    }
    let secret = attempt::binding(&id, settings.is_https()).secret(req.headers());
    if !stored.is_of(secret.as_deref()) {
        return signed_in_before(req, &stored).await?.ok_or_else(|| outdated(settings, paths::HOME));
    }
    let taken = match stored.stage {
        AttemptStage::Open => store.write(move |tx| attempt::take(tx, &id, &state)).await?,
        AttemptStage::Taken | AttemptStage::Ended { .. } => None,
    };
    match taken {
        Some(attempt) => {
            let received = Received { attempt, returned, by_cookie };
            answer(req, frame, context, stored, received).await
        }
        None => answer_again(req, frame, store, settings, stored).await,
    }
}

fn outdated(settings: &Settings, next: &str) -> Failure {
    let again = if next == paths::HOME { paths::LOGIN.to_owned() } else { login_path(next) };
    Refusal::Outdated.failure(&settings.portal, again)
}

/// Sends a browser that has begun no attempt to the portal. Its code is not used: it could be anybody's.
async fn begin_by_itself(
    req: &Request,
    frame: &Frame,
    context: Context<'_>,
    returned: &Returned,
) -> Result<Response, Failure> {
    let Context { login, settings, .. } = context;
    let once = attempt::begun_by_itself(settings.is_https());
    let has_begun = attempt::has_any(req.headers(), settings.is_https());
    let has_code = login.portals().any(|portal| portal.has_code(returned));
    if has_begun || !has_code || once.secret(req.headers()).is_some() {
        return Err(outdated(settings, paths::HOME));
    }
    let mut response = way_in::go(req, frame, context, paths::HOME).await?;
    once.give(&mut response, "1", ONE_BY_ITSELF);
    Ok(response)
}

/// What a browser brought back, for an attempt that nobody else answers.
struct Received {
    attempt: AttemptSecrets,
    returned: Returned,
    by_cookie: bool,
}

/// Answers a callback for the first time. The work goes on if the browser disconnects, as it does when
/// somebody reloads the page, because the authorization code works only once.
async fn answer(
    req: &Request,
    frame: &Frame,
    Context { login, store, settings }: Context<'_>,
    stored: StoredAttempt,
    received: Received,
) -> Result<Response, Failure> {
    let host = req.header(header::HOST).map(str::to_owned);
    let callback = Callback { attempt: stored.id.clone(), door: stored.door, login: login.clone() };
    let entry = Entry::of(req, settings);
    let own = store.clone();
    let work = async move { callback.finish(&own, host.as_deref(), received, entry).await };
    let request = log::request_id().unwrap_or_default();
    let done = tokio::spawn(log::within(request, work)).await;
    let ending = done.map_err(|error| Failure::Internal(format!("a return: {error}")))??;
    show(frame, settings, &stored, ending)
}

/// The page of an ending that was reached just now.
fn show(
    frame: &Frame,
    settings: &Settings,
    stored: &StoredAttempt,
    ending: AttemptEnding,
) -> Result<Response, Failure> {
    match ending {
        AttemptEnding::In { session, .. } => Ok(signed_in(&stored.next, &session, settings)),
        AttemptEnding::ToConfirm(held) => Ok(frame.page(pages::confirm::page(&stored.id, &held))),
        AttemptEnding::Refused(refusal) => {
            Err(refusal.failure(stored.door.portal(settings), login_path(&stored.next)))
        }
    }
}

/// Redirects to `next` with the cookie of the session.
fn signed_in(next: &str, session: &str, settings: &Settings) -> Response {
    let mut response = see_other(next);
    if let Ok(session) = session.parse() {
        session::give(&mut response, &session, settings.is_https());
    }
    sign_out::fresh(settings.is_https()).give(&mut response, "", 0);
    response
}

/// The browser that signs in.
#[derive(Clone)]
struct Entry {
    /// The session that it had before.
    old: Option<Id>,
    device: String,
    settings: Arc<Settings>,
}

impl Entry {
    fn of(req: &Request, settings: &Arc<Settings>) -> Entry {
        Entry {
            old: session::id_in(req.headers(), settings.is_https()),
            device: user_agent::describe(user_agent::of(req)),
            settings: settings.clone(),
        }
    }

    /// Signs in and begins the session in one transaction, so that a repeated callback can hand the session
    /// out too.
    fn sign_in(&self, tx: &mut Tx, door: Door, arrival: &Arrival) -> Result<AttemptEnding, Failure> {
        let known = match admit(tx, arrival)? {
            Ok(known) => known,
            Err(refusal) => return Ok(AttemptEnding::Refused(refusal)),
        };
        let staff = match (door, known.staff) {
            (Door::Staff, None) => return Ok(AttemptEnding::Refused(Refusal::NotStaff)),
            // Staff with a portal of their own come by its door only.
            (Door::Candidates, Some(_)) if self.settings.staff_portal.is_some() => None,
            (_, staff) => staff,
        };
        notice::signed_in_on(tx, &known.candidate, &devices::described(&self.device, Way::Portal))?;
        let who = SignedIn::at(tx.now, known.candidate.clone(), staff, self.device.clone());
        let session = session::replace(tx, self.old, &who, &self.settings.sessions)?;
        Ok(AttemptEnding::In { candidate: known.candidate, session: session.to_string() })
    }
}

/// A callback that is being answered.
struct Callback {
    attempt: String,
    door: Door,
    login: Arc<Login>,
}

impl Callback {
    async fn finish(
        self,
        store: &Store,
        host: Option<&str>,
        received: Received,
        entry: Entry,
    ) -> Result<AttemptEnding, Failure> {
        let Received { attempt, returned, by_cookie } = received;
        let portal = self.login.portal(self.door);
        let (id, door) = (self.attempt, self.door);
        let ending = match portal.finish(host, attempt, &returned, &Moment::of(store)).await {
            Ok(arrival) if by_cookie => AttemptEnding::ToConfirm(HeldArrival::hold(arrival)),
            Ok(arrival) => {
                let signed_in = store.write(move |tx| entry.sign_in(tx, door, &arrival)).await;
                signed_in.map_err(not_saved)?
            }
            Err(refusal) => AttemptEnding::Refused(refusal),
        };
        let stored = ending.clone();
        store.write(move |tx| attempt::end(tx, &id, &stored)).await?;
        Ok(ending)
    }
}

/// `POST /login/callback`: whether the account on the page of confirmation is the person's own.
#[handler]
pub async fn confirm(
    req: &Request,
    frame: Frame,
    Context { store, settings, .. }: Context<'_>,
    form: Submission,
) -> Result<Response, Failure> {
    let (id, is_own) = (form.one("attempt").to_owned(), form.one("own") == "yes");
    if !attempt::is_id(&id) {
        return Err(outdated(settings, paths::HOME));
    }
    let secret = attempt::binding(&id, settings.is_https()).secret(req.headers());
    let entry = Entry::of(req, settings);
    let confirmed = store.write::<_, Failure, _>(move |tx| {
        let Some(stored) = attempt::find(tx, &id)?.filter(|stored| stored.is_of(secret.as_deref())) else {
            return Ok(None);
        };
        let AttemptStage::Ended { ending: AttemptEnding::ToConfirm(held), is_repeatable: true } =
            &stored.stage
        else {
            return Ok(Some((stored, None)));
        };
        let ending = match is_own {
            true => entry.sign_in(tx, stored.door, &held.clone().release(tx.now)?)?,
            false => AttemptEnding::Refused(Refusal::Declined),
        };
        attempt::end(tx, &id, &ending)?;
        Ok(Some((stored, Some(ending))))
    });
    match confirmed.await.map_err(not_saved)? {
        Some((stored, Some(ending))) => show(&frame, settings, &stored, ending),
        Some((stored, None)) => answer_again(req, &frame, store, settings, stored).await,
        None => Err(outdated(settings, paths::HOME)),
    }
}

/// Answers a repeated callback like the first one, which another request answers or has answered.
async fn answer_again(
    req: &Request,
    frame: &Frame,
    store: &Store,
    settings: &Settings,
    stored: StoredAttempt,
) -> Result<Response, Failure> {
    let stored = wait_for_end(store, settings, stored).await?;
    if let Some(response) = signed_in_before(req, &stored).await? {
        return Ok(response);
    }
    let repeated = match &stored.stage {
        AttemptStage::Ended { ending: AttemptEnding::In { session, .. }, is_repeatable: true } => {
            is_live(store, session).await?
        }
        AttemptStage::Ended { ending: AttemptEnding::ToConfirm(_), is_repeatable } => *is_repeatable,
        AttemptStage::Ended { ending: AttemptEnding::Refused(_), .. } => true,
        _ => false,
    };
    match stored.stage {
        AttemptStage::Ended { ref ending, .. } if repeated => show(frame, settings, &stored, ending.clone()),
        _ => Err(outdated(settings, &stored.next)),
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
async fn wait_for_end(
    store: &Store,
    settings: &Settings,
    mut stored: StoredAttempt,
) -> Result<StoredAttempt, Failure> {
    let mut checks = tokio::time::interval(CHECK_EVERY);
    let deadline = tokio::time::Instant::now() + MAX_WAIT;
    while !matches!(stored.stage, AttemptStage::Ended { .. }) && tokio::time::Instant::now() < deadline {
        checks.tick().await;
        let id = stored.id.clone();
        let found = store.read(move |tx| attempt::find(tx, &id)).await?;
        stored = found.ok_or_else(|| outdated(settings, &stored.next))?;
    }
    Ok(stored)
}
