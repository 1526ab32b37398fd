//! One request of a step, with its signature, before it is sent.

use chrono::TimeDelta;
use serde_json::{Map, Value as Json};
use url::Url;

use super::signature;
use crate::login::refusal::Refusal;
use crate::settings::{Method, Step, Value, Values};
use crate::store::{Ids, Store, Timestamp};

/// Shorter values occur in ordinary text, so they are not masked in the log.
const SHORTEST_SECRET: usize = 6;

/// The time, and a random text that no other request has.
#[derive(Clone)]
pub struct Moment {
    pub now: Timestamp,
    pub ids: Ids,
}

/// A request that is ready to be sent.
pub struct Call {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    /// Media type and content.
    pub body: Option<(&'static str, String)>,
    /// Values in it that must not be logged.
    pub secrets: Vec<String>,
}

impl Call {
    /// # Errors
    /// [`Refusal::Broken`] if the values do not make an address; the log names the step.
    pub fn of(step: &Step, values: &Values, moment: &Moment) -> Result<Call, Refusal> {
        Call::filled(step, &complete(step, values, moment)?)
    }

    /// The call with `mask` in the place of each value that is in `secret`. The signature is the real one.
    ///
    /// # Errors
    /// See [`Call::of`].
    pub fn masked(
        step: &Step,
        values: &Values,
        moment: &Moment,
        secret: &[&str],
        mask: &str,
    ) -> Result<Call, Refusal> {
        let mut values = complete(step, values, moment)?;
        for name in secret {
            values.entry((*name).to_owned()).and_modify(|value| mask.clone_into(value));
        }
        Call::filled(step, &values)
    }

    fn filled(step: &Step, values: &Values) -> Result<Call, Refusal> {
        let mut url = address(step, values)?;
        let query = pairs(&step.query, values);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let secrets = values.values().filter(|value| value.len() >= SHORTEST_SECRET).cloned().collect();
        let headers = pairs(&step.headers, values);
        Ok(Call { method: step.method, url, headers, body: body(step, values), secrets })
    }
}

/// The values with those of this moment and the signature.
fn complete(step: &Step, values: &Values, moment: &Moment) -> Result<Values, Refusal> {
    let mut values = values.clone();
    values.extend(moment.values());
    if let Some(signature) = &step.signature {
        let signed = signed_parts(step, &values, &address(step, &values)?);
        let sign = signature::sign(signature, &values, signed);
        values.insert("sign".to_owned(), sign);
    }
    Ok(values)
}

fn address(step: &Step, values: &Values) -> Result<Url, Refusal> {
    step.url.fill_url(values).parse().map_err(|error| {
        tracing::error!(endpoint = step.name, %error, "an address at the portal");
        Refusal::Broken
    })
}

impl Moment {
    pub fn of(store: &Store) -> Moment {
        Moment { now: store.clock.now(), ids: store.ids.clone() }
    }

    /// The placeholders of every call.
    fn values(&self) -> [(String, String); 5] {
        let utc = self.now.and_utc();
        let china = *self.now + TimeDelta::hours(8);
        [
            ("random", self.ids.token(16)),
            ("time", china.format("%Y%m%d%H%M%S").to_string()),
            ("timestamp", utc.timestamp().to_string()),
            ("timestamp_ms", utc.timestamp_millis().to_string()),
            ("http_date", utc.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }
}

/// The placeholders of the signed text. Fields that contain the signature are left out.
fn signed_parts(step: &Step, values: &Values, url: &Url) -> Values {
    let unsigned = |fields: &[(String, Value)]| -> Vec<(String, Value)> {
        let is_signed = |value: &Value| value.templates().iter().any(|template| template.mentions("sign"));
        fields.iter().filter(|(_, value)| !is_signed(value)).cloned().collect()
    };
    let bare = Step {
        query: unsigned(&step.query),
        form: unsigned(&step.form),
        json: unsigned(&step.json),
        ..step.clone()
    };
    let mut query: Vec<(String, String)> =
        url.query_pairs().into_owned().chain(pairs(&bare.query, values)).collect();
    let mut fields: Vec<(String, String)> =
        query.iter().cloned().chain(pairs(&bare.form, values)).chain(pairs(&bare.json, values)).collect();
    query.sort();
    fields.sort();
    let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let method = match step.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let body = body(&bare, values).map(|(_, content)| content).unwrap_or_default();
    [
        ("method", method.to_owned()),
        ("path", url.path().to_owned()),
        ("query", encoded(&query)),
        ("fields", fields.join("&")),
        ("body", body),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn encoded(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn pairs(fields: &[(String, Value)], values: &Values) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (name.clone(), as_text(value, values))).collect()
}

fn body(step: &Step, values: &Values) -> Option<(&'static str, String)> {
    if !step.json.is_empty() {
        return Some(("application/json", object(&step.json, values).to_string()));
    }
    if !step.form.is_empty() {
        return Some(("application/x-www-form-urlencoded", encoded(&pairs(&step.form, values))));
    }
    None
}

fn as_text(value: &Value, values: &Values) -> String {
    match value {
        Value::Text(template) => template.fill(values),
        other => as_json(other, values).to_string(),
    }
}

fn as_json(value: &Value, values: &Values) -> Json {
    match value {
        Value::Text(template) => Json::String(template.fill(values)),
        Value::Json(json) => json.clone(),
        Value::Table(members) => object(members, values),
        Value::List(items) => items.iter().map(|item| as_json(item, values)).collect(),
    }
}

fn object(members: &[(String, Value)], values: &Values) -> Json {
    let member = |(name, value): &(String, Value)| (name.clone(), as_json(value, values));
    Json::Object(members.iter().map(member).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Dialect, PortalSettings};

    fn dialect(toml: &str) -> (Dialect, Values) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("portal.toml");
        let head = r#"
            authorize_url = "https://portal.example/login"
            redirect = "{site}/login/callback/{state}"
        "#;
        std::fs::write(&file, format!("{head}{toml}")).unwrap();
        let client = [("client_id", "AK"), ("client_secret", "SK")];
        let overrides = client.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = PortalSettings::load(file.to_str().unwrap(), &overrides).unwrap();
        let mut values = settings.values.clone();
        values.insert("code".to_owned(), "c&1".to_owned());
        (settings.dialect.unwrap(), values)
    }

    fn call(toml: &str) -> Call {
        let (dialect, values) = dialect(toml);
        let moment = Moment { now: "2026-04-01T01:30:05".parse().unwrap(), ids: Ids::seeded(1) };
        Call::of(&dialect.steps[0], &values, &moment).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    #[test]
    fn values_are_sent_in_every_part_of_a_call() {
        let call = call(
            r#"
            [[steps]]
            name = "user"
            method = "POST"
            url = "https://portal.example/{client_id}/user?v=1"
            query = { code = "{code}" }
            headers = { authorization = "Bearer {code}" }
            json = { ticket = "{code}", count = 2, deep = { list = ["{client_id}", true] } }
            "#,
        );
        assert_eq!(call.url.as_str(), "https://portal.example/AK/user?v=1&code=c%261");
        assert_eq!(call.headers, [("authorization".to_owned(), "Bearer c&1".to_owned())]);
        let body = r#"{"count":2,"deep":{"list":["AK",true]},"ticket":"c&1"}"#;
        assert_eq!(call.body, Some(("application/json", body.to_owned())));
    }

    #[test]
    fn table_in_a_form_is_json_text() {
        let call = call(
            r#"
            [[steps]]
            method = "POST"
            url = "https://portal.example/gateway"
            form = { app_id = "{client_id}", biz_content = { ticket = "{code}" } }
            "#,
        );
        let body = "app_id=AK&biz_content=%7B%22ticket%22%3A%22c%261%22%7D";
        assert_eq!(call.body, Some(("application/x-www-form-urlencoded", body.to_owned())));
    }

    /// The signed text is read back through an encoding that does not hide it: the hash of a text that is known.
    #[test]
    fn signed_text_has_the_parts_of_the_call_without_the_signature() {
        let step = |text: &str| {
            format!(
                r#"
                [[steps]]
                method = "POST"
                url = "https://portal.example/a/b?z=9"
                query = {{ b = "2", a = "{{code}}" }}
                form = {{ sign = "{{sign}}", time = "{{time}}", key = "{{client_id}}" }}
                sign = {{ hash = "sha256", text = "{text}", encoding = "hex" }}
                "#
            )
        };
        let sign = |text: &str| {
            let body = call(&step(text)).body.unwrap().1;
            let pairs: Values = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            pairs["sign"].clone()
        };
        for (template, clear) in [
            ("{method} {path}", "POST /a/b"),
            ("{query}", "a=c%261&b=2&z=9"),
            ("{fields}", "a=c&1&b=2&key=AK&time=20260401093005&z=9"),
            ("{body}", "key=AK&time=20260401093005"),
            ("{client_id}{client_secret}{time}", "AKSK20260401093005"),
            ("{timestamp}.{timestamp_ms}", "1775007005.1775007005000"),
            ("{http_date}", "Wed, 01 Apr 2026 01:30:05 GMT"),
        ] {
            use sha2::{Digest, Sha256};
            let expected: String = Sha256::digest(clear).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(sign(template), expected, "{template}");
        }
    }

    #[test]
    fn random_text_is_the_same_in_the_whole_call_and_new_in_the_next() {
        let (dialect, values) = dialect(
            r#"
            [[steps]]
            url = "https://portal.example/"
            query = { nonce = "{random}", again = "{random}" }
            "#,
        );
        let moment = Moment { now: "2026-04-01T01:30:05".parse().unwrap(), ids: Ids::seeded(1) };
        let mut seen = std::collections::HashSet::new();
        for _ in 0..3 {
            let Ok(call) = Call::of(&dialect.steps[0], &values, &moment) else { panic!("a call") };
            let pairs: Values = call.url.query_pairs().into_owned().collect();
            assert_eq!(pairs["nonce"], pairs["again"]);
            assert!(seen.insert(pairs["nonce"].clone()));
        }
    }
}
