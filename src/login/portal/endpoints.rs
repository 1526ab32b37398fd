//! Where the portal's endpoints are: given one by one, or discovered (OpenID Connect
//! Discovery 1.0 §4, RFC 8414 §3) and remembered for an hour.

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::{NOT_UNDERSTOOD, http::Http};
use crate::settings::PortalSettings;
use crate::web::Failure;

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
    /// The endpoints; what is given in the settings goes before what is discovered.
    ///
    /// # Errors
    /// [`Failure::Portal`] when they must be discovered and cannot be.
    pub async fn endpoints(&self, settings: &PortalSettings, http: &Http) -> Result<Endpoints, Failure> {
        let issuer = match (&settings.issuer, given(settings)) {
            (_, Some(given)) => return Ok(given),
            (None, None) => return Err(Failure::Internal("the portal's endpoints are not known".into())),
            (Some(issuer), None) => issuer,
        };
        let mut known = self.known.lock().await;
        if let Some((at, endpoints)) = &*known
            && at.elapsed() < REMEMBERED
        {
            return Ok(endpoints.clone());
        }
        match discover(issuer, http).await {
            Ok(metadata) => {
                let endpoints = merged(settings, metadata);
                *known = Some((Instant::now(), endpoints.clone()));
                Ok(endpoints)
            }
            // An hour-old address is better than none.
            Err(failure) => known.as_ref().map(|(_, endpoints)| endpoints.clone()).ok_or(failure),
        }
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

async fn discover(issuer: &str, http: &Http) -> Result<Metadata, Failure> {
    let [openid, oauth] = documents(issuer).ok_or(NOT_UNDERSTOOD)?;
    let said = match http.json(&openid, None, "openid-configuration").await {
        Ok(said) => said,
        Err(_) => http.json(&oauth, None, "oauth-authorization-server").await?,
    };
    let metadata: Metadata = serde_json::from_value(said).map_err(|_| {
        tracing::warn!("the portal's metadata lacks an endpoint");
        NOT_UNDERSTOOD
    })?;
    // OpenID Connect Discovery §4.3: another's document must not be taken for this one's.
    if metadata.issuer != issuer {
        tracing::warn!("the portal's metadata names another issuer");
        return Err(NOT_UNDERSTOOD);
    }
    let all = [&metadata.authorization_endpoint, &metadata.token_endpoint].into_iter();
    let more = [&metadata.userinfo_endpoint, &metadata.jwks_uri, &metadata.device_authorization_endpoint];
    if all.chain(more.into_iter().flatten()).any(|url| !crate::settings::is_safe(url)) {
        tracing::warn!("the portal's metadata names an address without https");
        return Err(NOT_UNDERSTOOD);
    }
    Ok(metadata)
}

/// OpenID Connect appends to the issuer's path, RFC 8414 goes before it.
fn documents(issuer: &str) -> Option<[Url; 2]> {
    let base = Url::parse(issuer).ok()?;
    let path = base.path().trim_end_matches('/').to_owned();
    let openid = base.join(&format!("{path}/.well-known/openid-configuration")).ok()?;
    let oauth = base.join(&format!("/.well-known/oauth-authorization-server{path}")).ok()?;
    Some([openid, oauth])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_of_an_issuer_with_a_path() {
        let [openid, oauth] = documents("https://id.example/province/").unwrap();
        assert_eq!(openid.as_str(), "https://id.example/province/.well-known/openid-configuration");
        assert_eq!(oauth.as_str(), "https://id.example/.well-known/oauth-authorization-server/province");
        let [openid, oauth] = documents("https://id.example").unwrap();
        assert_eq!(openid.as_str(), "https://id.example/.well-known/openid-configuration");
        assert_eq!(oauth.as_str(), "https://id.example/.well-known/oauth-authorization-server");
    }
}
