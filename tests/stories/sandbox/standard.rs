//! The portal of the standards.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use sha2::{Digest, Sha256};

use super::{CLIENT_ID, CLIENT_SECRET, choose, json, parameter, with};
use crate::server::{Answer, PHONE, Server, Visitor};

const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters";

fn authorization(server: &Server, more: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let back = format!("{}/login/callback", server.base);
    let query = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", back.as_str()),
        ("state", "s"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    with("/sandbox/authorize", &[&query, more].concat())
}

async fn exchange(server: &Server, visitor: &Visitor, away: &Answer) -> Answer {
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", parameter(away, "code").expect("a code")),
        ("redirect_uri", format!("{}/login/callback", server.base)),
        ("code_verifier", VERIFIER.to_owned()),
    ];
    let request = visitor.request(Method::POST, "/sandbox/token");
    visitor.send(request.basic_auth(CLIENT_ID, Some(CLIENT_SECRET)).form(&form)).await
}

#[tokio::test]
async fn prompt_login_asks_although_a_person_is_remembered() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    choose(&visitor, &authorization(&server, &[]), "张小三", &[("keep", "yes")]).await;
    let silent = visitor.step(&authorization(&server, &[])).await;
    assert_eq!(parameter(&silent, "state").as_deref(), Some("s"));
    assert_eq!(parameter(&silent, "iss"), Some(format!("{}/sandbox", server.base)));
    let token = json(&exchange(&server, &visitor, &silent).await);
    let userinfo = visitor.request(Method::GET, "/sandbox/userinfo");
    let userinfo = userinfo.bearer_auth(token["access_token"].as_str().expect("a token"));
    assert_eq!(json(&visitor.send(userinfo).await)["name"], "张小三");
    let asking = authorization(&server, &[("prompt", "login")]);
    choose(&visitor, &asking, "陳大文", &[]).await;
    let page = visitor.step(&authorization(&server, &[])).await;
    assert_eq!(page.status, 200, "the one who signed in last does not want to be remembered");
}

#[tokio::test]
async fn person_may_decline() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    let away = choose(&visitor, &authorization(&server, &[]), "取消登录", &[]).await;
    assert_eq!(parameter(&away, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&away, "state").as_deref(), Some("s"));
}

/// OpenID Connect RP-Initiated Logout 1.0, found by discovery.
#[tokio::test]
async fn sign_out_is_discovered_and_echoes_state() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    choose(&visitor, &authorization(&server, &[]), "张小三", &[("keep", "yes")]).await;
    let metadata = json(&visitor.step("/sandbox/.well-known/openid-configuration").await);
    let address = metadata["end_session_endpoint"].as_str().expect("an address");
    let target = format!("{}/login", server.base);
    let query = [("client_id", CLIENT_ID), ("post_logout_redirect_uri", target.as_str()), ("state", "a&b")];
    let away = visitor.step(&with(address, &query)).await;
    assert_eq!((away.status, away.location.as_str()), (303, "/login?state=a%26b"));
    assert_eq!(visitor.step(&authorization(&server, &[])).await.status, 200, "forgotten");
    let post = visitor.send(visitor.request(Method::POST, "/sandbox/end_session").form(&query)).await;
    assert_eq!((post.status, post.location.as_str()), (303, "/login?state=a%26b"));
}

#[tokio::test]
async fn chosen_faults_happen_at_the_standard_portal() {
    let server = Server::start().await;
    let visitor = server.visitor(PHONE);
    for (fault, status, error) in
        [("expired", 400, "invalid_grant"), ("refused", 503, "temporarily_unavailable")]
    {
        let away = choose(&visitor, &authorization(&server, &[]), "张小三", &[("fault", fault)]).await;
        let answer = exchange(&server, &visitor, &away).await;
        assert_eq!((answer.status, &json(&answer)["error"]), (status, &error.into()), "{fault}");
    }
    let away = choose(&visitor, &authorization(&server, &[]), "张小三", &[("fault", "dropped")]).await;
    assert!(parameter(&away, "state").is_none() && parameter(&away, "code").is_some());
}
