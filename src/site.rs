//! Every URL, and the steps that every request goes through.

mod ready;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use poem::http::Extensions;
use poem::{Endpoint, EndpointExt, Request, Response, Route, get, handler, post};
use tokio::net::TcpListener;

use crate::casework::pages::{detail, files, form, list, notice, review, slip, withdraw};
use crate::certificates::links;
use crate::demo::sandbox::{self, Sandbox};
use crate::files::storage::Storage;
use crate::login::parking::{Parking, ScreenUpdate};
use crate::login::{Login, devices, scan, screen, way_in};
use crate::lookup::Lookup;
use crate::server::{self, ConnectionLimits, Handlers, Park, Parked};
use crate::settings::Settings;
use crate::site::ready::Health;
use crate::store::{Ids, Store};
use crate::web::failure::Asked;
use crate::web::session::{Session, SessionRows};
use crate::web::{Failure, assets, compress, head, headers, log, origin, session};
use crate::{business, certificates, home, lookup, progress, staff};

/// The parts of a serving program.
#[derive(Clone)]
pub struct Parts {
    pub settings: Arc<Settings>,
    pub store: Store,
    pub files: Storage,
    pub login: Arc<Login>,
    pub lookup: Arc<Lookup>,
    health: Health,
}

impl Parts {
    /// # Errors
    /// When no HTTPS client for the portal can be made on this machine.
    pub fn new(settings: Settings, store: Store, files: Storage) -> Result<Parts, reqwest::Error> {
        let settings = Arc::new(settings);
        let login = Arc::new(Login::new(settings.clone(), store.clone())?);
        let lookup = Arc::new(Lookup::new(&store));
        let health = Health::new(store.clone(), files.clone(), &settings.database_url);
        Ok(Parts { settings, store, files, login, lookup, health })
    }

    /// What handlers get as `Data`.
    fn data(&self) -> Extensions {
        let mut data = Extensions::new();
        data.insert(self.settings.clone());
        data.insert(self.store.clone());
        data.insert(self.files.clone());
        data.insert(business::ALL);
        data.insert(self.login.clone());
        data.insert(self.lookup.clone());
        data.insert(self.health.clone());
        data
    }

    pub fn sessions(&self) -> Arc<SessionRows> {
        Arc::new(SessionRows::new(self.store.clone(), self.settings.session_idle))
    }
}

/// Serves the site until `stop` resolves. Requests in flight then have `grace` to finish.
pub async fn serve(listener: TcpListener, parts: &Parts, stop: impl Future<Output = ()>, grace: Duration) {
    // Compresses the assets before the first request needs them.
    tokio::task::spawn_blocking(assets::get);
    let limits = ConnectionLimits::of_process(parts.settings.max_waiters, parts.settings.trusted_proxy);
    server::serve(listener, Handlers { site: site(parts), park: park(parts) }, limits, stop, grace).await;
}

/// Parks the requests of waiting login screens. Their handler finds the outcome in the request.
fn park(parts: &Parts) -> Park {
    let (login, store, settings) = (parts.login.clone(), parts.store.clone(), parts.settings.clone());
    let parking = Arc::new(Parking::new(login, store, parts.sessions(), settings));
    Box::new(move |request, peer| {
        let update = parking.park(request, peer)?;
        let attach = |update| {
            let mut attached = Extensions::new();
            if let Some(update) = update {
                attached.insert::<ScreenUpdate>(update);
            }
            attached
        };
        Some(Box::pin(update.map(attach)) as Parked)
    })
}

pub fn site(parts: &Parts) -> impl Endpoint<Output = Response> + 'static + use<> {
    let urls = if parts.settings.demo { urls().nest("/sandbox", sandbox_urls()) } else { urls() };
    Site {
        urls,
        data: parts.data(),
        ids: parts.store.ids.clone(),
        sessions: parts.sessions(),
        https: parts.settings.is_https(),
    }
}

/// The middleware. It is one endpoint, because each layer of poem's middleware boxes a future that holds
/// the request.
struct Site {
    urls: Route,
    data: Extensions,
    ids: Ids,
    sessions: Arc<SessionRows>,
    https: bool,
}

impl Endpoint for Site {
    type Output = Response;

    /// Not an async function: its future would hold the request twice.
    fn call(&self, mut req: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let line = log::RequestLine::begin(&req);
        // The data is cloned as a whole, because inserting it piece by piece would grow the map twice.
        let brought = std::mem::replace(req.extensions_mut(), self.data.clone());
        req.extensions_mut().extend(brought);
        let asked = Asked::of(&req);
        let gzip = compress::accepts_gzip(req.headers());
        let admitted = head::refuse_large(&req)
            .and_then(|()| origin::refuse_strangers(&req))
            .map(|()| session::begin(&mut req, &self.sessions, self.https));
        log::within(self.ids.reference(), async move {
            let answered = match admitted {
                Ok(session) => {
                    let response = self.urls.call(req).await.unwrap_or_else(|error| asked.answer(error));
                    self.finish(response, &session, gzip).await
                }
                Err(failure) => Err(failure),
            };
            let mut response = answered.unwrap_or_else(|failure| asked.answer(failure.into()));
            headers::secure(&mut response, self.https);
            line.end(&mut response);
            Ok(response)
        })
    }
}

impl Site {
    /// Runs after failures have become pages, so that these get the session's cookie too.
    async fn finish(
        &self,
        mut response: Response,
        session: &Session,
        gzip: bool,
    ) -> Result<Response, Failure> {
        session::save(session, &mut response, self.https).await?;
        compress::pack(response, gzip).await
    }
}

fn urls() -> Route {
    Route::new()
        .at("/assets/:name", get(assets::serve))
        .at("/healthz", get(healthz))
        .at("/readyz", get(ready::readyz))
        .at("/", get(home::show))
        .at("/announcements/:id", get(home::announcement))
        .at("/services", get(home::services::show))
        .at("/me", get(home::me::show))
        .at("/me/devices", get(devices::show).post(devices::end))
        .at("/me/devices/others", post(devices::end_others))
        .at("/me/devices/read", post(devices::acknowledge))
        .at("/senior", post(home::senior::toggle))
        .at("/progress", get(progress::show))
        .at("/files/:id", get(files::show))
        .at("/lookup", get(lookup::exams::show))
        .at("/lookup/:exam", get(lookup::form::show).post(lookup::form::answer))
        .at("/en/lookup", get(lookup::exams::show))
        .at("/en/lookup/:exam", get(lookup::form::show).post(lookup::form::answer))
        .at("/v/:token", get(lookup::link::show))
        .at("/certificates/:certificate/links", get(links::show).post(links::make))
        .at("/certificates/:certificate/links/:link/revoke", post(links::revoke))
        .at("/services/:kind", get(list::show))
        .at("/services/:kind/notice", get(notice::show).post(notice::agree))
        .at("/services/:kind/new", get(form::show).post(form::save))
        .at("/services/:kind/review", get(review::show).post(review::submit))
        .at("/services/:kind/discard", get(withdraw::confirm_discard).post(withdraw::discard))
        .at("/services/:kind/:number", get(detail::show))
        .at("/services/:kind/:number/submitted", get(detail::submitted))
        .at("/services/:kind/:number/edit", get(form::show).post(form::save))
        .at("/services/:kind/:number/withdraw", get(withdraw::confirm).post(withdraw::withdraw))
        .at("/services/:kind/:number/appeal", get(form::show).post(form::save))
        .at("/services/:kind/:number/slip", get(slip::show))
        .at("/certificates", get(certificates::list::show))
        .at("/certificates/:certificate", get(certificates::detail::show))
        .at("/certificates/:certificate/mailing", get(detail::show))
        .at("/certificates/:certificate/mailing/notice", get(notice::show).post(notice::agree))
        .at("/certificates/:certificate/mailing/edit", get(form::show).post(form::save))
        .at("/certificates/:certificate/mailing/cancel", get(withdraw::confirm).post(withdraw::withdraw))
        .at("/staff", get(staff::home))
        .at("/staff/queue", get(staff::show_queue))
        .at("/staff/queue/next", post(staff::next))
        .at("/staff/keys", post(staff::switch_keys))
        .at("/staff/applications/:number", get(staff::review))
        .at("/staff/applications/:number/take", post(staff::take))
        // A page that was sent back with a conflict may be loaded anew from its address.
        .at("/staff/applications/:number/put-back", get(staff::review).post(staff::put_back))
        .at("/staff/applications/:number/hand-over", get(staff::review).post(staff::hand_over))
        // A page that was sent back with errors may be loaded anew from its address.
        .at("/staff/applications/:number/decide", get(staff::review).post(staff::decide))
        .at("/staff/applications/:number/tasks/:action", get(staff::review).post(staff::carry_out))
        .at("/staff/applications/:number/done", get(staff::done))
        .at("/staff/identities", get(staff::identities::list))
        .at("/staff/identities/:id", get(staff::identities::show).post(staff::identities::decide))
        .at("/login", get(screen::show))
        .at("/login/device", get(screen::show_device))
        .at("/login/wait/:id", get(screen::wait).post(screen::cancel))
        .at("/login/portal", get(way_in::start))
        .at("/login/callback", get(way_in::callback))
        .at("/logout", post(way_in::logout))
        .at("/s/:code", get(scan::open))
        .at("/s/:id/confirm", get(scan::confirm))
        // A page that was sent back with an error may be loaded anew from its address.
        .at("/s/:id/number", get(scan::confirm).post(scan::type_number))
        .at("/s/:id/decline", post(scan::decline))
        .at("/s/:id/revoke", post(scan::revoke))
}

/// The demo portal, which only the demo has.
fn sandbox_urls() -> impl Endpoint<Output = Response> + 'static {
    Route::new()
        .at("/authorize", get(sandbox::authorize).post(sandbox::choose))
        .at("/token", post(sandbox::exchange))
        .at("/device_authorization", post(sandbox::device::authorize))
        .at("/device", get(sandbox::device::show).post(sandbox::device::choose))
        .at("/userinfo", get(sandbox::userinfo))
        .at("/.well-known/openid-configuration", get(sandbox::discovery))
        .data(Arc::new(Sandbox::default()))
        .map_to_response()
}

/// `GET /healthz`: 200 while the program runs.
#[handler]
fn healthz() -> &'static str {
    "ok"
}
