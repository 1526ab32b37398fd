//! Checks a profile, and names every problem by its variable.

use std::path::PathBuf;

use url::Url;

use super::conditions::{ClaimRules, Conditions};
use super::model::{ClaimNames, ClaimsFrom, ClientAuth, Level, PortalSettings, Ways};
use super::profile::{RawPairs, RawProfile};
use super::template::{Template, Values};
use crate::settings::{Check, is_safe};

/// A profile that is being checked.
pub(super) struct Checked<'a> {
    pub check: &'a mut Check,
    pub raw: &'a RawProfile,
    /// The beginning of the variables, by which problems name a key.
    pub prefix: &'a str,
}

impl Checked<'_> {
    pub fn settings(mut self) -> Option<PortalSettings> {
        let raw = self.raw;
        let follows_oauth = raw.steps.is_empty();
        let ways = self.ways();
        let claims_from = self.claims_from();
        let issuer = raw.issuer.clone().filter(|issuer| !issuer.trim().is_empty());
        if issuer.is_some() {
            self.check.url(&self.name("issuer"), &issuer);
        }
        let from_id_token = claims_from == Some(ClaimsFrom::IdToken);
        if from_id_token && issuer.is_none() {
            self.problem("issuer", "is missing: ID tokens are checked against it");
        }
        let device = ways.is_some_and(|ways| ways.device);
        // Name, value, and whether it is required.
        let endpoints = [
            ("authorize_url", &raw.authorize_url, true),
            ("computer_url", &raw.computer_url, false),
            ("token_url", &raw.token_url, follows_oauth),
            ("userinfo_url", &raw.userinfo_url, follows_oauth && !from_id_token),
            ("jwks_url", &raw.jwks_url, from_id_token),
            ("device_url", &raw.device_url, device),
        ];
        let [authorize_url, computer_url, token_url, userinfo_url, jwks_url, device_url] =
            endpoints.map(|(name, url, needed)| {
                let may_be_missing = !needed || issuer.is_some();
                if url.is_none() && may_be_missing { None } else { self.url(name, url) }
            });
        let client_id = self.required("client_id", &raw.client_id);
        let client_auth = self.client_auth();
        let scopes = raw.scopes.as_deref().unwrap_or("openid profile");
        let settings = PortalSettings {
            ways: ways?,
            issuer,
            authorize_url,
            computer_url,
            token_url,
            userinfo_url,
            jwks_url,
            device_url,
            sign_out_url: self.sign_out_url(),
            client_id,
            client_secret: raw.client_secret.clone(),
            client_auth: client_auth?,
            ca_file: raw.ca_file.clone().map(PathBuf::from),
            scopes: words(scopes),
            authorize_params: if follows_oauth { parameters(&raw.authorize_params) } else { Vec::new() },
            fresh_params: parameters(&raw.fresh_params),
            claims_from: claims_from?,
            claims: self.claims(),
            rules: self.rules(),
            level: self.level(),
            id_types: self.id_types(),
            default_id_type: raw.default_id_type.clone(),
            dialect: if follows_oauth { None } else { self.dialect() },
            values: self.values(),
            variables: raw.values.keys().cloned().collect(),
        };
        Some(settings)
    }

    /// The variable of a key.
    fn name(&self, key: &str) -> String {
        format!("{}{}", self.prefix, key.to_uppercase())
    }

    fn problem(&mut self, key: &str, what: &str) {
        let name = self.name(key);
        self.check.problem(&format!("{name} {what}"));
    }

    fn required(&mut self, key: &str, value: &Option<String>) -> String {
        let name = self.name(key);
        self.check.required(&name, value)
    }

    /// An address, in which `{base}` is the base.
    fn url(&mut self, key: &str, value: &Option<String>) -> Option<Url> {
        let name = self.name(key);
        let address = match value {
            Some(address) => Some(self.based(address)?),
            None => None,
        };
        self.check.url(&name, &address)
    }

    /// An address with the base and the endpoints that it mentions. `None` if one of them is missing.
    pub(super) fn based(&mut self, address: &str) -> Option<String> {
        let raw = self.raw;
        let mut address = address.to_owned();
        for (key, value) in
            [("token_url", &raw.token_url), ("userinfo_url", &raw.userinfo_url), ("base", &raw.base)]
        {
            let placeholder = format!("{{{key}}}");
            if !address.contains(&placeholder) {
                continue;
            }
            match value {
                Some(value) => address = address.replace(&placeholder, value.trim_end_matches('/')),
                None => {
                    self.problem(key, "is missing");
                    return None;
                }
            }
        }
        Some(address)
    }

    fn values(&self) -> Values {
        let client = [("client_id", &self.raw.client_id), ("client_secret", &self.raw.client_secret)];
        let client = client.map(|(name, value)| (name.to_owned(), value.clone().unwrap_or_default()));
        self.raw.values.clone().into_iter().chain(client).collect()
    }

    fn ways(&mut self) -> Option<Ways> {
        let named = words(self.raw.ways.as_deref().unwrap_or("portal scan"));
        let has = |name: &str| named.iter().any(|way| way == name);
        let ways = Ways { portal: has("portal"), scan: has("scan"), device: has("device") };
        let known = named.iter().all(|way| ["portal", "scan", "device"].contains(&way.as_str()));
        let usable = ways.portal || (ways.device && !ways.scan);
        if !known || !usable {
            let wanted = "is wrong: expected some of portal, scan, device; scan needs portal";
            self.check.problem(&format!("KAOZHENG_LOGIN_WAYS {wanted}"));
            return None;
        }
        if ways.device && !self.raw.steps.is_empty() {
            self.check.problem("KAOZHENG_LOGIN_WAYS is wrong: this portal has no device grant");
        }
        Some(ways)
    }

    fn claims_from(&mut self) -> Option<ClaimsFrom> {
        match self.raw.claims_from.as_deref().unwrap_or("userinfo") {
            "userinfo" => Some(ClaimsFrom::Userinfo),
            "id_token" => Some(ClaimsFrom::IdToken),
            _ => {
                self.problem("claims_from", "is wrong: expected userinfo or id_token");
                None
            }
        }
    }

    fn client_auth(&mut self) -> Option<ClientAuth> {
        let auth = match self.raw.client_auth.as_deref().unwrap_or("client_secret_basic") {
            "client_secret_basic" => ClientAuth::Basic,
            "client_secret_post" => ClientAuth::Post,
            "none" => ClientAuth::None,
            _ => {
                let wanted = "is wrong: expected client_secret_basic, client_secret_post or none";
                self.problem("client_auth", wanted);
                return None;
            }
        };
        if auth != ClientAuth::None {
            let secret = self.raw.client_secret.clone();
            self.required("client_secret", &secret);
        }
        Some(auth)
    }

    fn claims(&mut self) -> ClaimNames {
        let usual = ClaimNames::default();
        let claim = &self.raw.claim;
        ClaimNames {
            name: self.pointer("claim_name", &claim.name, usual.name),
            id_type: self.pointer("claim_id_type", &claim.id_type, usual.id_type),
            id_number: self.pointer("claim_id_number", &claim.id_number, usual.id_number),
            phone: self.pointer("claim_phone", &claim.phone, usual.phone),
            subject: self.pointer("claim_subject", &claim.subject, usual.subject),
        }
    }

    fn pointer(&mut self, key: &str, value: &Option<String>, usual: String) -> String {
        let pointer = value.clone().unwrap_or(usual);
        if !is_pointer(&pointer) {
            self.problem(key, "is wrong: expected a JSON pointer such as /user/name");
        }
        pointer
    }

    fn conditions(&mut self, key: &str, value: &Option<String>) -> Conditions {
        let conditions = Conditions::parse(value.as_deref().unwrap_or_default());
        if conditions.is_none() {
            self.problem(key, "is wrong: expected conditions such as /level=L2|L3");
        }
        conditions.unwrap_or_default()
    }

    fn rules(&mut self) -> ClaimRules {
        let verified = self.raw.verified.as_deref().map(str::trim).filter(|text| !text.is_empty());
        ClaimRules {
            required: self.conditions("required", &self.raw.required),
            person: self.conditions("person", &self.raw.person),
            verified: match verified {
                None => None,
                Some("all") => Some(Conditions::default()),
                Some(_) => Some(self.conditions("verified", &self.raw.verified)),
            },
        }
    }

    fn level(&mut self) -> Level {
        let url = self.raw.level_url.is_some().then(|| self.url("level_url", &self.raw.level_url)).flatten();
        Level { name: self.raw.level.clone(), url, acr: words(self.raw.acr.as_deref().unwrap_or_default()) }
    }

    fn id_types(&mut self) -> Vec<(String, String)> {
        let text = match &self.raw.id_types {
            RawPairs::Table(table) => return table.clone().into_iter().collect(),
            RawPairs::Text(text) => text,
        };
        let pair =
            |pair: &str| pair.split_once('=').map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()));
        let pairs: Option<Vec<_>> = text.split_whitespace().map(pair).collect();
        if pairs.is_none() {
            self.problem("id_types", "is wrong: expected pairs such as 111=resident");
        }
        pairs.unwrap_or_default()
    }

    fn sign_out_url(&mut self) -> Option<Template> {
        let address = self.raw.sign_out_url.clone()?;
        let address = self.based(&address)?;
        let known =
            |template: &Template| template.names().all(|name| ["client_id", "return_to"].contains(&name));
        let template = Template::parse(&address).filter(known);
        let is_address = |template: &Template| {
            Url::parse(&template.fill_url(&Values::new())).is_ok_and(|url| is_safe(&url))
        };
        let template = template.filter(is_address);
        if template.is_none() {
            let wanted =
                "is wrong: expected an https address, with {client_id} and {return_to} where they belong";
            self.problem("sign_out_url", wanted);
        }
        template
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Parameters of an address; a variable has them as a query.
pub(super) fn parameters(raw: &RawPairs) -> Vec<(String, String)> {
    match raw {
        RawPairs::Table(table) => table.clone().into_iter().collect(),
        RawPairs::Text(query) => url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
    }
}

/// A JSON pointer (RFC 6901). The empty one is the whole document.
pub(super) fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}
