//! The whole program inside the test: a server on a port of its own, with the demo's portal.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use chrono::Duration;
use kaozheng::demo::sandbox;
use kaozheng::files::storage::Storage;
use kaozheng::settings::{Monitoring, Office, SessionRules, Settings};
use kaozheng::site::{self, Parts};
use kaozheng::store::{Clock, Ids, Store, Timestamp, Vault};
use reqwest::cookie::Jar;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, header};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::database::{TestDatabase, database, migrated_database};

/// User-Agent of Chrome on a desktop.
pub const DESKTOP: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                           Chrome/130.0.0.0 Safari/537.36";

/// User-Agent of Chrome on a phone.
pub const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
                         Chrome/130.0.0.0 Mobile Safari/537.36";

/// A running server. It ends when this is dropped.
pub struct Server {
    /// Such as `http://127.0.0.1:40123`.
    pub base: String,
    /// What the server is made of. Its clock is `parts.store.clock`.
    pub parts: Parts,
    task: JoinHandle<()>,
    _files: TempDir,
    _database: TestDatabase,
}

impl Server {
    /// Starts at 2026-04-01 09:30 in China. The test moves the clock.
    pub async fn start() -> Server {
        let start: Timestamp = "2026-04-01T01:30:00".parse().expect("a time");
        Server::start_with(Clock::manual(start), |_| {}).await
    }

    /// Starts with a clock and changed settings. Browser tests use the system clock.
    pub async fn start_with(clock: Clock, change: impl FnOnce(&mut Settings)) -> Server {
        Server::start_on(migrated_database(), Vault::from_key(&[7; 32]), clock, change).await
    }

    /// Starts with the data keys of a vault.
    pub async fn start_with_keys(vault: Vault, clock: Clock, change: impl FnOnce(&mut Settings)) -> Server {
        Server::start_on(database(), vault, clock, change).await
    }

    async fn start_on(
        database: TestDatabase,
        vault: Vault,
        clock: Clock,
        change: impl FnOnce(&mut Settings),
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let folder = tempfile::tempdir().expect("a folder for files");
        let mut settings = settings(&base, &database, &folder, listener.local_addr().expect("an address"));
        change(&mut settings);
        let files = Storage::open(&settings.files, vault.clone()).expect("a storage");
        let files = files.with_scanner(settings.clamd.clone());
        let store = Store::open(&settings.database_url, vault, clock, Ids::random()).await.expect("a store");
        let store = match &settings.replica {
            Some(replica) => store.with_replica(&replica.url, replica.bound).expect("a replica"),
            None => store,
        };
        let store = store.attach(&kaozheng::business::ALL);
        store.migrate().await.expect("migrations");
        let parts = Parts::new(settings, store, files).expect("the program's parts");
        let served = parts.clone();
        let task =
            tokio::spawn(async move { site::serve(listener, &served, pending(), StdDuration::ZERO).await });
        Server { base, parts, task, _files: folder, _database: database }
    }

    /// The folder of uploads.
    pub fn folder(&self) -> &Path {
        self.parts.files.objects().folder().expect("a folder")
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        self.parts.store.clock.advance(Duration::seconds(seconds));
    }

    /// A visitor with a browser of their own, not signed in.
    pub fn visitor(&self, user_agent: &str) -> Visitor {
        Visitor::new(&self.base, user_agent)
    }

    /// Loads the records that `kaozheng demo` starts with.
    pub async fn load_demo(&self) {
        kaozheng::demo::data::load_demo(&self.parts.store).await.expect("the demo's data");
    }

    /// Loads the applications that `kaozheng demo` starts with.
    pub async fn load_applications(&self) {
        let Parts { store, files, .. } = &self.parts;
        kaozheng::demo::data::load_applications(store, files).await.expect("the demo's applications");
    }

    /// A visitor signed in at the demo's portal by the name on its list.
    pub async fn signed_in(&self, name: &str) -> Visitor {
        let visitor = self.visitor(PHONE);
        visitor.sign_in("/login/portal", name).await;
        visitor
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn settings(base: &str, database: &TestDatabase, folder: &TempDir, listen: std::net::SocketAddr) -> Settings {
    let url = |path: &str| Url::parse(&format!("{base}{path}")).expect("an address");
    Settings {
        database_url: database.url.clone(),
        listen,
        public_url: url("/"),
        files: folder.path().to_owned().into(),
        backups: None,
        authority: "示范市考试院".into(),
        office: Office {
            phone: "0000-12345678".into(),
            hours: "工作日 9:00–17:00".into(),
            ..Office::default()
        },
        portal: sandbox::settings(&url("/"), &url("/")),
        staff_portal: None,
        sms: None,
        trusted_proxy: true,
        sessions: SessionRules::STANDARD,
        replica: None,
        max_waiters: 20_000,
        image_memory_mb: 256,
        clamd: None,
        monitoring: Monitoring::default(),
        demo: true,
    }
}

/// The default client address.
pub const HOME: &str = "198.51.100.7";

/// Headers of the authority's proxy, which the tests' settings trust.
fn behind_the_proxy() -> header::HeaderMap {
    header::HeaderMap::from_iter([(
        header::HeaderName::from_static("x-forwarded-for"),
        header::HeaderValue::from_static(HOME),
    )])
}

/// A browser without scripts. It keeps cookies.
pub struct Visitor {
    base: String,
    steps: Client,
    follows: Client,
    jar: Arc<Jar>,
}

/// A response as a browser shows it.
pub struct Answer {
    pub status: u16,
    /// The `Location` without the server's own address, or empty.
    pub location: String,
    pub headers: header::HeaderMap,
    pub body: String,
    /// The page's URL.
    pub url: String,
}

impl Visitor {
    pub fn new(base: &str, user_agent: &str) -> Visitor {
        let jar = Arc::new(Jar::default());
        let client = |policy| {
            let builder = Client::builder().cookie_provider(jar.clone()).redirect(policy).no_proxy();
            let builder = builder.default_headers(behind_the_proxy());
            builder.user_agent(user_agent).build().expect("a client")
        };
        Visitor {
            base: base.to_owned(),
            steps: client(Policy::none()),
            follows: client(Policy::limited(10)),
            jar,
        }
    }

    /// Opens a page and follows redirects. Agrees to the privacy notice, if it is asked for.
    pub async fn open(&self, path: &str) -> Answer {
        let page = self.send(self.follows.get(self.address(path))).await;
        self.agree(page).await
    }

    /// Agrees to everything that a page asks for, and goes on to the page that was wanted.
    async fn agree(&self, page: Answer) -> Answer {
        let Some((_, rest)) = page.body.split_once("action=\"/me/consent\"") else { return page };
        let asked = Answer { body: rest.to_owned(), headers: page.headers.clone(), ..page };
        let mut form = asked.hidden_fields();
        form.push(("general".to_owned(), "yes".to_owned()));
        let offered = asked.body.split("name=\"purpose\" value=\"").skip(1);
        let offered = offered.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
        form.extend(offered.map(|purpose| ("purpose".to_owned(), purpose)));
        self.send(self.follows.post(self.address("/me/consent")).form(&form)).await
    }

    /// Opens a page without following redirects.
    pub async fn step(&self, path: &str) -> Answer {
        self.send(self.steps.get(self.address(path))).await
    }

    /// Opens a page as htmx does.
    pub async fn fetch(&self, path: &str) -> Answer {
        self.send(self.steps.get(self.address(path)).header("HX-Request", "true")).await
    }

    /// Sends a form and follows redirects.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let page = self.send(self.follows.post(self.address(path)).form(form)).await;
        self.agree(page).await
    }

    /// Sends a form without following redirects.
    pub async fn submit_step(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.steps.post(self.address(path)).form(form)).await
    }

    /// A request with this visitor's cookies. Redirects are not followed.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.steps.request(method, self.address(path))
    }

    /// Sends what [`Visitor::request`] built.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let headers = answer.headers().clone();
        let location = headers.get(header::LOCATION).map_or("", |value| value.to_str().expect("text"));
        Answer {
            status: answer.status().as_u16(),
            location: location.strip_prefix(&self.base).unwrap_or(location).to_owned(),
            url: answer.url().to_string(),
            headers,
            body: answer.text().await.expect("text"),
        }
    }

    /// Goes to the demo's portal by `path`, chooses a person and comes back. Returns the final page.
    pub async fn sign_in(&self, path: &str, name: &str) -> Answer {
        let page = self.open(path).await;
        self.choose_person(&page, name).await
    }

    /// Chooses a person on the demo portal's page.
    pub async fn choose_person(&self, page: &Answer, name: &str) -> Answer {
        let form = page.hidden_fields();
        let person = page.button_value(name);
        let mut form: Vec<(&str, &str)> = form.iter().map(|(key, value)| (&**key, &**value)).collect();
        form.push(("person", &person));
        self.submit("/sandbox/authorize", &form).await
    }

    /// Whether the first page greets this visitor.
    pub async fn is_signed_in(&self) -> bool {
        self.open("/").await.body.contains("您好，")
    }

    /// The session cookie as the browser sends it.
    pub fn cookie(&self) -> String {
        self.cookie_at("/")
    }

    /// The first cookie that the browser sends to a path.
    pub fn cookie_at(&self, path: &str) -> String {
        use reqwest::cookie::CookieStore;
        let address = Url::parse(&self.address(path)).expect("an address");
        self.jar.cookies(&address).map_or(String::new(), |line| line.to_str().expect("text").to_owned())
    }

    /// All cookies that the browser sends to a path.
    pub fn cookies_at(&self, path: &str) -> String {
        use reqwest::cookie::CookieStore;
        let url = Url::parse(&self.address(path)).expect("an address");
        self.jar.cookies(&url).map_or(String::new(), |line| line.to_str().expect("text").to_owned())
    }

    /// Plants a cookie in this browser, as an attacker would.
    pub fn plant(&self, cookie: &str) {
        self.jar.add_cookie_str(cookie, &Url::parse(&self.base).expect("an address"));
    }

    fn address(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() }
    }
}

impl Answer {
    /// The text between the first occurrences of two marks.
    pub fn between(&self, from: &str, to: &str) -> &str {
        let found = self.body.split_once(from).and_then(|(_, rest)| rest.split_once(to));
        found.unwrap_or_else(|| panic!("no {from:?} … {to:?} at {} in\n{}", self.url, self.body)).0
    }

    /// Names and values of all hidden fields.
    pub fn hidden_fields(&self) -> Vec<(String, String)> {
        let tags = self.body.split("<input type=\"hidden\" ").skip(1);
        let value = |tag: &str, name: &str| {
            let (_, rest) = tag.split_once(&format!("{name}=\"")).expect("an attribute");
            rest.split('"').next().unwrap_or_default().replace("&amp;", "&")
        };
        tags.map(|tag| (value(tag, "name"), value(tag, "value"))).collect()
    }

    /// The value of the submit button labelled `label`.
    pub fn button_value(&self, label: &str) -> String {
        let before = self.body.split(label).next().unwrap_or_default();
        assert!(before.len() < self.body.len(), "no {label:?} at {} in\n{}", self.url, self.body);
        let button = before.rsplit("<button").next().unwrap_or_default();
        let (_, rest) = button.split_once("value=\"").expect("a button with a value");
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}
