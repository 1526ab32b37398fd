//! What `kaozheng portal check` tells an operator: what would be sent, what can be reached, and which claim was found
//! where. Secrets and what belongs to a person are masked.

use serde_json::Value;
use url::Url;

use super::steps::call::{Call, Moment};
use super::{AttemptSecrets, Journey, Portal, Returned, identity};
use crate::login::refusal::Refusal;
use crate::settings::{Dialect, Method, Step};
use crate::store::clock;

/// Stands for a secret.
const MASK: &str = "***";

/// Placeholders whose values are secrets, beside the profile's variables.
const SECRET: [&str; 4] = ["client_secret", "code", "verifier", "token"];

impl Portal {
    /// What would be sent, in the order of a sign-in, and the secrets of the sample attempt.
    ///
    /// # Errors
    /// The [`Refusal`] of a portal whose endpoints cannot be discovered.
    pub async fn plan(&self, moment: &Moment) -> Result<(Vec<String>, AttemptSecrets), Refusal> {
        let (attempt, address) = self.begin(Journey { is_phone: true, ..Journey::default() }).await?;
        let mut lines = vec![
            format!("accounts are stored as  {}", self.settings.name()),
            format!("the browser goes to     {address}"),
        ];
        if let Some(computer) = &self.settings.computer_url {
            lines.push(format!("  on a computer         {computer}"));
        }
        match &self.settings.dialect {
            Some(dialect) => lines.extend(self.steps_of(dialect, &attempt, moment)),
            None => {
                let endpoints = self.endpoints().await?;
                lines.push(format!("token                   POST {}", endpoints.token));
                lines.extend(endpoints.userinfo.map(|url| format!("userinfo                GET {url}")));
                lines.extend(endpoints.jwks.map(|url| format!("keys of ID tokens       GET {url}")));
                lines.extend(endpoints.device.map(|url| format!("device grant            POST {url}")));
            }
        }
        let sign_out = self.sign_out_url(None).await;
        lines.push(match sign_out {
            Some(url) => format!("sign-out                {url}"),
            None => "sign-out                the portal has no address; the page after sign-out says so"
                .to_owned(),
        });
        Ok((lines, attempt))
    }

    fn steps_of(&self, dialect: &Dialect, attempt: &AttemptSecrets, moment: &Moment) -> Vec<String> {
        let mut lines = vec![format!(
            "and comes back to       {}?{}=…",
            self.attempt_values(dialect, attempt, None)["redirect_uri"],
            dialect.returns.code
        )];
        let mut values = self.attempt_values(dialect, attempt, None);
        values.insert("code".to_owned(), "sample-code".to_owned());
        values.insert("verifier".to_owned(), attempt.verifier.clone());
        let mut secret: Vec<&str> = SECRET.to_vec();
        secret.extend(self.settings.variables.iter().map(String::as_str));
        let in_app = dialect.in_app.iter().flat_map(|in_app| &in_app.steps);
        for step in dialect.steps.iter().chain(in_app) {
            lines.extend(match Call::masked(step, &values, moment, &secret, MASK) {
                Ok(call) => described(step, &call),
                Err(refusal) => vec![format!("{}: {refusal}", step.name)],
            });
            for (name, _) in &step.take {
                values.insert(name.clone(), "sample-token".to_owned());
                secret.push(name);
            }
        }
        lines
    }

    /// Whether the portal answers at the addresses that can be fetched without a sign-in.
    pub async fn reach(&self) -> Vec<String> {
        let login = match self.begin(Journey::default()).await {
            Ok((_, address)) => address.parse().ok(),
            Err(refusal) => return vec![format!("the endpoints cannot be discovered: {refusal}")],
        };
        let keys = self.endpoints().await.ok().and_then(|endpoints| endpoints.jwks);
        let keys = keys.filter(|_| self.settings.dialect.is_none());
        let mut lines = Vec::new();
        for (name, url) in [("login page", login), ("keys of ID tokens", keys)] {
            let Some(url) = url else { continue };
            lines.push(match self.http.probe(&url).await {
                Ok(status) => format!("{name:<24}answers with status {status}"),
                Err(refusal) => format!("{name:<24}{refusal}"),
            });
        }
        lines
    }

    /// Exchanges a code and says which claims were found. `verifier` is that of the attempt that brought the code.
    pub async fn try_code(&self, code: &str, attempt: AttemptSecrets, moment: &Moment) -> Vec<String> {
        let returned = self.returned_code(code);
        let claims = match self.claims(None, attempt, &returned, moment).await {
            Ok(claims) => claims,
            Err(refusal) => return vec![format!("no claims: {refusal} (the log lines above say why)")],
        };
        let mut lines = self.found(&claims);
        lines.push(match identity::read(&claims, &self.settings, clock::china_date(moment.now)) {
            Ok(_) => "this account could sign in".to_owned(),
            Err(refusal) => format!("this account could not sign in: {refusal}"),
        });
        lines
    }

    fn returned_code(&self, code: &str) -> Returned {
        let name = self.settings.dialect.as_ref().map_or("code", |dialect| &dialect.returns.code);
        let issuer = self.settings.issuer.iter().map(|issuer| ("iss".to_owned(), issuer.clone()));
        Returned([(name.to_owned(), code.to_owned())].into_iter().chain(issuer).collect())
    }

    fn found(&self, claims: &Value) -> Vec<String> {
        let names = &self.settings.claims;
        let pointers = [
            ("name", &names.name),
            ("id_number", &names.id_number),
            ("phone", &names.phone),
            ("subject", &names.subject),
        ];
        let mut lines: Vec<String> = pointers
            .into_iter()
            .map(|(name, pointer)| format!("{name:<12}{pointer:<40}{}", masked(claims.pointer(pointer))))
            .collect();
        // The code of a document type is no secret, and the operator may have to map it.
        let kind = claims.pointer(&names.id_type).unwrap_or(&Value::Null);
        lines.push(format!("{:<12}{:<40}{kind}", "id_type", names.id_type));
        let rules = &self.settings.rules;
        for (name, conditions) in [
            ("required", Some(&rules.required)),
            ("person", Some(&rules.person)),
            ("verified", rules.verified.as_ref()),
        ] {
            lines.push(match conditions.map(|conditions| conditions.failed_by(claims)) {
                Some(None) => format!("{name:<12}holds"),
                Some(Some(pointer)) => {
                    let value = claims.pointer(pointer).unwrap_or(&Value::Null);
                    format!("{name:<12}does not hold: {pointer} is {value}")
                }
                None => format!("{name:<12}has no condition: no account counts as verified"),
            });
        }
        lines
    }
}

fn described(step: &Step, call: &Call) -> Vec<String> {
    let method = match call.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut lines = vec![format!("{:<24}{method} {}", step.name, readable(&call.url))];
    lines.extend(call.headers.iter().map(|(name, value)| format!("  {name}: {value}")));
    lines.extend(call.body.iter().map(|(kind, content)| format!("  {kind}: {content}")));
    lines.extend(step.take.iter().map(|(name, pointer)| format!("  takes {name} from {pointer}")));
    lines
}

/// The mask, which is percent-encoded in an address, as it is.
fn readable(url: &Url) -> String {
    url.as_str().replace("%2A", "*")
}

/// How long a value is, and nothing else of it.
fn masked(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "missing".to_owned(),
        Some(Value::String(text)) => format!("found, {} characters", text.chars().count()),
        Some(Value::Number(_)) => "found, a number".to_owned(),
        Some(_) => "found, but neither text nor a number".to_owned(),
    }
}
