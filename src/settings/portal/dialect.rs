//! Checks the part of a profile that describes a portal's own protocol.

use super::check::{Checked, is_pointer, parameters};
use super::conditions::Conditions;
use super::profile::{RawDecryption, RawSignature, RawStep};
use super::steps::{
    Cipher, Decryption, Dialect, Encoding, InApp, Method, Returns, Signature, SignatureHash, Step, Value,
};
use super::template::Template;
use crate::settings::is_safe;

/// Placeholders of an attempt, in the address that browsers go to and in every call after it.
const ATTEMPT: &[&str] = &["redirect_uri", "state", "nonce", "challenge"];

/// Placeholders of every call.
const CALL: &[&str] = &["random", "time", "timestamp", "timestamp_ms", "http_date"];

/// Placeholders of a signed text: the parts of the call.
const SIGNED: &[&str] = &["method", "path", "query", "fields", "body"];

const CIPHERS: &[(&str, Cipher)] = &[
    ("sm4-ecb", Cipher::Sm4Ecb),
    ("sm4-cbc", Cipher::Sm4Cbc),
    ("sm2", Cipher::Sm2),
    ("sm2-c1c2c3", Cipher::Sm2C1C2C3),
    ("rsa", Cipher::Rsa),
    ("rsa-oaep", Cipher::RsaOaep),
];

const HASHES: &[(&str, SignatureHash)] = &[
    ("md5", SignatureHash::Md5),
    ("sha256", SignatureHash::Sha256),
    ("sm3", SignatureHash::Sm3),
    ("hmac-sha256", SignatureHash::HmacSha256),
    ("hmac-sm3", SignatureHash::HmacSm3),
];

const ENCODINGS: &[(&str, Encoding)] =
    &[("hex", Encoding::Hex), ("HEX", Encoding::UpperHex), ("base64", Encoding::Base64)];

impl Checked<'_> {
    pub(super) fn dialect(&mut self) -> Option<Dialect> {
        let raw = self.raw;
        let statics = self.statics();
        let attempt: Vec<String> = owned(ATTEMPT).into_iter().chain(statics.clone()).collect();
        let authorize = parameters(&raw.authorize_params).into_iter();
        let authorize: Vec<_> = authorize
            .filter_map(|(name, text)| Some((name, self.template("authorize_params", &text, &attempt)?)))
            .collect();
        let redirect = raw.redirect.as_deref().unwrap_or("{site}/login/callback");
        let redirect = self.template("redirect", redirect, &owned(&["site", "state"]))?;
        let returns = Returns {
            code: raw.returns.code.clone().unwrap_or_else(|| "code".to_owned()),
            state: raw.returns.state.clone(),
            state_may_be_missing: raw.returns.state_may_be_missing,
            error: raw.returns.error.clone().unwrap_or_else(|| "error".to_owned()),
            declined: raw.returns.declined.clone(),
        };
        if returns.state.is_none() && !returns.state_may_be_missing && !redirect.mentions("state") {
            self.check.problem(
                "portal: returns.state is missing: name its parameter, put {state} into redirect, or set state_may_be_missing",
            );
        }
        let mut before = owned(&["code", "verifier"]);
        before.extend(attempt);
        let in_app = raw.in_app.as_ref().map(|in_app| {
            let mut before = statics;
            before.push("token".to_owned());
            before.extend(in_app.variables.clone());
            InApp { token: in_app.token.clone(), steps: self.steps(&in_app.steps, before) }
        });
        Some(Dialect { authorize, redirect, returns, steps: self.steps(&raw.steps, before), in_app })
    }

    /// Placeholders with values of the settings.
    fn statics(&self) -> Vec<String> {
        let client = owned(&["client_id", "client_secret"]);
        client.into_iter().chain(self.raw.variables.clone()).collect()
    }

    /// `known` are the placeholders that have values before the first step.
    fn steps(&mut self, raw: &[RawStep], mut known: Vec<String>) -> Vec<Step> {
        known.extend(owned(CALL));
        let mut steps = Vec::new();
        for step in raw {
            steps.extend(self.step(step, &known));
            known.extend(step.take.keys().cloned());
        }
        steps
    }

    fn step(&mut self, raw: &RawStep, known: &[String]) -> Option<Step> {
        let key = format!("steps.{}", if raw.name.is_empty() { "?" } else { &raw.name });
        let method = match raw.method.as_deref().unwrap_or("GET") {
            "GET" => Method::Get,
            "POST" => Method::Post,
            _ => return self.wrong(&format!("{key}.method"), "GET or POST"),
        };
        let url = self.step_url(&key, &raw.url, known)?;
        let signature = match &raw.sign {
            Some(sign) => Some(self.signature(&format!("{key}.sign"), sign, known)?),
            None => None,
        };
        let mut sent = known.to_vec();
        sent.extend(signature.is_some().then(|| "sign".to_owned()));
        let [headers, query, form, json] =
            [("headers", &raw.headers), ("query", &raw.query), ("form", &raw.form), ("json", &raw.json)]
                .map(|(part, table)| self.fields(&format!("{key}.{part}"), table, &sent));
        let decryption = match &raw.decrypt {
            Some(decrypt) => Some(self.decryption(&format!("{key}.decrypt"), decrypt, known)?),
            None => None,
        };
        let pointers = raw.embedded.iter().chain(raw.take.values());
        if !pointers.into_iter().all(|pointer| is_pointer(pointer)) {
            return self.wrong(&format!("{key}.embedded and take"), "JSON pointers such as /data/token");
        }
        let Some(success) = Conditions::parse(raw.success.as_deref().unwrap_or_default()) else {
            return self.wrong(&format!("{key}.success"), "conditions such as /errcode=0");
        };
        Some(Step {
            name: raw.name.clone(),
            method,
            url,
            headers,
            query,
            form,
            json,
            signature,
            decryption,
            embedded: raw.embedded.clone(),
            success,
            take: raw.take.clone().into_iter().collect(),
        })
    }

    fn step_url(&mut self, key: &str, address: &str, known: &[String]) -> Option<Template> {
        let address = self.based(address)?;
        let template = self.template(&format!("{key}.url"), &address, known)?;
        let is_address =
            url::Url::parse(&template.fill_url(&Default::default())).is_ok_and(|url| is_safe(&url));
        if is_address { Some(template) } else { self.wrong(&format!("{key}.url"), "an https address") }
    }

    fn signature(&mut self, key: &str, raw: &RawSignature, known: &[String]) -> Option<Signature> {
        let Some(hash) = named(HASHES, &raw.hash) else {
            return self.wrong(&format!("{key}.hash"), &names(HASHES));
        };
        let Some(encoding) = named(ENCODINGS, &raw.encoding) else {
            return self.wrong(&format!("{key}.encoding"), &names(ENCODINGS));
        };
        let mut parts = known.to_vec();
        parts.extend(owned(SIGNED));
        Some(Signature {
            hash,
            key: self.template(&format!("{key}.key"), &raw.key, known)?,
            text: self.template(&format!("{key}.text"), &raw.text, &parts)?,
            encoding,
        })
    }

    fn decryption(&mut self, key: &str, raw: &RawDecryption, known: &[String]) -> Option<Decryption> {
        let Some(cipher) = named(CIPHERS, &raw.cipher) else {
            return self.wrong(&format!("{key}.cipher"), &names(CIPHERS));
        };
        if !is_pointer(&raw.at) {
            return self.wrong(&format!("{key}.at"), "a JSON pointer such as /data");
        }
        Some(Decryption {
            at: raw.at.clone(),
            cipher,
            key: self.template(&format!("{key}.key"), &raw.key, known)?,
            iv: self.template(&format!("{key}.iv"), &raw.iv, known)?,
        })
    }

    fn fields(&mut self, key: &str, table: &toml::Table, known: &[String]) -> Vec<(String, Value)> {
        let field = |(name, value): (&String, &toml::Value)| {
            Some((name.clone(), self.value(&format!("{key}.{name}"), value, known)?))
        };
        table.iter().filter_map(field).collect()
    }

    fn value(&mut self, key: &str, value: &toml::Value, known: &[String]) -> Option<Value> {
        Some(match value {
            toml::Value::String(text) => Value::Text(self.template(key, text, known)?),
            toml::Value::Table(table) => Value::Table(self.fields(key, table, known)),
            toml::Value::Array(items) => {
                Value::List(items.iter().filter_map(|item| self.value(key, item, known)).collect())
            }
            toml::Value::Integer(number) => Value::Json((*number).into()),
            toml::Value::Boolean(flag) => Value::Json((*flag).into()),
            toml::Value::Float(_) | toml::Value::Datetime(_) => {
                return self.wrong(key, "a text, a whole number, true, false, a list or a table");
            }
        })
    }

    /// A template whose placeholders are all known.
    fn template(&mut self, key: &str, text: &str, known: &[String]) -> Option<Template> {
        let Some(template) = Template::parse(text) else {
            return self.wrong(key, "a text whose placeholders are like {client_id}");
        };
        let unknown = template.names().find(|name| !known.iter().any(|known| known == name));
        match unknown.map(str::to_owned) {
            Some(name) => {
                self.check.problem(&format!("portal: {key} is wrong: {{{name}}} has no value there"));
                None
            }
            None => Some(template),
        }
    }

    fn wrong<T>(&mut self, key: &str, wanted: &str) -> Option<T> {
        self.check.problem(&format!("portal: {key} is wrong: expected {wanted}"));
        None
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn names<T>(table: &[(&str, T)]) -> String {
    table.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
