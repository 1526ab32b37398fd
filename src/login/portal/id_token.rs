//! ID tokens: signature by the portal's keys, then issuer, audience, time and nonce
//! (OpenID Connect Core 1.0 §3.1.3.7).

use chrono::{NaiveDateTime, TimeDelta};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::http::Http;
use super::{NOT_UNDERSTOOD, REFUSED};
use crate::web::Failure;

/// How much the portal's clock may differ from ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// Signatures that prove who signed. A shared secret (HS256) or none proves nothing.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What an ID token must say.
pub struct Expected<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// For whom: our client id.
    pub audience: &'a str,
    /// Which attempt it answers; a device grant has none.
    pub nonce: Option<&'a str>,
    /// When it is read, UTC.
    pub now: NaiveDateTime,
}

/// The portal's keys, as last fetched.
#[derive(Default)]
pub struct Keys {
    known: Mutex<Vec<Jwk>>,
}

impl Keys {
    /// The claims of a token that holds. A key that is not known is looked for at `url` once:
    /// portals change their keys.
    ///
    /// # Errors
    /// [`Failure::Portal`] when the token does not hold, or the keys cannot be had.
    pub async fn verify(
        &self,
        token: &str,
        expected: &Expected<'_>,
        url: &Url,
        http: &Http,
    ) -> Result<Value, Failure> {
        let header = decode_header(token).map_err(|_| refused("it is no token"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused("its algorithm proves nothing"));
        }
        let key = self.find(header.kid.as_deref(), url, http).await?;
        let key = DecodingKey::from_jwk(&key).map_err(|_| refused("its key cannot be used"))?;
        let claims = decode::<Value>(token, &key, &validation(header.alg, expected));
        let claims = claims.map_err(|error| {
            tracing::warn!(%error, "an ID token does not hold");
            REFUSED
        })?;
        check(&claims.claims, expected)?;
        Ok(claims.claims)
    }

    async fn find(&self, id: Option<&str>, url: &Url, http: &Http) -> Result<Jwk, Failure> {
        let mut known = self.known.lock().await;
        if let Some(key) = pick(&known, id) {
            return Ok(key.clone());
        }
        *known = fetch(url, http).await?;
        pick(&known, id).cloned().ok_or_else(|| refused("its key is not one of the portal's"))
    }
}

/// The key of an id; without an id, the only signing key there is.
fn pick<'a>(keys: &'a [Jwk], id: Option<&str>) -> Option<&'a Jwk> {
    match id {
        Some(id) => keys.iter().find(|key| key.common.key_id.as_deref() == Some(id)),
        None => keys.first().filter(|_| keys.len() == 1),
    }
}

/// Keys of a kind that is not understood are somebody else's business.
async fn fetch(url: &Url, http: &Http) -> Result<Vec<Jwk>, Failure> {
    let mut said = http.json(url, None, "jwks").await?;
    let keys = said.get_mut("keys").and_then(Value::as_array_mut).ok_or(NOT_UNDERSTOOD)?;
    let signs = |key: &Value| key.get("use").is_none_or(|usage| usage == "sig");
    let signing = keys.drain(..).filter(signs);
    Ok(signing.filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// Times are judged by [`check`]: the library would use a clock of its own.
fn validation(algorithm: Algorithm, expected: &Expected) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.audience]);
    validation.validate_exp = false;
    validation
}

fn check(claims: &Value, expected: &Expected) -> Result<(), Failure> {
    let time = |name: &str| {
        let seconds = claims.get(name).and_then(Value::as_f64)?;
        chrono::DateTime::from_timestamp(seconds as i64, 0).map(|time| time.naive_utc())
    };
    let (latest, earliest) = (expected.now + SKEW, expected.now - SKEW);
    let wrong = [
        (time("exp").is_none_or(|at| at <= earliest), "it has expired"),
        (time("iat").is_none_or(|at| at > latest), "it is from the future"),
        (time("nbf").is_some_and(|at| at > latest), "it does not hold yet"),
        (claims.get("azp").is_some_and(|azp| azp != expected.audience), "it is for another client"),
        (expected.nonce.is_some_and(|nonce| claims["nonce"] != nonce), "it answers another attempt"),
    ];
    match wrong.iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, why)) => Err(refused(why)),
        None => Ok(()),
    }
}

fn refused(why: &'static str) -> Failure {
    tracing::warn!(why, "an ID token does not hold");
    REFUSED
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expected() -> Expected<'static> {
        let now = "2026-04-01T01:30:00".parse().unwrap();
        Expected { issuer: "https://id.example", audience: "kaozheng", nonce: Some("n"), now }
    }

    fn claims(change: &[(&str, Value)]) -> Value {
        let now = expected().now.and_utc().timestamp();
        let mut claims = json!({ "exp": now + 300, "iat": now, "nonce": "n", "azp": "kaozheng" });
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        claims
    }

    #[test]
    fn a_token_holds_for_its_time_and_its_attempt_only() {
        let now = expected().now.and_utc().timestamp();
        assert!(check(&claims(&[]), &expected()).is_ok());
        assert!(check(&claims(&[("iat", json!(now + 59)), ("exp", json!(now - 59))]), &expected()).is_ok());
        let table = [
            ("exp", json!(now - 120)),
            ("exp", Value::Null),
            ("iat", json!(now + 120)),
            ("nbf", json!(now + 120)),
            ("azp", json!("another")),
            ("nonce", json!("m")),
            ("nonce", Value::Null),
        ];
        for (name, value) in table {
            assert!(check(&claims(&[(name, value.clone())]), &expected()).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn no_shared_secret_signs() {
        assert!(!ALGORITHMS.contains(&Algorithm::HS256));
    }
}
