//! One call of the gateway: a signed webhook as Standard Webhooks describes it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::casework::messages::outbox::{Failure, Letter};
use crate::settings::SmsSettings;
use crate::store::Timestamp;

/// How long one call may take, with its answer. Far below the lease of a message.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read, so that the connection can be used again. What an answer says does not matter.
const MOST_READ: usize = 16 * 1024;

/// Why the gateway has not taken a message, and after which time it wants it again.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    pub failure: Failure,
    pub after: Option<TimeDelta>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        Refused { failure, after: None }
    }
}

pub struct Gateway {
    http: reqwest::Client,
    settings: SmsSettings,
}

impl Gateway {
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn new(settings: SmsSettings) -> Result<Gateway, reqwest::Error> {
        let builder = reqwest::Client::builder().timeout(CALL_TIMEOUT).redirect(Policy::none());
        // Without TLS it is on this machine, which no proxy reaches.
        let is_here = settings.url.scheme() == "http";
        let builder = if is_here { builder.no_proxy() } else { builder };
        Ok(Gateway { http: builder.build()?, settings })
    }

    /// Sends a message. `Ok` if the gateway has taken it.
    pub async fn send(&self, letter: &Letter, now: Timestamp) -> Result<(), Refused> {
        let body = body(letter);
        let seconds = now.and_utc().timestamp().to_string();
        let request = self
            .http
            .post(self.settings.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", &letter.id)
            .header("webhook-id", &letter.id)
            .header("webhook-timestamp", &seconds)
            .header("webhook-signature", sign(&self.settings.secret, &letter.id, &seconds, &body))
            .body(body);
        let mut answer = request.send().await.map_err(|error| Refused::from(failure(&error)))?;
        let status = answer.status();
        if !status.is_success() {
            let after = retry_after(answer.headers());
            return Err(Refused { failure: Failure::Status(status.as_u16()), after });
        }
        // The head of the answer tells that it was taken.
        let mut read = 0;
        while let Ok(Some(piece)) = answer.chunk().await {
            read += piece.len();
            if read > MOST_READ {
                break;
            }
        }
        Ok(())
    }
}

fn body(letter: &Letter) -> String {
    let facts: Value = serde_json::from_str(&letter.facts).unwrap_or_default();
    json!({
        "id": letter.id,
        "event": letter.topic.code(),
        "phone": letter.phone,
        "text": letter.text,
        "template": letter.template,
        "facts": facts,
        "created": letter.created_at.and_utc().to_rfc3339(),
    })
    .to_string()
}

/// The signature of a body: `v1,` and base64 of the HMAC-SHA256 of id, time and body, joined by dots.
fn sign(secret: &[u8], id: &str, seconds: &str, body: &str) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The seconds of a `Retry-After`. A date is left out, because the clocks may differ.
fn retry_after(headers: &HeaderMap) -> Option<TimeDelta> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<u32>().ok()?;
    Some(TimeDelta::seconds(seconds.into()))
}

/// The error has the address, which is not logged: gateways have keys in it.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() { Failure::Timeout } else { Failure::Connection }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn signature_is_that_of_standard_webhooks() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn wait_that_the_gateway_asks_for_is_in_seconds() {
        let of =
            |value: &'static str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]));
        assert_eq!(of("120"), Some(TimeDelta::minutes(2)));
        for other in ["soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
