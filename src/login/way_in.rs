//! The way to the portal: a redirect, on the same device. A phone that scans a code and is not signed in yet
//! comes here too, and so do pages that the government app opens.

use poem::http::header;
use poem::web::Query;
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::attempt::{self, AttemptEnding, HeldArrival};
use super::door::Door;
use super::pages::login_path;
use super::portal::steps::call::Moment;
use super::portal::{AttemptSecrets, Journey, Returned};
use super::{Context, sign_out};
use crate::paths;
use crate::store::Store;
use crate::web::address::{client_address, network};
use crate::web::{Failure, Frame, local_path, user_agent};

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
    context: Context<'_>,
    Query(next): Query<NextPage>,
) -> Result<Response, Failure> {
    go(req, &frame, context, next.path()).await
}

/// Begins an attempt and redirects to the portal of `next`.
///
/// # Errors
/// [`Failure::TooMany`], or the failure of a portal that cannot be asked.
pub(super) async fn go(
    req: &Request,
    frame: &Frame,
    Context { login, store, settings }: Context<'_>,
    next: &str,
) -> Result<Response, Failure> {
    login.at_portal.check(&network(client_address(req)))?;
    let (door, https) = (Door::to(next, settings), settings.is_https());
    let journey = Journey {
        host: req.header(header::HOST),
        is_fresh: sign_out::fresh(https).secret(req.headers()).is_some(),
        is_phone: user_agent::is_phone(user_agent::of(req)),
    };
    let begun = login.portal(door).begin(journey).await;
    let (attempt, url) = begun.map_err(|refusal| refusal.failure(door.portal(settings), login_path(next)))?;
    let mut response = frame.go(&url);
    if login.portal(door).state_may_be_missing() {
        attempt::last(https).give(&mut response, &attempt.state, attempt::LIFETIME.num_seconds());
    }
    store_attempt(store, &mut response, https, door, attempt, next).await?;
    Ok(response)
}

/// Stores an attempt and gives its cookie. Returns the attempt's id.
async fn store_attempt(
    store: &Store,
    response: &mut Response,
    https: bool,
    door: Door,
    attempt: AttemptSecrets,
    next: &str,
) -> Result<String, Failure> {
    let (id, secret) = (attempt::id_of(&attempt.state), store.ids.token(32));
    let (next, cookie) = (next.to_owned(), secret.clone());
    store.write(move |tx| attempt::begin(tx, door, &attempt, &next, &cookie)).await?;
    attempt::binding(&id, https).give(response, &secret, attempt::LIFETIME.num_seconds());
    Ok(id)
}

/// `GET /login/app`: a page that the government app opens with a one-off token. The person must confirm it,
/// because anybody can make a link with a token of their own.
#[handler]
pub async fn enter_from_app(
    req: &Request,
    frame: Frame,
    Context { login, store, settings }: Context<'_>,
    Query(next): Query<NextPage>,
    Query(query): Query<Returned>,
) -> Result<Response, Failure> {
    login.at_portal.check(&network(client_address(req)))?;
    let (door, next) = (Door::Candidates, next.path());
    let arrival = login.portal(door).enter_from_app(&query, &Moment::of(store)).await;
    let arrival = arrival.map_err(|refusal| refusal.failure(door.portal(settings), login_path(next)))?;
    let state = store.ids.token(16);
    let attempt = AttemptSecrets { state: state.clone(), verifier: String::new(), nonce: String::new() };
    let mut response = frame.go(&paths::login_callback(&state));
    let id = store_attempt(store, &mut response, settings.is_https(), door, attempt, next).await?;
    let ending = AttemptEnding::ToConfirm(HeldArrival::hold(arrival));
    store.write(move |tx| attempt::end(tx, &id, &ending)).await?;
    Ok(response)
}
