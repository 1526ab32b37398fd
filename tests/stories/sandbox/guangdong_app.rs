//! 广东, the app that opens the site.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{CLIENT_ID, json, parameter};
use crate::server::{PHONE, Server, Visitor};

const PAASID: &str = "kaozheng-demo-paas";
const TIF_TOKEN: &str = "not-a-secret-tif";

/// 2026-04-01 09:30 in China, when the test's clock begins.
const NOW: i64 = 1_775_007_000;

/// Opens the site from the app as a person. Returns the address at the site.
async fn open_site(visitor: &Visitor, label: &str, fault: &str) -> String {
    let page = visitor.step("/sandbox/guangdong/app").await;
    assert!(page.status == 200 && page.body.contains("演示环境"), "{}", page.body);
    let form = [("person", page.button_value(label)), ("fault", fault.to_owned())];
    let request = visitor.request(Method::POST, "/sandbox/guangdong/app").form(&form);
    let away = visitor.send(request).await;
    assert_eq!(away.status, 303, "{}", away.body);
    assert!(away.location.starts_with("/login/app?tif_token="), "{}", away.location);
    parameter(&away, "tif_token").expect("a token")
}

/// The headers of a call at a time.
fn headers(timestamp: &str, nonce: &str) -> Vec<(&'static str, String)> {
    let digest = Sha256::digest(format!("{timestamp}{TIF_TOKEN}{nonce}{timestamp}"));
    let signature: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    vec![
        ("x-tif-paasid", PAASID.to_owned()),
        ("x-tif-timestamp", timestamp.to_owned()),
        ("x-tif-nonce", nonce.to_owned()),
        ("x-tif-signature", signature),
    ]
}

async fn call(visitor: &Visitor, headers: &[(&str, String)], token: &str) -> Value {
    let path = "/sandbox/guangdong/ebus/tif/sso/connect/page/oneoffcode2yrzuserinfo";
    let request = visitor.request(Method::POST, path).json(&json!({ "ryz_access_token": token }));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    let answer = visitor.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    json(&answer)
}

#[tokio::test]
async fn one_off_token_names_the_person_once() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let token = open_site(&visitor, "陳大文", "none").await;
    assert!(token.starts_with("tif:yrz:userdata:"), "{token}");
    let answer = call(&visitor, &headers(&NOW.to_string(), "n1"), &token).await;
    assert_eq!(answer["errcode"], 0, "{answer}");
    assert_eq!(answer["userobj"]["cn"], "陳大文");
    assert_ne!(call(&visitor, &headers(&NOW.to_string(), "n2"), &token).await["errcode"], 0, "once");
    let token = open_site(&visitor, "陳大文", "none").await;
    server.advance(120);
    let late = headers(&(NOW + 120).to_string(), "n3");
    assert_ne!(call(&visitor, &late, &token).await["errcode"], 0, "two minutes");
}

/// A call that is refused leaves the token as it was.
#[tokio::test]
async fn headers_of_the_call_are_checked() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let token = open_site(&visitor, "张小三", "none").await;
    for index in 0..4 {
        let mut changed = headers(&NOW.to_string(), "n");
        changed[index].1 += "0";
        assert_ne!(call(&visitor, &changed, &token).await["errcode"], 0, "{changed:?}");
        let (mut missing, mut lower) = (headers(&NOW.to_string(), "n"), headers(&NOW.to_string(), "n"));
        missing.remove(index);
        assert_ne!(call(&visitor, &missing, &token).await["errcode"], 0, "{missing:?}");
        lower[3].1.make_ascii_lowercase();
        assert_ne!(call(&visitor, &lower, &token).await["errcode"], 0, "the signature is in capitals");
    }
    for off in [-181, 181, i64::MAX - NOW] {
        let signed = headers(&(NOW + off).to_string(), "n");
        assert_ne!(call(&visitor, &signed, &token).await["errcode"], 0, "{off} s");
    }
    assert_ne!(call(&visitor, &headers("soon", "n"), &token).await["errcode"], 0);
    let signed = headers(&(NOW - 180).to_string(), "n");
    assert_eq!(call(&visitor, &signed, &token).await["errcode"], 0);
}

#[tokio::test]
async fn chosen_faults_happen_in_the_app() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for fault in ["expired", "clock", "refused"] {
        let token = open_site(&visitor, "张小三", fault).await;
        let answer = call(&visitor, &headers(&NOW.to_string(), "n"), &token).await;
        assert_ne!(answer["errcode"], 0, "{fault}");
    }
}

/// The link of 办事指南 leads to the portal without an attempt of the site, so it returns without `state`.
#[tokio::test]
async fn guide_links_straight_to_the_portal() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let page = visitor.step("/sandbox/guangdong/app").await;
    assert!(page.body.contains("办事指南"), "{}", page.body);
    let query = page.between("href=\"/sandbox/guangdong/pscp/sso/connect/page/oauth2/authorize?", "\"");
    assert!(query.contains(CLIENT_ID) && !query.contains("state"), "{query}");
    let address =
        format!("/sandbox/guangdong/pscp/sso/connect/page/oauth2/authorize?{}", query.replace("&amp;", "&"));
    let away = super::choose(&visitor, &address, "张小三", &[]).await;
    assert!(away.location.starts_with("/login/callback?code="), "{}", away.location);
    assert_eq!(parameter(&away, "state"), None);
}
