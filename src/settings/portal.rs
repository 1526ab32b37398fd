//! Settings of the government portal: its endpoints, the site's client and the names of its claims.

mod conditions;
#[cfg(test)]
pub(super) mod tests;

use clap::Args;
use url::Url;

use super::Check;
pub use conditions::{ClaimRules, Conditions};

/// Unchecked settings of the portal.
#[derive(Args, Clone, Debug, Default)]
pub struct RawPortal {
    /// Ways to sign in, separated by spaces: `portal` (redirect), `scan` (our QR code, which needs
    /// `portal` on the phone), `device` (the portal's own QR code, RFC 8628)
    #[arg(long, env = "KAOZHENG_LOGIN_WAYS", default_value = "portal scan")]
    pub login_ways: Option<String>,
    /// The portal's issuer name. Endpoints that are not given one by one are discovered from it
    #[arg(long, env = "KAOZHENG_PORTAL_ISSUER")]
    pub portal_issuer: Option<String>,
    /// The portal's authorization endpoint
    #[arg(long, env = "KAOZHENG_PORTAL_AUTHORIZE_URL")]
    pub portal_authorize_url: Option<String>,
    /// The portal's token endpoint
    #[arg(long, env = "KAOZHENG_PORTAL_TOKEN_URL")]
    pub portal_token_url: Option<String>,
    /// The portal's userinfo endpoint
    #[arg(long, env = "KAOZHENG_PORTAL_USERINFO_URL")]
    pub portal_userinfo_url: Option<String>,
    /// The keys that sign the portal's ID tokens
    #[arg(long, env = "KAOZHENG_PORTAL_JWKS_URL")]
    pub portal_jwks_url: Option<String>,
    /// The portal's device authorization endpoint
    #[arg(long, env = "KAOZHENG_PORTAL_DEVICE_URL")]
    pub portal_device_url: Option<String>,
    /// Our name at the portal
    #[arg(long, env = "KAOZHENG_PORTAL_CLIENT_ID")]
    pub portal_client_id: Option<String>,
    /// Our secret at the portal
    #[arg(long, env = "KAOZHENG_PORTAL_CLIENT_SECRET", hide_env_values = true)]
    pub portal_client_secret: Option<String>,
    /// How we prove who we are: `client_secret_basic`, `client_secret_post` or `none`
    #[arg(long, env = "KAOZHENG_PORTAL_CLIENT_AUTH", default_value = "client_secret_basic")]
    pub portal_client_auth: Option<String>,
    /// Scopes to ask for, separated by spaces
    #[arg(long, env = "KAOZHENG_PORTAL_SCOPES", default_value = "openid profile")]
    pub portal_scopes: Option<String>,
    /// What else the authorization request says, as a query: `prompt=login&ui_locales=zh-CN`
    #[arg(long, env = "KAOZHENG_PORTAL_AUTHORIZE_PARAMS")]
    pub portal_authorize_params: Option<String>,
    /// Where the claims are read: `userinfo` or `id_token`
    #[arg(long, env = "KAOZHENG_PORTAL_CLAIMS_FROM", default_value = "userinfo")]
    pub portal_claims_from: Option<String>,
    /// Where the name is among the claims, a JSON pointer (RFC 6901)
    #[arg(long, env = "KAOZHENG_PORTAL_CLAIM_NAME", default_value = "/name")]
    pub portal_claim_name: Option<String>,
    /// Where the kind of the identity document is
    #[arg(long, env = "KAOZHENG_PORTAL_CLAIM_ID_TYPE", default_value = "/id_type")]
    pub portal_claim_id_type: Option<String>,
    /// Where the number of the identity document is
    #[arg(long, env = "KAOZHENG_PORTAL_CLAIM_ID_NUMBER", default_value = "/id_number")]
    pub portal_claim_id_number: Option<String>,
    /// Where the mobile number is; a portal may not tell
    #[arg(long, env = "KAOZHENG_PORTAL_CLAIM_PHONE", default_value = "/phone")]
    pub portal_claim_phone: Option<String>,
    /// Where the account's own name (`sub`) is, which never changes and belongs to one person
    #[arg(long, env = "KAOZHENG_PORTAL_CLAIM_SUBJECT", default_value = "/sub")]
    pub portal_claim_subject: Option<String>,
    /// What the claims of every account must say, or it is refused: `/status=active /area=44|45`
    #[arg(long, env = "KAOZHENG_PORTAL_REQUIRED")]
    pub portal_required: Option<String>,
    /// What the claims of a person's account say, and a company's do not: `/usertype=1`
    #[arg(long, env = "KAOZHENG_PORTAL_PERSON")]
    pub portal_person: Option<String>,
    /// What the claims of a verified account say: `/level=L2|L3`. Without it nobody counts as verified
    #[arg(long, env = "KAOZHENG_PORTAL_VERIFIED")]
    pub portal_verified: Option<String>,
    /// What the portal calls the kinds of documents, where it differs: `111=resident 414=passport`
    #[arg(long, env = "KAOZHENG_PORTAL_ID_TYPES")]
    pub portal_id_types: Option<String>,
}

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

#[derive(Clone, Debug)]
pub struct PortalSettings {
    pub ways: Ways,
    /// Checked in every answer that names an issuer. Endpoints that are not set are discovered from it.
    pub issuer: Option<String>,
    pub authorize_url: Option<Url>,
    pub token_url: Option<Url>,
    pub userinfo_url: Option<Url>,
    /// Keys of the ID tokens.
    pub jwks_url: Option<Url>,
    pub device_url: Option<Url>,
    pub client_id: String,
    /// `None` for a public client.
    pub client_secret: Option<String>,
    pub client_auth: ClientAuth,
    pub scopes: Vec<String>,
    /// Further parameters of the authorization request.
    pub authorize_params: Vec<(String, String)>,
    pub claims_from: ClaimsFrom,
    pub claims: ClaimNames,
    pub rules: ClaimRules,
    /// The portal's code of a document type, and the site's.
    pub id_types: Vec<(String, String)>,
}

impl PortalSettings {
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

pub(super) fn check(check: &mut Check, raw: &RawPortal) -> Option<PortalSettings> {
    let ways = ways(check, &raw.login_ways);
    let claims_from = claims_from(check, &raw.portal_claims_from);
    let issuer = raw.portal_issuer.clone().filter(|issuer| !issuer.trim().is_empty());
    if issuer.is_some() {
        check.url("KAOZHENG_PORTAL_ISSUER", &issuer);
    }
    let from_id_token = claims_from == Some(ClaimsFrom::IdToken);
    if from_id_token && issuer.is_none() {
        check.problem("KAOZHENG_PORTAL_ISSUER is missing: ID tokens are checked against it");
    }
    let device = ways.is_some_and(|ways| ways.device);
    // Name, value, and whether it is required.
    let endpoints = [
        ("KAOZHENG_PORTAL_AUTHORIZE_URL", &raw.portal_authorize_url, true),
        ("KAOZHENG_PORTAL_TOKEN_URL", &raw.portal_token_url, true),
        ("KAOZHENG_PORTAL_USERINFO_URL", &raw.portal_userinfo_url, !from_id_token),
        ("KAOZHENG_PORTAL_JWKS_URL", &raw.portal_jwks_url, from_id_token),
        ("KAOZHENG_PORTAL_DEVICE_URL", &raw.portal_device_url, device),
    ];
    let [authorize_url, token_url, userinfo_url, jwks_url, device_url] =
        endpoints.map(|(name, url, needed)| {
            if url.is_some() || (needed && issuer.is_none()) { check.url(name, url) } else { None }
        });
    let client_id = check.required("KAOZHENG_PORTAL_CLIENT_ID", &raw.portal_client_id);
    let client_auth = client_auth(check, raw);
    let scopes = check.required("KAOZHENG_PORTAL_SCOPES", &raw.portal_scopes);
    let claims = ClaimNames {
        name: pointer(check, "KAOZHENG_PORTAL_CLAIM_NAME", &raw.portal_claim_name),
        id_type: pointer(check, "KAOZHENG_PORTAL_CLAIM_ID_TYPE", &raw.portal_claim_id_type),
        id_number: pointer(check, "KAOZHENG_PORTAL_CLAIM_ID_NUMBER", &raw.portal_claim_id_number),
        phone: pointer(check, "KAOZHENG_PORTAL_CLAIM_PHONE", &raw.portal_claim_phone),
        subject: pointer(check, "KAOZHENG_PORTAL_CLAIM_SUBJECT", &raw.portal_claim_subject),
    };
    let params = raw.portal_authorize_params.as_deref().unwrap_or_default();
    Some(PortalSettings {
        ways: ways?,
        issuer,
        authorize_url,
        token_url,
        userinfo_url,
        jwks_url,
        device_url,
        client_id,
        client_secret: raw.portal_client_secret.clone(),
        client_auth: client_auth?,
        scopes: words(&scopes),
        authorize_params: url::form_urlencoded::parse(params.as_bytes()).into_owned().collect(),
        claims_from: claims_from?,
        claims,
        rules: rules(check, raw),
        id_types: id_types(check, raw.portal_id_types.as_deref().unwrap_or_default()),
    })
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn ways(check: &mut Check, value: &Option<String>) -> Option<Ways> {
    let named = words(&check.required("KAOZHENG_LOGIN_WAYS", value));
    let has = |name: &str| named.iter().any(|way| way == name);
    let ways = Ways { portal: has("portal"), scan: has("scan"), device: has("device") };
    let known = named.iter().all(|way| ["portal", "scan", "device"].contains(&way.as_str()));
    let usable = ways.portal || (ways.device && !ways.scan);
    if known && usable {
        return Some(ways);
    }
    check.problem("KAOZHENG_LOGIN_WAYS is wrong: expected some of portal, scan, device; scan needs portal");
    None
}

fn claims_from(check: &mut Check, value: &Option<String>) -> Option<ClaimsFrom> {
    match check.required("KAOZHENG_PORTAL_CLAIMS_FROM", value).as_str() {
        "userinfo" => Some(ClaimsFrom::Userinfo),
        "id_token" => Some(ClaimsFrom::IdToken),
        _ => {
            check.problem("KAOZHENG_PORTAL_CLAIMS_FROM is wrong: expected userinfo or id_token");
            None
        }
    }
}

fn client_auth(check: &mut Check, raw: &RawPortal) -> Option<ClientAuth> {
    let auth = match check.required("KAOZHENG_PORTAL_CLIENT_AUTH", &raw.portal_client_auth).as_str() {
        "client_secret_basic" => ClientAuth::Basic,
        "client_secret_post" => ClientAuth::Post,
        "none" => ClientAuth::None,
        _ => {
            check.problem(
                "KAOZHENG_PORTAL_CLIENT_AUTH is wrong: expected client_secret_basic, client_secret_post or none",
            );
            return None;
        }
    };
    if auth != ClientAuth::None {
        check.required("KAOZHENG_PORTAL_CLIENT_SECRET", &raw.portal_client_secret);
    }
    Some(auth)
}

fn pointer(check: &mut Check, name: &str, value: &Option<String>) -> String {
    let pointer = check.required(name, value);
    if !pointer.is_empty() && !pointer.starts_with('/') {
        check.problem(&format!("{name} is wrong: expected a JSON pointer such as /user/name"));
    }
    pointer
}

fn rules(check: &mut Check, raw: &RawPortal) -> ClaimRules {
    let mut read = |name: &str, value: &Option<String>| {
        let text = value.as_deref().unwrap_or_default();
        let conditions = Conditions::parse(text);
        if conditions.is_none() {
            check.problem(&format!("{name} is wrong: expected conditions such as /level=L2|L3"));
        }
        conditions.unwrap_or_default()
    };
    let verified = read("KAOZHENG_PORTAL_VERIFIED", &raw.portal_verified);
    ClaimRules {
        required: read("KAOZHENG_PORTAL_REQUIRED", &raw.portal_required),
        person: read("KAOZHENG_PORTAL_PERSON", &raw.portal_person),
        verified: (verified != Conditions::default()).then_some(verified),
    }
}

fn id_types(check: &mut Check, text: &str) -> Vec<(String, String)> {
    let pairs: Option<Vec<_>> = text
        .split_whitespace()
        .map(|pair| pair.split_once('=').map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned())))
        .collect();
    if pairs.is_none() {
        check.problem("KAOZHENG_PORTAL_ID_TYPES is wrong: expected pairs such as 111=resident");
    }
    pairs.unwrap_or_default()
}
