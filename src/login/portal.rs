//! The client of the government portal: OAuth 2.0 authorization code with PKCE
//! (RFC 6749 §4.1, RFC 7636), `state` and `iss` checked (RFC 9700, RFC 9207), and the
//! device grant (RFC 8628). A portal that does not follow OAuth 2 has its calls in its profile, and [`steps`]
//! makes them; attempt, identity and every check after it are the same.
//!
//! Every failure of the portal becomes a [`Refusal`]. The log has the portal's answer without codes, tokens
//! and personal data. Tokens are dropped once the identity has been read.

mod deviations;
pub mod device_grant;
mod dialect;
mod endpoints;
mod http;
mod id_token;
mod identity;
mod refusal_log;
mod report;
pub mod steps;

use std::collections::HashMap;
use std::fmt::Display;

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

use super::refusal::Refusal;
use crate::paths::{self, LOGIN_CALLBACK};
use crate::people::identity::Arrival;
use crate::settings::{ClaimsFrom, ClientAuth, PortalSettings, SiteAddress};
use crate::store::{Timestamp, clock};
use endpoints::{EndpointCache, Endpoints, same_issuer};
use http::{Http, Userinfo};
use id_token::{Expected, KeyCache, TokenKind};
use steps::call::Moment;

/// The field of OpenID Connect in a token response.
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

/// The secrets of one attempt to sign in at the portal, until the browser returns.
#[derive(Clone)]
pub struct AttemptSecrets {
    /// Identifies the attempt in the authorization response (RFC 6749 §4.1.1).
    pub state: String,
    /// The PKCE code verifier (RFC 7636 §4.1).
    pub verifier: String,
    /// Identifies the attempt in the ID token.
    pub nonce: String,
}

/// The query with which a browser returns from the portal (RFC 6749 §4.1.2).
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Returned(HashMap<String, String>);

impl Returned {
    /// A parameter that is there and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// How a browser goes to the portal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Journey<'a> {
    /// The host by which the browser knows this site.
    pub host: Option<&'a str>,
    /// Whether the portal must ask for a person again.
    pub is_fresh: bool,
    pub is_phone: bool,
}

pub struct Portal {
    site: SiteAddress,
    settings: PortalSettings,
    http: Http,
    endpoints: EndpointCache,
    keys: KeyCache,
}

/// Why the client of a portal cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    #[error("the file of certificate authorities cannot be read: {0}")]
    CaFile(std::io::Error),
    #[error("the file of certificate authorities has no certificate")]
    NoAuthority,
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

impl Portal {
    /// # Errors
    /// When the file of certificate authorities cannot be read, or no HTTPS client can be made on this machine.
    pub fn new(site: SiteAddress, settings: PortalSettings) -> Result<Portal, PortalError> {
        let authorities = match &settings.ca_file {
            Some(file) => {
                let pem = std::fs::read(file).map_err(PortalError::CaFile)?;
                let authorities = reqwest::Certificate::from_pem_bundle(&pem)?;
                if authorities.is_empty() {
                    return Err(PortalError::NoAuthority);
                }
                authorities
            }
            None => Vec::new(),
        };
        // The demo's portal is this program, which a proxy cannot reach.
        let http = Http::new(settings.name(), site.demo, authorities)?;
        Ok(Portal { site, settings, http, endpoints: EndpointCache::default(), keys: KeyCache::default() })
    }

    /// Begins an attempt. Returns the secrets to store, and the address at the portal.
    pub async fn begin(&self, journey: Journey<'_>) -> Result<(AttemptSecrets, String), Refusal> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random().into_secret();
        if let Some(dialect) = &self.settings.dialect {
            let (state, verifier) = (CsrfToken::new_random().into_secret(), verifier.into_secret());
            let attempt = AttemptSecrets { state, verifier, nonce };
            let url = self.address_of(dialect, &attempt, &challenge, journey)?;
            return Ok((attempt, url.into()));
        }
        let client = self.client(journey.host, self.endpoints().await?)?;
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(self.scopes())
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce.clone());
        for (name, value) in self.extra_params(journey) {
            request = request.add_extra_param(name, value);
        }
        let (url, state) = request.url();
        let attempt = AttemptSecrets { state: state.into_secret(), verifier: verifier.into_secret(), nonce };
        Ok((attempt, url.into()))
    }

    /// Ends an attempt: exchanges the code and reads the identity.
    pub async fn finish(
        &self,
        host: Option<&str>,
        attempt: AttemptSecrets,
        returned: &Returned,
        moment: &Moment,
    ) -> Result<Arrival, Refusal> {
        let claims = self.claims(host, attempt, returned, moment).await?;
        identity::read(&claims, &self.settings, clock::china_date(moment.now))
    }

    /// The claims of the person who returned.
    async fn claims(
        &self,
        host: Option<&str>,
        attempt: AttemptSecrets,
        returned: &Returned,
        moment: &Moment,
    ) -> Result<Value, Refusal> {
        if let Some(dialect) = &self.settings.dialect {
            return self.claims_by_steps(dialect, host, attempt, returned, moment).await;
        }
        let endpoints = self.endpoints().await?;
        let code = self.code_in(returned, &endpoints)?;
        let verifier = PkceCodeVerifier::new(attempt.verifier);
        let client = self.client(host, endpoints.clone())?;
        let request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let tokens = request.request_async(&|request| self.http.clone().call("token", request)).await;
        self.claims_of(&tokens.map_err(refused)?, &endpoints, Some(&attempt.nonce), moment.now).await
    }

    /// Where a browser ends its session at the portal and comes back. `None` if the portal has no such address,
    /// or does not tell it now.
    pub async fn sign_out_url(&self, host: Option<&str>) -> Option<Url> {
        let base = self.site.base_for(host);
        let return_to = format!("{base}{}", paths::HOME);
        if let Some(template) = &self.settings.sign_out_url {
            let mut values = self.settings.values.clone();
            values.insert("return_to".to_owned(), return_to);
            let url = template.fill_url(&values).parse().ok()?;
            return Some(self.as_browsers_see(url, &base));
        }
        if self.settings.dialect.is_some() {
            return None;
        }
        let mut url = self.endpoints().await.ok()?.end_session?;
        // OpenID Connect RP-Initiated Logout 1.0 §2.
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", &return_to);
        Some(url)
    }

    /// Whether the portal can be told to ask for a person again.
    pub fn can_ask_again(&self) -> bool {
        !self.settings.fresh_params.is_empty()
    }

    /// The parameters of the authorization request beside those of the protocol.
    fn extra_params(&self, journey: Journey<'_>) -> Vec<(String, String)> {
        let portal = &self.settings;
        let acr =
            (!portal.level.acr.is_empty()).then(|| ("acr_values".to_owned(), portal.level.acr.join(" ")));
        let fresh = portal.fresh_params.iter().filter(|_| journey.is_fresh);
        portal.authorize_params.iter().chain(fresh).cloned().chain(acr).collect()
    }

    /// The demo's portal is this program, so the browser stays at the address that it uses.
    fn as_browsers_see(&self, url: Url, base: &str) -> Url {
        let own = |url: &Url| {
            let path = &url[url::Position::BeforePath..];
            Url::parse(base).and_then(|base| base.join(path)).ok()
        };
        if self.site.demo { own(&url).unwrap_or(url) } else { url }
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.settings.scopes.iter().cloned().map(Scope::new)
    }

    async fn endpoints(&self) -> Result<Endpoints, Refusal> {
        self.endpoints.get(&self.settings, &self.http).await
    }

    /// The authorization code. A response of another issuer is refused (RFC 9207 §2.4).
    fn code_in(&self, returned: &Returned, endpoints: &Endpoints) -> Result<String, Refusal> {
        let foreign = match (returned.get("iss"), &self.settings.issuer) {
            (Some(iss), Some(issuer)) => !same_issuer(iss, issuer),
            (None, _) => endpoints.says_issuer,
            (Some(_), None) => false,
        };
        if foreign {
            tracing::warn!("the return names another issuer, or none");
            return Err(Refusal::Refused);
        }
        code_of(returned, "code", "error", &["access_denied"])
    }

    fn client(&self, host: Option<&str>, endpoints: Endpoints) -> Result<Client, Refusal> {
        let wrong = |error: url::ParseError| {
            tracing::error!(%error, "an address at the portal");
            Refusal::Broken
        };
        let (portal, base) = (&self.settings, self.site.base_for(host));
        let authorize = self.as_browsers_see(endpoints.authorize, &base);
        let redirect = RedirectUrl::new(format!("{base}{LOGIN_CALLBACK}")).map_err(wrong)?;
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

    /// The claims of the tokens: from userinfo or from the ID token, as the settings say; a portal without
    /// userinfo has the ID token only. An ID token is verified in any case, because its nonce proves that the
    /// response belongs to this attempt.
    async fn claims_of(
        &self,
        tokens: &Tokens,
        endpoints: &Endpoints,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let proven = self.id_token(tokens, endpoints, nonce, now).await?;
        self.check_acr(proven.as_ref())?;
        match (self.settings.claims_from, &endpoints.userinfo) {
            (ClaimsFrom::Userinfo, Some(url)) => {
                let claims = self.userinfo(url, tokens, endpoints, now).await?;
                // OpenID Connect Core §5.3.2: both must be about the same subject.
                let both =
                    proven.and_then(|proven| Some((claims.get("sub")?.clone(), proven["sub"].clone())));
                if both.is_some_and(|(claimed, proven)| claimed != proven) {
                    tracing::warn!("userinfo and the ID token speak of two people");
                    return Err(Refusal::Refused);
                }
                Ok(claims)
            }
            _ => proven.ok_or(Refusal::Incomplete),
        }
    }

    /// Refuses a sign-in of another level than was asked for. Only the ID token proves the level.
    fn check_acr(&self, proven: Option<&Value>) -> Result<(), Refusal> {
        let wanted = &self.settings.level.acr;
        if wanted.is_empty() {
            return Ok(());
        }
        let acr = proven.ok_or(Refusal::Incomplete)?.get("acr").and_then(Value::as_str).unwrap_or_default();
        if wanted.iter().any(|wanted| wanted == acr) {
            return Ok(());
        }
        tracing::warn!(acr, "the portal signed in at another level than was asked for");
        Err(Refusal::Unverified)
    }

    /// The claims of the ID token, if there is one with an asymmetric signature.
    async fn id_token(
        &self,
        tokens: &Tokens,
        endpoints: &Endpoints,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Value>, Refusal> {
        let token = tokens.extra_fields().id_token.as_deref();
        match (token.filter(|token| id_token::is_asymmetric(token)), &endpoints.jwks) {
            (Some(token), Some(url)) if self.settings.issuer.is_some() => {
                let expected = Expected { nonce, ..self.expected(TokenKind::IdToken, now) };
                let verified = self.keys.verify(token, expected, url, &self.http).await;
                verified.inspect_err(|refusal| self.http.failed("id token", *refusal)).map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn userinfo(
        &self,
        url: &Url,
        tokens: &Tokens,
        endpoints: &Endpoints,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        match (self.http.userinfo(url, tokens.access_token().secret()).await?, &endpoints.jwks) {
            (Userinfo::Plain(claims), _) => Ok(claims),
            (Userinfo::Signed(token), Some(url)) => {
                self.keys.verify(&token, self.expected(TokenKind::Userinfo, now), url, &self.http).await
            }
            (Userinfo::Signed(_), None) => {
                tracing::warn!("userinfo is signed, and the portal's keys are not known");
                Err(Refusal::NotUnderstood)
            }
        }
    }

    fn expected(&self, kind: TokenKind, now: Timestamp) -> Expected<'_> {
        let portal = &self.settings;
        let issuer = portal.issuer.as_deref().unwrap_or_default();
        Expected { kind, issuer, audience: &portal.client_id, nonce: None, now }
    }
}

/// The authorization code of a return, or why there is none.
fn code_of(returned: &Returned, code: &str, error: &str, declined: &[&str]) -> Result<String, Refusal> {
    match (returned.get(error), returned.get(code)) {
        (Some(error), _) if declined.contains(&error) => Err(Refusal::Declined),
        (None, Some(code)) => Ok(code.to_owned()),
        (error, _) => {
            let code = refusal_log::clean(error.unwrap_or("none"), &[]);
            let message = refusal_log::clean(returned.get("error_description").unwrap_or_default(), &[]);
            tracing::warn!(endpoint = "authorize", code, message, "the portal refused");
            Err(Refusal::Refused)
        }
    }
}

/// The refusal for an error of the OAuth 2.0 library. [`Http::call`] has logged the portal's answer.
fn refused<T: ErrorResponseType + Display>(
    error: RequestTokenError<Refusal, StandardErrorResponse<T>>,
) -> Refusal {
    match error {
        RequestTokenError::ServerResponse(_) => Refusal::Refused,
        RequestTokenError::Request(failure) => failure,
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            tracing::warn!("the portal's token answer cannot be read");
            Refusal::NotUnderstood
        }
    }
}
