//! What the portal signs: ID tokens, and userinfo where it likes. First the signature, by the
//! portal's keys, then one table of what must be in it (OpenID Connect Core 1.0 §3.1.3.7, §5.3.2).

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use parking_lot::Mutex;
use serde_json::Value;
use url::Url;

use super::endpoints::same_issuer;
use super::http::Http;
use crate::login::refusal::Refusal;

/// How much the portal's clock may differ from ours. A token is read as soon as it is made, so
/// its time of issue tells.
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

/// What a token must say.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// What it is.
    pub kind: Kind,
    /// Who issued it.
    pub issuer: &'a str,
    /// For whom: our client id.
    pub audience: &'a str,
    /// Which attempt it answers; a device grant has none.
    pub nonce: Option<&'a str>,
    /// When it is read, UTC.
    pub now: NaiveDateTime,
}

/// What is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An ID token.
    IdToken,
    /// An answer of userinfo, which was fetched with a secret of ours and need not say for
    /// whom it is, or how long it holds.
    Userinfo,
}

/// The portal's keys, as last fetched.
#[derive(Default)]
pub struct Keys {
    known: Mutex<Arc<Vec<Jwk>>>,
}

/// Whether the signature of a token can prove anything.
pub fn can_prove(token: &str) -> bool {
    decode_header(token).is_ok_and(|header| ALGORITHMS.contains(&header.alg))
}

impl Keys {
    /// The claims of a token that holds. When no known key has signed it, the keys at `url` are
    /// looked at once more: portals change their keys, some under the same name.
    ///
    /// # Errors
    /// [`Refusal`] when the token does not hold, or the keys cannot be had.
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
        let claims = match signed(&self.known(), token, &header) {
            Some(claims) => claims,
            None => {
                let keys = Arc::new(fetch(url, http).await?);
                *self.known.lock() = keys.clone();
                signed(&keys, token, &header).ok_or_else(|| refused("none of the portal's keys signed it"))?
            }
        };
        check(&claims, expected)?;
        Ok(claims)
    }

    fn known(&self) -> Arc<Vec<Jwk>> {
        self.known.lock().clone()
    }
}

/// What a token says, if one of the keys has signed it. A key's name is a hint that both
/// sides may leave out.
fn signed(keys: &[Jwk], token: &str, header: &Header) -> Option<Value> {
    let mut validation = Validation::new(header.alg);
    // All else is judged by `check`: the library would use a clock of its own.
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

/// Keys of a kind that is not understood are somebody else's business.
async fn fetch(url: &Url, http: &Http) -> Result<Vec<Jwk>, Refusal> {
    let mut said = http.json(url, "jwks").await?;
    let keys = said.get_mut("keys").and_then(Value::as_array_mut).ok_or(Refusal::NotUnderstood)?;
    let signs = |key: &Value| key.get("use").is_none_or(|usage| usage == "sig");
    let signing = keys.drain(..).filter(signs);
    Ok(signing.filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// A claim that is there must be right; some must be there.
fn check(claims: &Value, expected: Expected) -> Result<(), Refusal> {
    let claim = |name: &str| claims.get(name).filter(|value| !value.is_null());
    let time = |name: &str, holds: &dyn Fn(NaiveDateTime) -> bool| {
        claim(name).map(|seconds| as_time(seconds).is_some_and(holds))
    };
    let (now, whole) = (expected.now, expected.kind == Kind::IdToken);
    let issuer = |said: &Value| said.as_str().is_some_and(|said| same_issuer(said, expected.issuer));
    // Name, whether it is right if it is there, whether it must be.
    let table = [
        ("iss", claim("iss").map(issuer), whole),
        ("sub", claim("sub").map(Value::is_string), true),
        ("aud", claim("aud").map(|aud| is_for(aud, expected.audience)), whole),
        ("azp", claim("azp").map(|azp| azp == expected.audience), false),
        ("exp", time("exp", &|at| at > now - SKEW), whole),
        ("iat", time("iat", &|at| (at - now).abs() <= SKEW), whole),
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

fn as_time(seconds: &Value) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(seconds.as_f64()? as i64, 0).map(|time| time.naive_utc())
}

/// One name, or a list of them.
fn is_for(said: &Value, audience: &str) -> bool {
    said == audience || said.as_array().is_some_and(|all| all.iter().any(|one| one == audience))
}

fn refused(why: &'static str) -> Refusal {
    tracing::warn!(why, "what the portal signed does not hold");
    Refusal::Refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expected(kind: Kind) -> Expected<'static> {
        let now = "2026-04-01T01:30:00".parse().unwrap();
        let nonce = Some("n").filter(|_| kind == Kind::IdToken);
        Expected { kind, issuer: "https://id.example", audience: "kaozheng", nonce, now }
    }

    fn seconds(from_now: i64) -> Value {
        json!(expected(Kind::IdToken).now.and_utc().timestamp() + from_now)
    }

    fn holds(kind: Kind, change: &[(&str, Value)]) -> bool {
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
    fn a_token_holds_for_us_for_its_time_and_for_its_attempt() {
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
            assert!(holds(Kind::IdToken, change), "{change:?}");
            assert!(holds(Kind::Userinfo, change), "{change:?}");
        }
    }

    #[test]
    fn what_is_wrong_never_holds() {
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
            for kind in [Kind::IdToken, Kind::Userinfo] {
                assert!(!holds(kind, &[(name, value.clone())]), "{name} {value}");
            }
        }
        assert!(!holds(Kind::IdToken, &[("nonce", json!("m"))]));
    }

    #[test]
    fn userinfo_may_leave_out_what_an_id_token_must_say() {
        for name in ["iss", "aud", "exp", "iat", "nonce"] {
            assert!(!holds(Kind::IdToken, &[(name, Value::Null)]), "{name}");
            assert!(holds(Kind::Userinfo, &[(name, Value::Null)]), "{name}");
        }
    }

    #[test]
    fn no_shared_secret_and_no_secret_at_all_prove_anything() {
        // {"alg":"HS256"}, {"alg":"none"}, {"alg":"RS256"}
        for (header, proves) in
            [("eyJhbGciOiJIUzI1NiJ9", false), ("eyJhbGciOiJub25lIn0", false), ("eyJhbGciOiJSUzI1NiJ9", true)]
        {
            assert_eq!(can_prove(&format!("{header}.e30.AAAA")), proves, "{header}");
        }
        assert!(!can_prove("nonsense"));
    }
}
