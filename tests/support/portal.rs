//! A third-party portal: oidc-provider in a process of its own, behind a proxy that injects faults.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use kaozheng::settings::{PortalSettings, Settings};
use poem::http::{HeaderName, StatusCode, header};
use poem::listener::TcpAcceptor;
use poem::{Body, Endpoint, Request, Response, endpoint};
use reqwest::redirect::Policy;
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/portal");

/// A fault at one path of the portal.
#[derive(Clone, Copy)]
pub enum Fault {
    /// Responds later than the program's timeout.
    Slow,
    /// Responds with an error status.
    Status(u16),
    /// Closes the connection within the response.
    Cut,
    /// Responds with this text.
    Text(&'static str),
    /// Responds with a protocol error.
    Refuse(&'static str),
    /// Responds with changed JSON.
    Json(fn(&mut Value)),
    /// Redirects browsers elsewhere.
    Location(fn(&mut Url)),
}

/// A running portal. It ends when this is dropped.
pub struct Portal {
    /// Its base URL, which is its issuer.
    pub issuer: String,
    front: Arc<Front>,
    child: Mutex<Option<Child>>,
}

#[derive(Default)]
struct Front {
    port: OnceLock<u16>,
    faults: Mutex<HashMap<&'static str, Fault>>,
    calls: Mutex<HashMap<String, usize>>,
}

impl Portal {
    /// Reserves an address without answering yet, because the portal must first know the site's
    /// callback.
    pub async fn announce() -> Portal {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let (front, host) = (Arc::new(Front::default()), issuer.replace("http://", ""));
        let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(forward(front.clone(), host)));
        Portal { issuer, front, child: Mutex::default() }
    }

    /// Starts answering, for a site at `base`.
    pub fn open(&self, base: &str) {
        let mut child = Command::new("node")
            .args(["portal.mjs", &self.issuer, &format!("{base}/login/callback")])
            .current_dir(FOLDER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("node does not start ({error}); see tests/run"));
        let mut port = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("an output"));
        said.read_line(&mut port).expect("a port");
        // The process may write more and must not find the pipe closed.
        child.stdout = Some(said.into_inner());
        self.front.port.set(port.trim().parse().expect("a port; see tests/run")).expect("opened once");
        *self.child.lock().expect("a child") = Some(child);
    }

    /// Settings of a site that signs in here. Endpoints are discovered.
    pub fn settings(&self) -> PortalSettings {
        let settings = [
            ("ways", "portal scan device"),
            ("issuer", &self.issuer),
            ("client_id", "client_secret_basic"),
            ("client_secret", "a secret: with + and %"),
            ("authorize_params", "ui_locales=zh-CN"),
            ("claim_name", "/citizen/realName"),
            ("claim_id_type", "/citizen/cert/type"),
            ("claim_id_number", "/citizen/cert/number"),
            ("claim_phone", "/citizen/mobile"),
            ("id_types", "111=resident 414=passport"),
        ];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        PortalSettings::load("oidc", &settings).expect("a complete profile")
    }

    /// Writes [`Portal::settings`] into the settings of a site.
    pub fn settle(&self, settings: &mut Settings) {
        settings.portal = self.settings();
        settings.demo = false;
    }

    /// Injects a fault at `path`; `*` is every path.
    pub fn fail(&self, path: &'static str, fault: Fault) {
        self.front.faults.lock().expect("faults").insert(path, fault);
    }

    /// Removes all faults.
    pub fn mend(&self) {
        self.front.faults.lock().expect("faults").clear();
    }

    /// How often a path was requested.
    pub fn calls(&self, path: &str) -> usize {
        self.front.calls.lock().expect("calls").get(path).copied().unwrap_or_default()
    }

    /// Replaces the signing key.
    pub async fn rotate_keys(&self) {
        let answer = reqwest::get(format!("{}/test/rotate", self.issuer)).await.expect("an answer");
        assert!(answer.status().is_success());
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if let Some(child) = self.child.lock().expect("a child").as_mut() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Forwards requests and injects the faults.
fn forward(front: Arc<Front>, host: String) -> impl Endpoint<Output = Response> {
    let builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy();
    let http = builder.build().expect("a client");
    endpoint::make(move |request: Request| {
        let (front, http, host) = (front.clone(), http.clone(), host.clone());
        async move {
            let path = request.uri().path().to_owned();
            *front.calls.lock().expect("calls").entry(path.clone()).or_default() += 1;
            let faults = front.faults.lock().expect("faults").clone();
            let fault = faults.get(path.as_str()).or(faults.get("*")).copied();
            Ok::<_, poem::Error>(inject(forward_request(&front, &http, &host, request).await, fault).await)
        }
    })
}

async fn forward_request(
    front: &Front,
    http: &reqwest::Client,
    host: &str,
    mut request: Request,
) -> reqwest::Response {
    let port = front.port.get().expect("the portal is open");
    let url = format!("http://127.0.0.1:{port}{}", request.original_uri());
    let body = request.take_body().into_bytes().await.expect("a body");
    let mut headers = request.headers().clone();
    headers.remove(header::HOST);
    headers.insert(HeaderName::from_static("x-forwarded-host"), host.parse().expect("a host"));
    let sent = http.request(request.method().clone(), url).headers(headers).body(body).send();
    sent.await.expect("the portal answers")
}

async fn inject(answer: reqwest::Response, fault: Option<Fault>) -> Response {
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let mut body = answer.bytes().await.expect("a body").to_vec();
    for framing in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        headers.remove(framing);
    }
    match fault {
        Some(Fault::Slow) => tokio::time::sleep(Duration::from_secs(7)).await,
        Some(Fault::Status(status)) => {
            return StatusCode::from_u16(status).expect("a status").into();
        }
        Some(Fault::Cut) => {
            headers.insert(header::CONTENT_LENGTH, body.len().into());
            let broken = std::io::Error::other("cut");
            let pieces = futures_util::stream::iter([Ok(body.split_off(body.len() / 2)), Err(broken)]);
            return with_headers(status, headers, Body::from_bytes_stream(pieces));
        }
        Some(Fault::Refuse(error)) => {
            let body = serde_json::json!({ "error": error }).to_string();
            return Response::builder()
                .status(StatusCode::BAD_REQUEST)
                .content_type("application/json")
                .body(body);
        }
        Some(Fault::Text(text)) => body = text.as_bytes().to_vec(),
        Some(Fault::Json(change)) => {
            let mut said = serde_json::from_slice(&body).expect("JSON");
            change(&mut said);
            body = said.to_string().into_bytes();
        }
        Some(Fault::Location(change)) => {
            let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
            // Changes only the redirect back to the site.
            let back = location.and_then(|location| Url::parse(location).ok());
            if let Some(mut url) = back.filter(|url| url.path() == "/login/callback") {
                change(&mut url);
                headers.insert(header::LOCATION, url.as_str().parse().expect("text"));
            }
        }
        None => {}
    }
    with_headers(status, headers, body.into())
}

fn with_headers(status: StatusCode, headers: header::HeaderMap, body: Body) -> Response {
    let mut response = Response::builder().status(status).body(body);
    *response.headers_mut() = headers;
    response
}
