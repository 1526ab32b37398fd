//! Properties of every response.

use kaozheng::store::Clock;
use kaozheng::web::session::{self, Id};
use poem::Response;
use reqwest::Method;

use crate::filing::start_demo;
use crate::server::{Answer, PHONE, Server};

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().expect("text"))
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for path in ["/", "/login", "/no-such-page", "/me", "/healthz", "/services"] {
        let answer = visitor.step(path).await;
        let policy = header(&answer, "content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&answer, name), value, "{path}");
        }
        assert!(header(&answer, "permissions-policy").contains("camera=()"), "{path}");
        assert!(!header(&answer, "x-request-id").is_empty(), "{path}");
        assert_eq!(header(&answer, "strict-transport-security"), "", "{path} is not behind HTTPS");
    }
}

#[tokio::test]
async fn https_sets_hsts_and_host_cookies() {
    let https = "https://exam.example/".parse().expect("an address");
    let server = Server::start_with(Clock::system(), |settings| settings.public_url = https).await;
    let away = server.visitor(PHONE).step("/login/portal").await;
    assert!(header(&away, "strict-transport-security").starts_with("max-age=63072000"));
    let screen = server.visitor(crate::server::DESKTOP).step("/login").await;
    let mut signed_in = Response::default();
    session::give(&mut signed_in, &Id::default(), true);
    let signed_in = signed_in.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    let cookies = [
        (header(&away, "set-cookie").to_owned(), "__Secure-kaozheng-", "Path=/login/callback"),
        (header(&screen, "set-cookie").to_owned(), "__Secure-kaozheng-screen=", "Path=/login/wait/"),
        (signed_in, "__Host-kaozheng=", "Path=/;"),
    ];
    for (cookie, name, path) in &cookies {
        assert!(cookie.starts_with(name), "{cookie}");
        for part in [path, "HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
}

#[tokio::test]
async fn public_pages_set_no_cookie_and_write_nothing() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for path in ["/", "/services", "/no-such-page", "/healthz", "/readyz"] {
        assert_eq!(header(&visitor.step(path).await, "set-cookie"), "", "{path}");
    }
}

#[tokio::test]
async fn assets_are_named_by_content_and_compressed() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let page = visitor.open("/").await;
    let css = page.between("rel=\"stylesheet\" href=\"", "\"").to_owned();
    let ask = |encoding: &'static str| {
        let request = visitor.request(Method::GET, &css).header("accept-encoding", encoding);
        async { request.send().await.expect("an answer") }
    };
    let (plain, gzip, brotli) = (ask("identity").await, ask("gzip").await, ask("gzip, br").await);
    assert_eq!(plain.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    assert_eq!(brotli.headers()["content-encoding"], "br");
    let [plain, gzip, brotli] =
        [plain, gzip, brotli].map(|answer| answer.content_length().expect("a length"));
    assert!(brotli < gzip && gzip < plain / 2, "{plain} {gzip} {brotli}");
    assert_eq!(visitor.step("/assets/app.0000000000000000.css").await.status, 404);
}

#[tokio::test]
async fn htmx_gets_a_fragment_and_others_a_document() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let (document, part) = (visitor.step("/services").await, visitor.fetch("/services").await);
    assert!(document.body.starts_with("<!DOCTYPE html>") && part.body.starts_with("<title>"));
    assert!(part.body.contains("<main") && !part.body.contains("<meta"));
    assert!(header(&document, "vary").contains("HX-Request"));
    assert_eq!(header(&document, "cache-control"), "no-store");
    let failed = visitor.fetch("/no-such-page").await;
    assert!(failed.status == 404 && failed.body.starts_with("<title>") && failed.body.contains("返回首页"));
    let packed = visitor.request(Method::GET, "/services").header("accept-encoding", "gzip");
    let packed = packed.send().await.expect("an answer");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let size = packed.bytes().await.expect("a page").len();
    assert!(size < 4_000, "{size} bytes of HTML");
}

#[tokio::test]
async fn large_type_is_remembered_by_a_cookie() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let on = visitor.submit("/senior", &[("next", "/services")]).await;
    assert!(on.url.ends_with("/services") && on.body.contains("data-senior"));
    assert!(visitor.open("/").await.body.contains("data-senior"));
    let elsewhere = visitor.submit_step("/senior", &[("next", "//evil.example/")]).await;
    assert_eq!(elsewhere.location, "/");
    assert!(!visitor.open("/").await.body.contains("data-senior"), "pressed twice, it is off");
}

#[tokio::test]
async fn head_of_a_page_describes_the_site() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let page = visitor.open("/").await;
    assert!(page.body.contains("<meta name=\"description\" content=\"示范市考试院："));
    for (before, mime) in [
        ("rel=\"icon\" href=\"", "image/svg+xml"),
        ("rel=\"apple-touch-icon\" href=\"", "image/png"),
        ("rel=\"manifest\" href=\"", "application/manifest+json"),
    ] {
        let file = visitor.open(page.between(before, "\"")).await;
        assert_eq!((file.status, file.headers["content-type"].to_str().unwrap()), (200, mime));
    }
    let manifest = visitor.open(page.between("rel=\"manifest\" href=\"", "\"")).await;
    let manifest: serde_json::Value = serde_json::from_str(&manifest.body).expect("JSON");
    for icon in manifest["icons"].as_array().expect("icons") {
        assert_eq!(visitor.open(icon["src"].as_str().expect("a path")).await.status, 200);
    }
    assert_eq!(visitor.open("/favicon.ico").await.headers["content-type"], "image/x-icon");
}

#[tokio::test]
async fn footer_and_errors_name_the_office() {
    let server = Server::start_with(Clock::system(), |settings| {
        settings.office.filing = "示ICP备2026000001号".to_owned();
    })
    .await;
    let visitor = server.visitor(PHONE);
    let page = visitor.open("/").await;
    let footer = page.between("<footer id=\"footer\">", "</footer>");
    for part in
        ["示范市考试院", "href=\"tel:0000-12345678\"", "工作日", "href=\"/privacy\"", "示ICP备2026000001号"]
    {
        assert!(footer.contains(part), "{part} is not in {footer}");
    }
    let missing = visitor.open("/nowhere").await;
    let main = missing.between("<main", "</main>");
    assert!(missing.status == 404 && main.contains("0000-12345678"), "{main}");
}

#[tokio::test]
async fn search_engines_may_read_the_public_pages_only() {
    let server = Server::start().await;
    let robots = server.visitor(PHONE).open("/robots.txt").await;
    assert_eq!(robots.headers["content-type"], "text/plain; charset=utf-8");
    let lines: Vec<&str> = robots.body.lines().collect();
    for line in ["User-agent: *", "Allow: /$", "Allow: /lookup", "Allow: /en/lookup", "Disallow: /"] {
        assert!(lines.contains(&line), "{line} is not in {lines:?}");
    }
    assert!(!robots.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn security_contact_is_published_if_there_is_one() {
    let without = Server::start().await;
    assert_eq!(without.visitor(PHONE).open("/.well-known/security.txt").await.status, 404);
    let server = Server::start_with(Clock::system(), |settings| {
        settings.office.security = Some("mailto:security@exam.example".parse().unwrap());
    })
    .await;
    let file = server.visitor(PHONE).open("/.well-known/security.txt").await;
    assert!(file.body.contains("Contact: mailto:security@exam.example\n"), "{}", file.body);
    let expires = file.between("Expires: ", "\n");
    let expires = chrono::DateTime::parse_from_rfc3339(expires).expect("a time of RFC 3339");
    assert!(expires.naive_utc() > *Clock::system().now(), "{expires}");
}

#[tokio::test]
async fn pages_have_the_encoding_that_the_browser_prefers() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for (accepted, encoding) in
        [("gzip, deflate, br", Some("gzip")), ("gzip;q=0.5, br", Some("br")), ("br;q=0, gzip;q=0", None)]
    {
        let request = visitor.request(reqwest::Method::GET, "/services").header("accept-encoding", accepted);
        let answer = request.send().await.expect("an answer");
        let sent = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(sent.as_deref(), encoding, "{accepted}");
        assert!(answer.headers().get_all("vary").iter().any(|value| value == "Accept-Encoding"));
    }
}

#[tokio::test]
async fn refused_form_says_so_in_its_title() {
    let server = start_demo().await;
    let page = server.visitor(PHONE).submit("/lookup/02", &[("name", "")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("<title>错误：证书查询 "), "{}", page.body);
}
