//! The client of the government portal: OAuth 2.0 authorization code with PKCE
//! (RFC 6749 §4.1, RFC 7636), `state` and `iss` checked (RFC 9700, RFC 9207), and the
//! device grant (RFC 8628).
//!
//! Every way in which the portal can fail ends in [`Failure::Portal`]; the log says
//! which, without codes, tokens or personal data. Tokens are dropped once the identity
//! has been read.

pub mod device_grant;
mod dialect;
mod endpoints;
mod http;
mod id_token;
mod identity;

use std::fmt::Display;
use std::sync::Arc;

use chrono::NaiveDateTime;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ErrorResponseType, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, StandardErrorResponse, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::people::candidate::Identity;
use crate::settings::{ClaimsFrom, ClientAuth, PortalSettings, Settings};
use crate::store::clock;
use crate::web::{Failure, local_path};
use endpoints::{Directory, Endpoints, same_issuer};
use http::{Http, Userinfo};
use id_token::{Expected, Keys, Kind};

/// Where the portal sends people back to; registered there, so it never varies.
pub const CALLBACK: &str = "/login/callback";

/// What a token answer says besides OAuth 2.0's own fields.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    id_token: Option<String>,
}

impl ExtraTokenFields for Extra {}

type Tokens = StandardTokenResponse<Extra, BasicTokenType>;

type Client = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

const NOT_REACHED: Failure = Failure::portal("政务服务平台暂时没有回应");
const NOT_UNDERSTOOD: Failure = Failure::portal("政务服务平台的回答无法识别");
const REFUSED: Failure = Failure::portal("政务服务平台没有完成登录");
const DECLINED: Failure = Failure::no_login("您没有在政务服务平台授权登录");
const OUTDATED: Failure = Failure::no_login("这次登录已失效");
const INCOMPLETE: Failure = Failure::portal("政务服务平台提供的身份信息不完整");

/// One attempt to sign in at the portal; kept in the session until the browser returns.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// Says which attempt a return belongs to.
    pub state: String,
    /// Proves to the portal that we began it.
    verifier: String,
    /// Says which attempt an ID token belongs to.
    nonce: String,
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

/// The portal as we speak to it.
pub struct Portal {
    settings: Arc<Settings>,
    http: Http,
    directory: Directory,
    keys: Keys,
}

impl Portal {
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn new(settings: Arc<Settings>) -> Result<Portal, reqwest::Error> {
        // The demo asks itself, which no proxy can do for it.
        let http = Http::new(settings.demo)?;
        Ok(Portal { settings, http, directory: Directory::default(), keys: Keys::default() })
    }

    /// Begins an attempt for a browser that reached us by `host`: what to remember, and where
    /// to send it.
    pub async fn begin(&self, host: Option<&str>, next: &str) -> Result<(Attempt, String), Failure> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random().into_secret();
        let client = self.client(host, self.endpoints().await?)?;
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(self.scopes())
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce.clone());
        for (name, value) in &self.portal().authorize_params {
            request = request.add_extra_param(name, value);
        }
        let (url, state) = request.url();
        let attempt = Attempt {
            state: state.into_secret(),
            verifier: verifier.into_secret(),
            nonce,
            next: local_path(next).to_owned(),
        };
        Ok((attempt, url.into()))
    }

    /// Ends an attempt: who came back.
    pub async fn finish(
        &self,
        host: Option<&str>,
        attempt: Attempt,
        back: Return,
        now: NaiveDateTime,
    ) -> Result<Identity, Failure> {
        let endpoints = self.endpoints().await?;
        let code = self.code_in(back, &endpoints)?;
        let verifier = PkceCodeVerifier::new(attempt.verifier);
        let client = self.client(host, endpoints.clone())?;
        let request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let tokens = request.request_async(&|request| self.http.clone().call(request)).await;
        self.identity(&tokens.map_err(refused)?, &endpoints, Some(&attempt.nonce), now).await
    }

    fn portal(&self) -> &PortalSettings {
        &self.settings.portal
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.portal().scopes.iter().cloned().map(Scope::new)
    }

    async fn endpoints(&self) -> Result<Endpoints, Failure> {
        self.directory.endpoints(self.portal(), &self.http).await
    }

    /// The code of a return. Another server's answer must not be taken for this one's
    /// (RFC 9207 §2.4).
    fn code_in(&self, back: Return, endpoints: &Endpoints) -> Result<String, Failure> {
        let foreign = match (&back.iss, &self.portal().issuer) {
            (Some(said), Some(known)) => !same_issuer(said, known),
            (None, _) => endpoints.says_issuer,
            (Some(_), None) => false,
        };
        if foreign {
            tracing::warn!("the return names another issuer, or none");
            return Err(REFUSED);
        }
        match (back.error.as_deref(), back.code) {
            (Some("access_denied"), _) => Err(DECLINED),
            (Some(_), _) | (None, None) => Err(REFUSED),
            (None, Some(code)) => Ok(code),
        }
    }

    fn client(&self, host: Option<&str>, endpoints: Endpoints) -> Result<Client, Failure> {
        let wrong = |error: url::ParseError| Failure::Internal(format!("an address at the portal: {error}"));
        let (portal, base) = (self.portal(), self.settings.base_for(host));
        let mut authorize = endpoints.authorize;
        if self.settings.demo {
            // The demo portal is ourselves: a browser stays at the address it opened.
            authorize = Url::parse(&base).and_then(|base| base.join(authorize.path())).map_err(wrong)?;
        }
        let redirect = RedirectUrl::new(format!("{base}{CALLBACK}")).map_err(wrong)?;
        let client = oauth2::Client::new(ClientId::new(portal.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(authorize))
            .set_token_uri(TokenUrl::from_url(endpoints.token))
            .set_redirect_uri(redirect);
        let secret = portal.client_secret.clone().filter(|_| portal.client_auth != ClientAuth::None);
        let client = match portal.client_auth {
            ClientAuth::Basic => client.set_auth_type(AuthType::BasicAuth),
            ClientAuth::Post | ClientAuth::None => client.set_auth_type(AuthType::RequestBody),
        };
        Ok(match secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret)),
            None => client,
        })
    }

    /// Who the tokens speak of, from userinfo or the ID token, whichever the settings say; a
    /// portal without userinfo has the ID token only. An ID token that comes along is verified
    /// in any case: it says whether this is an answer to our question.
    async fn identity(
        &self,
        tokens: &Tokens,
        endpoints: &Endpoints,
        nonce: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<Identity, Failure> {
        let proven = self.id_token(tokens, endpoints, nonce, now).await?;
        let claims = match (self.portal().claims_from, &endpoints.userinfo) {
            (ClaimsFrom::Userinfo, Some(url)) => {
                let said = self.userinfo(url, tokens, endpoints, now).await?;
                // OpenID Connect Core §5.3.2: another person's answer must not be taken.
                let both = proven.and_then(|proven| Some((said.get("sub")?.clone(), proven["sub"].clone())));
                if both.is_some_and(|(said, proven)| said != proven) {
                    tracing::warn!("userinfo and the ID token speak of two people");
                    return Err(REFUSED);
                }
                said
            }
            _ => proven.ok_or(INCOMPLETE)?,
        };
        identity::read(&claims, self.portal(), clock::china_date(now))
    }

    /// What the ID token says, if there is one that can prove something.
    async fn id_token(
        &self,
        tokens: &Tokens,
        endpoints: &Endpoints,
        nonce: Option<&str>,
        now: NaiveDateTime,
    ) -> Result<Option<Value>, Failure> {
        let token = tokens.extra_fields().id_token.as_deref();
        match (token.filter(|token| id_token::can_prove(token)), &endpoints.jwks) {
            (Some(token), Some(url)) if self.portal().issuer.is_some() => {
                let expected = Expected { nonce, ..self.expected(Kind::IdToken, now) };
                self.keys.verify(token, expected, url, &self.http).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn userinfo(
        &self,
        url: &Url,
        tokens: &Tokens,
        endpoints: &Endpoints,
        now: NaiveDateTime,
    ) -> Result<Value, Failure> {
        match (self.http.userinfo(url, tokens.access_token().secret()).await?, &endpoints.jwks) {
            (Userinfo::Plain(said), _) => Ok(said),
            (Userinfo::Signed(token), Some(url)) => {
                self.keys.verify(&token, self.expected(Kind::Userinfo, now), url, &self.http).await
            }
            (Userinfo::Signed(_), None) => {
                tracing::warn!("userinfo is signed, and the portal's keys are not known");
                Err(NOT_UNDERSTOOD)
            }
        }
    }

    fn expected(&self, kind: Kind, now: NaiveDateTime) -> Expected<'_> {
        let portal = self.portal();
        let issuer = portal.issuer.as_deref().unwrap_or_default();
        Expected { kind, issuer, audience: &portal.client_id, nonce: None, now }
    }
}

/// Finds the attempt a return belongs to, and takes it out of those that are open.
pub fn take(open: &mut Vec<Attempt>, back: &Return) -> Result<Attempt, Failure> {
    let place = open.iter().position(|attempt| back.state.as_deref() == Some(&attempt.state));
    place.map(|place| open.remove(place)).ok_or(OUTDATED)
}

/// Only the kind of an error is logged: its description may speak of a person.
fn refused<T: ErrorResponseType + Display>(
    error: RequestTokenError<Failure, StandardErrorResponse<T>>,
) -> Failure {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            tracing::warn!(error = %answer.error(), "the portal refused");
            REFUSED
        }
        RequestTokenError::Request(failure) => failure,
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            tracing::warn!("the portal's token answer cannot be read");
            NOT_UNDERSTOOD
        }
    }
}
