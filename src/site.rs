//! Every URL, and the middleware in order.

use std::sync::Arc;
use std::time::Duration;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Request, Response, Route, get, handler, post};
use tokio::net::TcpListener;

use crate::casework::pages::{detail, files, form, list, notice, review, slip, withdraw};
use crate::certificates::links;
use crate::files::storage::Storage;
use crate::login::hold::Hold;
use crate::login::sandbox::{self, Sandbox};
use crate::login::{Login, desk, devices, scan, way_in};
use crate::lookup::Lookup;
use crate::settings::Settings;
use crate::store::Store;
use crate::web::session::SessionRows;
use crate::web::{assets, compress, failure, headers, log, origin, server, session};
use crate::{business, certificates, home, lookup, progress, staff};

/// What the program is made of when it serves.
#[derive(Clone)]
pub struct Parts {
    /// Checked settings.
    pub settings: Arc<Settings>,
    /// The database.
    pub store: Store,
    /// The uploads.
    pub files: Storage,
    /// What login keeps between requests.
    pub login: Arc<Login>,
    /// What the public lookup keeps between requests.
    pub lookup: Arc<Lookup>,
}

impl Parts {
    /// # Errors
    /// When no HTTPS client for the portal can be made on this machine.
    pub fn new(settings: Settings, store: Store, files: Storage) -> Result<Parts, reqwest::Error> {
        let settings = Arc::new(settings);
        let login = Arc::new(Login::new(settings.clone(), store.clone())?);
        let lookup = Arc::new(Lookup::new(&store));
        Ok(Parts { settings, store, files, login, lookup })
    }

    /// Middleware: puts them on the request. In one layer, since each has room for a request.
    fn hand_to<E: Endpoint>(
        &self,
        next: E,
        mut req: Request,
    ) -> impl Future<Output = poem::Result<E::Output>> + use<E> {
        req.set_data(self.settings.clone());
        req.set_data(self.store.clone());
        req.set_data(self.files.clone());
        req.set_data(business::ALL);
        req.set_data(self.login.clone());
        req.set_data(self.lookup.clone());
        async move { next.call(req).await }
    }

    fn sessions(&self) -> Arc<SessionRows> {
        Arc::new(SessionRows::new(self.store.clone(), self.settings.session_idle))
    }
}

/// Serves the whole site until `stop` is over; requests in flight then have `grace` to finish.
pub async fn serve(listener: TcpListener, parts: &Parts, stop: impl Future<Output = ()>, grace: Duration) {
    let https = parts.settings.is_https();
    let hold = Hold::new(parts.login.clone(), parts.store.clone(), parts.sessions(), https);
    let hold = Arc::new(hold);
    let before = move |request| {
        let hold = hold.clone();
        async move { hold.pass(request).await }
    };
    server::serve(listener, before, site(parts), stop, grace).await;
}

/// The whole site.
pub fn site(parts: &Parts) -> impl Endpoint<Output = Response> + 'static + use<> {
    let https = parts.settings.is_https();
    let ids = parts.store.ids.clone();
    let (rows, parts) = (parts.sessions(), parts.clone());
    let urls = if parts.settings.demo { urls().nest("/sandbox", sandbox_urls()) } else { urls() };
    // Failures become pages before the session's cookie is added to them; what the session or
    // the origin check refuse becomes a page further out.
    let guarded = urls
        .around(failure::error_pages)
        .around(move |next, req| session::keep_session(next, req, rows.clone(), https))
        .around(origin::refuse_strangers);
    // A route hides the type of what it leads to; one type of all layers is too deep to compile.
    Route::new()
        .nest_no_strip("/", guarded)
        .around(failure::error_pages)
        .around(compress::compress_pages)
        .around(move |next, req| parts.hand_to(next, req))
        .around(move |next, req| headers::secure(next, req, https))
        .around(move |next, req| {
            let ids = ids.clone();
            async move { log::log_request(next, req, &ids).await }
        })
}

fn urls() -> Route {
    Route::new()
        .at("/assets/:name", get(assets::serve))
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz))
        .at("/", get(home::show))
        .at("/announcements/:id", get(home::announcement))
        .at("/services", get(home::services::show))
        .at("/me", get(home::me::show))
        .at("/me/devices", get(devices::show).post(devices::end))
        .at("/me/devices/others", post(devices::end_others))
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
        .at("/staff/applications/:number", get(staff::review))
        .at("/staff/applications/:number/take", post(staff::take))
        .at("/staff/applications/:number/put-back", post(staff::put_back))
        // A page that was sent back with errors may be loaded anew from its address.
        .at("/staff/applications/:number/decide", get(staff::review).post(staff::decide))
        .at("/staff/applications/:number/tasks/:action", get(staff::review).post(staff::carry_out))
        .at("/staff/applications/:number/done", get(staff::done))
        .at("/login", get(desk::show))
        .at("/login/device", get(desk::show_device))
        .at("/login/wait/:id", get(desk::wait))
        .at("/login/cancel", post(desk::cancel))
        .at("/login/portal", get(way_in::start))
        .at("/login/callback", get(way_in::callback))
        .at("/logout", post(way_in::logout))
        .at("/s/:code", get(scan::open))
        .at("/s/:id/confirm", get(scan::confirm))
        .at("/s/:id/number", post(scan::pick))
        .at("/s/:id/decline", post(scan::decline))
        .at("/s/:id/revoke", post(scan::revoke))
}

/// The demo portal; only ever part of the demo.
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

/// `GET /healthz`: the program runs.
#[handler]
fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers and has every migration.
#[handler]
async fn readyz(Data(store): Data<&Store>) -> (StatusCode, &'static str) {
    match store.is_ready().await {
        Ok(true) => (StatusCode::OK, "ready"),
        Ok(false) => (StatusCode::SERVICE_UNAVAILABLE, "migrations are pending: run `kaozheng migrate`"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
    }
}
