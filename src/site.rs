//! The routes of all addresses, and the steps that every request goes through.

pub mod desk;
pub mod metrics;
mod ready;
mod sandbox;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use poem::http::Extensions;
use poem::{Endpoint, EndpointExt, PathPattern, Request, Response, Route, get, handler, post};
use tokio::net::TcpListener;

use crate::applications::request::FormOf;
use crate::applications::{decision, detail, files, form, list, mailing, notice, review, slip, withdraw};
use crate::certificates::{copies, inquiries, links};
use crate::files::storage::Storage;
use crate::login::parking::{Parking, ScreenUpdate};
use crate::login::portal::PortalError;
use crate::login::{Login, again, callback, devices, scan, screen, sign_out, way_in};
use crate::lookup::Lookup;
use crate::lookup::list::{api, pages as list_pages};
use crate::server::{self, ConnectionLimits, Handlers, Park, Parked};
use crate::settings::{Contact, Settings};
use crate::site::ready::Health;
use crate::store::{Clock, Ids, Store, Timestamp};
use crate::web::current_contact::CurrentContact;
use crate::web::encoding::Encoding;
use crate::web::failure::ErrorResponder;
use crate::web::session::{Session, SessionRows};
use crate::web::{Failure, assets, compress, head, headers, log, origin, session, well_known};
use crate::{certificates, home, lookup, paths, progress};

#[derive(Clone)]
pub struct Parts {
    pub settings: Arc<Settings>,
    pub store: Store,
    pub files: Storage,
    pub login: Arc<Login>,
    pub lookup: Arc<Lookup>,
    pub contact: CurrentContact,
    health: Health,
    /// When the program began.
    started: Timestamp,
}

impl Parts {
    pub fn new(settings: Settings, store: Store, files: Storage) -> Result<Parts, PortalError> {
        let settings = Arc::new(settings);
        let login = Arc::new(Login::new(settings.clone(), store.clone())?);
        let lookup = Arc::new(Lookup::new(&store));
        let health = Health::new(store.clone(), files.clone(), &settings);
        let contact = CurrentContact::new(Contact::from(&settings.office));
        let started = store.clock.now();
        Ok(Parts { settings, store, files, login, lookup, contact, health, started })
    }

    /// What handlers get as `Data`.
    fn data(&self) -> Extensions {
        let mut data = Extensions::new();
        data.insert(self.settings.clone());
        data.insert(self.store.clone());
        data.insert(self.files.clone());
        data.insert(self.login.clone());
        data.insert(self.lookup.clone());
        data.insert(self.contact.clone());
        data.insert(self.health.clone());
        data
    }

    pub fn sessions(&self) -> Arc<SessionRows> {
        Arc::new(SessionRows::new(self.store.clone(), self.settings.sessions.candidates.idle))
    }
}

/// Serves the site until `stop` resolves. Requests in flight then have `grace` to finish.
pub async fn serve(listener: TcpListener, parts: &Parts, stop: impl Future<Output = ()>, grace: Duration) {
    // The assets are compressed before the first request needs them.
    tokio::task::spawn_blocking(assets::get);
    let limits = ConnectionLimits::of_process(parts.settings.max_waiters, parts.settings.trusted_proxy);
    server::serve(listener, Handlers { site: site(parts), park: park(parts) }, limits, stop, grace).await;
}

/// Parks the long polls of login screens. Their handler finds the update in the extensions of the request.
fn park(parts: &Parts) -> Park {
    let (login, store, settings) = (parts.login.clone(), parts.store.clone(), parts.settings.clone());
    let parking = Arc::new(Parking::new(login, store, settings));
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
    let urls =
        if parts.settings.demo { urls().nest_no_strip(paths::SANDBOX, sandbox::urls()) } else { urls() };
    Site {
        urls,
        data: parts.data(),
        ids: parts.store.ids.clone(),
        clock: parts.store.clock.clone(),
        sessions: parts.sessions(),
        settings: parts.settings.clone(),
        https: parts.settings.is_https(),
    }
}

/// The middleware. It is one endpoint, because each layer of poem's middleware boxes a future that holds
/// the request.
struct Site {
    urls: Route,
    data: Extensions,
    ids: Ids,
    clock: Clock,
    sessions: Arc<SessionRows>,
    settings: Arc<Settings>,
    https: bool,
}

impl Endpoint for Site {
    type Output = Response;

    /// Not an async function: its future would hold the request twice.
    fn call(&self, mut req: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let line = log::RequestLine::begin(&req);
        // The data is cloned as a whole, because inserting it piece by piece would grow the map twice.
        let attached = std::mem::replace(req.extensions_mut(), self.data.clone());
        req.extensions_mut().extend(attached);
        let errors = ErrorResponder::of(&req);
        let encoding = Encoding::preferred(req.headers(), Encoding::Gzip);
        let admitted = head::refuse_large(&req)
            .and_then(|()| origin::refuse_cross_site(&req, &self.settings))
            .map(|()| session::begin(&mut req, &self.sessions, self.https));
        log::within(self.ids.reference(), async move {
            let mut route = None;
            let answered = match admitted {
                Ok(session) => {
                    let answered = self.urls.call(req).await;
                    route = route_of(&answered);
                    let response = answered.unwrap_or_else(|error| errors.respond(error));
                    self.finish(response, &session, encoding).await
                }
                Err(failure) => Err(failure),
            };
            let mut response = answered.unwrap_or_else(|failure| errors.respond(failure.into()));
            headers::secure(&mut response, self.https);
            line.end(&mut response, route, self.clock.now());
            Ok(response)
        })
    }
}

/// The pattern of the route that answered.
fn route_of(answered: &poem::Result<Response>) -> Option<PathPattern> {
    match answered {
        Ok(response) => response.data().cloned(),
        Err(error) => error.data().cloned(),
    }
}

impl Site {
    /// Runs after failures became pages, so that these set the session's cookie too.
    async fn finish(
        &self,
        mut response: Response,
        session: &Session,
        encoding: Option<Encoding>,
    ) -> Result<Response, Failure> {
        session::save(session, &mut response, self.https).await?;
        compress::pack(response, encoding).await
    }
}

fn urls() -> Route {
    desk::urls(Route::new())
        .at(paths::ASSET, get(assets::serve))
        .at(paths::FAVICON, get(assets::favicon))
        .at(paths::ROBOTS, get(well_known::robots))
        .at(paths::SECURITY, get(well_known::security))
        .at(paths::HEALTHZ, get(healthz))
        .at(paths::READYZ, get(ready::readyz))
        .at(paths::HOME, get(home::show))
        .at(paths::ANNOUNCEMENT, get(home::announcement))
        .at(paths::SERVICES, get(home::services::show))
        .at(paths::ME, get(home::me::show))
        .at(paths::MY_VIEWS, get(home::who_saw::show))
        .at(paths::DEVICES, get(devices::show).post(devices::end))
        .at(paths::OTHER_DEVICES, post(devices::end_others))
        .at(paths::READ_NOTICES, post(devices::acknowledge))
        .at(paths::PRIVACY, get(home::privacy::show))
        .at(paths::PRIVACY_VERSION, get(home::privacy::show_version))
        .at(paths::CONSENT, get(home::consent::ask).post(home::consent::answer))
        .at(paths::NO_CONSENT, get(home::consent::refused))
        .at(paths::MESSAGES, get(home::messages::list))
        .at(paths::READ_MESSAGES, post(home::messages::read_all))
        .at(paths::CHOOSE_SMS, post(home::messages::choose))
        .at(paths::MESSAGE, get(home::messages::show))
        .at(paths::MY_DATA, get(home::data::show))
        .at(paths::DATA_EXPORT, post(home::data::make))
        .at(paths::DATA_FILE, get(home::data::download))
        .at(paths::DELETION, get(home::deletion::show).post(home::deletion::ask))
        .at(paths::KEEP_DATA, post(home::deletion::take_back))
        .at(paths::WITHDRAW_CONSENT, post(home::data::withdraw))
        .at(paths::SENIOR, post(home::senior::toggle))
        .at(paths::PROGRESS, get(progress::show))
        .at(paths::FILE, get(files::show))
        .at(paths::LOOKUP, get(lookup::exams::show))
        .at(paths::LOOKUP_FORM, get(lookup::form::show).post(lookup::form::answer))
        .at(paths::ENGLISH_LOOKUP, get(lookup::exams::show))
        .at(paths::ENGLISH_LOOKUP_FORM, get(lookup::form::show).post(lookup::form::answer))
        .at(paths::LOOKUP_LIST, get(list_pages::show).post(list_pages::send))
        .at(paths::ENGLISH_LOOKUP_LIST, get(list_pages::show).post(list_pages::send))
        .at(paths::LIST_TEMPLATE, get(list_pages::template))
        .at(paths::ENGLISH_LIST_TEMPLATE, get(list_pages::template))
        .at(paths::LIST_RESULT, get(list_pages::result))
        .at(paths::ENGLISH_LIST_RESULT, get(list_pages::result))
        .at(paths::LIST_FILE, get(list_pages::download))
        .at(paths::ENGLISH_LIST_FILE, get(list_pages::download))
        .at(paths::VERIFICATIONS, post(api::verify))
        .at(paths::OPENAPI, get(api::openapi))
        .at(paths::VERIFY, get(lookup::code::show).post(lookup::code::answer))
        .at(paths::ENGLISH_VERIFY, get(lookup::code::show).post(lookup::code::answer))
        .at(paths::VERIFY_WORKER, get(lookup::code::worker))
        .at(paths::CERTIFICATE_KEYS, get(lookup::code::public_keys))
        .at(paths::CERTIFICATE_STATUS, get(lookup::code::status))
        .at(paths::VERIFICATION, get(lookup::link::show))
        .at(paths::INQUIRIES, get(inquiries::show))
        .at(paths::LINKS, get(links::show).post(links::make))
        .at(paths::REVOKE_LINK, post(links::revoke))
        .at(paths::COPIES, get(copies::show).post(copies::make))
        .at(paths::COPY, get(copies::download))
        .at(paths::REVOKE_COPY, post(copies::revoke))
        .at(paths::BUSINESS, get(list::show))
        .at(paths::NOTICE, get(notice::show).post(notice::agree).data(FormOf::New))
        .at(paths::AGREED_NOTICE, get(notice::agreed))
        .at(paths::NEW, get(form::show).post(form::save).data(FormOf::New))
        .at(paths::REVIEW, get(review::show).post(review::submit))
        .at(paths::DISCARD, get(withdraw::confirm_discard).post(withdraw::discard))
        .at(paths::APPLICATION, get(detail::show))
        .at(paths::SUBMITTED, get(detail::submitted))
        .at(paths::EDIT, get(form::show).post(form::save).data(FormOf::Edit))
        .at(paths::WITHDRAW, get(withdraw::confirm).post(withdraw::withdraw))
        .at(paths::APPEAL, get(form::show).post(form::save).data(FormOf::Appeal))
        .at(paths::DECISION, get(decision::show).post(decision::serve))
        .at(paths::SLIP, get(slip::show))
        .at(paths::SLIP_FILE, get(slip::download))
        .at(paths::CERTIFICATES, get(certificates::list::show))
        .at(paths::CERTIFICATE, get(certificates::detail::show))
        .at(paths::MAILING, get(mailing::show))
        .at(paths::MAILING_NOTICE, get(mailing::show_notice).post(mailing::agree))
        .at(paths::EDIT_MAILING, get(mailing::edit).post(mailing::save))
        .at(paths::CANCEL_MAILING, get(mailing::confirm_cancel).post(mailing::cancel))
        // GET reloads the page that a POST answered with a problem.
        .at(paths::LOGIN, get(screen::show))
        .at(paths::LOGIN_DEVICE, get(screen::show_device))
        .at(paths::LOGIN_AGAIN, get(again::ask_again).post(again::sign_in_again))
        .at(paths::WAIT, get(screen::wait).post(screen::cancel))
        .at(paths::LOGIN_PORTAL, get(way_in::start))
        .at(paths::LOGIN_APP, get(way_in::enter_from_app))
        .at(paths::LOGIN_CALLBACK, get(callback::return_from_portal).post(callback::confirm))
        .at(paths::LOGIN_CALLBACK_STATE, get(callback::return_with_state))
        .at(paths::LOGOUT, post(sign_out::sign_out))
        .at(paths::SIGNED_OUT, get(sign_out::signed_out))
        .at(paths::SIGNED_OUT_AT, get(sign_out::sign_out_at_portal))
        .at(paths::SCAN, get(scan::open))
        .at(paths::CONFIRM, get(scan::confirm))
        // GET reloads a page that a POST answered with a problem.
        .at(paths::TYPE_NUMBER, get(scan::confirm).post(scan::type_number))
        .at(paths::DECLINE, post(scan::decline))
        .at(paths::REVOKE, post(scan::revoke))
}

/// `GET /healthz`: liveness. It checks nothing else.
#[handler]
fn healthz() -> &'static str {
    "ok"
}
