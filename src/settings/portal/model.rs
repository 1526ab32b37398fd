//! Checked settings of a portal.

use std::path::PathBuf;

use url::Url;

use super::{ClaimRules, Dialect, Template, Values};

/// The ways to sign in. At least one is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// Redirect to the portal and back, on one device.
    pub portal: bool,
    /// The site's QR code.
    pub scan: bool,
    /// The portal's QR code (RFC 8628).
    pub device: bool,
}

/// Client authentication (RFC 6749 §2.3; RFC 7636 without a secret).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// A public client: PKCE alone.
    None,
}

/// The source of the claims about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimsFrom {
    Userinfo,
    /// The verified ID token.
    IdToken,
}

/// JSON pointers into the claims.
#[derive(Clone, Debug)]
pub struct ClaimNames {
    pub name: String,
    /// Kind of identity document.
    pub id_type: String,
    pub id_number: String,
    pub phone: String,
    /// Identifier of the account.
    pub subject: String,
}

impl Default for ClaimNames {
    fn default() -> ClaimNames {
        let [name, id_type, id_number, phone, subject] =
            ["/name", "/id_type", "/id_number", "/phone", "/sub"].map(str::to_owned);
        ClaimNames { name, id_type, id_number, phone, subject }
    }
}

/// The assurance level that an account needs.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// The portal's name of the level, as people read it there.
    pub name: Option<String>,
    /// Where a person raises it.
    pub url: Option<Url>,
    /// The values of `acr` that are asked for and accepted (OpenID Connect Core 1.0 §2). Empty: not asked for.
    pub acr: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct PortalSettings {
    pub ways: Ways,
    /// Checked in every answer that names an issuer. Endpoints that are not set are discovered from it.
    pub issuer: Option<String>,
    pub authorize_url: Option<Url>,
    /// The authorization endpoint for computers, if it is another one.
    pub computer_url: Option<Url>,
    pub token_url: Option<Url>,
    pub userinfo_url: Option<Url>,
    /// Keys of the ID tokens.
    pub jwks_url: Option<Url>,
    pub device_url: Option<Url>,
    /// Where browsers end their session at the portal. With an issuer, it may be discovered.
    pub sign_out_url: Option<Template>,
    pub client_id: String,
    /// `None` for a public client.
    pub client_secret: Option<String>,
    pub client_auth: ClientAuth,
    /// PEM file with the certificate authorities of the portal, beside the usual ones.
    pub ca_file: Option<PathBuf>,
    pub scopes: Vec<String>,
    /// Further parameters of the authorization request.
    pub authorize_params: Vec<(String, String)>,
    /// Parameters of the authorization request that make the portal ask for a person again.
    pub fresh_params: Vec<(String, String)>,
    pub claims_from: ClaimsFrom,
    pub claims: ClaimNames,
    pub rules: ClaimRules,
    pub level: Level,
    /// The portal's code of a document type, and the site's.
    pub id_types: Vec<(String, String)>,
    /// The site's code of the document type if the portal states none.
    pub default_id_type: Option<String>,
    /// `None` for a portal that follows OAuth 2.
    pub dialect: Option<Dialect>,
    /// The values of placeholders that do not change: the client's and those of the profile's variables.
    pub values: Values,
    /// The names of the profile's own variables. Their values are secrets.
    pub variables: Vec<String>,
}

impl PortalSettings {
    /// Whether an account, or a sign-in, must have a level. Those without it are refused.
    pub fn demands_level(&self) -> bool {
        self.rules.verified.is_some() || !self.level.acr.is_empty()
    }

    /// The name under which accounts of this portal are stored: its issuer, otherwise the origin of its
    /// authorization endpoint.
    pub fn name(&self) -> String {
        let origin = || self.authorize_url.as_ref().map(|url| url.origin().ascii_serialization());
        match &self.issuer {
            Some(issuer) => issuer.trim_end_matches('/').to_owned(),
            None => origin().unwrap_or_default(),
        }
    }
}
