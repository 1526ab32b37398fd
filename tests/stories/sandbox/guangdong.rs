//! 广东, citizens.

use serde_json::Value;

use super::{CLIENT_ID, CLIENT_SECRET, choose, json, parameter, with};
use crate::server::{PHONE, Server, Visitor};

const BASE: &str = "/sandbox/guangdong/pscp/sso/connect/page/oauth2";

/// The authorization request, with other parameters too.
pub(super) fn authorization(back: &str, more: &[(&str, &str)]) -> String {
    let query = [
        ("service", "initService"),
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("scope", "all"),
        ("redirect_uri", back),
    ];
    with(&format!("{BASE}/authorize"), &[&query, more].concat())
}

/// The parameters of the token call.
fn call<'a>(back: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", code),
        ("scope", "all"),
        ("redirect_uri", back),
        ("grant_type", "authorization_code"),
    ]
}

/// The answer to a GET, which has status 200 also when it is an error.
async fn get(visitor: &Visitor, path: &str, query: &[(&str, &str)]) -> Value {
    let answer = visitor.step(&with(&format!("{BASE}/{path}"), query)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    json(&answer)
}

pub(super) async fn exchange(visitor: &Visitor, back: &str, code: &str) -> Value {
    get(visitor, "access_token", &call(back, code)).await
}

pub(super) async fn user(visitor: &Visitor, token: &str) -> Value {
    get(visitor, "tokeninfo", &[("access_token", token)]).await
}

/// Signs in and reads the account.
async fn account(server: &Server, label: &str) -> Value {
    let (visitor, back) = (server.visitor(PHONE), format!("{}/login/callback", server.base));
    let away = choose(&visitor, &authorization(&back, &[]), label, &[]).await;
    let code = parameter(&away, "code").expect("a code");
    let token = exchange(&visitor, &back, &code).await;
    user(&visitor, token["access_token"].as_str().expect("a token")).await
}

#[tokio::test]
async fn citizen_is_described_as_the_portal_does() {
    let server = Server::start().await;
    let answer = account(&server, "张小三").await;
    assert_eq!(answer["errcode"], 0);
    assert_eq!(answer["user_creditable_level"]["creditable_level_of_account"], "L3");
    assert!(answer["pareobj"].is_object());
    let user = &answer["userobj"];
    for (name, value) in [
        ("cn", "张小三"),
        ("idcardtype", "10"),
        ("idcardnumber", "440300199003072616"),
        ("telephonenumber", "13800138000"),
        ("usertype", "1"),
        ("isreal", "true"),
        ("creditable_level_of_account", "L3"),
    ] {
        assert_eq!(user[name], value, "{name}");
    }
    assert!(user["extproperties"].as_array().is_some_and(|all| all[0] == "origin=gdbs"), "{user}");
    let again = account(&server, "张小三").await;
    assert_eq!(again["userobj"]["useridcode"], user["useridcode"], "it never changes");
}

#[tokio::test]
async fn unverified_accounts_companies_and_other_documents_are_described() {
    let server = Server::start().await;
    let unverified = account(&server, "另一个账号，未实名").await;
    assert_eq!(unverified["userobj"]["cn"], "张小三", "self-declared");
    assert_eq!(unverified["userobj"]["idcardnumber"], "440300199003072616");
    assert_eq!(unverified["userobj"]["isreal"], "false");
    assert_eq!(unverified["user_creditable_level"]["creditable_level_of_account"], "L0");
    let own = account(&server, "张小三").await;
    assert_ne!(unverified["userobj"]["useridcode"], own["userobj"]["useridcode"]);
    assert_eq!(account(&server, "示范建设公司").await["userobj"]["usertype"], "2");
    for (name, code, number) in [
        ("DUPONT MARIE", "20", "19AV12345"),
        ("陳大文", "40", "H12345678"),
        ("卫国强", "40", "军字第20190615号"),
        ("何子謙", "40", "A123456(3)"),
    ] {
        let user = account(&server, name).await;
        assert_eq!(user["userobj"]["idcardtype"], code, "{name}");
        assert_eq!(user["userobj"]["idcardnumber"], number, "{name}");
    }
}

#[tokio::test]
async fn return_keeps_what_the_site_gave_along() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let back = format!("{}/login/callback?from=gd&x=%E4%B8%80", server.base);
    let away = choose(&visitor, &authorization(&back, &[]), "张小三", &[]).await;
    assert!(away.location.starts_with("/login/callback?from=gd&x=%E4%B8%80&code="), "{}", away.location);
    assert_eq!(parameter(&away, "state"), None, "the site sent none");
    let code = parameter(&away, "code").expect("a code");
    assert!(exchange(&visitor, &back, &code).await["access_token"].is_string());
    let state = [("state", "a b&c=一")];
    let away = choose(&visitor, &authorization(&back, &state), "张小三", &[]).await;
    assert_eq!(parameter(&away, "state").as_deref(), Some("a b&c=一"));
}

#[tokio::test]
async fn token_is_given_once_and_to_the_site_only() {
    let server = Server::start().await;
    let (visitor, back) = (server.visitor(PHONE), format!("{}/login/callback", server.base));
    let wrong = [
        ("client_id", "somebody"),
        ("client_secret", "guess"),
        ("scope", "uid"),
        ("grant_type", "password"),
        ("code", "guess"),
        ("redirect_uri", "http://site.example/login/callback"),
    ];
    for (name, value) in wrong {
        let away = choose(&visitor, &authorization(&back, &[]), "张小三", &[]).await;
        let code = parameter(&away, "code").expect("a code");
        let mut query = call(&back, &code);
        query.iter_mut().filter(|(key, _)| *key == name).for_each(|pair| pair.1 = value);
        let answer = get(&visitor, "access_token", &query).await;
        assert!(answer["errcode"].as_i64().is_some_and(|code| code != 0), "{name}: {answer}");
        assert!(answer["errmsg"].is_string() && answer.get("access_token").is_none(), "{name}: {answer}");
    }
    let away = choose(&visitor, &authorization(&back, &[]), "张小三", &[]).await;
    let code = parameter(&away, "code").expect("a code");
    let answer = exchange(&visitor, &back, &code).await;
    let token = answer["access_token"].as_str().expect("a token");
    assert!(answer.get("token_type").is_none() && answer.get("errcode").is_none(), "{answer}");
    assert_ne!(exchange(&visitor, &back, &code).await["errcode"], Value::Null, "a code works once");
    assert_eq!(user(&visitor, token).await["errcode"], 0);
    assert_ne!(user(&visitor, "guess").await["errcode"], 0);
    server.advance(61);
    assert_ne!(user(&visitor, token).await["errcode"], 0, "a token does not last");
}

#[tokio::test]
async fn code_expires_after_five_minutes() {
    let server = Server::start().await;
    let (visitor, back) = (server.visitor(PHONE), format!("{}/login/callback", server.base));
    for (seconds, works) in [(299, true), (300, false)] {
        let away = choose(&visitor, &authorization(&back, &[]), "张小三", &[]).await;
        let code = parameter(&away, "code").expect("a code");
        server.advance(seconds);
        let answer = exchange(&visitor, &back, &code).await;
        assert_eq!(answer["access_token"].is_string(), works, "{seconds} s: {answer}");
    }
}

#[tokio::test]
async fn chosen_faults_happen() {
    let server = Server::start().await;
    let (visitor, back) = (server.visitor(PHONE), format!("{}/login/callback", server.base));
    let authorization = authorization(&back, &[("state", "s")]);
    for fault in ["expired", "refused"] {
        let away = choose(&visitor, &authorization, "张小三", &[("fault", fault)]).await;
        assert_eq!(parameter(&away, "state").as_deref(), Some("s"));
        let code = parameter(&away, "code").expect("a code");
        let answer = exchange(&visitor, &back, &code).await;
        assert!(answer["errcode"].is_number(), "{fault}: {answer}");
    }
    let away = choose(&visitor, &authorization, "张小三", &[("fault", "dropped")]).await;
    assert_eq!(parameter(&away, "state"), None);
    let code = parameter(&away, "code").expect("a code");
    assert!(exchange(&visitor, &back, &code).await["access_token"].is_string());
    let page = visitor.step(&authorization).await;
    assert!(page.body.contains("故障演示") && !page.body.contains("签名时间"), "calls are not signed here");
}

#[tokio::test]
async fn verification_page_leads_to_another_account() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let page = visitor.step("/sandbox/guangdong/pscp/sso/static/manage/realname?key=realname").await;
    assert!(page.status == 200 && page.body.contains("实名认证"), "{}", page.body);
    let sign_out = page.between("href=\"/sandbox/guangdong/_tif_sso_logout_/", "\"").replace("&amp;", "&");
    let away = visitor.step(&format!("/sandbox/guangdong/_tif_sso_logout_/{sign_out}")).await;
    assert_eq!((away.status, away.location.as_str()), (303, "/login"));
}
