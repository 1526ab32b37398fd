//! What the endpoints of the standard portal share: its accounts, its requests and its client.

use chrono::Duration;
use poem::http::StatusCode;
use poem::web::headers::Authorization;
use poem::web::headers::authorization::Basic;
use poem::web::{Json, TypedHeader};
use poem::{IntoResponse, Response};
use serde_json::json;

use crate::demo::sandbox::fields::Fields;
use crate::demo::sandbox::portal::{
    AuthorizationRequest, CLIENT_ID, CLIENT_SECRET, Fault, OwnSite, Portal, SignOut, check_client,
};
use crate::paths::sandbox::standard as at;
use crate::people::document::DocumentType::{
    ForeignPermanent, HkMacaoPermit, HmtResidence, Other, Passport, Resident, TaiwanPermit,
};

pub static PORTAL: Portal = Portal {
    name: "省政务服务平台",
    path: at::PORTAL,
    cookie: "sandbox",
    documents: &[
        (Resident.label(), Resident.code()),
        (HkMacaoPermit.label(), HkMacaoPermit.code()),
        (TaiwanPermit.label(), TaiwanPermit.code()),
        (HmtResidence.label(), HmtResidence.code()),
        (ForeignPermanent.label(), ForeignPermanent.code()),
        (Passport.label(), Passport.code()),
        (Other.label(), Other.code()),
    ],
    admits: |_| true,
    read,
    ticket: "code",
    ticket_prefix: "",
    ticket_lifetime: Duration::seconds(60),
    declined: Some(("error", "access_denied")),
    faults: &[Fault::Expired, Fault::Dropped, Fault::Refused],
    sign_out: Some(SignOut { target: "post_logout_redirect_uri", client: "client_id", state: "state" }),
};

/// RFC 6749 §4.1.1, RFC 7636 §4.3.
fn read(fields: &Fields, site: &OwnSite) -> Result<AuthorizationRequest, &'static str> {
    check_client(fields.one("client_id"))?;
    let challenge = fields.one("code_challenge").to_owned();
    let is_s256 = fields.one("code_challenge_method") == "S256" && !challenge.is_empty();
    if fields.one("response_type") != "code" || !is_s256 {
        return Err("演示平台不认识这个登录请求");
    }
    Ok(AuthorizationRequest {
        challenge,
        issuer: site.issuer.clone(),
        asks_again: fields.one("prompt").split(' ').any(|prompt| prompt == "login"),
        ..AuthorizationRequest::plain(site.callback(fields.one("redirect_uri"))?, "state", fields)
    })
}

/// The client of a call, by `client_secret_basic`.
pub type Client = Option<TypedHeader<Authorization<Basic>>>;

pub fn is_known(client: Client) -> bool {
    client.is_some_and(|TypedHeader(client)| {
        client.username() == CLIENT_ID && client.password() == CLIENT_SECRET
    })
}

/// An error of RFC 6749 §5.2 or RFC 6750 §3.1.
pub fn refuse(status: StatusCode, error: &str) -> Response {
    Json(json!({ "error": error })).with_status(status).into_response()
}
