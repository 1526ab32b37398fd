//! Faults of the portal: the page explains what happened, and nobody is signed in.

use std::sync::{Arc, Mutex};

use kaozheng::store::{Clock, Timestamp};
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt, Response, Route, get, handler, post};
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

use crate::server::{Answer, PHONE, Server, Visitor};

/// The portal's responses to the next calls.
#[derive(Clone)]
struct Replies {
    token: Reply,
    userinfo: Reply,
}

#[derive(Clone)]
enum Reply {
    Json(serde_json::Value),
    Status(u16, &'static str),
    Long,
    Redirect,
}

type Shared = Arc<Mutex<Replies>>;

fn good_token() -> Reply {
    Reply::Json(json!({ "access_token": "secret", "token_type": "Bearer" }))
}

fn good_person() -> serde_json::Value {
    json!({
        "sub": "1", "level": "L2", "user_type": "person",
        "name": "张小三", "id_type": "resident", "id_number": "11010519491231002X", "phone": "13800138000",
    })
}

fn response(reply: Reply) -> Response {
    match reply {
        Reply::Json(value) => Response::builder().content_type("application/json").body(value.to_string()),
        Reply::Status(status, body) => {
            Response::builder().status(status.try_into().expect("a status")).body(body)
        }
        Reply::Long => Response::builder().content_type("application/json").body(" ".repeat(100_000)),
        Reply::Redirect => Response::builder()
            .status(302.try_into().expect("a status"))
            .header("location", "/userinfo")
            .finish(),
    }
}

#[handler]
fn give_token(Data(replies): Data<&Shared>) -> Response {
    response(replies.lock().expect("replies").token.clone())
}

#[handler]
fn give_person(Data(replies): Data<&Shared>) -> Response {
    response(replies.lock().expect("replies").userinfo.clone())
}

/// Starts a site and a portal that answers as the test says.
async fn with_portal() -> (Server, Shared) {
    let replies = Arc::new(Mutex::new(Replies { token: good_token(), userinfo: Reply::Json(good_person()) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let portal = format!("http://{}", listener.local_addr().expect("an address"));
    let urls =
        Route::new().at("/token", post(give_token)).at("/userinfo", get(give_person)).data(replies.clone());
    let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(urls));
    let start: Timestamp = "2026-04-01T01:30:00".parse().expect("a time");
    let server = Server::start_with(Clock::manual(start), |settings| {
        settings.portal.token_url = Url::parse(&format!("{portal}/token")).ok();
        settings.portal.userinfo_url = Url::parse(&format!("{portal}/userinfo")).ok();
    });
    (server.await, replies)
}

/// Begins a sign-in. Returns the `state` sent to the portal.
async fn begin(visitor: &Visitor) -> String {
    let away = visitor.step("/login/portal").await.location;
    let url = Url::parse("http://portal.example").and_then(|base| base.join(&away)).expect("an address");
    let said =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(said("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(said("response_type").as_deref(), Some("code"));
    assert!(said("redirect_uri").is_some_and(|uri| uri.ends_with("/login/callback")));
    said("state").expect("a state")
}

async fn come_back(visitor: &Visitor, query: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    visitor.step(&format!("/login/callback?{query}")).await
}

async fn assert_refused(visitor: &Visitor, answer: &Answer, words: &str) {
    let ours = ["这次登录已失效", "您没有在政务服务平台授权登录"].contains(&words);
    assert_eq!(answer.status, if ours { 403 } else { 502 }, "{}", answer.body);
    assert!(
        answer.body.contains(words) && answer.body.contains("重新登录"),
        "{words} not in {}",
        answer.body
    );
    assert!(!visitor.is_signed_in().await, "{words}");
}

#[tokio::test]
async fn failing_portal_signs_nobody_in() {
    let person = |change: fn(&mut serde_json::Value)| {
        let mut person = good_person();
        change(&mut person);
        Reply::Json(person)
    };
    let table = [
        (Some(Reply::Status(500, "broken")), None, "回答无法识别"),
        (Some(Reply::Status(200, "{not json")), None, "回答无法识别"),
        (Some(Reply::Status(400, r#"{"error":"invalid_grant"}"#)), None, "没有完成登录"),
        (Some(Reply::Long), None, "回答无法识别"),
        (Some(Reply::Redirect), None, "回答无法识别"),
        (None, Some(Reply::Status(500, "broken")), "没有完成登录"),
        (None, Some(Reply::Redirect), "没有完成登录"),
        (None, Some(Reply::Status(200, "<html>")), "回答无法识别"),
        (None, Some(Reply::Long), "回答无法识别"),
        (None, Some(person(|p| p["id_number"] = json!("110105194912310021"))), "身份信息不完整"),
        (None, Some(person(|p| p["name"] = json!(null))), "身份信息不完整"),
        (None, Some(person(|p| p["name"] = json!(""))), "身份信息不完整"),
        (None, Some(person(|p| drop(p.as_object_mut().map(|p| p.remove("id_number"))))), "身份信息不完整"),
    ];
    let (server, replies) = with_portal().await;
    for (token, userinfo, words) in table {
        let visitor = server.visitor(PHONE);
        *replies.lock().expect("replies") = Replies {
            token: token.unwrap_or_else(good_token),
            userinfo: userinfo.unwrap_or_else(|| Reply::Json(good_person())),
        };
        let state = begin(&visitor).await;
        let answer = come_back(&visitor, &[("state", &state), ("code", "anything")]).await;
        assert_refused(&visitor, &answer, words).await;
    }
    *replies.lock().expect("replies") =
        Replies { token: good_token(), userinfo: person(|p| p["phone"] = json!(null)) };
    let visitor = server.visitor(PHONE);
    let state = begin(&visitor).await;
    let answer = come_back(&visitor, &[("state", &state), ("code", "anything")]).await;
    assert_eq!(answer.location, "/", "a phone number is not needed");
    assert!(visitor.is_signed_in().await);
}

/// The next try leads to the original destination, also on a phone that was about to confirm.
#[tokio::test]
async fn retry_leads_to_the_original_destination() {
    let (server, replies) = with_portal().await;
    replies.lock().expect("replies").userinfo = Reply::Status(500, "broken");
    let visitor = server.visitor(PHONE);
    let away = visitor.step("/login/portal?next=/services/qualification").await.location;
    let state = away.split("state=").nth(1).and_then(|rest| rest.split('&').next()).expect("a state");
    let answer = come_back(&visitor, &[("state", state), ("code", "anything")]).await;
    assert_refused(&visitor, &answer, "没有完成登录").await;
    let again = "href=\"/login?next=%2Fservices%2Fqualification\"";
    assert!(answer.body.contains(again), "{}", answer.body);
}

#[tokio::test]
async fn foreign_callback_signs_nobody_in() {
    let (server, _) = with_portal().await;
    let issuer = format!("{}/sandbox", server.base);
    let visitor = server.visitor(PHONE);
    let state = begin(&visitor).await;
    let answer = come_back(&visitor, &[("state", "another"), ("code", "anything")]).await;
    assert_refused(&visitor, &answer, "这次登录已失效").await;
    let stranger = server.visitor(PHONE);
    let answer = come_back(&stranger, &[("state", &state), ("code", "anything")]).await;
    assert_refused(&stranger, &answer, "这次登录已失效").await;
    let answer = come_back(&visitor, &[("state", &state), ("error", "access_denied")]).await;
    assert_refused(&visitor, &answer, "您没有在政务服务平台授权登录").await;
    let answer = come_back(&visitor, &[("state", &state), ("code", "anything")]).await;
    assert_refused(&visitor, &answer, "您没有在政务服务平台授权登录").await;
    let state = begin(&visitor).await;
    let query = [("state", state.as_str()), ("code", "anything"), ("iss", "https://evil.example")];
    assert_refused(&visitor, &come_back(&visitor, &query).await, "没有完成登录").await;
    for query in [vec![], vec![("code", "anything")]] {
        assert_refused(&visitor, &come_back(&visitor, &query).await, "这次登录已失效").await;
    }
    let state = begin(&visitor).await;
    let query = [("state", state.as_str()), ("code", "anything"), ("iss", issuer.as_str())];
    assert_eq!(come_back(&visitor, &query).await.location, "/");
    assert!(visitor.is_signed_in().await);
}

#[tokio::test]
async fn unreachable_portal_signs_nobody_in() {
    let start: Timestamp = "2026-04-01T01:30:00".parse().expect("a time");
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let server = Server::start_with(Clock::manual(start), |settings| {
        settings.portal.token_url = Url::parse(&format!("http://{closed}/token")).ok();
    });
    let (server, visitor) = {
        let server = server.await;
        let visitor = server.visitor(PHONE);
        (server, visitor)
    };
    let state = begin(&visitor).await;
    let answer = come_back(&visitor, &[("state", &state), ("code", "anything")]).await;
    assert_refused(&visitor, &answer, "暂时没有回应").await;
    drop(server);
}

#[tokio::test]
async fn silent_portal_is_given_up() {
    let start: Timestamp = "2026-04-01T01:30:00".parse().expect("a time");
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let server = Server::start_with(Clock::manual(start), |settings| {
        settings.portal.token_url = Url::parse(&format!("http://{address}/token")).ok();
    })
    .await;
    let visitor = server.visitor(PHONE);
    let state = begin(&visitor).await;
    let answer = come_back(&visitor, &[("state", &state), ("code", "anything")]).await;
    assert_refused(&visitor, &answer, "暂时没有回应").await;
}

#[tokio::test]
async fn demo_portal_follows_the_protocol() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let page = visitor.open("/login/portal").await;
    let mut fields = page.hidden_fields();
    fields.push(("person".into(), page.button_value("张小三")));
    let form = |fields: &[(String, String)]| -> Vec<(String, String)> { fields.to_vec() };
    let evil: Vec<(String, String)> = fields
        .iter()
        .map(|(key, value)| match key.as_str() {
            "redirect_uri" => (key.clone(), "https://evil.example/login/callback".into()),
            _ => (key.clone(), value.clone()),
        })
        .collect();
    let post = |fields: &[(String, String)]| {
        visitor.send(visitor.request(reqwest::Method::POST, "/sandbox/authorize").form(&form(fields)))
    };
    assert_eq!(post(&evil).await.status, 400, "no redirect to others");
    let back = post(&fields).await.location;
    let code = Url::parse("http://x.example").and_then(|base| base.join(&back)).expect("an address");
    let code = code.query_pairs().find(|(key, _)| key == "code").expect("a code").1.into_owned();
    let redirect = format!("{}/login/callback", server.base);
    let exchange = |secret: &'static str, verifier: &'static str, code: String| {
        let form = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", redirect.clone()),
            ("code_verifier", verifier.to_owned()),
        ];
        let request = visitor.request(reqwest::Method::POST, "/sandbox/token");
        visitor.send(request.basic_auth("kaozheng-demo", Some(secret)).form(&form))
    };
    assert_eq!(exchange("wrong", "x", code.clone()).await.status, 401, "our secret is checked");
    let wrong = exchange("not-a-secret", "x", code.clone()).await;
    assert!(wrong.status == 400 && wrong.body.contains("invalid_grant"), "PKCE is checked");
    let landed = visitor.step(&back).await;
    assert_eq!(landed.status, 502, "a code works once, also after a wrong attempt");
    let userinfo = visitor.request(reqwest::Method::GET, "/sandbox/userinfo").bearer_auth("guess");
    assert_eq!(visitor.send(userinfo).await.status, 401);
    let discovery = visitor.open("/sandbox/.well-known/openid-configuration").await;
    assert!(discovery.body.contains("authorization_endpoint"));
}

#[tokio::test]
async fn demo_portal_exists_only_in_the_demo() {
    let start: Timestamp = "2026-04-01T01:30:00".parse().expect("a time");
    let server = Server::start_with(Clock::manual(start), |settings| settings.demo = false).await;
    assert_eq!(server.visitor(PHONE).step("/sandbox/authorize").await.status, 404);
}
