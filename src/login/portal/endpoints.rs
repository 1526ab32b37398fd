//! Where the portal's endpoints are: given one by one, or discovered (OpenID Connect
//! Discovery 1.0 §4, RFC 8414 §3) and remembered for an hour.

use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use tokio::time::{Instant, timeout};
use url::Url;

use super::http::{Http, PATIENCE};
use crate::login::refusal::Refusal;
use crate::settings::PortalSettings;

/// How long what was discovered is used without asking again.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// The portal's addresses.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Where browsers are sent.
    pub authorize: Url,
    /// Where codes are exchanged.
    pub token: Url,
    /// Where the identity is read.
    pub userinfo: Option<Url>,
    /// Keys of its ID tokens.
    pub jwks: Option<Url>,
    /// Where device codes are had.
    pub device: Option<Url>,
    /// Whether every return says `iss` (RFC 9207 §3).
    pub says_issuer: bool,
}

/// What a metadata document says, as far as we need it.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Option<Url>,
    jwks_uri: Option<Url>,
    device_authorization_endpoint: Option<Url>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The endpoints, and when they were discovered.
#[derive(Default)]
pub struct Directory {
    known: Mutex<Option<(Instant, Endpoints)>>,
}

impl Directory {
    /// The endpoints; what is given in the settings goes before what is discovered. Nobody
    /// waits for another's question: behind a slow portal they would queue.
    ///
    /// # Errors
    /// [`Refusal`] when they must be discovered and cannot be.
    pub async fn endpoints(&self, settings: &PortalSettings, http: &Http) -> Result<Endpoints, Refusal> {
        let issuer = match (&settings.issuer, given(settings)) {
            (_, Some(given)) => return Ok(given),
            (None, None) => {
                tracing::error!("the portal's endpoints are not known");
                return Err(Refusal::Broken);
            }
            (Some(issuer), None) => issuer,
        };
        let known = self.known.lock().clone();
        if let Some((at, endpoints)) = &known
            && at.elapsed() < REMEMBERED
        {
            return Ok(endpoints.clone());
        }
        let endpoints = match (discover(issuer, http).await, known) {
            (Ok(metadata), _) => merged(settings, metadata),
            // Old addresses are better than none.
            (Err(_), Some((_, endpoints))) => endpoints,
            (Err(failure), None) => return Err(failure),
        };
        *self.known.lock() = Some((Instant::now(), endpoints.clone()));
        Ok(endpoints)
    }
}

/// All that is needed, if the settings say it.
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
        says_issuer: found.authorization_response_iss_parameter_supported,
    }
}

/// Whether two names are one issuer's: a slash at the end is easily added or forgotten.
pub fn same_issuer(one: &str, other: &str) -> bool {
    one.strip_suffix('/').unwrap_or(one) == other.strip_suffix('/').unwrap_or(other)
}

/// All places together have as much time as one call.
async fn discover(issuer: &str, http: &Http) -> Result<Metadata, Refusal> {
    let found = timeout(PATIENCE, first_document(issuer, http)).await.unwrap_or(Err(Refusal::NotReached))?;
    check(found, issuer)
}

/// The first document there is; if there is none, why not at the first place.
async fn first_document(issuer: &str, http: &Http) -> Result<Metadata, Refusal> {
    let mut failed = None;
    for place in places(issuer) {
        let said = match http.json(&place, "metadata").await {
            Ok(said) => serde_json::from_value(said).map_err(|error| {
                tracing::warn!(%error, %place, "the portal's metadata lacks something");
                Refusal::NotUnderstood
            }),
            Err(failure) => Err(failure),
        };
        match said {
            Ok(metadata) => return Ok(metadata),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    Err(failed.unwrap_or(Refusal::NotUnderstood))
}

fn check(metadata: Metadata, issuer: &str) -> Result<Metadata, Refusal> {
    // OpenID Connect Discovery §4.3: another's document must not be taken for this one's.
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

/// Where the document may be. OpenID Connect appends to the issuer's path, RFC 8414 §3 goes
/// before it; each has servers that do it the other's way.
fn places(issuer: &str) -> Vec<Url> {
    let Ok(base) = Url::parse(issuer) else { return Vec::new() };
    let path = base.path().trim_end_matches('/');
    let [openid, oauth] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
    let paths = [
        format!("{path}{openid}"),
        format!("{oauth}{path}"),
        format!("{path}{oauth}"),
        format!("{openid}{path}"),
    ];
    let mut places: Vec<Url> = paths.iter().filter_map(|path| base.join(path).ok()).collect();
    if path.is_empty() {
        places.truncate(2);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_of_an_issuer_with_a_path() {
        let places = |issuer| places(issuer).iter().map(Url::to_string).collect::<Vec<_>>();
        let deep = [
            "https://id.example/province/.well-known/openid-configuration",
            "https://id.example/.well-known/oauth-authorization-server/province",
            "https://id.example/province/.well-known/oauth-authorization-server",
            "https://id.example/.well-known/openid-configuration/province",
        ];
        assert_eq!(places("https://id.example/province"), deep);
        assert_eq!(places("https://id.example/province/"), deep);
        let flat = [
            "https://id.example/.well-known/openid-configuration",
            "https://id.example/.well-known/oauth-authorization-server",
        ];
        assert_eq!(places("https://id.example"), flat);
    }

    #[test]
    fn one_slash_makes_no_other_issuer() {
        assert!(same_issuer("https://id.example/", "https://id.example"));
        assert!(same_issuer("https://id.example/a", "https://id.example/a/"));
        for other in ["https://id.example/b", "https://id.example//", "http://id.example", "", "/"] {
            assert!(!same_issuer("https://id.example", other), "{other}");
        }
    }
}
