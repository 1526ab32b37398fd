//! A portal that says whatever a test wants, and signs with a key of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDateTime;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kaozheng::demo::sandbox;
use kaozheng::settings::{PortalSettings, Settings};
use kaozheng::store::Clock;
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt, Request, Response, Route, handler};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::server::{Answer, PHONE, Server, Visitor};

/// Status, type and body of an answer.
pub type Told = (u16, &'static str, String);

type Answers = Arc<Mutex<Known>>;

/// What is told at each path, how often it was, and which paths do not answer for now.
#[derive(Default)]
struct Known {
    told: HashMap<String, Told>,
    asked: HashMap<String, usize>,
    held: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
}

/// A site, and the portal where it signs people in.
pub struct Site {
    pub server: Server,
    /// The portal's address.
    pub portal: String,
    pub key: Key,
    answers: Answers,
}

pub fn json_of(value: Value) -> Told {
    (200, "application/json", value.to_string())
}

pub fn person() -> Value {
    json!({ "sub": "1", "level": "L2", "user_type": "person", "name": "张小三", "id_type": "resident", "id_number": "11010519491231002X" })
}

/// All that is needed but the endpoints.
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
pub fn start() -> NaiveDateTime {
    "2026-04-01T01:30:00".parse().expect("a time")
}

#[handler]
async fn tell(req: &Request, Data(answers): Data<&Answers>) -> Response {
    let path = req.uri().path();
    let held = {
        let mut known = answers.lock().expect("answers");
        *known.asked.entry(path.to_owned()).or_default() += 1;
        known.held.get(path).cloned()
    };
    if let Some(held) = held {
        drop(held.lock().await);
    }
    let known = answers.lock().expect("answers");
    let answer = known.told.get(path).cloned();
    let (status, kind, body) = answer.unwrap_or((404, "text/html", "<h1>404</h1>".to_owned()));
    Response::builder().status(status.try_into().expect("a status")).content_type(kind).body(body)
}

impl Site {
    /// The portal's document is at the usual place and names every endpoint; its userinfo and
    /// its keys answer.
    pub async fn start(change: impl FnOnce(&mut Settings)) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let portal = format!("http://{}", listener.local_addr().expect("an address"));
        let (answers, key) = (Answers::default(), Key::new("first"));
        let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
        let urls = Route::new().at("/*", tell).data(answers.clone());
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(urls));
        let server = Server::start_with(Clock::manual(start()), |site| {
            site.portal = settings(&portal);
            site.demo = false;
            change(site);
        })
        .await;
        let site = Site { server, portal, key, answers };
        site.tell("/.well-known/openid-configuration", json_of(site.document(&site.portal)));
        site.tell("/userinfo", json_of(person()));
        site.tell("/jwks", json_of(json!({ "keys": [site.key.public()] })));
        site
    }

    pub fn tell(&self, path: &str, told: Told) {
        self.answers.lock().expect("answers").told.insert(path.to_owned(), told);
    }

    /// From now on a path does not answer, until what is returned is dropped.
    pub async fn hold(&self, path: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let held = Arc::new(tokio::sync::Mutex::new(()));
        self.answers.lock().expect("answers").held.insert(path.to_owned(), held.clone());
        held.lock_owned().await
    }

    pub fn be_silent(&self, path: &str) {
        self.answers.lock().expect("answers").told.remove(path);
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.answers.lock().expect("answers").asked.get(path).copied().unwrap_or_default()
    }

    /// A metadata document of an issuer.
    pub fn document(&self, issuer: &str) -> Value {
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

    /// What a good ID token says.
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

    /// Somebody goes to the portal, whose token endpoint says what `token` makes of the nonce,
    /// and comes back.
    pub async fn sign_in(&self, visitor: &Visitor, token: impl FnOnce(&str) -> Told) -> Answer {
        let away = visitor.step("/login/portal?next=/me").await;
        let Ok(url) = Url::parse(&away.location) else { return away };
        assert_eq!(url.path(), "/authorize", "{url}");
        let said: HashMap<_, _> = url.query_pairs().into_owned().collect();
        self.tell("/token", token(&said["nonce"]));
        visitor.step(&format!("/login/callback?code=c&state={}", said["state"])).await
    }

    /// Somebody new does, and arrives.
    pub async fn arrives(&self, case: &str, token: impl FnOnce(&str) -> Told) {
        let visitor = self.server.visitor(PHONE);
        let answer = self.sign_in(&visitor, token).await;
        assert_eq!(answer.location, "/me", "{case}: {}", answer.body);
        assert!(super::is_signed_in(&visitor).await, "{case}");
    }

    /// Somebody new does, and is told why they are not signed in.
    pub async fn is_refused(&self, case: &str, words: &str, token: impl FnOnce(&str) -> Told) {
        let visitor = self.server.visitor(PHONE);
        let answer = self.sign_in(&visitor, token).await;
        let told = answer.body.contains(words) && answer.body.contains("重新登录");
        assert!(answer.status == 502 && told, "{case}: {} {}", answer.status, answer.body);
        assert!(!super::is_signed_in(&visitor).await, "{case}");
    }
}

/// A key that signs.
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

    /// What the portal publishes of it.
    pub fn public(&self) -> Value {
        // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
        let part = |from: usize| URL_SAFE_NO_PAD.encode(&self.public[from..from + 32]);
        json!({ "kty": "EC", "crv": "P-256", "kid": self.name, "use": "sig", "x": part(1), "y": part(33) })
    }

    /// Signed, under the key's name or none.
    pub fn sign(&self, claims: &Value, named: bool) -> String {
        let header = Header { kid: named.then(|| self.name.to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).expect("a token")
    }
}
