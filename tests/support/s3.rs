//! An S3 server inside the test, which can be slow, fail or refuse.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use kaozheng::settings::Location;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const BUCKET: &str = "exam-files";
const KEYS: (&str, &str) = ("tester", "a-secret-of-the-tests");

/// What is wrong with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It answers 500, so many times.
    Fails(u32),
    /// It never answers.
    Silent,
    /// It answers 403 to every change.
    ReadOnly,
}

/// A server with one bucket. It ends when this is dropped.
pub struct S3Server {
    endpoint: String,
    folder: TempDir,
    fault: Arc<Mutex<Fault>>,
    task: JoinHandle<()>,
}

impl S3Server {
    pub async fn start() -> S3Server {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).expect("a server"));
        builder.set_auth(SimpleAuth::from_single(KEYS.0, KEYS.1));
        let (s3, fault) = (builder.build(), Arc::new(Mutex::new(Fault::None)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(serve(listener, s3, fault.clone()));
        S3Server { endpoint, folder, fault, task }
    }

    /// From now on.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().expect("no panic") = fault;
    }

    /// The variables of the environment that lead here.
    pub fn variables(&self) -> [(String, String); 5] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "test"),
            ("AWS_ACCESS_KEY_ID", KEYS.0),
            ("AWS_SECRET_ACCESS_KEY", KEYS.1),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    }

    /// `s3://BUCKET/PREFIX`.
    pub fn url(prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}")
    }

    pub fn location(&self, prefix: &str) -> Location {
        Location::parse(&S3Server::url(prefix), self.variables()).expect("a location")
    }

    /// The folder of a prefix on the server's disk.
    pub fn folder(&self, prefix: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join(prefix)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// All files below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

async fn serve(listener: TcpListener, s3: S3Service, fault: Arc<Mutex<Fault>>) {
    loop {
        let (connection, _) = listener.accept().await.expect("a connection");
        let (s3, fault) = (s3.clone(), fault.clone());
        let answer = service_fn(move |request| answer(s3.clone(), fault.clone(), request));
        tokio::spawn(async move {
            // A client may go away at any time.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), answer).await;
        });
    }
}

async fn answer(
    s3: S3Service,
    fault: Arc<Mutex<Fault>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let now = {
        let mut fault = fault.lock().expect("no panic");
        let now = *fault;
        if let Fault::Fails(times) = now {
            *fault = if times > 1 { Fault::Fails(times - 1) } else { Fault::None };
        }
        now
    };
    let refused = |status: u16| {
        let refused = Response::builder().status(status).body(Body::empty());
        Ok(refused.expect("an answer"))
    };
    match now {
        Fault::Fails(_) => refused(500),
        Fault::ReadOnly if changes => refused(403),
        Fault::Silent => std::future::pending().await,
        _ => match Service::call(&s3, request).await {
            Ok(answer) => Ok(answer),
            Err(error) => panic!("{error:?}"),
        },
    }
}
