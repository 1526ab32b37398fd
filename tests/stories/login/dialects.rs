//! Portals that deviate from the standards: sign-in works, and checks are not weakened.

pub(super) mod portal;

use jsonwebtoken::{EncodingKey, Header, encode};
use kaozheng::settings::ClaimsFrom;
use serde_json::{Value, json};

use crate::server::{Answer, DESKTOP};
use portal::{Key, PortalResponse, Site, json_of, person};

const INCOMPLETE: &str = "身份信息不完整";
const NOT_UNDERSTOOD: &str = "回答无法识别";
const REFUSED: &str = "没有完成登录";

fn plain_token() -> PortalResponse {
    json_of(json!({ "access_token": "a", "token_type": "Bearer" }))
}

/// A token response with an ID token.
fn with_id_token(token: String) -> PortalResponse {
    json_of(json!({ "access_token": "a", "token_type": "Bearer", "id_token": token }))
}

#[tokio::test]
async fn token_response_variants_are_accepted() {
    let site = Site::start(|_| {}).await;
    let table: [(u16, &str, Value); 7] = [
        (200, "application/json", json!({ "access_token": "a", "token_type": "bearer" })),
        (
            200,
            "application/json",
            json!({ "access_token": "a", "token_type": "BEARER", "expires_in": "3600" }),
        ),
        (200, "application/json;charset=UTF-8", json!({ "access_token": "a", "expires_in": 3600.0 })),
        (200, "text/plain", json!({ "access_token": "a", "scope": ["openid"], "id_token": null })),
        (200, "text/html", json!({ "access_token": "a", "refresh_token": "r", "more": { "deep": 1 } })),
        (201, "application/json", json!({ "access_token": "a", "expires_in": null })),
        (200, "application/json", json!({ "access_token": "a", "error": null })),
    ];
    for (status, kind, body) in table {
        let body = body.to_string();
        site.assert_signs_in(&body.clone(), |_| (status, kind, body)).await;
    }
}

#[tokio::test]
async fn error_response_variants_are_understood() {
    let site = Site::start(|_| {}).await;
    let table = [
        (200, "application/json", r#"{"error":"invalid_grant"}"#, REFUSED),
        (400, "text/html", r#"{"error":"invalid_grant","error_description":null}"#, REFUSED),
        (401, "text/plain", "invalid_client", NOT_UNDERSTOOD),
        (403, "application/json", "", NOT_UNDERSTOOD),
        (400, "application/json", r#"{"error":{"code":1}}"#, NOT_UNDERSTOOD),
        (200, "application/json", "{}", NOT_UNDERSTOOD),
        (200, "application/json", r#"{"access_token":1}"#, NOT_UNDERSTOOD),
        (204, "application/json", "", NOT_UNDERSTOOD),
    ];
    for (status, kind, body, words) in table {
        site.assert_refuses(body, words, |_| (status, kind, body.to_owned())).await;
    }
}

/// RFC 8414 §3, OpenID Connect Discovery §4, and servers that mix the two.
#[tokio::test]
async fn metadata_is_found_at_every_location() {
    let places = [
        ("/realm", "/realm", "/realm/.well-known/openid-configuration"),
        ("/realm", "/realm/", "/.well-known/oauth-authorization-server/realm"),
        ("/realm/", "/realm", "/realm/.well-known/oauth-authorization-server"),
        ("/realm/", "/realm/", "/.well-known/openid-configuration/realm"),
        ("/", "", "/.well-known/oauth-authorization-server"),
    ];
    for (set, said, place) in places {
        let settle = |settings: &mut kaozheng::settings::Settings| {
            let issuer = settings.portal.issuer.take().expect("an issuer");
            settings.portal.issuer = Some(format!("{issuer}{set}"));
        };
        let site = Site::start(settle).await;
        site.remove_response("/.well-known/openid-configuration");
        site.assert_refuses("no document", REFUSED, |_| plain_token()).await;
        let issuer = format!("{}{said}", site.portal);
        site.set_response(place, json_of(site.metadata(&issuer)));
        // The issuer in tokens and callbacks equals that of the metadata.
        let claims = |nonce: &str| {
            let mut claims = site.claims(nonce);
            claims["iss"] = json!(issuer);
            claims
        };
        site.assert_signs_in(place, |nonce| with_id_token(site.key.sign(&claims(nonce), true))).await;
    }
}

#[tokio::test]
async fn portal_without_userinfo_uses_the_id_token() {
    let site = Site::start(|_| {}).await;
    let mut document = site.metadata(&site.portal);
    document["userinfo_endpoint"].take();
    site.set_response("/.well-known/openid-configuration", json_of(document));
    site.assert_signs_in("ID token", |nonce| with_id_token(site.key.sign(&site.claims(nonce), true))).await;
    site.assert_refuses("nothing", INCOMPLETE, |_| plain_token()).await;
}

/// OpenID Connect Core §5.3.2.
#[tokio::test]
async fn userinfo_may_be_signed() {
    let site = Site::start(|_| {}).await;
    let mut said = person();
    (said["iss"], said["aud"]) = (json!(site.portal), json!(["kaozheng"]));
    let signed = |claims: &Value, key: &Key| (200, "application/JWT; charset=utf-8", key.sign(claims, true));
    site.set_response("/userinfo", signed(&said, &site.key));
    site.assert_signs_in("signed", |_| plain_token()).await;
    site.set_response("/userinfo", signed(&said, &Key::new("first")));
    site.assert_refuses("by somebody else", REFUSED, |_| plain_token()).await;
    said["aud"] = json!("another");
    site.set_response("/userinfo", signed(&said, &site.key));
    site.assert_refuses("for somebody else", REFUSED, |_| plain_token()).await;
    site.set_response("/userinfo", (200, "application/jwt", "nonsense".into()));
    site.assert_refuses("no token", REFUSED, |_| plain_token()).await;
}

/// An ID token in the response is verified, whichever source the claims come from.
#[tokio::test]
async fn invalid_id_token_is_never_ignored() {
    for from in [ClaimsFrom::Userinfo, ClaimsFrom::IdToken] {
        let site = Site::start(|settings| settings.portal.claims_from = from).await;
        let now = portal::start().and_utc().timestamp();
        let signed = |claims: &Value| with_id_token(site.key.sign(claims, true));
        site.assert_signs_in("good", |nonce| signed(&site.claims(nonce))).await;
        let table = [
            ("iss", json!("https://evil.example")),
            ("aud", json!("another")),
            ("nonce", json!("another attempt's")),
            ("exp", json!(now - 120)),
            // The portal's clock is two minutes off, and its tokens are valid for an hour.
            ("iat", json!(now - 120)),
            ("iat", json!(now + 120)),
        ];
        for (name, value) in table {
            let case = format!("{name} {value}");
            let token = |nonce: &str| {
                let mut claims = site.claims(nonce);
                claims[name] = value;
                signed(&claims)
            };
            site.assert_refuses(&case, REFUSED, token).await;
        }
        let forged = |nonce: &str| with_id_token(Key::new("first").sign(&site.claims(nonce), true));
        site.assert_refuses("forged", REFUSED, forged).await;
    }
}

#[tokio::test]
async fn userinfo_subject_must_match_the_id_token() {
    let site = Site::start(|_| {}).await;
    let mut other = person();
    other["sub"] = json!("2");
    site.set_response("/userinfo", json_of(other));
    let token = |nonce: &str| with_id_token(site.key.sign(&site.claims(nonce), true));
    site.assert_refuses("two people", REFUSED, token).await;
}

/// Anyone who knows the client secret can sign such a token, so it is ignored and userinfo counts.
#[tokio::test]
async fn id_token_signed_with_the_client_secret_is_ignored() {
    let by_secret = |site: &Site, nonce: &str| {
        let key = EncodingKey::from_secret(b"not-a-secret");
        with_id_token(encode(&Header::default(), &site.claims(nonce), &key).expect("a token"))
    };
    let site = Site::start(|_| {}).await;
    site.assert_signs_in("userinfo", |nonce| by_secret(&site, nonce)).await;
    let site = Site::start(|settings| settings.portal.claims_from = ClaimsFrom::IdToken).await;
    site.assert_refuses("ID token", INCOMPLETE, |nonce| by_secret(&site, nonce)).await;
}

#[tokio::test]
async fn key_types_and_names_are_accepted() {
    let site = Site::start(|settings| settings.portal.claims_from = ClaimsFrom::IdToken).await;
    let other = Key::new("other");
    let strangers = [
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "first", "pub": "AAAA" }),
        json!({ "kty": "oct", "k": "AAAA", "kid": "first" }),
        json!({ "kty": "EC", "crv": "SM2", "kid": "first", "x": "AAAA", "y": "AAAA", "alg": "SM2" }),
        json!({ "kty": "RSA", "n": "AAAA", "e": "AQAB", "use": "enc", "alg": "RSA-OAEP-512" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AAAA" }),
        json!(null),
        other.public(),
    ];
    let mut nameless = site.key.public();
    nameless.as_object_mut().expect("a key").retain(|name, _| !["kid", "use"].contains(&name.as_str()));
    for (case, own) in [("a name", site.key.public()), ("no name", nameless)] {
        let keys: Vec<Value> = strangers.iter().cloned().chain([own]).collect();
        site.set_response("/jwks", json_of(json!({ "keys": keys })));
        for named in [true, false] {
            let token = |nonce: &str| with_id_token(site.key.sign(&site.claims(nonce), named));
            site.assert_signs_in(&format!("{case}, token with a name: {named}"), token).await;
        }
    }
}

/// Some portals reuse a key id for a new key.
#[tokio::test]
async fn new_key_under_an_old_id_is_fetched() {
    let site = Site::start(|settings| settings.portal.claims_from = ClaimsFrom::IdToken).await;
    let (old, new) = (&site.key, Key::new("first"));
    let by = |key: &Key, nonce: &str| with_id_token(key.sign(&site.claims(nonce), true));
    site.assert_signs_in("the old key", |nonce| by(old, nonce)).await;
    site.assert_refuses("a key that is not published", REFUSED, |nonce| by(&new, nonce)).await;
    site.set_response("/jwks", json_of(json!({ "keys": [new.public()] })));
    site.assert_signs_in("the new key", |nonce| by(&new, nonce)).await;
    site.assert_refuses("the old key is forgotten", REFUSED, |nonce| by(old, nonce)).await;
}

/// Opens the portal's code on a desktop and waits for a change. Each poll gets the next of `tokens`;
/// the last one is repeated.
async fn wait_for(site: &Site, device: Value, tokens: &[(u16, &'static str, Value)]) -> Answer {
    let desktop = site.server.visitor(DESKTOP);
    site.set_response("/device", json_of(device));
    let mut tokens = tokens.iter().map(|(status, kind, body)| (*status, *kind, body.to_string()));
    site.set_response("/token", tokens.next().expect("an answer"));
    let page = desktop.open("/login/device?next=/me").await;
    assert!(page.body.contains("ABCD-EFGH"), "{}", page.body);
    let path = format!("/login/wait/{}?seen=waiting", page.between("hx-get=\"/login/wait/", "?"));
    let answer = desktop.fetch(&path);
    tokio::pin!(answer);
    let mut asked = site.requests_to("/token");
    loop {
        tokio::select! {
            answer = &mut answer => {
                assert_eq!(desktop.is_signed_in().await, answer.headers.contains_key("hx-redirect"));
                return answer;
            }
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => site.server.advance(1),
        }
        if site.requests_to("/token") > asked {
            asked = site.requests_to("/token");
            tokens.next().into_iter().for_each(|output| site.set_response("/token", output));
        }
    }
}

#[tokio::test]
async fn device_code_variants_are_accepted() {
    let site = Site::start(|_| {}).await;
    let good = (200, "application/json", json!({ "access_token": "a" }));
    let no = |status: u16, error: &str| (status, "application/json", json!({ "error": error }));
    let code = |more: Value| {
        let mut code = json!({ "device_code": "d", "user_code": "ABCD-EFGH" });
        code.as_object_mut().expect("a code").extend(more.as_object().expect("fields").clone());
        code
    };
    let plain = code(json!({ "verification_uri": "https://p.example/d", "expires_in": 600, "interval": 1 }));
    let old = code(json!({ "verification_url": "https://p.example/d", "expires_in": "600" }));
    let bare = code(json!({ "verification_uri": "https://p.example/d", "verification_uri_complete": null }));
    for device in [old, bare] {
        let output = wait_for(&site, device, &[no(200, "authorization_pending"), good.clone()]).await;
        assert_eq!(output.headers["hx-redirect"], "/me");
    }
    // Pending, busy and slow are not final.
    let patient = [
        no(428, "authorization_pending"),
        (503, "text/html", json!("busy")),
        (429, "text/plain", json!("slower")),
        good,
    ];
    assert_eq!(wait_for(&site, plain.clone(), &patient).await.headers["hx-redirect"], "/me");
    for (end, words) in [
        (no(400, "authorization_declined"), "登录被拒绝"),
        (no(200, "access_denied"), "登录被拒绝"),
        (no(410, "expired_token"), "二维码已过期"),
        (no(401, "invalid_client"), "登录没有完成"),
    ] {
        let output = wait_for(&site, plain.clone(), &[end]).await;
        assert!(
            output.body.contains(words) && output.body.contains("刷新二维码"),
            "{words}: {}",
            output.body
        );
    }
    for address in ["javascript:alert(1)", "http://evil.example/d", "nowhere"] {
        site.set_response(
            "/device",
            json_of(code(json!({ "verification_uri": address, "expires_in": 600 }))),
        );
        let page = site.server.visitor(DESKTOP).step("/login/device").await;
        assert!(page.status == 502 && page.body.contains(NOT_UNDERSTOOD), "{address}: {}", page.body);
    }
}
