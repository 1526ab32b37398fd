//! 广东, civil servants.

use reqwest::Method;
use serde_json::Value;

use super::{CLIENT_ID, CLIENT_SECRET, choose, json, parameter, with};
use crate::server::{PHONE, Server, Visitor};

const BASE: &str = "/sandbox/guangdong-staff/zwrz/rz/sso";

pub(super) fn authorization(back: &str) -> String {
    let query =
        [("response_type", "code"), ("scope", "all"), ("client_id", CLIENT_ID), ("redirect_uri", back)];
    with(&format!("{BASE}/oauth/authorize"), &query)
}

async fn post(visitor: &Visitor, path: &str, form: &[(&str, &str)]) -> Value {
    let answer = visitor.send(visitor.request(Method::POST, &format!("{BASE}/{path}")).form(form)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    json(&answer)
}

pub(super) async fn exchange(visitor: &Visitor, code: &str) -> Value {
    let form = [
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("grant_type", "authorization_code"),
        ("code", code),
    ];
    post(visitor, "oauth/token", &form).await
}

pub(super) async fn user(visitor: &Visitor, token: &str) -> Value {
    post(visitor, "openapi/user/getuserinfodetail", &[("access_token", token)]).await
}

#[tokio::test]
async fn civil_servant_is_described_as_the_portal_does() {
    let server = Server::start().await;
    let (visitor, back) = (server.visitor(PHONE), format!("{}/login/callback", server.base));
    for (name, kind, number, sex) in [
        ("周明远", 10, "440300198808150023", "2"),
        ("阿力木·吐尔逊", 10, "440300197911204136", "1"),
        ("卫国强", 40, "军字第20190615号", ""),
    ] {
        let away = choose(&visitor, &authorization(&back), name, &[]).await;
        let code = parameter(&away, "code").expect("a code");
        let token = exchange(&visitor, &code).await;
        assert_eq!(token["status"], 0, "{token}");
        assert!(token["message"].is_string());
        let answer = user(&visitor, token["data"]["access_token"].as_str().expect("a token")).await;
        assert_eq!(answer["status"], 0, "{answer}");
        let data = &answer["data"];
        assert_eq!(data["certificateType"], kind, "a number: {data}");
        for (field, value) in [("name", name), ("certificateNumber", number), ("sex", sex)] {
            assert_eq!(data[field], value, "{field} of {name}");
        }
        assert!(data["userId"].is_string() && data["mobile"].is_string(), "{data}");
        assert_ne!(exchange(&visitor, &code).await["status"], 0, "a code works once");
    }
    let page = visitor.step(&authorization(&back)).await;
    assert!(!page.body.contains("未实名") && !page.body.contains("示范建设公司"), "neither exists here");
}

#[tokio::test]
async fn wrong_calls_get_a_status_and_a_message() {
    let server = Server::start().await;
    let (visitor, back) = (server.visitor(PHONE), format!("{}/login/callback", server.base));
    for (name, value) in [
        ("client_id", "somebody"),
        ("client_secret", "guess"),
        ("grant_type", "password"),
        ("redirect_uri", "http://site.example/login/callback"),
    ] {
        let away = choose(&visitor, &authorization(&back), "周明远", &[]).await;
        let code = parameter(&away, "code").expect("a code");
        let mut form = vec![
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &back),
        ];
        form.iter_mut().filter(|(key, _)| *key == name).for_each(|pair| pair.1 = value);
        let answer = post(&visitor, "oauth/token", &form).await;
        assert!(answer["status"] != 0 && answer["message"].is_string(), "{name}: {answer}");
        assert!(answer["data"].is_null(), "{name}: {answer}");
    }
    for fault in ["expired", "refused"] {
        let away = choose(&visitor, &authorization(&back), "周明远", &[("fault", fault)]).await;
        let code = parameter(&away, "code").expect("a code");
        assert_ne!(exchange(&visitor, &code).await["status"], 0, "{fault}");
    }
    assert_ne!(user(&visitor, "guess").await["status"], 0);
}
