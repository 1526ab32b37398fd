//! The portal of the standards: OAuth 2.0 (RFC 6749) with PKCE (RFC 7636), device grant (RFC 8628), discovery
//! and sign-out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! It takes `client_secret_basic` and S256 only. Codes work once, within a minute. The sign-out does not ask first.

pub mod device;
mod portal;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::http::StatusCode;
use poem::web::headers::Authorization;
use poem::web::headers::authorization::Bearer;
use poem::web::{Data, Json, TypedHeader};
use poem::{Request, Response, handler};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::device::Devices;
pub use self::portal::PORTAL;
use self::portal::{Client, is_known, refuse};
use super::fields::answer;
use super::portal::{Fault, Grant, Grants, token_seconds};
use crate::paths::sandbox::standard as at;
use crate::settings::Settings;
use crate::store::Store;
use crate::web::{Submission, host};

/// The token endpoint (RFC 6749 §4.1.3, RFC 8628 §3.4).
#[handler]
pub fn exchange(
    Data(store): Data<&Store>,
    Data(grants): Data<&Arc<Grants>>,
    Data(devices): Data<&Arc<Devices>>,
    client: Client,
    form: Submission,
) -> Response {
    if !is_known(client) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let granted = match form.one("grant_type") {
        "authorization_code" => redeem(grants, store, &form),
        device::GRANT_TYPE => devices.poll(form.one("device_code"), store.clock.now()),
        _ => Err("unsupported_grant_type"),
    };
    let grant = match granted {
        Ok(grant) if grant.fault == Fault::Refused => {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
        }
        Ok(grant) => grant,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error),
    };
    let token = grants.token(store, grant);
    answer(json!({ "access_token": token, "token_type": "Bearer", "expires_in": token_seconds() }))
}

fn redeem(grants: &Grants, store: &Store, form: &Submission) -> Result<Grant, &'static str> {
    let grant = grants.redeem(&PORTAL, form.one("code"), store.clock.now()).ok_or("invalid_grant")?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.one("code_verifier")));
    let answers = grant.returned_to(form.one("redirect_uri")) && challenge == grant.challenge;
    answers.then_some(grant).ok_or("invalid_grant")
}

/// The claims of the token's person.
#[handler]
pub fn userinfo(
    Data(store): Data<&Store>,
    Data(grants): Data<&Arc<Grants>>,
    bearer: Option<TypedHeader<Authorization<Bearer>>>,
) -> Response {
    let token = bearer.map(|TypedHeader(bearer)| bearer.token().to_owned()).unwrap_or_default();
    let Some(account) = grants.bearer(&PORTAL, &token, store.clock.now()) else {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_token");
    };
    answer(json!({
        "sub": account.id,
        "level": account.level,
        "user_type": if account.is_person { "person" } else { "company" },
        "name": account.name,
        "id_type": PORTAL.code(&account),
        "id_number": account.number,
        "phone": account.phone,
    }))
}

/// The metadata (OpenID Connect Discovery 1.0 §3). Browsers use the public address; the program uses the one
/// at which it asks.
#[handler]
pub fn discovery(req: &Request, Data(settings): Data<&Arc<Settings>>) -> Json<Value> {
    let own = settings.base_for(host(req));
    let own = |path: &str| format!("{}{path}", own.trim_end_matches('/'));
    Json(json!({
        "issuer": settings.absolute(at::PORTAL),
        "authorization_endpoint": settings.absolute(at::AUTHORIZE),
        "token_endpoint": own(at::TOKEN),
        "userinfo_endpoint": own(at::USERINFO),
        "device_authorization_endpoint": own(at::DEVICE_AUTHORIZATION),
        "end_session_endpoint": settings.absolute(at::END_SESSION),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", device::GRANT_TYPE],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["login"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    }))
}
