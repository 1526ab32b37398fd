//! The client of the government portal: OAuth 2.0 authorization code with PKCE
//! (RFC 6749 §4.1, RFC 7636), `state` and `iss` checked (RFC 9700, RFC 9207).
//!
//! Every way in which the portal can fail ends in [`Failure::Portal`]; the log says
//! which, without codes, tokens or personal data. Tokens are dropped once the identity
//! has been read.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::people::candidate::Identity;
use crate::people::document::{Document, DocumentType};
use crate::people::{name, phone};
use crate::settings::Settings;
use crate::web::{Failure, local_path};

/// The portal answers within this, or is treated as down.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Where the portal sends people back to; registered there, so it never varies.
pub const CALLBACK: &str = "/login/callback";

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

const NOT_REACHED: Failure = Failure::Portal("政务服务平台暂时没有回应");
const NOT_UNDERSTOOD: Failure = Failure::Portal("政务服务平台的回答无法识别");
const REFUSED: Failure = Failure::Portal("政务服务平台没有完成登录");
const DECLINED: Failure = Failure::Portal("您没有在政务服务平台授权登录");
const OUTDATED: Failure = Failure::Portal("这次登录已失效");
const INCOMPLETE: Failure = Failure::Portal("政务服务平台提供的身份信息不完整");

/// One attempt to sign in at the portal; kept in the session until the browser returns.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// Says which attempt a return belongs to.
    pub state: String,
    /// Proves to the portal that we began it.
    verifier: String,
    /// Checked local path to go to afterwards.
    pub next: String,
}

/// What the browser brings back.
#[derive(Deserialize)]
pub struct Return {
    /// Which attempt it answers.
    pub state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// What userinfo must say.
#[derive(Deserialize)]
struct Claims {
    name: String,
    id_type: String,
    id_number: String,
    phone: Option<String>,
}

/// The portal as we speak to it.
pub struct Portal {
    settings: Arc<Settings>,
    http: reqwest::Client,
}

impl Portal {
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn new(settings: Arc<Settings>) -> Result<Portal, reqwest::Error> {
        let builder =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        // The demo asks itself, which no proxy can do for it.
        let builder = if settings.demo { builder.no_proxy() } else { builder };
        Ok(Portal { http: builder.build()?, settings })
    }

    /// Begins an attempt for a browser that reached us by `host`: what to remember, and where
    /// to send it.
    pub fn begin(&self, host: Option<&str>, next: &str) -> Result<(Attempt, String), Failure> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.settings.portal.scopes.iter().cloned().map(Scope::new);
        let client = self.client(host)?;
        let request =
            client.authorize_url(CsrfToken::new_random).add_scopes(scopes).set_pkce_challenge(challenge);
        let (url, state) = request.url();
        let attempt = Attempt {
            state: state.into_secret(),
            verifier: verifier.into_secret(),
            next: local_path(next).to_owned(),
        };
        Ok((attempt, url.into()))
    }

    /// Ends an attempt: who came back. `today` is the day in China.
    pub async fn finish(
        &self,
        host: Option<&str>,
        attempt: Attempt,
        back: Return,
        today: NaiveDate,
    ) -> Result<Identity, Failure> {
        let code = self.code_in(back)?;
        let verifier = PkceCodeVerifier::new(attempt.verifier);
        let client = self.client(host)?;
        let request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let answer =
            request.request_async(&|request| send(self.http.clone(), request)).await.map_err(refused)?;
        let claims = self.claims(answer.access_token().secret()).await?;
        identity(claims, today)
    }

    fn code_in(&self, back: Return) -> Result<String, Failure> {
        // Another server's answer must not be taken for this one's (RFC 9207 §2.4).
        if let (Some(sent), Some(known)) = (&back.iss, &self.settings.portal.issuer)
            && sent != known
        {
            tracing::warn!("the return names another issuer");
            return Err(REFUSED);
        }
        match (back.error.as_deref(), back.code) {
            (Some("access_denied"), _) => Err(DECLINED),
            (Some(_), _) | (None, None) => Err(REFUSED),
            (None, Some(code)) => Ok(code),
        }
    }

    fn client(&self, host: Option<&str>) -> Result<Client, Failure> {
        let wrong = |error: url::ParseError| Failure::Internal(format!("an address at the portal: {error}"));
        let (portal, base) = (&self.settings.portal, self.settings.base_for(host));
        let mut authorize = portal.authorize_url.clone();
        if self.settings.demo {
            // The demo portal is ourselves: a browser stays at the address it opened.
            authorize = Url::parse(&base).and_then(|base| base.join(authorize.path())).map_err(wrong)?;
        }
        let redirect = RedirectUrl::new(format!("{base}{CALLBACK}")).map_err(wrong)?;
        let client = BasicClient::new(ClientId::new(portal.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(authorize))
            .set_token_uri(TokenUrl::from_url(portal.token_url.clone()))
            .set_redirect_uri(redirect);
        Ok(match &portal.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.clone())),
            None => client,
        })
    }

    async fn claims(&self, token: &str) -> Result<Claims, Failure> {
        let request = self.http.get(self.settings.portal.userinfo_url.clone()).bearer_auth(token);
        let request = request.header("accept", "application/json").build().map_err(|_| NOT_UNDERSTOOD)?;
        let answer = fetch(&self.http, request).await?;
        if !answer.status().is_success() {
            tracing::warn!(status = answer.status().as_u16(), "userinfo was refused");
            return Err(REFUSED);
        }
        let said: serde_json::Value = serde_json::from_slice(answer.body()).map_err(|_| {
            tracing::warn!("userinfo is not JSON");
            NOT_UNDERSTOOD
        })?;
        serde_json::from_value(said).map_err(|error| {
            // The error names the claim; a wrong type's value is not in it for missing ones.
            tracing::warn!(missing = error.to_string().contains("missing field"), "userinfo lacks a claim");
            INCOMPLETE
        })
    }
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let request = request.try_into().map_err(|_| NOT_REACHED)?;
    fetch(&http, request).await
}

/// One call, with a limit on how much is read.
async fn fetch(http: &reqwest::Client, request: reqwest::Request) -> Result<HttpResponse, Failure> {
    let mut answer = http.execute(request).await.map_err(not_reached)?;
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(not_reached)? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ANSWER {
            tracing::warn!("the portal's answer is too long");
            return Err(NOT_UNDERSTOOD);
        }
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}

/// Finds the attempt a return belongs to, and takes it out of those that are open.
pub fn take(open: &mut Vec<Attempt>, back: &Return) -> Result<Attempt, Failure> {
    let place = open.iter().position(|attempt| back.state.as_deref() == Some(&attempt.state));
    place.map(|place| open.remove(place)).ok_or(OUTDATED)
}

fn not_reached(error: reqwest::Error) -> Failure {
    tracing::warn!(timeout = error.is_timeout(), error = %error.without_url(), "the portal was not reached");
    NOT_REACHED
}

type Refusal = oauth2::RequestTokenError<Failure, oauth2::basic::BasicErrorResponse>;

fn refused(error: Refusal) -> Failure {
    match error {
        Refusal::ServerResponse(answer) => {
            tracing::warn!(error = %answer.error(), "the portal refused the code");
            REFUSED
        }
        Refusal::Request(failure) => failure,
        Refusal::Parse(..) | Refusal::Other(_) => {
            tracing::warn!("the portal's token answer cannot be read");
            NOT_UNDERSTOOD
        }
    }
}

/// The claims, checked as if somebody had typed them.
fn identity(claims: Claims, today: NaiveDate) -> Result<Identity, Failure> {
    let incomplete = |claim: &'static str| {
        tracing::warn!(claim, "the portal's claim is not valid");
        INCOMPLETE
    };
    let kind = DocumentType::from_code(&claims.id_type).ok_or_else(|| incomplete("id_type"))?;
    let document = Document::parse(kind, &claims.id_number, today).map_err(|_| incomplete("id_number"))?;
    let name = name::parse(&claims.name).map_err(|_| incomplete("name"))?;
    // A phone number is a convenience: the candidate can give another one.
    let phone = claims.phone.and_then(|text| phone::parse(&text).ok());
    Ok(Identity { name, document, phone })
}
