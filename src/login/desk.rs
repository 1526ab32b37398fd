//! Way 2 on the screen that shows the code.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{IntoResponse, Request, Response, handler};

use super::handshake::{self, Handshake, Screen, Status};
use super::hold::Held;
use super::pages::Asks;
use super::waiting::Watch;
use super::way_in::Next;
use super::{Login, allowance, device, device_grant, devices, pages};
use crate::people::candidate::Known;
use crate::people::identity::notice;
use crate::settings::Settings;
use crate::store::{Error, Store, Tx};
use crate::web::address::{client_address, network};
use crate::web::session::{self, Session, Way};
use crate::web::{Failure, Frame, SignedIn, Submission, local_path, see_other};

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
    let screen = screen(req, login, store, next.path()).await?;
    let handshake = store.write(move |tx| handshake::begin(tx, screen)).await?;
    Ok(frame.page(pages::on_desk(&view(login, store, settings, &handshake), next.path())))
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
    let screen = screen(req, login, store, next.path()).await?;
    let code = login.portal.device_code().await;
    let code = code.map_err(|refusal| refusal.failure(pages::device_path(next.path())))?;
    let handshake = store.write(move |tx| device_grant::begin(tx, screen, code)).await?;
    login.poller.wake(login, store);
    Ok(frame.page(pages::on_desk(&view(login, store, settings, &handshake), next.path())))
}

/// The screen that asks, unless it asks too often or too many wait already.
async fn screen(req: &Request, login: &Login, store: &Store, next: &str) -> Result<Screen, Failure> {
    if login.waiters.are_full() {
        return Err(Failure::Full);
    }
    let browser = login.new_handshakes.browser(req, &store.ids).await?;
    session::renew(&session::of(req)).await?;
    Ok(Screen {
        browser,
        device: device::describe(device::user_agent(req)),
        network: network(client_address(req)),
        next: next.to_owned(),
    })
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
    let (session, held) = (session::of(req), req.extensions().get::<Held>());
    let looked = match held {
        // It has been looked at just now, for the same session.
        Some(held) => Ok(held.last.clone()),
        None => of_screen(&login.waiters.watch(&id), store, &session).await,
    };
    let handshake = match looked {
        // Its session has ended: the code on the screen is of no use any more.
        Err(Failure::NotFound) if frame.is_fragment() => {
            return Ok(frame.part(pages::lost_card()).with_status(StatusCode::NOT_FOUND).into_response());
        }
        looked => looked?,
    };
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
    if handshake.status == Status::Approved && sign_in(store, &session, &handshake).await? {
        return Ok(frame.go(local_path(&handshake.next)));
    }
    let asks = held.map_or(Asks::AtOnce, |held| held.asks);
    let view = pages::View { asks, ..view(login, store, settings, &handshake) };
    Ok(match frame.is_fragment() {
        true => frame.part(pages::card(&view)),
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

/// The handshake that is watched, if this session's screen shows it; the database is asked only
/// if it is not known how it stands.
pub(super) async fn of_screen(
    watch: &Watch,
    store: &Store,
    session: &Session,
) -> Result<Arc<Handshake>, Failure> {
    if let Some(known) = watch.known(session.id(), store.clock.now()) {
        return Ok(known);
    }
    let browser = session::known_device(session).await?.ok_or(Failure::NotFound)?;
    let of = watch.handshake.clone();
    let read = store.read(move |tx| handshake::of_browser(tx, &of, &browser)).await?;
    let read = Arc::new(read.ok_or(Failure::NotFound)?);
    watch.keep(session.id(), &read);
    Ok(read)
}

/// Whether this screen is signed in now; it is not if the handshake has been redeemed before.
async fn sign_in(store: &Store, session: &Session, handshake: &Handshake) -> Result<bool, Failure> {
    let browser = session::known_device(session).await?.ok_or(Failure::NotFound)?;
    let id = handshake.id.clone();
    let way = if handshake.portal_code.is_some() { Way::Device } else { Way::Scan };
    let device = devices::told(&handshake.device, way);
    let redeemed = store.write(move |tx| redeem(tx, &id, &browser, &device)).await?;
    let Some(known) = redeemed else { return Ok(false) };
    let screen = SignedIn::now(known.candidate, known.staff, store, handshake.device.clone());
    screen.by_handshake(way, handshake.id.clone()).begin(session).await?;
    Ok(true)
}

/// `POST /login/cancel`: the screen gives this code up and asks for another.
#[handler]
pub async fn cancel(
    req: &Request,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    form: Submission,
) -> Result<Response, Failure> {
    let (id, next) = (form.one("handshake").to_owned(), pages::login_path(form.one("next")));
    if let Some(browser) = session::known_device(&session::of(req)).await? {
        let cancelled = id.clone();
        store.write(move |tx| handshake::cancel(tx, &cancelled, &browser)).await?;
        login.waiters.wake(&id).await;
    }
    Ok(see_other(&next))
}

/// The screen may do what the sign-in that answered for it may do.
fn redeem(tx: &mut Tx, id: &str, browser: &str, device: &str) -> Result<Option<Known>, Error> {
    let Some(candidate) = handshake::redeem(tx, id, browser)? else { return Ok(None) };
    notice::signed_in_on(tx, &candidate, device)?;
    let staff = allowance::staff_of(tx, id)?;
    Ok(Some(Known { candidate, staff }))
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
