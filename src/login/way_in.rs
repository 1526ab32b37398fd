//! Way 1: to the portal and back on the same device. The phone of way 2 comes through
//! here too when it is not signed in yet.

use poem::http::header;
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;
use std::sync::Arc;

use super::pages::login_path;
use super::portal::{self, Attempt, Return};
use super::{Login, device};
use crate::people::candidate;
use crate::store::Store;
use crate::web::address::{client_address, network};
use crate::web::session::{self, Session};
use crate::web::{Failure, Frame, SignedIn, local_path, see_other};

/// Key in the session.
const ATTEMPTS: &str = "portal";

/// Somebody may try in several windows; older attempts are forgotten.
const MAX_ATTEMPTS: usize = 4;

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
    Query(next): Query<Next>,
) -> Result<Response, Failure> {
    login.at_portal.check(&network(client_address(req)))?;
    let session = session::of(req);
    let begun = login.portal.begin(req.header(header::HOST), next.path()).await;
    let (attempt, url) = begun.map_err(|failure| failure.again_at(login_path(next.path())))?;
    let mut open = attempts(&session).await?;
    open.push(attempt);
    open.drain(..open.len().saturating_sub(MAX_ATTEMPTS));
    session.insert(ATTEMPTS, open).await?;
    Ok(frame.go(&url))
}

/// `GET /login/callback`: the browser is back from the portal.
#[handler]
pub async fn callback(
    req: &Request,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Query(back): Query<Return>,
) -> Result<Response, Failure> {
    let session = session::of(req);
    let mut open = attempts(&session).await?;
    let attempt = portal::take(&mut open, &back)?;
    session.insert(ATTEMPTS, open).await?;
    let (next, now) = (attempt.next.clone(), store.clock.now());
    let finished = login.portal.finish(req.header(header::HOST), attempt, back, now).await;
    let identity = finished.map_err(|failure| failure.again_at(login_path(&next)))?;
    let known = store.write(move |tx| candidate::sign_in(tx, &identity)).await?;
    let device = device::describe(device::user_agent(req));
    SignedIn::now(known.candidate, known.staff, store, device).begin(&session).await?;
    Ok(see_other(local_path(&next)))
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

async fn attempts(session: &Session) -> Result<Vec<Attempt>, Failure> {
    Ok(session.get(ATTEMPTS).await?.unwrap_or_default())
}
