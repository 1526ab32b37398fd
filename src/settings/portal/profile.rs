//! The profile of a portal: a TOML file, built in or the operator's, and the variables that override it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

/// The built-in profiles: name and file.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("oidc", include_str!("../../../assets/portals/oidc.toml")),
    ("guangdong", include_str!("../../../assets/portals/guangdong.toml")),
    ("guangdong-staff", include_str!("../../../assets/portals/guangdong-staff.toml")),
    ("zhejiang", include_str!("../../../assets/portals/zhejiang.toml")),
    ("zhejiang-simple", include_str!("../../../assets/portals/zhejiang-simple.toml")),
    ("sandbox", include_str!("../../../assets/portals/sandbox.toml")),
];

/// Keys of a profile that a variable overrides: `KAOZHENG_PORTAL_` and the key in capitals.
pub const OVERRIDABLE: &[&str] = &[
    "base",
    "issuer",
    "authorize_url",
    "computer_url",
    "token_url",
    "userinfo_url",
    "jwks_url",
    "device_url",
    "sign_out_url",
    "redirect",
    "client_id",
    "client_secret",
    "client_auth",
    "ca_file",
    "ways",
    "scopes",
    "authorize_params",
    "fresh_params",
    "claims_from",
    "acr",
    "id_types",
    "default_id_type",
    "required",
    "person",
    "verified",
    "level",
    "level_url",
];

/// The beginning of the variables for the pointers in `[claim]`.
const CLAIM: &str = "claim_";

const CLAIMS: &[&str] = &["name", "id_type", "id_number", "phone", "subject"];

/// The keys that override the pointers in `[claim]`.
pub fn claims() -> impl Iterator<Item = String> {
    CLAIMS.iter().map(|claim| format!("{CLAIM}{claim}"))
}

/// An unchecked profile. `docs/portals.md` describes each key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawProfile {
    pub base: Option<String>,
    pub issuer: Option<String>,
    pub authorize_url: Option<String>,
    pub computer_url: Option<String>,
    pub token_url: Option<String>,
    pub userinfo_url: Option<String>,
    pub jwks_url: Option<String>,
    pub device_url: Option<String>,
    pub sign_out_url: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    pub client_auth: Option<String>,
    pub ca_file: Option<String>,
    pub ways: Option<String>,
    pub scopes: Option<String>,
    pub authorize_params: RawPairs,
    pub fresh_params: RawPairs,
    pub claims_from: Option<String>,
    pub acr: Option<String>,
    pub claim: RawClaims,
    pub id_types: RawPairs,
    pub default_id_type: Option<String>,
    pub required: Option<String>,
    pub person: Option<String>,
    pub verified: Option<String>,
    pub level: Option<String>,
    pub level_url: Option<String>,
    /// Secrets and names that the templates use beside `client_id` and `client_secret`.
    pub variables: Vec<String>,
    pub redirect: Option<String>,
    pub returns: RawReturns,
    pub steps: Vec<RawStep>,
    pub in_app: Option<RawInApp>,
    /// The values of `variables`.
    #[serde(skip)]
    pub values: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawClaims {
    pub name: Option<String>,
    pub id_type: Option<String>,
    pub id_number: Option<String>,
    pub phone: Option<String>,
    pub subject: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawReturns {
    pub code: Option<String>,
    pub state: Option<String>,
    pub state_may_be_missing: bool,
    pub error: Option<String>,
    pub declined: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawInApp {
    pub token: String,
    /// Like those of the profile. The way in is offered if all of them have values.
    pub variables: Vec<String>,
    pub steps: Vec<RawStep>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawStep {
    pub name: String,
    pub method: Option<String>,
    pub url: String,
    pub headers: Table,
    pub query: Table,
    pub form: Table,
    pub json: Table,
    pub sign: Option<RawSignature>,
    pub decrypt: Option<RawDecryption>,
    pub embedded: Vec<String>,
    pub success: Option<String>,
    pub take: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSignature {
    pub hash: String,
    #[serde(default)]
    pub key: String,
    pub text: String,
    pub encoding: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDecryption {
    #[serde(default)]
    pub at: String,
    pub cipher: String,
    pub key: String,
    #[serde(default)]
    pub iv: String,
}

/// Names with values: a table in a file, one text in a variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RawPairs {
    Table(BTreeMap<String, String>),
    Text(String),
}

impl Default for RawPairs {
    fn default() -> RawPairs {
        RawPairs::Table(BTreeMap::new())
    }
}

impl RawProfile {
    /// The profile of a name or a file, with overrides by key in lower case.
    ///
    /// # Errors
    /// All problems. `prefix` is the beginning of the variables in them.
    pub fn load(
        name: &str,
        prefix: &str,
        overrides: &BTreeMap<String, String>,
    ) -> Result<RawProfile, Vec<String>> {
        let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
        let text = match built_in {
            Some((_, text)) => (*text).to_owned(),
            None => std::fs::read_to_string(name).map_err(|error| vec![unknown(name, prefix, &error)])?,
        };
        RawProfile::read(&text, prefix, overrides).map_err(|problems| {
            problems.into_iter().map(|problem| format!("portal {name}: {problem}")).collect()
        })
    }

    pub fn read(
        text: &str,
        prefix: &str,
        overrides: &BTreeMap<String, String>,
    ) -> Result<RawProfile, Vec<String>> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| vec![error.to_string()])?;
        let variables = variables_of(&table);
        let in_app = table.get("in_app").and_then(Value::as_table).map(variables_of).unwrap_or_default();
        let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
        for (key, value) in overrides {
            let claim = key.strip_prefix(CLAIM).filter(|claim| CLAIMS.contains(claim));
            match claim {
                Some(claim) => override_claim(&mut table, claim, value),
                None if OVERRIDABLE.contains(&key.as_str()) => {
                    table.insert(key.clone(), Value::String(value.clone()));
                }
                None if variables.contains(key) || in_app.contains(key) => {
                    values.insert(key.clone(), value.clone());
                }
                None => {
                    problems.push(format!("{prefix}{} is not a setting of this portal", key.to_uppercase()))
                }
            }
        }
        for missing in variables.iter().filter(|name| !values.contains_key(*name)) {
            problems.push(format!("{prefix}{} is missing", missing.to_uppercase()));
        }
        if in_app.iter().any(|name| !values.contains_key(name)) {
            table.remove("in_app");
        }
        match table.try_into::<RawProfile>() {
            Ok(profile) if problems.is_empty() => Ok(RawProfile { values, ..profile }),
            Ok(_) => Err(problems),
            Err(error) => Err(problems.into_iter().chain([error.to_string()]).collect()),
        }
    }
}

fn unknown(name: &str, prefix: &str, error: &std::io::Error) -> String {
    let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    let setting = prefix.trim_end_matches('_');
    format!("{setting} is wrong: expected {}, or a TOML file; {name}: {error}", known.join(", "))
}

fn variables_of(table: &Table) -> Vec<String> {
    let names = table.get("variables").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn override_claim(table: &mut Table, claim: &str, value: &str) {
    let claims = table.entry("claim").or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(claims) = claims {
        claims.insert(claim.to_owned(), Value::String(value.to_owned()));
    }
}
