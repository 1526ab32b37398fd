//! The sandbox portal: a real portal's protocol over HTTP, with invented people.
//!
//! Authorization code with PKCE S256 and `client_secret_basic`. Codes work once, within a minute. Issued
//! codes and tokens are in memory.

pub mod device;
pub mod people;

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use maud::{Markup, html};
use parking_lot::Mutex;
use poem::http::{StatusCode, header};
use poem::web::headers::Authorization;
use poem::web::headers::authorization::{Basic, Bearer};
use poem::web::{Data, Json, Query, TypedHeader};
use poem::{IntoResponse, Request, Response, handler};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use self::people::{PEOPLE, Person};
use crate::paths;
use crate::people::mask;
use crate::settings::{PortalSettings, Settings};
use crate::store::{Store, Timestamp};
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Frame, Submission, see_other};

/// Lifetime of codes and tokens.
const LIFETIME: Duration = Duration::seconds(60);

/// The settings for the sandbox portal. Browsers reach it at `public`, this program at `own`.
pub fn settings(public: &Url, own: &Url) -> PortalSettings {
    let at = |base: &Url, path: &str| {
        let mut url = base.clone();
        url.set_path(path);
        String::from(url)
    };
    let overrides = [
        ("base", at(own, "")),
        ("issuer", at(public, "/sandbox")),
        ("client_id", "kaozheng-demo".to_owned()),
        ("client_secret", "not-a-secret".to_owned()),
    ];
    let overrides = overrides.map(|(key, value)| (key.to_owned(), value)).into();
    PortalSettings::load("sandbox", &overrides).expect("the profile of the sandbox is complete")
}

/// The codes and tokens that the sandbox portal has issued.
#[derive(Default)]
pub struct Sandbox {
    devices: device::Devices,
    codes: Mutex<HashMap<String, Grant>>,
    tokens: Mutex<HashMap<String, Grant>>,
}

#[derive(Clone)]
struct Grant {
    person: &'static Person,
    /// `None` for a device grant.
    request: Option<AuthorizationRequest>,
    at: Timestamp,
}

/// An authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3).
#[derive(Clone, Serialize, Deserialize)]
struct AuthorizationRequest {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
}

impl AuthorizationRequest {
    /// Refuses requests of other clients, so that nobody is redirected to a foreign address.
    fn check(&self, req: &Request, settings: &Settings) -> Result<(), Failure> {
        let ours = format!("{}{}", settings.base_for(req.header(header::HOST)), paths::LOGIN_CALLBACK);
        let valid = self.response_type == "code"
            && self.code_challenge_method == "S256"
            && self.client_id == settings.portal.client_id
            && self.redirect_uri == ours;
        valid.then_some(()).ok_or(Failure::BadRequest("演示平台不认识这个登录请求"))
    }

    fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("response_type", &self.response_type),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("state", &self.state),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ]
    }

    fn of_form(form: &Submission) -> AuthorizationRequest {
        let field = |name: &str| form.one(name).to_owned();
        AuthorizationRequest {
            response_type: field("response_type"),
            client_id: field("client_id"),
            redirect_uri: field("redirect_uri"),
            state: field("state"),
            code_challenge: field("code_challenge"),
            code_challenge_method: field("code_challenge_method"),
        }
    }

    /// Redirects to the client with a response (RFC 6749 §4.1.2, RFC 9207 §2).
    fn respond(&self, settings: &Settings, name: &str, value: &str) -> Result<Response, Failure> {
        let mut back = Url::parse(&self.redirect_uri).map_err(|_| Failure::BadRequest("回调地址有误"))?;
        back.query_pairs_mut().append_pair(name, value).append_pair("state", &self.state);
        if let Some(issuer) = &settings.portal.issuer {
            back.query_pairs_mut().append_pair("iss", issuer);
        }
        Ok(see_other(back.as_str()))
    }
}

/// `GET /sandbox/authorize`: asks which person signs in.
#[handler]
pub fn authorize(
    req: &Request,
    frame: Frame,
    Data(settings): Data<&Arc<Settings>>,
    Query(request): Query<AuthorizationRequest>,
) -> Result<Response, Failure> {
    request.check(req, settings)?;
    let main = html! {
        (ui::heading("演示环境", "统一身份认证", &format!("“{}考证通”申请使用您的身份信息。", settings.authority)))
        (ui::banner(ui::Tone::Info, "这是演示平台", html! { p { "以下人员均为虚构。请选择以谁的身份登录。" } }))
        form method="post" action="/sandbox/authorize" hx-boost="false" {
            @for (name, value) in request.fields() { input type="hidden" name=(name) value=(value); }
            (choices())
        }
    };
    Ok(frame.page(Page::new("省政务服务平台", main).own_heading().back(paths::LOGIN)))
}

/// A button for each person, and one to decline.
fn choices() -> Markup {
    html! {
        div.choices {
            @for (place, person) in PEOPLE.iter().enumerate() {
                button.button type="submit" name="person" value=(place) data-look="plain" {
                    span { (person.name) " · " (person.role) }
                    span.muted.small {
                        (person.document_type.label()) " " (mask::number(person.document_number))
                    }
                }
            }
        }
        p.actions { (ui::submit("person", "", "取消登录", Look::Plain)) }
    }
}

fn chosen(form: &Submission) -> Option<&'static Person> {
    form.one("person").parse::<usize>().ok().and_then(|place| PEOPLE.get(place))
}

/// `POST /sandbox/authorize`: redirects with a code, or with `access_denied`.
#[handler]
pub fn choose(
    req: &Request,
    Data(settings): Data<&Arc<Settings>>,
    Data(store): Data<&Store>,
    Data(sandbox): Data<&Arc<Sandbox>>,
    form: Submission,
) -> Result<Response, Failure> {
    let request = AuthorizationRequest::of_form(&form);
    request.check(req, settings)?;
    let Some(person) = chosen(&form) else { return request.respond(settings, "error", "access_denied") };
    let grant = Grant { person, request: Some(request.clone()), at: store.clock.now() };
    let code = issue(&sandbox.codes, store, grant);
    request.respond(settings, "code", &code)
}

/// `POST /sandbox/token` (RFC 6749 §4.1.3, RFC 8628 §3.4).
#[handler]
pub fn exchange(
    Data(settings): Data<&Arc<Settings>>,
    Data(store): Data<&Store>,
    Data(sandbox): Data<&Arc<Sandbox>>,
    client: Option<TypedHeader<Authorization<Basic>>>,
    form: Submission,
) -> Response {
    if !is_known(client, settings) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let granted = match form.one("grant_type") {
        "authorization_code" => redeem(sandbox, store, &form),
        device::GRANT_TYPE => sandbox.devices.poll(form.one("device_code"), store.clock.now()),
        _ => Err("unsupported_grant_type"),
    };
    let grant = match granted {
        Ok(grant) => grant,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error),
    };
    let token = issue(&sandbox.tokens, store, grant);
    let answer =
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME.num_seconds() });
    Json(answer).with_header(header::CACHE_CONTROL, "no-store").into_response()
}

fn is_known(client: Option<TypedHeader<Authorization<Basic>>>, settings: &Settings) -> bool {
    client.is_some_and(|TypedHeader(client)| {
        client.username() == settings.portal.client_id
            && Some(client.password()) == settings.portal.client_secret.as_deref()
    })
}

/// Removes the code before checking the request, so that a failed attempt ends it too.
fn redeem(sandbox: &Sandbox, store: &Store, form: &Submission) -> Result<Grant, &'static str> {
    let grant = sandbox.codes.lock().remove(form.one("code")).ok_or("invalid_grant")?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.one("code_verifier")));
    let answers = grant.request.as_ref().is_some_and(|request| {
        form.one("redirect_uri") == request.redirect_uri && challenge == request.code_challenge
    });
    let fresh = store.clock.now() - grant.at < LIFETIME;
    if answers && fresh { Ok(grant) } else { Err("invalid_grant") }
}

/// `GET /sandbox/userinfo`: the claims of the token's person.
#[handler]
pub fn userinfo(
    Data(store): Data<&Store>,
    Data(sandbox): Data<&Arc<Sandbox>>,
    bearer: Option<TypedHeader<Authorization<Bearer>>>,
) -> Response {
    let token = bearer.map(|TypedHeader(bearer)| bearer.token().to_owned()).unwrap_or_default();
    let grant = sandbox.tokens.lock().get(&token).cloned();
    let Some(Grant { person, .. }) = grant.filter(|grant| store.clock.now() - grant.at < LIFETIME) else {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_token");
    };
    let claims = json!({
        "sub": person.account,
        "level": person.level,
        "user_type": person.user_type,
        "name": person.name,
        "id_type": person.document_type.code(),
        "id_number": person.document_number,
        "phone": person.phone,
    });
    Json(claims).with_header(header::CACHE_CONTROL, "no-store").into_response()
}

#[handler]
pub fn discovery(Data(settings): Data<&Arc<Settings>>) -> Json<Value> {
    let portal = &settings.portal;
    Json(json!({
        "issuer": portal.issuer,
        "authorization_endpoint": portal.authorize_url,
        "token_endpoint": portal.token_url,
        "userinfo_endpoint": portal.userinfo_url,
        "device_authorization_endpoint": portal.device_url,
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", device::GRANT_TYPE],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

fn refuse(status: StatusCode, error: &str) -> Response {
    Json(json!({ "error": error })).with_status(status).into_response()
}

/// Stores a grant under a new secret, and drops expired ones.
fn issue(grants: &Mutex<HashMap<String, Grant>>, store: &Store, grant: Grant) -> String {
    let (secret, now) = (store.ids.token(24), store.clock.now());
    let mut grants = grants.lock();
    grants.retain(|_, grant| now - grant.at < LIFETIME);
    grants.insert(secret.clone(), grant);
    secret
}
