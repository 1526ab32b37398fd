//! The client of the government portal: OAuth 2.0 authorization code with PKCE
//! (RFC 6749 §4.1, RFC 7636), `state` and `iss` checked (RFC 9700, RFC 9207), and the
//! device grant (RFC 8628).
//!
//! Every failure of the portal becomes a [`Refusal`]. The log has the portal's answer without codes, tokens
//! and personal data. Tokens are dropped once the identity has been read.

pub mod device_grant;
mod dialect;
mod endpoints;
mod http;
mod id_token;
mod identity;
mod refusal_log;

use std::fmt::Display;
use std::sync::Arc;

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
use crate::paths::LOGIN_CALLBACK;
use crate::people::identity::Arrival;
use crate::settings::{ClaimsFrom, ClientAuth, PortalSettings, Settings};
use crate::store::{Timestamp, clock};
use endpoints::{EndpointCache, Endpoints, same_issuer};
use http::{Http, Userinfo};
use id_token::{Expected, KeyCache, TokenKind};

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

/// The authorization response, in the query of the callback (RFC 6749 §4.1.2).
#[derive(Deserialize)]
pub struct AuthorizationResponse {
    pub state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

pub struct Portal {
    settings: Arc<Settings>,
    http: Http,
    endpoints: EndpointCache,
    keys: KeyCache,
}

impl Portal {
    pub fn new(settings: Arc<Settings>) -> Result<Portal, reqwest::Error> {
        // The demo's portal is this program, which a proxy cannot reach.
        let http = Http::new(settings.demo)?;
        Ok(Portal { settings, http, endpoints: EndpointCache::default(), keys: KeyCache::default() })
    }

    /// Begins an attempt for a browser that uses `host`. Returns the secrets to store, and the address at
    /// the portal.
    pub async fn begin(&self, host: Option<&str>) -> Result<(AttemptSecrets, String), Refusal> {
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
        let attempt = AttemptSecrets { state: state.into_secret(), verifier: verifier.into_secret(), nonce };
        Ok((attempt, url.into()))
    }

    /// Ends an attempt: exchanges the code and reads the identity.
    pub async fn finish(
        &self,
        host: Option<&str>,
        attempt: AttemptSecrets,
        response: AuthorizationResponse,
        now: Timestamp,
    ) -> Result<Arrival, Refusal> {
        let endpoints = self.endpoints().await?;
        let code = self.code_in(response, &endpoints)?;
        let verifier = PkceCodeVerifier::new(attempt.verifier);
        let client = self.client(host, endpoints.clone())?;
        let request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let tokens = request.request_async(&|request| self.http.clone().call("token", request)).await;
        self.arrival(&tokens.map_err(refused)?, &endpoints, Some(&attempt.nonce), now).await
    }

    fn portal(&self) -> &PortalSettings {
        &self.settings.portal
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.portal().scopes.iter().cloned().map(Scope::new)
    }

    async fn endpoints(&self) -> Result<Endpoints, Refusal> {
        self.endpoints.get(self.portal(), &self.http).await
    }

    /// The authorization code. A response of another issuer is refused (RFC 9207 §2.4).
    fn code_in(&self, response: AuthorizationResponse, endpoints: &Endpoints) -> Result<String, Refusal> {
        let foreign = match (&response.iss, &self.portal().issuer) {
            (Some(iss), Some(issuer)) => !same_issuer(iss, issuer),
            (None, _) => endpoints.says_issuer,
            (Some(_), None) => false,
        };
        if foreign {
            tracing::warn!("the return names another issuer, or none");
            return Err(Refusal::Refused);
        }
        match (response.error.as_deref(), response.code) {
            (Some("access_denied"), _) => Err(Refusal::Declined),
            (None, Some(code)) => Ok(code),
            (error, _) => {
                let code = refusal_log::clean(error.unwrap_or("none"), &[]);
                let message = refusal_log::clean(&response.error_description.unwrap_or_default(), &[]);
                tracing::warn!(endpoint = "authorize", code, message, "the portal refused");
                Err(Refusal::Refused)
            }
        }
    }

    fn client(&self, host: Option<&str>, endpoints: Endpoints) -> Result<Client, Refusal> {
        let wrong = |error: url::ParseError| {
            tracing::error!(%error, "an address at the portal");
            Refusal::Broken
        };
        let (portal, base) = (self.portal(), self.settings.base_for(host));
        let mut authorize = endpoints.authorize;
        if self.settings.demo {
            // The demo's portal is this program, so the browser stays at the address that it uses.
            authorize = Url::parse(&base).and_then(|base| base.join(authorize.path())).map_err(wrong)?;
        }
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

    /// The person of the tokens: from userinfo or from the ID token, as the settings say; a portal without
    /// userinfo has the ID token only. An ID token is verified in any case, because its nonce proves that the
    /// response belongs to this attempt.
    async fn arrival(
        &self,
        tokens: &Tokens,
        endpoints: &Endpoints,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Arrival, Refusal> {
        let proven = self.id_token(tokens, endpoints, nonce, now).await?;
        let claims = match (self.portal().claims_from, &endpoints.userinfo) {
            (ClaimsFrom::Userinfo, Some(url)) => {
                let claims = self.userinfo(url, tokens, endpoints, now).await?;
                // OpenID Connect Core §5.3.2: both must be about the same subject.
                let both =
                    proven.and_then(|proven| Some((claims.get("sub")?.clone(), proven["sub"].clone())));
                if both.is_some_and(|(claimed, proven)| claimed != proven) {
                    tracing::warn!("userinfo and the ID token speak of two people");
                    return Err(Refusal::Refused);
                }
                claims
            }
            _ => proven.ok_or(Refusal::Incomplete)?,
        };
        identity::read(&claims, self.portal(), clock::china_date(now))
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
            (Some(token), Some(url)) if self.portal().issuer.is_some() => {
                let expected = Expected { nonce, ..self.expected(TokenKind::IdToken, now) };
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
        let portal = self.portal();
        let issuer = portal.issuer.as_deref().unwrap_or_default();
        Expected { kind, issuer, audience: &portal.client_id, nonce: None, now }
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
