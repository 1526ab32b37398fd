//! 浙江, the present interface.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{CLIENT_ID, CLIENT_SECRET, choose, json, parameter, with};
use crate::server::{Answer, PHONE, Server, Visitor};

const TOKEN: &str = "/sandbox/zhejiang/restapi/prod/uc/sso/access_token";
const USER: &str = "/sandbox/zhejiang/restapi/prod/uc/sso/getUserInfo";

/// When the test's clock begins.
const NOW: &str = "Wed, 01 Apr 2026 01:30:00 GMT";

pub(super) fn authorization(sp: &str) -> String {
    with("/sandbox/zhejiang/uc/sso/login", &[("appId", CLIENT_ID), ("sp", sp)])
}

/// The gateway's signature of a POST.
fn sign(path: &str, query: &str, time: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()).expect("a key");
    mac.update(format!("POST\n{path}\n{query}\n{CLIENT_ID}\n{time}\n").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The four headers of a POST at a time.
fn headers(path: &str, time: &str) -> [(&'static str, String); 4] {
    [
        ("X-BG-HMAC-SIGNATURE", sign(path, "", time)),
        ("X-BG-HMAC-ALGORITHM", "hmac-sha256".to_owned()),
        ("X-BG-HMAC-ACCESS-KEY", CLIENT_ID.to_owned()),
        ("X-BG-DATE-TIME", time.to_owned()),
    ]
}

async fn post(visitor: &Visitor, path: &str, headers: &[(&str, String)], body: Value) -> Answer {
    let request = visitor.request(Method::POST, path).json(&body);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    visitor.send(request).await
}

pub(super) async fn exchange(visitor: &Visitor, ticket: &str) -> Answer {
    post(visitor, TOKEN, &headers(TOKEN, NOW), json!({ "ticketId": ticket, "appId": CLIENT_ID })).await
}

pub(super) async fn user(visitor: &Visitor, token: &str) -> Answer {
    post(visitor, USER, &headers(USER, NOW), json!({ "token": token })).await
}

async fn ticket(visitor: &Visitor, label: &str, fault: &str) -> String {
    let away = choose(visitor, &authorization("s"), label, &[("fault", fault)]).await;
    assert!(away.location.starts_with("/login/callback?ticketId="), "{}", away.location);
    parameter(&away, "ticketId").expect("a ticket")
}

#[tokio::test]
async fn person_and_company_are_described_as_the_portal_does() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for (name, user_type, id_type, number) in [
        ("张小三", "PERSON", "ID_CARD", "440300199003072616"),
        ("DUPONT MARIE", "PERSON", "PASSPORT", "19AV12345"),
        ("陳大文", "PERSON", "MAINLAND_TRAVEL_PERMIT_FOR_HONGKONG_AND_MACAO_RESIDENTS", "H12345678"),
        ("卫国强", "PERSON", "OFFICER_CARD", "军字第20190615号"),
        ("示范建设公司", "LEGAL_PERSON", "ID_CARD", "440300199003072616"),
    ] {
        let ticket = ticket(&visitor, name, "none").await;
        let token = json(&exchange(&visitor, &ticket).await);
        assert_eq!(token["success"], true, "{token}");
        let answer = json(&user(&visitor, token["data"]["accessToken"].as_str().expect("a token")).await);
        assert_eq!(answer["success"], true, "{answer}");
        assert_eq!(answer["data"]["userType"], user_type);
        let person = &answer["data"]["personInfo"];
        for (field, value) in [("userName", name), ("idType", id_type), ("idNo", number)] {
            assert_eq!(person[field], value, "{field} of {name}");
        }
        assert!(person["userId"].is_string() && person["phone"].is_string(), "{person}");
        let again = json(&exchange(&visitor, &ticket).await);
        assert!(again["success"] == false && again["errorCode"].is_string(), "a ticket works once: {again}");
        assert!(again["errorMsg"].is_string() && again["data"].is_null(), "{again}");
    }
    let page = visitor.step(&authorization("s")).await;
    assert!(!page.body.contains("未实名"), "the portal has no levels");
    assert_eq!(json(&user(&visitor, "guess").await)["success"], false);
}

#[tokio::test]
async fn gateway_checks_signature_and_time() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let ticket = ticket(&visitor, "张小三", "none").await;
    let body = json!({ "ticketId": ticket, "appId": CLIENT_ID });
    let mut wrong: Vec<Vec<(&str, String)>> = Vec::new();
    for (index, value) in
        [sign(USER, "", NOW), "hmac-sha1".into(), "somebody".into(), "soon".into()].into_iter().enumerate()
    {
        let mut changed = headers(TOKEN, NOW).to_vec();
        changed[index].1 = value;
        wrong.push(changed);
        let mut missing = headers(TOKEN, NOW).to_vec();
        missing.remove(index);
        wrong.push(missing);
    }
    for time in
        ["Wed, 01 Apr 2026 01:28:29 GMT", "Wed, 01 Apr 2026 01:31:31 GMT", "Wed, 01 Apr 2026 09:30:00 GMT"]
    {
        wrong.push(headers(TOKEN, time).to_vec());
    }
    for headers in wrong {
        let answer = post(&visitor, TOKEN, &headers, body.clone()).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert_eq!(json(&answer)["success"], false, "{headers:?}");
    }
    let late = headers(TOKEN, "Wed, 01 Apr 2026 01:28:30 GMT");
    let answer = post(&visitor, TOKEN, &late, body).await;
    assert_eq!(json(&answer)["success"], true, "90 s are allowed, and the ticket is still valid");
    let token = json(&answer)["data"]["accessToken"].as_str().expect("a token").to_owned();
    let unsigned = post(&visitor, USER, &[], json!({ "token": token })).await;
    assert_eq!(unsigned.status, 401, "the second call is signed too");
}

/// The parameters of the query are signed in the order of their names.
#[tokio::test]
async fn gateway_signs_the_sorted_query() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let ticket = ticket(&visitor, "张小三", "none").await;
    let body = json!({ "ticketId": ticket, "appId": CLIENT_ID });
    let mut signed = headers(TOKEN, NOW);
    let path = format!("{TOKEN}?b=2&a=1");
    assert_eq!(post(&visitor, &path, &signed, body.clone()).await.status, 401);
    signed[0].1 = sign(TOKEN, "a=1&b=2", NOW);
    assert_eq!(json(&post(&visitor, &path, &signed, body).await)["success"], true);
}

#[tokio::test]
async fn malformed_bodies_are_refused() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for body in
        [json!(null), json!([]), json!({ "ticketId": 5, "appId": CLIENT_ID }), json!({ "appId": "x" })]
    {
        let answer = post(&visitor, TOKEN, &headers(TOKEN, NOW), body).await;
        assert_eq!((answer.status, &json(&answer)["success"]), (200, &json!(false)), "{}", answer.body);
    }
    let long = json!({ "ticketId": "x".repeat(20_000), "appId": CLIENT_ID });
    assert_eq!(post(&visitor, TOKEN, &headers(TOKEN, NOW), long).await.status, 413);
}

#[tokio::test]
async fn sp_returns_and_chosen_faults_happen() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let away = choose(&visitor, &authorization("https://x/?a=1&b=一"), "张小三", &[]).await;
    assert_eq!(parameter(&away, "sp").as_deref(), Some("https://x/?a=1&b=一"));
    let away = choose(&visitor, &authorization("s"), "张小三", &[("fault", "dropped")]).await;
    assert!(parameter(&away, "sp").is_none() && parameter(&away, "ticketId").is_some());
    for (fault, status) in [("expired", 200), ("clock", 401), ("refused", 200)] {
        let ticket = ticket(&visitor, "张小三", fault).await;
        let answer = exchange(&visitor, &ticket).await;
        assert_eq!((answer.status, &json(&answer)["success"]), (status, &json!(false)), "{fault}");
    }
}
