//! The addresses of the portal's endpoints: from the settings, or discovered (OpenID Connect Discovery 1.0
//! §4, RFC 8414 §3) and cached for an hour.

use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use tokio::time::{Instant, timeout};
use url::Url;

use super::http::{CALL_TIMEOUT, Http};
use crate::login::refusal::Refusal;
use crate::settings::PortalSettings;

const CACHED_FOR: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
pub struct Endpoints {
    pub authorize: Url,
    pub token: Url,
    pub userinfo: Option<Url>,
    pub jwks: Option<Url>,
    /// Device authorization (RFC 8628 §3.1).
    pub device: Option<Url>,
    /// Where browsers end their session at the portal (OpenID Connect RP-Initiated Logout 1.0 §2).
    pub end_session: Option<Url>,
    /// Whether every authorization response has `iss` (RFC 9207 §3).
    pub says_issuer: bool,
}

/// The fields of the metadata document that are used here.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Option<Url>,
    jwks_uri: Option<Url>,
    device_authorization_endpoint: Option<Url>,
    end_session_endpoint: Option<Url>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Default)]
pub struct EndpointCache {
    /// With the time of the discovery.
    discovered: Mutex<Option<(Instant, Endpoints)>>,
}

impl EndpointCache {
    /// The endpoints. An address in the settings takes precedence over a discovered one. Simultaneous
    /// calls discover independently, so that a slow portal does not queue them.
    ///
    /// # Errors
    /// [`Refusal`] when they must be discovered and cannot be.
    pub async fn get(&self, settings: &PortalSettings, http: &Http) -> Result<Endpoints, Refusal> {
        let issuer = match (&settings.issuer, given(settings)) {
            (_, Some(given)) => return Ok(given),
            (None, None) => {
                tracing::error!("the portal's endpoints are not known");
                return Err(Refusal::Broken);
            }
            (Some(issuer), None) => issuer,
        };
        let cached = self.discovered.lock().clone();
        if let Some((at, endpoints)) = &cached
            && at.elapsed() < CACHED_FOR
        {
            return Ok(endpoints.clone());
        }
        let endpoints = match (discover(issuer, http).await, cached) {
            (Ok(metadata), _) => merged(settings, metadata),
            // An outdated cache is better than no sign-in.
            (Err(_), Some((_, endpoints))) => endpoints,
            (Err(failure), None) => return Err(failure),
        };
        *self.discovered.lock() = Some((Instant::now(), endpoints.clone()));
        Ok(endpoints)
    }
}

/// The endpoints from the settings alone, if these are complete.
fn given(settings: &PortalSettings) -> Option<Endpoints> {
    use crate::settings::ClaimsFrom;
    let claims = match settings.claims_from {
        ClaimsFrom::Userinfo => &settings.userinfo_url,
        ClaimsFrom::IdToken => &settings.jwks_url,
    };
    let complete = claims.is_some() && (settings.device_url.is_some() || !settings.ways.device);
    complete.then_some(())?;
    Some(Endpoints {
        authorize: settings.authorize_url.clone()?,
        token: settings.token_url.clone()?,
        userinfo: settings.userinfo_url.clone(),
        jwks: settings.jwks_url.clone(),
        device: settings.device_url.clone(),
        end_session: None,
        says_issuer: false,
    })
}

fn merged(settings: &PortalSettings, found: Metadata) -> Endpoints {
    Endpoints {
        authorize: settings.authorize_url.clone().unwrap_or(found.authorization_endpoint),
        token: settings.token_url.clone().unwrap_or(found.token_endpoint),
        userinfo: settings.userinfo_url.clone().or(found.userinfo_endpoint),
        jwks: settings.jwks_url.clone().or(found.jwks_uri),
        device: settings.device_url.clone().or(found.device_authorization_endpoint),
        end_session: found.end_session_endpoint,
        says_issuer: found.authorization_response_iss_parameter_supported,
    }
}

/// Whether two issuer names are the same except for a slash at the end.
pub fn same_issuer(one: &str, other: &str) -> bool {
    one.strip_suffix('/').unwrap_or(one) == other.strip_suffix('/').unwrap_or(other)
}

/// Tries every address of the document, in the time of one call.
async fn discover(issuer: &str, http: &Http) -> Result<Metadata, Refusal> {
    let found =
        timeout(CALL_TIMEOUT, first_document(issuer, http)).await.unwrap_or(Err(Refusal::NotReached))?;
    check(found, issuer)
}

/// The first document that can be read; otherwise the error of the first address.
async fn first_document(issuer: &str, http: &Http) -> Result<Metadata, Refusal> {
    let mut failed = None;
    for url in document_urls(issuer) {
        let metadata = match http.json(&url, "metadata").await {
            Ok(json) => serde_json::from_value(json).map_err(|error| {
                tracing::warn!(%error, %url, "the portal's metadata lacks something");
                Refusal::NotUnderstood
            }),
            Err(failure) => Err(failure),
        };
        match metadata {
            Ok(metadata) => return Ok(metadata),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    Err(failed.unwrap_or(Refusal::NotUnderstood))
}

fn check(metadata: Metadata, issuer: &str) -> Result<Metadata, Refusal> {
    // OpenID Connect Discovery §4.3: the document must be the issuer's own.
    if !same_issuer(&metadata.issuer, issuer) {
        tracing::warn!("the portal's metadata names another issuer");
        return Err(Refusal::NotUnderstood);
    }
    let all = [&metadata.authorization_endpoint, &metadata.token_endpoint].into_iter();
    let more = [&metadata.userinfo_endpoint, &metadata.jwks_uri, &metadata.device_authorization_endpoint];
    if all.chain(more.into_iter().flatten()).any(|url| !crate::settings::is_safe(url)) {
        tracing::warn!("the portal's metadata names an address without https");
        return Err(Refusal::NotUnderstood);
    }
    Ok(metadata)
}

/// The possible addresses of the document. OpenID Connect appends to the issuer's path, RFC 8414 §3
/// prepends to it, and servers of either kind exist that do the opposite.
fn document_urls(issuer: &str) -> Vec<Url> {
    let Ok(base) = Url::parse(issuer) else { return Vec::new() };
    let path = base.path().trim_end_matches('/');
    let [openid, oauth] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
    let paths = [
        format!("{path}{openid}"),
        format!("{oauth}{path}"),
        format!("{path}{oauth}"),
        format!("{openid}{path}"),
    ];
    let mut urls: Vec<Url> = paths.iter().filter_map(|path| base.join(path).ok()).collect();
    if path.is_empty() {
        urls.truncate(2);
    }
    urls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_looked_for_before_and_after_the_issuers_path() {
        let urls = |issuer| document_urls(issuer).iter().map(Url::to_string).collect::<Vec<_>>();
        let deep = [
            "https://id.example/province/.well-known/openid-configuration",
            "https://id.example/.well-known/oauth-authorization-server/province",
            "https://id.example/province/.well-known/oauth-authorization-server",
            "https://id.example/.well-known/openid-configuration/province",
        ];
        assert_eq!(urls("https://id.example/province"), deep);
        assert_eq!(urls("https://id.example/province/"), deep);
        let flat = [
            "https://id.example/.well-known/openid-configuration",
            "https://id.example/.well-known/oauth-authorization-server",
        ];
        assert_eq!(urls("https://id.example"), flat);
    }

    #[test]
    fn issuers_may_differ_by_one_slash_at_the_end() {
        assert!(same_issuer("https://id.example/", "https://id.example"));
        assert!(same_issuer("https://id.example/a", "https://id.example/a/"));
        for other in ["https://id.example/b", "https://id.example//", "http://id.example", "", "/"] {
            assert!(!same_issuer("https://id.example", other), "{other}");
        }
    }
}
