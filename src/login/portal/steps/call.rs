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
        let mut values = values.clone();
        values.extend(moment.values());
        let secrets = values.values().filter(|value| value.len() >= SHORTEST_SECRET).cloned().collect();
        let mut url: Url = step.url.fill_url(&values).parse().map_err(|error| {
            tracing::error!(endpoint = step.name, %error, "an address at the portal");
            Refusal::Broken
        })?;
        if let Some(signature) = &step.signature {
            let signed = signed_parts(step, &values, &url);
            let sign = signature::sign(signature, &values, signed);
            values.insert("sign".to_owned(), sign);
        }
        let query = pairs(&step.query, &values);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let headers = pairs(&step.headers, &values);
        let body = body(step, &values);
        Ok(Call { method: step.method, url, headers, body, secrets })
    }
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
