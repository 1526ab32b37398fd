//! Verifies what the portal signs: ID tokens, and signed answers of userinfo. First the signature by the
//! portal's keys, then one table of claims (OpenID Connect Core 1.0 §3.1.3.7, §5.3.2).

use crate::store::Timestamp;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use parking_lot::Mutex;
use serde_json::Value;
use url::Url;

use super::endpoints::same_issuer;
use super::http::Http;
use crate::login::refusal::Refusal;

/// How much the portal's clock may differ from ours. A token is read as soon as it is issued, so `iat` has
/// to be within this.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// Asymmetric signatures only: a shared secret (HS256) does not prove who signed.
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

/// What the claims of a token must be.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    pub kind: TokenKind,
    pub issuer: &'a str,
    pub audience: &'a str,
    /// The attempt's nonce; a device grant has none.
    pub nonce: Option<&'a str>,
    pub now: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    IdToken,
    /// An answer of userinfo. It was fetched with our access token, so it needs neither audience nor expiry.
    Userinfo,
}

#[derive(Default)]
pub struct KeyCache {
    keys: Mutex<Arc<Vec<Jwk>>>,
}

/// Whether a token is signed by one of [`ALGORITHMS`].
pub fn is_asymmetric(token: &str) -> bool {
    decode_header(token).is_ok_and(|header| ALGORITHMS.contains(&header.alg))
}

impl KeyCache {
    /// The claims of a valid token. If no cached key has signed it, the keys are fetched from `url` again:
    /// portals change their keys, some without changing the key id.
    ///
    /// # Errors
    /// [`Refusal`] when the token is not valid, or the keys cannot be fetched.
    pub async fn verify(
        &self,
        token: &str,
        expected: Expected<'_>,
        url: &Url,
        http: &Http,
    ) -> Result<Value, Refusal> {
        let header = decode_header(token).map_err(|_| refused("it is no token"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused("its algorithm proves nothing"));
        }
        let claims = match verified_claims(&self.cached(), token, &header) {
            Some(claims) => claims,
            None => {
                let keys = Arc::new(fetch(url, http).await?);
                *self.keys.lock() = keys.clone();
                verified_claims(&keys, token, &header)
                    .ok_or_else(|| refused("none of the portal's keys signed it"))?
            }
        };
        check(&claims, expected)?;
        Ok(claims)
    }

    fn cached(&self) -> Arc<Vec<Jwk>> {
        self.keys.lock().clone()
    }
}

/// The claims of a token that one of the keys has signed. Token and key may both omit the key id.
fn verified_claims(keys: &[Jwk], token: &str, header: &Header) -> Option<Value> {
    let mut validation = Validation::new(header.alg);
    // `check` validates the claims, because the library would read the system's clock.
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let may_be = |key: &&Jwk| match (&header.kid, &key.common.key_id) {
        (Some(wanted), Some(named)) => wanted == named,
        _ => true,
    };
    let try_key = |key: &Jwk| {
        let key = DecodingKey::from_jwk(key).ok()?;
        Some(decode::<Value>(token, &key, &validation).ok()?.claims)
    };
    keys.iter().filter(may_be).find_map(try_key)
}

/// The portal's signing keys. Keys of an unknown type are skipped.
async fn fetch(url: &Url, http: &Http) -> Result<Vec<Jwk>, Refusal> {
    let mut answer = http.json(url, "jwks").await?;
    let keys = answer.get_mut("keys").and_then(Value::as_array_mut).ok_or(Refusal::NotUnderstood)?;
    let signs = |key: &Value| key.get("use").is_none_or(|usage| usage == "sig");
    let signing = keys.drain(..).filter(signs);
    Ok(signing.filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// Checks each claim that is present. Some must be present.
fn check(claims: &Value, expected: Expected) -> Result<(), Refusal> {
    let claim = |name: &str| claims.get(name).filter(|value| !value.is_null());
    let time = |name: &str, holds: &dyn Fn(Timestamp) -> bool| {
        claim(name).map(|seconds| as_time(seconds).is_some_and(holds))
    };
    let (now, is_id_token) = (expected.now, expected.kind == TokenKind::IdToken);
    let issuer = |iss: &Value| iss.as_str().is_some_and(|iss| same_issuer(iss, expected.issuer));
    // Name, whether its value is right if it is present, whether it must be present.
    let table = [
        ("iss", claim("iss").map(issuer), is_id_token),
        ("sub", claim("sub").map(Value::is_string), true),
        ("aud", claim("aud").map(|aud| is_for(aud, expected.audience)), is_id_token),
        ("azp", claim("azp").map(|azp| azp == expected.audience), false),
        ("exp", time("exp", &|at| at > now - SKEW), is_id_token),
        ("iat", time("iat", &|at| (at - now).abs() <= SKEW), is_id_token),
        ("nbf", time("nbf", &|at| at <= now + SKEW), false),
        ("nonce", expected.nonce.map(|nonce| claims["nonce"] == nonce), false),
    ];
    match table.iter().find(|(_, right, needed)| !right.unwrap_or(!needed)) {
        Some((name, ..)) => {
            tracing::warn!(claim = name, "what the portal signed does not hold");
            Err(Refusal::Refused)
        }
        None => Ok(()),
    }
}

fn as_time(seconds: &Value) -> Option<Timestamp> {
    DateTime::from_timestamp(seconds.as_f64()? as i64, 0).map(Timestamp::from)
}

/// `aud` is one name or a list of names.
fn is_for(aud: &Value, audience: &str) -> bool {
    aud == audience || aud.as_array().is_some_and(|all| all.iter().any(|one| one == audience))
}

fn refused(why: &'static str) -> Refusal {
    tracing::warn!(why, "what the portal signed does not hold");
    Refusal::Refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expected(kind: TokenKind) -> Expected<'static> {
        let now = "2026-04-01T01:30:00".parse().unwrap();
        let nonce = Some("n").filter(|_| kind == TokenKind::IdToken);
        Expected { kind, issuer: "https://id.example", audience: "kaozheng", nonce, now }
    }

    fn seconds(from_now: i64) -> Value {
        json!(expected(TokenKind::IdToken).now.and_utc().timestamp() + from_now)
    }

    fn holds(kind: TokenKind, change: &[(&str, Value)]) -> bool {
        let mut claims = json!({
            "iss": "https://id.example", "sub": "1", "aud": "kaozheng", "azp": "kaozheng",
            "exp": seconds(300), "iat": seconds(0), "nbf": seconds(0), "nonce": "n",
        });
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        check(&claims, expected(kind)).is_ok()
    }

    #[test]
    fn valid_claims_are_accepted_within_the_clock_skew() {
        let table: &[&[(&str, Value)]] = &[
            &[],
            &[("iss", json!("https://id.example/"))],
            &[("aud", json!(["another", "kaozheng"]))],
            &[("iat", seconds(60)), ("nbf", seconds(60)), ("exp", seconds(61))],
            &[("iat", seconds(-60)), ("exp", seconds(-59))],
            &[("azp", Value::Null), ("nbf", Value::Null)],
            &[("iat", json!(seconds(0).as_f64().unwrap() + 0.5))],
        ];
        for change in table {
            assert!(holds(TokenKind::IdToken, change), "{change:?}");
            assert!(holds(TokenKind::Userinfo, change), "{change:?}");
        }
    }

    #[test]
    fn a_wrong_claim_is_refused() {
        let table = [
            ("iss", json!("https://evil.example")),
            ("iss", json!(["https://id.example"])),
            ("sub", Value::Null),
            ("sub", json!(1)),
            ("aud", json!("another")),
            ("aud", json!([])),
            ("aud", json!({ "kaozheng": true })),
            ("azp", json!("another")),
            ("exp", seconds(-60)),
            ("exp", json!("never")),
            ("iat", seconds(61)),
            ("iat", seconds(-61)),
            ("iat", json!("now")),
            ("nbf", seconds(61)),
            ("nbf", json!("later")),
        ];
        for (name, value) in table {
            for kind in [TokenKind::IdToken, TokenKind::Userinfo] {
                assert!(!holds(kind, &[(name, value.clone())]), "{name} {value}");
            }
        }
        assert!(!holds(TokenKind::IdToken, &[("nonce", json!("m"))]));
    }

    #[test]
    fn userinfo_may_omit_claims_that_an_id_token_needs() {
        for name in ["iss", "aud", "exp", "iat", "nonce"] {
            assert!(!holds(TokenKind::IdToken, &[(name, Value::Null)]), "{name}");
            assert!(holds(TokenKind::Userinfo, &[(name, Value::Null)]), "{name}");
        }
    }

    #[test]
    fn only_asymmetric_algorithms_are_accepted() {
        // {"alg":"HS256"}, {"alg":"none"}, {"alg":"RS256"}
        for (header, proves) in
            [("eyJhbGciOiJIUzI1NiJ9", false), ("eyJhbGciOiJub25lIn0", false), ("eyJhbGciOiJSUzI1NiJ9", true)]
        {
            assert_eq!(is_asymmetric(&format!("{header}.e30.AAAA")), proves, "{header}");
        }
        assert!(!is_asymmetric("nonsense"));
    }
}
