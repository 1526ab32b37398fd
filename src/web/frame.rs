//! Decides whether a response is a whole document or a fragment for htmx.

use std::sync::Arc;

use maud::Markup;
use poem::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use poem::{FromRequest, Request, RequestBody, Response};

use super::assets;
use super::current_contact::CurrentContact;
use super::query::without_empty;
use crate::paths;
use crate::settings::{Contact, Settings};
use crate::store::{Store, Timestamp, clock};
use crate::ui::{self, Chrome, Lang, Page};

/// The cookie that is set in senior mode (长者模式).
pub const SENIOR_COOKIE: &str = "senior";

/// What the request says about the form of its response: document or fragment, language, senior mode.
pub struct Frame {
    settings: Arc<Settings>,
    contact: Arc<Contact>,
    fragment: bool,
    target: Option<HeaderValue>,
    senior: bool,
    here: Uri,
    /// Scheme and host.
    base: String,
    now: Timestamp,
    lang: Lang,
}

impl<'a> FromRequest<'a> for Frame {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Frame::of(req))
    }
}

impl Frame {
    /// Also works for a request that has failed.
    pub fn of(req: &Request) -> Frame {
        let headers = req.headers();
        let english = req.original_uri().path().starts_with(paths::ENGLISH);
        let settings: &Arc<Settings> = req.data().expect("site puts the settings on every request");
        let contact: &CurrentContact = req.data().expect("site puts the contact on every request");
        let store: &Store = req.data().expect("site puts the store on every request");
        Frame {
            base: settings.base_for(super::host(req)),
            now: store.clock.now(),
            settings: settings.clone(),
            contact: contact.get(),
            fragment: wants_fragment(headers),
            target: headers.get("hx-target").cloned(),
            senior: cookie(headers, SENIOR_COOKIE).is_some(),
            here: req.original_uri().clone(),
            lang: if english { Lang::English } else { Lang::Chinese },
        }
    }

    /// English below `/en/`, otherwise Chinese.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// How people reach the office.
    pub fn contact(&self) -> &Contact {
        &self.contact
    }

    /// Whether htmx sent the request, so that a fragment is an acceptable response.
    pub fn is_fragment(&self) -> bool {
        self.fragment
    }

    /// Id of the element that htmx will replace.
    pub fn target(&self) -> Option<&str> {
        self.target.as_ref().and_then(|target| target.to_str().ok())
    }

    pub fn here(&self) -> &str {
        self.here.path_and_query().map_or(paths::HOME, |path| path.as_str())
    }

    /// A redirect to this address without its empty parameters, if it has any. A form with GET sends every field.
    pub fn tidy_address(&self) -> Option<Response> {
        without_empty(&self.here).map(|address| super::see_other(&address))
    }

    /// The whole document, or for htmx its title, `<main>` and bars.
    pub fn page(&self, page: Page) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    /// [`Frame::page`] with a status.
    pub fn page_with(&self, status: StatusCode, page: Page) -> Response {
        let assets = assets::get();
        let chrome = Chrome {
            authority: &self.settings.authority,
            contact: &self.contact,
            filing: &self.settings.office.filing,
            address: &self.base,
            time: &clock::china_to_the_second(self.now),
            css: &assets.css,
            scripts: &assets.scripts,
            icon: &assets.icon,
            touch_icon: &assets.touch_icon,
            manifest: &assets.manifest,
            senior: self.senior,
            demo: self.settings.demo,
            here: self.here(),
            lang: self.lang,
            refused: status == StatusCode::UNPROCESSABLE_ENTITY,
        };
        let markup = if self.fragment { ui::fragment(&chrome, &page) } else { ui::document(&chrome, &page) };
        html(status, markup)
    }

    /// A fragment smaller than `<main>`.
    pub fn part(&self, markup: Markup) -> Response {
        html(StatusCode::OK, markup)
    }

    /// Redirects to `path`. htmx loads the whole page, because cookies or bars may change with it.
    pub fn go(&self, path: &str) -> Response {
        if self.fragment {
            return Response::builder().header("HX-Redirect", path).finish();
        }
        super::see_other(path)
    }
}

/// Whether htmx sent the request. For a page from its history htmx needs the whole document.
pub fn wants_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request") && !headers.contains_key("hx-history-restore-request")
}

/// A page contains personal data, so caches must not store it.
fn html(status: StatusCode, markup: Markup) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::VARY, "HX-Request")
        .body(markup.into_string())
}

/// The value of a cookie. Malformed cookies of other programs are skipped.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
