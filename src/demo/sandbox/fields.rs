//! The parameters of a call, wherever they are.

use poem::web::Json;
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response};
use serde_json::Value;

use crate::web::{Failure, Submission};

/// Most bytes of a JSON body.
const MAX_JSON: usize = 16 * 1024;

/// The parameters of the query and of a form. The query comes first.
pub struct Fields(Submission);

impl Fields {
    /// The first value of `name`, or the empty text.
    pub fn one(&self, name: &str) -> &str {
        self.0.one(name)
    }

    /// Every name with its first value.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values.keys().map(|name| (name.as_str(), self.one(name)))
    }
}

impl<'a> FromRequest<'a> for Fields {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let mut fields = Submission::default();
        for (name, value) in url::form_urlencoded::parse(req.uri().query().unwrap_or_default().as_bytes()) {
            fields.push(name.into_owned(), value.into_owned());
        }
        for (name, values) in Submission::from_request(req, body).await?.values {
            fields.values.entry(name).or_default().extend(values);
        }
        Ok(Fields(fields))
    }
}

/// A JSON body; `null` if it is none.
pub struct JsonBody(Value);

impl JsonBody {
    /// The text at `name`, or the empty text.
    pub fn one(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl<'a> FromRequest<'a> for JsonBody {
    async fn from_request(_: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MAX_JSON).await.map_err(|_| Failure::TooLarge)?;
        Ok(JsonBody(serde_json::from_slice(&bytes).unwrap_or_default()))
    }
}

/// An answer that caches do not keep.
pub fn answer(body: Value) -> Response {
    Json(body).with_header("cache-control", "no-store").into_response()
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
