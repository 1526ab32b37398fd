//! A browser: one kept connection from an address of its own, cookies, and the headers that browsers send.
//!
//! The site counts each network by itself. A browser therefore connects from an address of 127.0.0.0/8 that no other
//! has, as visitors come from different networks. Loopback over IPv6 has one address only.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cookie_store::CookieStore;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;
use url::Url;
use url::form_urlencoded::Serializer;

use super::target::Target;

/// User-Agents of Chrome.
pub(super) const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
                                Chrome/130.0.0.0 Mobile Safari/537.36";
pub(super) const DESKTOP: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                                  Gecko) Chrome/130.0.0.0 Safari/537.36";

/// Longer than a login screen's request is parked.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Most redirects from one page to the next.
const REDIRECTS: usize = 10;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("no connection: {0}")]
    Connection(#[from] std::io::Error),
    #[error("the connection ended: {0}")]
    Ended(#[from] hyper::Error),
    #[error("no answer within {} seconds", TIMEOUT.as_secs())]
    Late,
    #[error("{0} leads away from the installation")]
    Away(String),
    #[error("{path} answered {status}")]
    Status { path: String, status: StatusCode },
    #[error("{path}: {what}")]
    Unexpected { path: String, what: &'static str },
}

pub(super) struct Browser {
    target: Target,
    agent: &'static str,
    /// `None`: any address of this machine.
    source: Option<IpAddr>,
    cookies: CookieStore,
    line: Option<SendRequest<Full<Bytes>>>,
    /// Bytes of all answers.
    pub(super) received: u64,
}

#[derive(Debug)]
pub(super) struct Answer {
    /// Without scheme and host.
    pub(super) path: String,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Bytes,
    /// From the request until the last byte of the answer.
    pub(super) took: Duration,
}

/// What a form sends.
pub(super) type Fields = Vec<(String, String)>;

impl Browser {
    pub(super) fn new(target: &Target, agent: &'static str) -> Browser {
        let source = next_source(target.address);
        let cookies = CookieStore::default();
        Browser { target: target.clone(), agent, source, cookies, line: None, received: 0 }
    }

    /// Another browser in the same network.
    pub(super) fn beside(&self, agent: &'static str) -> Browser {
        Browser { source: self.source, ..Browser::new(&self.target, agent) }
    }

    /// Goes on from another network, with the same cookies.
    pub(super) fn move_on(&mut self) {
        (self.source, self.line) = (next_source(self.target.address), None);
    }

    /// Requests a page or a file.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, Fault> {
        self.send(Method::GET, path, &[], None).await
    }

    /// Requests a part of a page, as htmx does.
    pub(super) async fn fetch(&mut self, path: &str) -> Result<Answer, Fault> {
        self.send(Method::GET, path, &[("hx-request", "true")], None).await
    }

    /// Sends a form.
    pub(super) async fn post(&mut self, path: &str, fields: &Fields) -> Result<Answer, Fault> {
        let origin = self.target.base.origin().ascii_serialization();
        let form = "application/x-www-form-urlencoded";
        let headers = [("origin", origin.as_str()), ("content-type", form)];
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, &headers, Some(body)).await
    }

    /// Follows redirects until there is a page, which must be a success.
    pub(super) async fn follow(&mut self, mut answer: Answer) -> Result<Answer, Fault> {
        for _ in 0..REDIRECTS {
            let Some(path) = self.redirect(&answer)? else { return answer.page() };
            answer = self.get(&path).await?;
        }
        Err(answer.unexpected("too many redirects"))
    }

    /// Where an answer leads, if it is a redirect: of HTTP or of htmx.
    ///
    /// # Errors
    /// [`Fault::Away`]
    pub(super) fn redirect(&self, answer: &Answer) -> Result<Option<String>, Fault> {
        let named = answer.header("location").or(answer.header("hx-redirect"));
        named.map(|location| path_within(&self.target.base, location)).transpose()
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, Fault> {
        let asked = Instant::now();
        let request = self.request(method, path, headers, body);
        let answered = tokio::time::timeout(TIMEOUT, self.exchange(request));
        let (status, headers, body) = answered.await.map_err(|_| Fault::Late)??;
        self.keep_cookies(path, &headers);
        let answer = Answer { path: path.to_owned(), status, headers, body, took: asked.elapsed() };
        self.received += answer.bytes();
        Ok(answer)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.target.host())
            .header(header::USER_AGENT, self.agent)
            .header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
            .header(header::ACCEPT_LANGUAGE, "zh-CN,zh;q=0.9")
            .header(header::ACCEPT_ENCODING, "gzip, deflate, br")
            .header("sec-fetch-site", "same-origin");
        if let Some(cookies) = self.cookies_for(path) {
            request = request.header(header::COOKIE, cookies);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Full::from(body.unwrap_or_default())).expect("headers are of visible characters")
    }

    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Fault> {
        let mut line = match self.line.take().filter(|line| !line.is_closed()) {
            Some(line) => line,
            None => self.connect().await?,
        };
        line.ready().await?;
        let (head, body) = line.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        self.line = Some(line);
        Ok((head.status, head.headers, body))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Fault> {
        let address = self.target.address;
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = self.source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let (line, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with `line`; an error reaches the request too.
        tokio::spawn(connection);
        Ok(line)
    }

    fn url(&self, path: &str) -> Option<Url> {
        self.target.base.join(path).ok()
    }

    fn cookies_for(&self, path: &str) -> Option<String> {
        let url = self.url(path)?;
        let pairs = self.cookies.get_request_values(&url).map(|(name, value)| format!("{name}={value}"));
        Some(pairs.collect::<Vec<_>>().join("; ")).filter(|cookies| !cookies.is_empty())
    }

    fn keep_cookies(&mut self, path: &str, headers: &HeaderMap) {
        let Some(url) = self.url(path) else { return };
        for cookie in headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            // A browser ignores a cookie that it does not understand.
            let _ = self.cookies.parse(cookie, &url);
        }
    }
}

/// The next address of 127.64.0.0/10, so that 127.0.0.1 is nobody's.
fn next_source(target: SocketAddr) -> Option<IpAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % (1 << 22);
    target.is_ipv4().then(|| Ipv4Addr::from_bits(0x7f40_0000 | number).into())
}

/// The path to which a page of `base` leads.
fn path_within(base: &Url, location: &str) -> Result<String, Fault> {
    let away = || Fault::Away(location.to_owned());
    let url = base.join(location).map_err(|_| away())?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    if url.origin() == base.origin() { Ok(path.to_owned()) } else { Err(away()) }
}

impl Answer {
    /// The answer, if it is a success.
    pub(super) fn page(self) -> Result<Answer, Fault> {
        match self.status {
            StatusCode::OK => Ok(self),
            status => Err(Fault::Status { path: self.path, status }),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    pub(super) fn text(&self) -> Result<String, Fault> {
        let mut text = String::new();
        let read = match self.header("content-encoding") {
            None => (&*self.body).read_to_string(&mut text),
            Some("gzip") => GzDecoder::new(&*self.body).read_to_string(&mut text),
            Some(_) => return Err(self.unexpected("another encoding than gzip")),
        };
        read.map_err(|_| self.unexpected("the page is not text"))?;
        Ok(text)
    }

    /// The bytes of head and body as sent with a length.
    pub(super) fn bytes(&self) -> u64 {
        let lines =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
        let reason = self.status.canonical_reason().unwrap_or_default();
        let head = format!("HTTP/1.1 {} {reason}\r\n\r\n", self.status.as_str()).len();
        (head + lines.sum::<usize>() + self.body.len()) as u64
    }

    pub(super) fn unexpected(&self, what: &'static str) -> Fault {
        Fault::Unexpected { path: self.path.clone(), what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_stays_within_the_installation() {
        let base = Url::parse("http://127.0.0.1:8080").unwrap();
        for (location, path) in [
            ("/s/01/confirm", "/s/01/confirm"),
            ("http://127.0.0.1:8080/login/callback?code=a&state=b", "/login/callback?code=a&state=b"),
        ] {
            assert_eq!(path_within(&base, location).unwrap(), path);
        }
        for away in
            ["https://127.0.0.1:8080/", "http://127.0.0.1:8081/", "http://exam.example/", "//exam.example/"]
        {
            assert!(matches!(path_within(&base, away), Err(Fault::Away(_))), "{away}");
        }
    }

    #[test]
    fn browsers_come_from_different_networks_of_loopback() {
        let target = "127.0.0.1:8080".parse().unwrap();
        let sources: std::collections::HashSet<_> = (0..1000).map(|_| next_source(target)).collect();
        assert_eq!(sources.len(), 1000);
        assert!(sources.iter().flatten().all(|source| source.is_loopback() && *source != target.ip()));
        assert_eq!(next_source("[::1]:8080".parse().unwrap()), None);
    }

    #[test]
    fn bytes_of_an_answer_are_those_of_its_text() {
        let text = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";
        let headers = [("content-type", "text/plain"), ("content-length", "2")];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let answer = Answer {
            path: "/".into(),
            status: StatusCode::OK,
            headers: HeaderMap::from_iter(headers),
            body: Bytes::from("ok"),
            took: Duration::ZERO,
        };
        assert_eq!(answer.bytes(), text.len() as u64);
        assert_eq!(answer.text().unwrap(), "ok");
    }
}
