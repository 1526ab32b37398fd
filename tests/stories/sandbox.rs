//! The sandbox portals, as a site written by the public documents of each portal would use them.

mod guangdong;
mod guangdong_app;
mod guangdong_staff;
mod standard;
mod zhejiang;
mod zhejiang_simple;

use kaozheng::store::Clock;
use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::server::{Answer, PHONE, Server, Visitor};

/// How the documents write what the site gets when it registers.
const CLIENT_ID: &str = "kaozheng-demo";
const CLIENT_SECRET: &str = "not-a-secret";

/// A path with a query.
fn with(path: &str, query: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}

/// Opens a portal at `address` and signs in as the person whose button has `label`. `chosen` are the other fields of
/// the form. Returns the redirect to the site.
async fn choose(visitor: &Visitor, address: &str, label: &str, chosen: &[(&str, &str)]) -> Answer {
    let page = visitor.step(address).await;
    assert_eq!(page.status, 200, "{address}: {}", page.location);
    assert!(page.body.contains("演示环境") && page.body.contains("保持登录"), "{}", page.body);
    let mut form = page.hidden_fields();
    form.push(("person".into(), page.button_value(label)));
    form.extend(chosen.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let action = page.between("<form method=\"post\" action=\"/sandbox", "\"");
    let answer = visitor.send(visitor.request(Method::POST, &format!("/sandbox{action}")).form(&form)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer
}

/// A parameter of the redirect to the site.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let base = Url::parse("http://site.example").expect("an address");
    let url = base.join(&answer.location).expect("an address");
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error} in {}", answer.body))
}

/// Where each portal asks who signs in, for a return to `back`.
fn authorizations(back: &str) -> Vec<String> {
    let standard = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", back),
        ("state", "s"),
        ("code_challenge", "c"),
        ("code_challenge_method", "S256"),
    ];
    vec![
        with("/sandbox/authorize", &standard),
        guangdong::authorization(back, &[]),
        guangdong_staff::authorization(back),
        zhejiang_simple::authorization("mobile.do", back),
        zhejiang_simple::authorization("usp.do", back),
    ]
}

#[tokio::test]
async fn portals_return_to_the_registered_address_only() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let host = server.base.trim_start_matches("http://");
    let foreign = [
        "https://evil.example/login/callback".to_owned(),
        format!("http://evil.example@{host}/login/callback"),
        format!("http://{host}.evil.example/login/callback"),
        format!("https://{host}/login/callback"),
        format!("{}/login/callbacks", server.base),
        format!("{}/me", server.base),
        format!("{}/login/callback#x", server.base),
        "//evil.example/login/callback".to_owned(),
        "javascript:alert(1)".to_owned(),
        String::new(),
    ];
    for back in &foreign {
        for address in authorizations(back) {
            let page = visitor.step(&address).await;
            assert_eq!((page.status, page.location.as_str()), (400, ""), "{address}");
            assert!(page.body.contains("没有在演示平台登记"), "{}", page.body);
            let (path, query) = address.split_once('?').expect("a query");
            let form: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .chain([("person".to_owned(), "demo-01".to_owned())])
                .collect();
            let answer = visitor.send(visitor.request(Method::POST, path).form(&form)).await;
            assert_eq!((answer.status, answer.location.as_str()), (400, ""), "{address}");
        }
    }
    for back in ["/login/callback", "/login/callback?from=gd", "/login/callback/gd"] {
        for address in authorizations(&format!("{}{back}", server.base)) {
            assert_eq!(visitor.step(&address).await.status, 200, "{address}");
        }
    }
}

#[tokio::test]
async fn unknown_client_is_explained() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let back = format!("{}/login/callback", server.base);
    let mut addresses = authorizations(&back);
    addresses.push(zhejiang::authorization("s"));
    for address in addresses {
        let page = visitor.step(&address.replace(CLIENT_ID, "somebody")).await;
        assert_eq!(page.status, 400, "{address}");
        assert!(page.body.contains("演示平台不认识申请登录的应用"), "{}", page.body);
    }
}

/// Each portal asks again after its sign-out, and does not know whom another portal remembers.
#[tokio::test]
async fn remembered_person_is_not_asked_again() {
    let server = Server::start().await;
    let back = format!("{}/login/callback", server.base);
    let sign_outs = [
        "/sandbox/end_session",
        "/sandbox/guangdong/_tif_sso_logout_/",
        "/sandbox/guangdong-staff/zwrz/rz/sso/logout",
        "/sandbox/zhejiang-simple/sso/logout",
        "/sandbox/zhejiang-simple/sso/logout",
        "/sandbox/zhejiang/uc/unifiedLogout",
    ];
    let mut addresses = authorizations(&back);
    addresses.push(zhejiang::authorization("s"));
    for (at, (address, sign_out)) in addresses.iter().zip(sign_outs).enumerate() {
        let visitor = server.visitor(PHONE);
        choose(&visitor, address, "张小三", &[]).await;
        assert_eq!(visitor.step(address).await.status, 200, "not remembered without being asked: {address}");
        let first = choose(&visitor, address, "张小三", &[("keep", "yes")]).await;
        let second = visitor.step(address).await;
        assert_eq!(second.status, 303, "{address}");
        assert!(second.location.starts_with("/login/callback?"), "{}", second.location);
        assert_ne!(second.location, first.location, "a ticket of its own");
        let other = &addresses[(at + 2) % addresses.len()];
        assert_eq!(visitor.step(other).await.status, 200, "{other} does not know the person");
        let page = visitor.step(sign_out).await;
        assert!(page.status == 200 && page.body.contains("已退出"), "{sign_out}: {}", page.body);
        assert_eq!(visitor.step(address).await.status, 200, "forgotten: {address}");
    }
}

#[tokio::test]
async fn sign_out_returns_to_pages_of_the_site_only() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let sign_outs = [
        ("/sandbox/end_session", "post_logout_redirect_uri"),
        ("/sandbox/guangdong/_tif_sso_logout_/", "redirect_uri"),
        ("/sandbox/guangdong-staff/zwrz/rz/sso/logout", "backurl"),
        ("/sandbox/zhejiang-simple/sso/logout", "redirectUrl"),
        ("/sandbox/zhejiang/uc/unifiedLogout", "redirectUrl"),
    ];
    for (path, name) in sign_outs {
        let target = format!("{}/login?out=1", server.base);
        let away = visitor.step(&with(path, &[("client_id", CLIENT_ID), (name, &target)])).await;
        assert_eq!((away.status, away.location.as_str()), (303, "/login?out=1"), "{path}");
        for target in ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/login"] {
            let page = visitor.step(&with(path, &[("client_id", CLIENT_ID), (name, target)])).await;
            assert_eq!((page.status, page.location.as_str()), (400, ""), "{path} to {target}");
        }
    }
    for (path, name) in &sign_outs[..1] {
        let page = visitor.step(&with(path, &[(name, &format!("{}/", server.base))])).await;
        assert_eq!(page.status, 400, "a client must be named at {path}");
    }
}

/// A ticket and a token open nothing at another portal, although all know the same client.
#[tokio::test]
async fn tickets_belong_to_one_portal() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let back = format!("{}/login/callback", server.base);
    let away = choose(&visitor, &guangdong::authorization(&back, &[]), "张小三", &[]).await;
    let code = parameter(&away, "code").expect("a code");
    assert_ne!(guangdong_staff::exchange(&visitor, &code).await["status"], 0);
    let away = choose(&visitor, &guangdong::authorization(&back, &[]), "张小三", &[]).await;
    let code = parameter(&away, "code").expect("a code");
    let token = guangdong::exchange(&visitor, &back, &code).await["access_token"].clone();
    assert_ne!(guangdong_staff::user(&visitor, token.as_str().expect("a token")).await["status"], 0);
    assert_eq!(guangdong::user(&visitor, token.as_str().expect("a token")).await["errcode"], 0);
}

/// A request cannot choose in place of the person.
#[tokio::test]
async fn request_does_not_answer_the_form() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let address = zhejiang::authorization("s") + "&person=demo-02&keep=yes&fault=refused";
    let away = choose(&visitor, &address, "张小三", &[]).await;
    let token = zhejiang::exchange(&visitor, &parameter(&away, "ticketId").expect("a ticket")).await;
    let token = json(&token)["data"]["accessToken"].as_str().expect("a token").to_owned();
    let user = json(&zhejiang::user(&visitor, &token).await);
    assert_eq!(user["data"]["personInfo"]["userName"], "张小三");
    assert_eq!(visitor.step(&address).await.status, 200, "not remembered");
}

#[tokio::test]
async fn sandbox_exists_only_in_the_demo() {
    let start = "2026-04-01T01:30:00".parse().expect("a time");
    let server = Server::start_with(Clock::manual(start), |settings| settings.demo = false).await;
    let visitor = server.visitor(PHONE);
    let mut addresses = authorizations(&format!("{}/login/callback", server.base));
    addresses.extend([
        zhejiang::authorization("s"),
        "/sandbox/guangdong/app".into(),
        "/sandbox/end_session".into(),
    ]);
    for address in addresses {
        assert_eq!(visitor.step(&address).await.status, 404, "{address}");
    }
}
