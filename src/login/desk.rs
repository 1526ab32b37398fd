//! Way 2 on the screen that shows the code.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{IntoResponse, Request, Response, handler};
use tower_sessions::session::Id;

use super::handshake::{self, Handshake, Screen, Status};
use super::hold::Held;
use super::pages::Asks;
use super::waiting::Watch;
use super::way_in::Next;
use super::{Login, allowance, device, device_grant, devices, not_saved, pages, secrets};
use crate::people::identity::notice;
use crate::settings::{Settings, Ways};
use crate::store::Store;
use crate::ui::Page;
use crate::web::address::{client_address, network};
use crate::web::session::{self, Way};
use crate::web::{Failure, Frame, SignedIn, Submission, binding, frame, local_path, see_other};

/// Set by the script of a waiting page while it runs: the next one needs no reload. Safari goes through
/// with a reload that a script calls off.
const SCRIPTS_COOKIE: &str = "scripts";

/// Bytes of a screen's secret: beyond guessing.
const SECRET_BYTES: usize = 16;

/// `GET /login`: a code on a desktop, a button on a phone.
#[handler]
pub async fn show(
    req: &Request,
    frame: Frame,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Query(next): Query<Next>,
) -> Result<Response, Failure> {
    if SignedIn::find(req).await?.is_some() {
        return Ok(frame.go(next.path()));
    }
    let ways = settings.portal.ways;
    let phone = device::is_phone(device::user_agent(req));
    match (ways.scan, ways.device) {
        _ if phone && ways.portal => return Ok(frame.page(pages::on_phone(ways, next.path()))),
        (true, _) => {}
        (false, true) => return Ok(frame.go(&pages::device_path(next.path()))),
        (false, false) => return Ok(frame.page(pages::on_phone(ways, next.path()))),
    }
    let secret = secret(req, login, store)?;
    let screen = screen(req, &secret, next.path());
    let handshake = store.write(move |tx| handshake::begin(tx, screen)).await?;
    Ok(first_page(&frame, &view(login, store, settings, &handshake), &secret, settings))
}

/// `GET /login/device`: the portal's own code (RFC 8628).
#[handler]
pub async fn show_device(
    req: &Request,
    frame: Frame,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Query(next): Query<Next>,
) -> Result<Response, Failure> {
    if SignedIn::find(req).await?.is_some() {
        return Ok(frame.go(next.path()));
    }
    if !settings.portal.ways.device {
        return Err(Failure::NotFound);
    }
    let secret = secret(req, login, store)?;
    let screen = screen(req, &secret, next.path());
    let code = login.portal.device_code().await;
    let code = code.map_err(|refusal| refusal.failure(pages::device_path(next.path())))?;
    let handshake = store.write(move |tx| device_grant::begin(tx, screen, code)).await?;
    login.poller.wake(login, store);
    Ok(first_page(&frame, &view(login, store, settings, &handshake), &secret, settings))
}

/// A fresh secret for a new screen, unless it asks too often or too many wait already.
fn secret(req: &Request, login: &Login, store: &Store) -> Result<String, Failure> {
    if login.waiters.are_full() {
        return Err(Failure::Full);
    }
    login.new_handshakes.check(req)?;
    Ok(store.ids.token(SECRET_BYTES))
}

fn screen(req: &Request, secret: &str, next: &str) -> Screen {
    Screen {
        browser: binding::hash(secret),
        device: device::describe(device::user_agent(req)),
        network: network(client_address(req)),
        next: next.to_owned(),
    }
}

/// The page of a new screen, which gets its secret.
fn first_page(frame: &Frame, view: &pages::View, secret: &str, settings: &Settings) -> Response {
    let mut response = frame.page(pages::on_desk(view, &view.handshake.next));
    secrets::give_screen(&mut response, &view.handshake.id, secret, settings.is_https());
    response
}

/// `GET /login/wait/{id}`: how it stands now. Where htmx asks, [`Hold`](super::hold::Hold) has
/// waited until that is news; a browser without scripts reloads. An approved handshake is redeemed.
#[handler]
pub async fn wait(
    req: &Request,
    frame: Frame,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let held = req.extensions().get::<Held>();
    let screen = secrets::of_screen(req.headers(), &id, settings.is_https()).unwrap_or_default();
    let looked = match held {
        // It has been looked at just now, for the same screen.
        Some(held) => Ok(held.last.clone()),
        None => of_screen(&login.waiters.watch(&id), store, &screen).await,
    };
    let handshake = match looked {
        Err(Failure::NotFound) => return lost(req, &frame, settings.portal.ways).await,
        looked => looked?,
    };
    login.note_expiry(store, &handshake).await;
    if handshake.portal_code.is_some() && handshake.status == Status::Waiting {
        // The process that began it may be gone.
        login.poller.wake(login, store);
    }
    if handshake.status == Status::Failed
        && let Some(failure) = final_refusal(store, &handshake).await?
    {
        // The reason needs a page of its own: the card offers another code, which cannot help.
        return if frame.is_fragment() { Ok(frame.go(&format!("/login/wait/{id}"))) } else { Err(failure) };
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
    // A request that was not held, because its head is too large to be kept, is not to come again at once.
    let unheld = if frame.is_fragment() { Asks::Later } else { Asks::AtOnce };
    let asks = held.map_or(unheld, |held| held.asks);
    let view = pages::View { asks, ..view(login, store, settings, &handshake) };
    Ok(match frame.is_fragment() {
        true => frame.part(pages::card(&view)),
        false if frame::cookie(req.headers(), SCRIPTS_COOKIE).is_some() => {
            frame.page(Page { refresh: None, ..pages::on_desk(&view, &handshake.next) })
        }
        false => frame.page(pages::on_desk(&view, &handshake.next)),
    })
}

/// Why the portal's code signed nobody in, where another code would not either.
async fn final_refusal(store: &Store, handshake: &Handshake) -> Result<Option<Failure>, Failure> {
    let id = handshake.id.clone();
    let refusal = store.read(move |tx| allowance::refusal_of(tx, &id)).await?;
    let failure = refusal.map(|refusal| refusal.failure(pages::device_path(&handshake.next)));
    Ok(failure.filter(|failure| matches!(failure, Failure::NotAdmitted { .. })))
}

/// The handshake that is watched, if the screen with the secret of the hash `screen` shows it; the
/// database is asked only if it is not known how it stands.
pub(super) async fn of_screen(watch: &Watch, store: &Store, screen: &str) -> Result<Arc<Handshake>, Failure> {
    if let Some(known) = watch.known(screen, store.clock.now()) {
        return Ok(known);
    }
    let (of, browser) = (watch.handshake.clone(), screen.to_owned());
    let read = store.read(move |tx| handshake::of_browser(tx, &of, &browser)).await?;
    let read = Arc::new(read.ok_or(Failure::NotFound)?);
    watch.keep(&read);
    Ok(read)
}

/// The answer to a screen whose handshake is gone, or not its own. Another tab may have signed its
/// browser in.
async fn lost(req: &Request, frame: &Frame, ways: Ways) -> Result<Response, Failure> {
    if SignedIn::find(req).await?.is_some() {
        return Ok(frame.go("/"));
    }
    Ok(match frame.is_fragment() {
        true => frame.part(pages::lost_card()).with_status(StatusCode::NOT_FOUND).into_response(),
        false => frame.page_with(StatusCode::NOT_FOUND, pages::lost(ways)),
    })
}

/// The session of a screen that is signed in now; none if the handshake has been redeemed before. One
/// transaction: if the session cannot be saved, the screen may ask again.
async fn sign_in(
    req: &Request,
    store: &Store,
    settings: &Settings,
    handshake: &Handshake,
    screen: String,
) -> Result<Option<Id>, Failure> {
    let (id, device, idle) = (handshake.id.clone(), handshake.device.clone(), settings.session_idle);
    let old = session::id_in(req.headers(), settings.is_https());
    let way = if handshake.portal_code.is_some() { Way::Device } else { Way::Scan };
    let told = devices::told(&handshake.device, way);
    let signed_in = store.write::<_, Failure, _>(move |tx| {
        let Some(candidate) = handshake::redeem(tx, &id, &screen)? else { return Ok(None) };
        notice::signed_in_on(tx, &candidate, &told)?;
        // The screen may do what the sign-in that answered for it may do.
        let staff = allowance::staff_of(tx, &id)?;
        let who = SignedIn::at(tx.now, candidate, staff, device).by_handshake(way, id);
        Ok(Some(session::replace(tx, old, &who, idle)?))
    });
    signed_in.await.map_err(not_saved)
}

/// `POST /login/wait/{id}`: the screen gives this code up and asks for another.
#[handler]
pub async fn cancel(
    req: &Request,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Path(id): Path<String>,
    form: Submission,
) -> Result<Response, Failure> {
    let next = pages::login_path(form.one("next"));
    if let Some(browser) = secrets::of_screen(req.headers(), &id, settings.is_https()) {
        let cancelled = id.clone();
        store.write(move |tx| handshake::cancel(tx, &cancelled, &browser)).await?;
        login.waiters.wake(&id).await;
    }
    Ok(see_other(&next))
}

fn view<'a>(login: &Login, store: &Store, settings: &Settings, handshake: &'a Handshake) -> pages::View<'a> {
    let now = store.clock.now();
    let address = match &handshake.portal_code {
        Some(code) => code.address.clone(),
        None => {
            let code = login.codes.make(&handshake.id, handshake.created_at, now);
            settings.absolute(&format!("/s/{code}"))
        }
    };
    let (mark, ways) = (Login::mark(handshake, now), settings.portal.ways);
    pages::View { handshake, now, mark, address, ways, asks: Asks::AtOnce }
}
