//! Refused sign-ins: what the page says and what the log says.

use std::io::Write;
use std::sync::{Arc, Mutex};

use kaozheng::settings::Conditions;
use serde_json::{Value, json};

use super::dialects::portal::{PortalResponse, Site, json_of, person};
use crate::server::{Answer, DESKTOP, PHONE};

/// Captures the log of this test's thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone());
        tracing::subscriber::set_default(lines.with_max_level(tracing::Level::WARN).finish())
    }

    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().expect("a log"))).expect("text")
    }
}

fn token() -> PortalResponse {
    json_of(json!({ "access_token": "the-secret-token", "token_type": "Bearer" }))
}

async fn sign_in(site: &Site, token: PortalResponse) -> Answer {
    let visitor = site.server.visitor(PHONE);
    let answer = site.sign_in(&visitor, |_| token).await;
    assert!(!visitor.is_signed_in().await, "{}", answer.body);
    answer
}

fn claims(changes: &[(&str, Value)]) -> Value {
    let mut claims = person();
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims
}

/// Another try cannot help, so the page offers none.
#[tokio::test]
async fn refused_account_reads_the_reason_and_the_remedy() {
    let site = Site::start(|settings| {
        settings.portal.rules.required = Conditions::parse("/status=1").expect("a condition");
    })
    .await;
    let ok = ("status", json!(1));
    let table = [
        (claims(&[ok.clone(), ("id_type", json!("library_card"))]), "暂不支持用这种证件登录", "居民身份证"),
        (claims(&[ok.clone(), ("user_type", json!("company"))]), "企业账号不能登录", "个人账号"),
        (claims(&[ok.clone(), ("level", json!("L0"))]), "请先完成实名认证", "政务服务平台"),
        (claims(&[("status", json!(0))]), "您的账号不符合登录条件", "联系考试机构"),
        (claims(&[("status", json!(0)), ("user_type", json!("company"))]), "您的账号不符合登录条件", ""),
    ];
    for (said, happened, helps) in table {
        site.set_response("/userinfo", json_of(said.clone()));
        let answer = sign_in(&site, token()).await;
        assert!(answer.status == 403 && answer.body.contains(happened), "{said}: {}", answer.body);
        assert!(answer.body.contains(helps), "{said}: {}", answer.body);
        for useless in ["再试一次", "重新登录"] {
            assert!(!answer.body.contains(useless), "{said}: {}", answer.body);
        }
    }
    // A missing claim does not mean a company.
    site.set_response("/userinfo", json_of(claims(&[ok, ("user_type", json!(null))])));
    assert!(sign_in(&site, token()).await.body.contains("身份信息不完整"));
}

/// The log has each endpoint's error response and no personal data.
#[tokio::test]
async fn log_has_the_portals_error_response() {
    let log = Log::default();
    let site = Site::start(|_| {}).await;
    let _guard = log.begin();
    let refusal = json!({ "error": "invalid_client", "error_description": "client kaozheng disabled" });
    let flat = json!({ "errcode": 40029, "errmsg": "code 13800138000 used by 11010519491231002X" });
    let response = |status: u16, body: &Value| (status, "application/json", body.to_string());
    let named = claims(&[("id_number", json!("1")), ("message", json!("张小三 未实名"))]);
    let table: [(&str, PortalResponse, &[&str]); 7] = [
        ("/userinfo", response(200, &named), &["*** 未实名"]),
        (
            "/token",
            response(401, &refusal),
            &["\"token\"", "401", "invalid_client", "client kaozheng disabled"],
        ),
        ("/token", response(200, &flat), &["\"token\"", "200", "40029", "code *** used by ***"]),
        ("/token", (502, "text/html", "<h1>bad gateway</h1>".into()), &["\"token\"", "502"]),
        ("/userinfo", response(403, &flat), &["\"userinfo\"", "403", "40029"]),
        ("/userinfo", response(200, &flat), &["\"userinfo\"", "40029", "code *** used by ***"]),
        (
            "/userinfo",
            response(
                400,
                &json!({ "success": false, "errorCode": "E9", "errorMsg": "the-secret-token expired" }),
            ),
            &["E9", "*** expired"],
        ),
    ];
    for (path, message, logged) in table {
        site.set_response("/userinfo", json_of(person()));
        let answer = if path == "/token" {
            sign_in(&site, message).await
        } else {
            site.set_response(path, message);
            sign_in(&site, token()).await
        };
        assert_eq!(answer.status, 502, "{}", answer.body);
        let lines = log.take();
        for words in logged {
            assert!(lines.contains(words), "{words} is not in {lines}");
        }
        for secret in ["the-secret-token", "13800138000", "11010519491231002X", "张小三"] {
            assert!(!lines.contains(secret), "{secret} is in {lines}");
        }
    }
}

#[tokio::test]
async fn log_has_the_unmapped_document_type() {
    let log = Log::default();
    let site = Site::start(|_| {}).await;
    let _guard = log.begin();
    site.set_response("/userinfo", json_of(claims(&[("id_type", json!("CARD_77"))])));
    sign_in(&site, token()).await;
    assert!(log.take().contains("CARD_77"));
    site.set_response("/jwks", (503, "application/json", r#"{"code":"busy","message":"later"}"#.into()));
    let signed = |nonce: &str| {
        let token = site.key.sign(&site.claims(nonce), true);
        json_of(json!({ "access_token": "a", "token_type": "Bearer", "id_token": token }))
    };
    let visitor = site.server.visitor(PHONE);
    assert_eq!(site.sign_in(&visitor, signed).await.status, 502);
    let lines = log.take();
    assert!(lines.contains("jwks") && lines.contains("busy") && lines.contains("503"), "{lines}");
    site.set_response("/device", (400, "application/json", r#"{"error":"unauthorized_client"}"#.into()));
    let visitor = site.server.visitor(DESKTOP);
    assert_eq!(visitor.step("/login/device").await.status, 502);
    let lines = log.take();
    assert!(lines.contains("device authorization") && lines.contains("unauthorized_client"), "{lines}");
}

/// The browser carries the portal's refusal.
#[tokio::test]
async fn log_has_the_error_of_the_authorization_endpoint() {
    let log = Log::default();
    let site = Site::start(|_| {}).await;
    let _guard = log.begin();
    let visitor = site.server.visitor(PHONE);
    let away = visitor.step("/login/portal").await.location;
    let state = away.split("state=").nth(1).and_then(|rest| rest.split('&').next()).expect("a state");
    let query = "error=server_error&error_description=user%2013800138000%20locked";
    let answer = visitor.step(&format!("/login/callback?{query}&state={state}")).await;
    assert_eq!(answer.status, 502);
    let lines = log.take();
    assert!(lines.contains("server_error") && lines.contains("user *** locked"), "{lines}");
}
