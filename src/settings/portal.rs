//! Settings of the government portals: which profile, its endpoints, the site's client and the claims.

mod check;
mod conditions;
mod dialect;
mod model;
mod profile;
mod steps;
mod template;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;

use clap::Args;

use super::Check;
use check::Checked;
pub use conditions::{ClaimRules, Conditions};
pub use model::{ClaimNames, ClaimsFrom, ClientAuth, Level, PortalSettings, Ways};
use profile::{OVERRIDABLE, RawProfile, claims};
pub use steps::{
    Cipher, Decryption, Dialect, Encoding, InApp, Method, Returns, Signature, SignatureHash, Step, Value,
};
pub use template::{Template, Values};

/// The beginning of the variables that override the profile of the candidates' portal.
const PREFIX: &str = "KAOZHENG_PORTAL_";

/// The beginning of the variables that override the profile of the staff's portal.
const STAFF_PREFIX: &str = "KAOZHENG_STAFF_PORTAL_";

/// The profile of the demo's portal, which does not ask who people are.
const SANDBOX: &str = "sandbox";

/// Unchecked settings of the portals.
#[derive(Args, Clone, Debug, Default)]
pub struct RawPortal {
    /// Ways to sign in, separated by spaces: `portal` (redirect), `scan` (our QR code, which needs
    /// `portal` on the phone), `device` (the portal's own QR code, RFC 8628) [default: the profile's]
    #[arg(long, env = "KAOZHENG_LOGIN_WAYS")]
    pub login_ways: Option<String>,
    /// The portal's profile: `oidc`, `guangdong`, `guangdong-staff`, `zhejiang`, `zhejiang-simple`, or a
    /// TOML file. KAOZHENG_PORTAL_… variables override it and name the secrets (docs/portals.md)
    #[arg(long, env = "KAOZHENG_PORTAL", default_value = "oidc")]
    pub portal: Option<String>,
    /// The profile of a portal for staff alone. KAOZHENG_STAFF_PORTAL_… variables override it
    #[arg(long, env = "KAOZHENG_STAFF_PORTAL")]
    pub staff_portal: Option<String>,
    /// The values of [`Variables`](super::Variables), by name.
    #[arg(skip)]
    pub variables: BTreeMap<String, String>,
}

/// The names of the variables that override every profile.
pub(super) fn names() -> impl Iterator<Item = String> {
    let keys = OVERRIDABLE.iter().map(|key| (*key).to_owned()).chain(claims());
    keys.flat_map(|key| [PREFIX, STAFF_PREFIX].map(|prefix| format!("{prefix}{}", key.to_uppercase())))
}

/// Whether a variable belongs to a profile.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(PREFIX) || name.starts_with(STAFF_PREFIX)
}

/// Whether the value of a profile's variable must not be shown; `None` for other names. What a profile names itself
/// may be a secret.
pub fn is_secret(name: &str) -> Option<bool> {
    let key = name.strip_prefix(PREFIX).or_else(|| name.strip_prefix(STAFF_PREFIX))?.to_lowercase();
    let is_plain = OVERRIDABLE.contains(&key.as_str()) || claims().any(|claim| claim == key);
    Some(!is_plain || key == "client_secret")
}

impl RawPortal {
    /// The variables with a prefix: the rest of the name in lower case, and the value. Empty ones count as
    /// not set.
    fn overrides(&self, prefix: &str) -> BTreeMap<String, String> {
        let set = self.variables.iter().filter(|(_, value)| !value.trim().is_empty());
        set.filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_lowercase(), value.clone())))
            .collect()
    }
}

impl PortalSettings {
    /// The portal that a profile describes.
    ///
    /// # Errors
    /// All problems, one line each.
    pub fn load(name: &str, overrides: &BTreeMap<String, String>) -> Result<PortalSettings, Vec<String>> {
        let mut check = Check::default();
        let settings = load(&mut check, name, PREFIX, overrides.clone());
        settings.filter(|_| check.problems.is_empty()).ok_or(check.problems)
    }
}

/// The candidates' portal.
pub(super) fn check(check: &mut Check, raw: &RawPortal) -> Option<PortalSettings> {
    let name = raw.portal.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or("oidc");
    if name == SANDBOX {
        check.problem(
            "KAOZHENG_PORTAL is wrong: sandbox is the portal of `kaozheng demo`, where anybody is anybody",
        );
        return None;
    }
    let mut overrides = raw.overrides(PREFIX);
    overrides.extend(raw.login_ways.iter().map(|ways| ("ways".to_owned(), ways.clone())));
    load(check, name, PREFIX, overrides)
}

/// The staff's portal, if it is another one. Staff come by a redirect only.
pub(super) fn check_staff(check: &mut Check, raw: &RawPortal) -> Option<PortalSettings> {
    let name = raw.staff_portal.as_deref().filter(|name| !name.trim().is_empty())?;
    let mut overrides = raw.overrides(STAFF_PREFIX);
    overrides.insert("ways".to_owned(), "portal".to_owned());
    load(check, name, STAFF_PREFIX, overrides)
}

fn load(
    check: &mut Check,
    name: &str,
    prefix: &str,
    overrides: BTreeMap<String, String>,
) -> Option<PortalSettings> {
    match RawProfile::load(name, prefix, &overrides) {
        Ok(raw) => Checked { check, raw: &raw, prefix }.settings(),
        Err(problems) => {
            check.problems.extend(problems);
            None
        }
    }
}
