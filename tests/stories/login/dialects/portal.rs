//! A portal whose responses a test scripts, with a signing key of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kaozheng::demo::sandbox;
use kaozheng::settings::{PortalSettings, Settings};
use kaozheng::store::{Clock, Timestamp};
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt, Request, Response, Route, handler};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::server::{Answer, PHONE, Server, Visitor};

/// Status, content type and body of a response.
pub type PortalResponse = (u16, &'static str, String);

type SharedResponses = Arc<Mutex<ResponseTable>>;

/// The response for each path, how often each path was requested, and which paths are blocked.
#[derive(Default)]
struct ResponseTable {
    responses: HashMap<String, PortalResponse>,
    requests: HashMap<String, usize>,
    blocked: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
}

/// A site, and the portal where it signs people in.
pub struct Site {
    pub server: Server,
    /// The portal's base URL.
    pub portal: String,
    pub key: Key,
    answers: SharedResponses,
}

pub fn json_of(value: Value) -> PortalResponse {
    (200, "application/json", value.to_string())
}

pub fn person() -> Value {
    json!({ "sub": "1", "level": "L2", "user_type": "person", "name": "张小三", "id_type": "resident", "id_number": "11010519491231002X" })
}

/// Settings without endpoints.
fn settings(portal: &str) -> PortalSettings {
    let base = Url::parse(portal).expect("an address");
    PortalSettings {
        issuer: Some(portal.to_owned()),
        authorize_url: None,
        token_url: None,
        userinfo_url: None,
        jwks_url: None,
        device_url: None,
        client_id: "kaozheng".into(),
        ..sandbox::settings(&base, &base)
    }
}

/// 2026-04-01 09:30 in China.
pub fn start() -> Timestamp {
    "2026-04-01T01:30:00".parse().expect("a time")
}

#[handler]
async fn respond(req: &Request, Data(answers): Data<&SharedResponses>) -> Response {
    let path = req.uri().path();
    let blocked = {
        let mut table = answers.lock().expect("answers");
        *table.requests.entry(path.to_owned()).or_default() += 1;
        table.blocked.get(path).cloned()
    };
    if let Some(blocked) = blocked {
        drop(blocked.lock().await);
    }
    let table = answers.lock().expect("answers");
    let answer = table.responses.get(path).cloned();
    let (status, kind, body) = answer.unwrap_or((404, "text/html", "<h1>404</h1>".to_owned()));
    Response::builder().status(status.try_into().expect("a status")).content_type(kind).body(body)
}

impl Site {
    /// Starts a portal with metadata at the standard path that names every endpoint, and with working
    /// userinfo and keys.
    pub async fn start(change: impl FnOnce(&mut Settings)) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let portal = format!("http://{}", listener.local_addr().expect("an address"));
        let (answers, key) = (SharedResponses::default(), Key::new("first"));
        let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
        let urls = Route::new().at("/*", respond).data(answers.clone());
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(urls));
        let server = Server::start_with(Clock::manual(start()), |site| {
            site.portal = settings(&portal);
            site.demo = false;
            change(site);
        })
        .await;
        let site = Site { server, portal, key, answers };
        site.set_response("/.well-known/openid-configuration", json_of(site.metadata(&site.portal)));
        site.set_response("/userinfo", json_of(person()));
        site.set_response("/jwks", json_of(json!({ "keys": [site.key.public()] })));
        site
    }

    pub fn set_response(&self, path: &str, response: PortalResponse) {
        self.answers.lock().expect("answers").responses.insert(path.to_owned(), response);
    }

    /// Blocks the responses of a path until the guard is dropped.
    pub async fn block(&self, path: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let blocked = Arc::new(tokio::sync::Mutex::new(()));
        self.answers.lock().expect("answers").blocked.insert(path.to_owned(), blocked.clone());
        blocked.lock_owned().await
    }

    pub fn remove_response(&self, path: &str) {
        self.answers.lock().expect("answers").responses.remove(path);
    }

    /// How often a path was requested.
    pub fn requests_to(&self, path: &str) -> usize {
        self.answers.lock().expect("answers").requests.get(path).copied().unwrap_or_default()
    }

    /// The metadata document of an issuer.
    pub fn metadata(&self, issuer: &str) -> Value {
        let at = |path: &str| format!("{}{path}", self.portal);
        json!({
            "issuer": issuer,
            "authorization_endpoint": at("/authorize?tenant=1"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "jwks_uri": at("/jwks"),
            "device_authorization_endpoint": at("/device"),
        })
    }

    /// Claims of a valid ID token.
    pub fn claims(&self, nonce: &str) -> Value {
        let now = start().and_utc().timestamp();
        let mut claims = person();
        for (name, value) in [
            ("iss", json!(self.portal)),
            ("aud", json!("kaozheng")),
            ("iat", json!(now)),
            ("exp", json!(now + 3600)),
            ("nonce", json!(nonce)),
        ] {
            claims[name] = value;
        }
        claims
    }

    /// Goes to the portal and comes back. `token` builds the token endpoint's response from the nonce.
    pub async fn sign_in(&self, visitor: &Visitor, token: impl FnOnce(&str) -> PortalResponse) -> Answer {
        let away = visitor.step("/login/portal?next=/me").await;
        let Ok(url) = Url::parse(&away.location) else { return away };
        assert_eq!(url.path(), "/authorize", "{url}");
        let parameters: HashMap<_, _> = url.query_pairs().into_owned().collect();
        self.set_response("/token", token(&parameters["nonce"]));
        visitor.step(&format!("/login/callback?code=c&state={}", parameters["state"])).await
    }

    /// Signs a new visitor in and asserts that it works.
    pub async fn assert_signs_in(&self, case: &str, token: impl FnOnce(&str) -> PortalResponse) {
        let visitor = self.server.visitor(PHONE);
        let answer = self.sign_in(&visitor, token).await;
        assert_eq!(answer.location, "/me", "{case}: {}", answer.body);
        assert!(visitor.is_signed_in().await, "{case}");
    }

    /// Signs a new visitor in and asserts that it is refused with `words`.
    pub async fn assert_refuses(&self, case: &str, words: &str, token: impl FnOnce(&str) -> PortalResponse) {
        let visitor = self.server.visitor(PHONE);
        let answer = self.sign_in(&visitor, token).await;
        let explained = answer.body.contains(words) && answer.body.contains("重新登录");
        assert!(answer.status == 502 && explained, "{case}: {} {}", answer.status, answer.body);
        assert!(!visitor.is_signed_in().await, "{case}");
    }
}

/// A signing key.
pub struct Key {
    pub name: &'static str,
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

impl Key {
    pub fn new(name: &'static str) -> Key {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        let public = pair.expect("a key").public_key().as_ref().to_vec();
        Key { name, pkcs8: pkcs8.as_ref().to_vec(), public }
    }

    /// The public key as a JWK.
    pub fn public(&self) -> Value {
        // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
        let part = |from: usize| URL_SAFE_NO_PAD.encode(&self.public[from..from + 32]);
        json!({ "kty": "EC", "crv": "P-256", "kid": self.name, "use": "sig", "x": part(1), "y": part(33) })
    }

    /// Signs claims as a JWT, with a key id if `named`.
    pub fn sign(&self, claims: &Value, named: bool) -> String {
        let header = Header { kid: named.then(|| self.name.to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).expect("a token")
    }
}
