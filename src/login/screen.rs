//! Ways 2 and 3: the login screen, which shows a code and waits until a phone has approved it.

use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{IntoResponse, Request, Response, handler};
use tower_sessions::session::Id;

use super::door::Door;
use super::handshake::{self, Handshake, Screen, Status};
use super::pages::NextPoll;
use super::parking::ScreenUpdate;
use super::way_in::NextPage;
use super::{Context, Login, allowance, device_grant, devices, not_saved, pages, secrets};
use crate::paths;
use crate::people::identity::notice;
use crate::settings::{Settings, Ways};
use crate::store::Store;
use crate::ui::Page;
use crate::web::address::{client_address, network};
use crate::web::session::{self, Way};
use crate::web::{Failure, Frame, SignedIn, Submission, binding, frame, local_path, see_other, user_agent};

/// The cookie that the script of a waiting page sets while it runs. The next page then has no automatic
/// reload, because Safari performs a reload that a script has called off.
const SCRIPTS_COOKIE: &str = "scripts";

const SECRET_BYTES: usize = 16;

/// `GET /login`: a code on a desktop, a button on a phone.
#[handler]
pub async fn show(
    req: &Request,
    frame: Frame,
    context: Context<'_>,
    Query(next): Query<NextPage>,
) -> Result<Response, Failure> {
    let Context { store, settings, .. } = context;
    if SignedIn::find(req).await?.is_some() {
        return Ok(frame.go(next.path()));
    }
    if Door::to(next.path(), settings) == Door::Staff {
        return Ok(frame.page(pages::for_staff(next.path())));
    }
    let ways = settings.portal.ways;
    let phone = user_agent::is_phone(user_agent::of(req));
    match (ways.scan, ways.device) {
        _ if phone && ways.portal => return Ok(frame.page(pages::on_phone(ways, next.path()))),
        (true, _) => {}
        (false, true) => return Ok(frame.go(&pages::device_path(next.path()))),
        (false, false) => return Ok(frame.page(pages::on_phone(ways, next.path()))),
    }
    let secret = new_secret(req, context)?;
    let screen = new_screen(req, &secret, next.path());
    let handshake = store.write(move |tx| handshake::begin(tx, screen)).await?;
    Ok(first_page(&frame, &view(context, &handshake), &secret, settings))
}

/// `GET /login/device`: the portal's own code (RFC 8628).
#[handler]
pub async fn show_device(
    req: &Request,
    frame: Frame,
    context: Context<'_>,
    Query(next): Query<NextPage>,
) -> Result<Response, Failure> {
    let Context { login, store, settings } = context;
    if SignedIn::find(req).await?.is_some() {
        return Ok(frame.go(next.path()));
    }
    if !settings.portal.ways.device {
        return Err(Failure::NotFound);
    }
    let secret = new_secret(req, context)?;
    let screen = new_screen(req, &secret, next.path());
    let code = login.portal(Door::Candidates).device_code().await;
    let again = || pages::device_path(next.path());
    let code = code.map_err(|refusal| refusal.failure(&settings.portal, again()))?;
    let handshake = store.write(move |tx| device_grant::begin(tx, screen, code)).await?;
    device_grant::wake_poller(login, store);
    Ok(first_page(&frame, &view(context, &handshake), &secret, settings))
}

/// A secret for a new screen.
///
/// # Errors
/// [`Failure::TooMany`] if it asks too often, [`Failure::Full`] if too many requests are parked.
fn new_secret(req: &Request, Context { login, store, .. }: Context<'_>) -> Result<String, Failure> {
    if login.waiters.is_full() {
        return Err(Failure::Full);
    }
    login.new_handshakes.check(&network(client_address(req)))?;
    Ok(store.ids.token(SECRET_BYTES))
}

fn new_screen(req: &Request, secret: &str, next: &str) -> Screen {
    Screen {
        secret_hash: binding::hash(secret),
        device: user_agent::describe(user_agent::of(req)),
        network: network(client_address(req)),
        next: next.to_owned(),
    }
}

/// The page of a new screen, with the cookie of its secret.
fn first_page(frame: &Frame, view: &pages::ScreenView, secret: &str, settings: &Settings) -> Response {
    let mut response = frame.page(pages::screen_page(view, &view.handshake.next));
    secrets::give_screen(&mut response, &view.handshake.id, secret, settings.is_https());
    response
}

/// `GET /login/wait/{id}`: how the handshake stands now. An approved one is redeemed. A request of htmx
/// was parked before ([`Parking`](super::parking::Parking)); a browser without scripts reloads the page.
#[handler]
pub async fn wait(
    req: &Request,
    frame: Frame,
    context: Context<'_>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Context { login, store, settings } = context;
    let update = req.extensions().get::<ScreenUpdate>();
    let screen = secrets::of_screen(req.headers(), &id, settings.is_https()).unwrap_or_default();
    let found = match update {
        Some(update) => Ok(update.handshake.clone()),
        None => login.waiters.watch(&id).handshake(store, &screen).await,
    };
    let handshake = match found {
        Err(Failure::NotFound) => return lost(req, &frame, settings.portal.ways).await,
        found => found?,
    };
    login.store_expiry(store, &handshake).await;
    if handshake.portal_code.is_some() && handshake.status == Status::Waiting {
        // The process that polled for this code may be gone.
        device_grant::wake_poller(login, store);
    }
    if handshake.status == Status::Failed
        && let Some(failure) = final_refusal(store, settings, &handshake).await?
    {
        // The card would offer another code, which cannot help, so the reason gets a page of its own.
        return if frame.is_fragment() { Ok(frame.go(&paths::wait(id))) } else { Err(failure) };
    }
    if handshake.status == Status::Approved
        && let Some(session) = sign_in(req, store, settings, &handshake, screen).await?
    {
        let mut response = frame.go(local_path(&handshake.next));
        session::give(&mut response, &session, settings.is_https());
        return Ok(response);
    }
    // Another tab has signed this browser in.
    if SignedIn::find(req).await?.is_some() {
        return Ok(frame.go(local_path(&handshake.next)));
    }
    // A request of htmx that was not parked, because its head is too large, must not come back at once.
    let unparked = if frame.is_fragment() { NextPoll::Later } else { NextPoll::Soon };
    let next_poll = update.map_or(unparked, |update| update.next_poll);
    let view = pages::ScreenView { next_poll, ..view(context, &handshake) };
    Ok(match frame.is_fragment() {
        true => frame.part(pages::card(&view)),
        false if frame::cookie(req.headers(), SCRIPTS_COOKIE).is_some() => {
            frame.page(Page { refresh: None, ..pages::screen_page(&view, &handshake.next) })
        }
        false => frame.page(pages::screen_page(&view, &handshake.next)),
    })
}

/// Why the portal's code signed nobody in, if another code would not help.
async fn final_refusal(
    store: &Store,
    settings: &Settings,
    handshake: &Handshake,
) -> Result<Option<Failure>, Failure> {
    let id = handshake.id.clone();
    let refusal = store.read(move |tx| allowance::refusal_of(tx, &id)).await?;
    let failure =
        refusal.map(|refusal| refusal.failure(&settings.portal, pages::device_path(&handshake.next)));
    Ok(failure.filter(|failure| matches!(failure, Failure::NotAdmitted { .. })))
}

/// The answer to a screen whose handshake is gone or is another screen's. If another tab has signed the
/// browser in, it goes to the home page.
async fn lost(req: &Request, frame: &Frame, ways: Ways) -> Result<Response, Failure> {
    if SignedIn::find(req).await?.is_some() {
        return Ok(frame.go(paths::HOME));
    }
    Ok(match frame.is_fragment() {
        true => frame.part(pages::lost_card()).with_status(StatusCode::NOT_FOUND).into_response(),
        false => frame.page_with(StatusCode::NOT_FOUND, pages::lost(ways)),
    })
}

/// Redeems the handshake and begins a session for the screen, in one transaction, so that a failure leaves
/// the handshake approved. `None` if it was redeemed before.
async fn sign_in(
    req: &Request,
    store: &Store,
    settings: &Settings,
    handshake: &Handshake,
    screen: String,
) -> Result<Option<Id>, Failure> {
    let (id, device, rules) = (handshake.id.clone(), handshake.device.clone(), settings.sessions);
    let old = session::id_in(req.headers(), settings.is_https());
    let way = if handshake.portal_code.is_some() { Way::Device } else { Way::Scan };
    let described = devices::described(&handshake.device, way);
    let signed_in = store.write::<_, Failure, _>(move |tx| {
        let Some(candidate) = handshake::redeem(tx, &id, &screen)? else { return Ok(None) };
        notice::signed_in_on(tx, &candidate, &described)?;
        // The screen gets the rights of the session that approved it.
        let staff = allowance::staff_of(tx, &id)?;
        let who = SignedIn::at(tx.now, candidate, staff, device).by_handshake(way, id);
        Ok(Some(session::replace(tx, old, &who, &rules)?))
    });
    signed_in.await.map_err(not_saved)
}

/// `POST /login/wait/{id}`: cancels the code and begins another one.
#[handler]
pub async fn cancel(
    req: &Request,
    Context { login, store, settings }: Context<'_>,
    Path(id): Path<String>,
    form: Submission,
) -> Result<Response, Failure> {
    let next = pages::login_path(form.one("next"));
    if let Some(screen) = secrets::of_screen(req.headers(), &id, settings.is_https()) {
        let cancelled = id.clone();
        store.write(move |tx| handshake::cancel(tx, &cancelled, &screen)).await?;
        login.waiters.wake(&id).await;
    }
    Ok(see_other(&next))
}

fn view<'a>(context: Context, handshake: &'a Handshake) -> pages::ScreenView<'a> {
    let Context { login, store, settings } = context;
    let now = store.clock.now();
    let address = match &handshake.portal_code {
        Some(code) => code.address.clone(),
        None => {
            let code = login.codes.make(&handshake.id, handshake.created_at, now);
            settings.absolute(&paths::scan(code))
        }
    };
    let (mark, ways) = (Login::mark(handshake, now), settings.portal.ways);
    pages::ScreenView { handshake, now, mark, address, ways, next_poll: NextPoll::Soon }
}
