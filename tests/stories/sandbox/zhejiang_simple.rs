//! 浙江, the older interface.

use md5::{Digest, Md5};
use reqwest::Method;
use serde_json::Value;

use super::{CLIENT_ID, CLIENT_SECRET, choose, json, parameter, with};
use crate::server::{PHONE, Server, Visitor};

const CALL: &str = "/sandbox/zhejiang-simple/sso/servlet/simpleauth";

/// In China, when the test's clock begins.
const NOW: &str = "20260401093000";

pub(super) fn authorization(page: &str, back: &str) -> String {
    let query = [("action", "oauth"), ("scope", "1"), ("servicecode", CLIENT_ID), ("redirectUrl", back)];
    with(&format!("/sandbox/zhejiang-simple/sso/{page}"), &query)
}

fn sign(time: &str) -> String {
    let digest = Md5::digest(format!("{CLIENT_ID}{CLIENT_SECRET}{time}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters of a call, signed at a time. `more` are those of the method.
fn signed(method: &str, time: &str, more: (&str, &str)) -> Vec<(String, String)> {
    let pairs = [
        ("method", method),
        ("servicecode", CLIENT_ID),
        ("time", time),
        ("sign", &sign(time)),
        more,
        ("datatype", "json"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

async fn call(visitor: &Visitor, form: &[(String, String)]) -> Value {
    let answer = visitor.send(visitor.request(Method::POST, CALL).form(form)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    json(&answer)
}

async fn validate(visitor: &Visitor, ticket: &str) -> Value {
    call(visitor, &signed("ticketValidation", NOW, ("st", ticket))).await
}

/// JSON in a JSON string.
async fn user(visitor: &Visitor, token: &str) -> Value {
    let answer = call(visitor, &signed("getUserInfo", NOW, ("token", token))).await;
    serde_json::from_str(answer.as_str().expect("a string")).expect("JSON in it")
}

async fn ticket(server: &Server, visitor: &Visitor, label: &str, fault: &str) -> String {
    let back = format!("{}/login/callback", server.base);
    let address = authorization("mobile.do", &back);
    let away = choose(visitor, &address, label, &[("fault", fault)]).await;
    assert!(away.location.starts_with("/login/callback?ticket="), "{}", away.location);
    parameter(&away, "ticket").expect("a ticket")
}

#[tokio::test]
async fn person_is_described_as_the_portal_does() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for (name, level, kind, number) in [
        ("张小三", "3", "1", "440300199003072616"),
        ("另一个账号，未实名", "1", "1", "440300199003072616"),
        ("DUPONT MARIE", "3", "2", "19AV12345"),
        ("卫国强", "3", "3", "军字第20190615号"),
        ("陳大文", "3", "4", "H12345678"),
        ("林美玲", "3", "5", "12345678"),
        ("SCHMIDT ANNA", "3", "6", "911100199506071028"),
    ] {
        let ticket = ticket(&server, &visitor, name, "none").await;
        let token = validate(&visitor, &ticket).await;
        assert_eq!(token["result"], "0", "{token}");
        let user = user(&visitor, token["token"].as_str().expect("a token")).await;
        assert_eq!(user["result"], "0", "{user}");
        for (field, value) in [("authlevel", level), ("idtype", kind), ("idnum", number)] {
            assert_eq!(user[field], value, "{field} of {name}");
        }
        assert_eq!(user["username"], if level == "1" { "张小三" } else { name });
        assert!(user["userid"].is_string() && user["mobile"].is_string() && user["sex"].is_string());
        assert_ne!(validate(&visitor, &ticket).await["result"], "0", "a ticket works once");
    }
    let page = visitor.step(&authorization("usp.do", &format!("{}/login/callback", server.base))).await;
    assert!(!page.body.contains("示范建设公司"), "companies sign in elsewhere");
    assert!(!page.body.contains("欧阳嘉敏"), "the portal has no code for 居住证");
}

#[tokio::test]
async fn signature_and_time_of_calls_are_checked() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let ticket = ticket(&server, &visitor, "张小三", "none").await;
    let valid = signed("ticketValidation", NOW, ("st", &ticket));
    for (name, value) in [
        ("sign", sign("20260401093001")),
        ("sign", sign(NOW).to_uppercase()),
        ("sign", String::new()),
        ("servicecode", "somebody".into()),
        ("datatype", "xml".into()),
        ("method", "getEverything".into()),
        ("time", "soon".into()),
    ] {
        let mut wrong = valid.clone();
        wrong.iter_mut().filter(|(key, _)| key == name).for_each(|pair| pair.1.clone_from(&value));
        let answer = call(&visitor, &wrong).await;
        assert!(answer["result"] != "0" && answer["errmsg"].is_string(), "{name}={value}: {answer}");
    }
    for time in ["20260401092459", "20260401093501", "20260401013000", "99991231235959"] {
        let answer = call(&visitor, &signed("ticketValidation", time, ("st", &ticket))).await;
        assert_ne!(answer["result"], "0", "{time}");
    }
    let query: Vec<(&str, &str)> = valid.iter().map(|(name, value)| (&**name, &**value)).collect();
    let answer = json(&visitor.step(&with(CALL, &query)).await);
    assert_eq!(answer["result"], "0", "the ticket is still valid, and GET works too: {answer}");
    let token = answer["token"].as_str().expect("a token");
    let mut wrong = signed("getUserInfo", NOW, ("token", token));
    wrong[3].1 = sign("20260401093001");
    let answer = call(&visitor, &wrong).await;
    let inside: Value = serde_json::from_str(answer.as_str().expect("a string")).expect("JSON in it");
    assert_ne!(inside["result"], "0", "{inside}");
    assert_ne!(user(&visitor, "guess").await["result"], "0");
}

#[tokio::test]
async fn chosen_faults_happen_in_zhejiang() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for fault in ["expired", "clock", "refused"] {
        let ticket = ticket(&server, &visitor, "张小三", fault).await;
        assert_ne!(validate(&visitor, &ticket).await["result"], "0", "{fault}");
    }
    // The portal has no `state`, so the query of the address is lost.
    let back = format!("{}/login/callback?state=s", server.base);
    let address = authorization("usp.do", &back);
    let away = choose(&visitor, &address, "张小三", &[]).await;
    assert_eq!(parameter(&away, "state").as_deref(), Some("s"));
    let away = choose(&visitor, &address, "张小三", &[("fault", "dropped")]).await;
    assert_eq!(parameter(&away, "state"), None);
    assert!(parameter(&away, "ticket").is_some());
}
