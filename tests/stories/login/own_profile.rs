//! A profile that an operator writes, for a portal that is not built in: a gateway whose answers are encrypted and
//! JSON in a text.

use std::collections::HashMap;

use kaozheng::settings::PortalSettings;
use serde_json::{Value, json};
use url::Url;

use super::dialects::portal::{PortalResponse, Site, json_of};
use crate::server::{Answer, PHONE};

/// The portal states no type of document and no account, as some do.
const PROFILE: &str = r#"
authorize_url = "{base}/login"
verified = "/real/level=2|3"
default_id_type = "resident"
variables = ["data_key"]
redirect = "{site}/login/callback/{state}"

[authorize_params]
appMark = "{client_id}"
gotoUrl = "{redirect_uri}"

[returns]
code = "ticket"
error = "reason"
declined = ["user_cancel"]

[claim]
name = "/real/realName"
id_number = "/real/idNumber"
phone = "/real/mobile"

[[steps]]
name = "gateway"
method = "POST"
url = "{base}/gateway"
success = "/code=200"
decrypt = { at = "/data", cipher = "sm4-ecb", key = "{data_key}" }
take = { session = "/data/session" }
[steps.form]
app_id = "{client_id}"
biz_content = { ticket = "{code}" }
sign = "{sign}"
[steps.sign]
hash = "sm3"
text = "{fields}&key={client_secret}"
encoding = "hex"

[[steps]]
name = "person"
url = "{base}/person"
query = { session = "{session}" }
embedded = ["/real"]
"#;

/// `{"session":"s-1"}`, encrypted with the key below by OpenSSL 3.0.
const ENCRYPTED: &str = "RdV9V3O8bjec5WD6avnfvTt9jlfuN8ZQCCrKFTwVujU=";

async fn site() -> Site {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.toml");
    std::fs::write(&file, PROFILE).expect("a profile");
    let site = Site::start(|settings| {
        let base = settings.portal.issuer.clone().expect("the portal's address");
        let values = [
            ("base", base.as_str()),
            ("client_id", "exam"),
            ("client_secret", "secret"),
            ("data_key", "0123456789abcdef"),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        settings.portal = PortalSettings::load(file.to_str().expect("a path"), &values).expect("a profile");
    })
    .await;
    site.set_response("/gateway", json_of(json!({ "code": 200, "data": ENCRYPTED })));
    site.set_response("/person", person("3"));
    site
}

fn person(level: &str) -> PortalResponse {
    let real = json!({ "realName": "张小三", "idNumber": "11010519491231002X", "level": level }).to_string();
    json_of(json!({ "real": real }))
}

/// Goes to the portal and comes back with these parameters.
async fn return_with(site: &Site, parameters: &str) -> Answer {
    let visitor = site.server.visitor(PHONE);
    let away = visitor.step("/login/portal?next=/me").await;
    let url = Url::parse(&away.location).expect("an address");
    let sent: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!((url.path(), sent["appMark"].as_str()), ("/login", "exam"));
    let back = sent["gotoUrl"].strip_prefix(&site.server.base).expect("our address").to_owned();
    visitor.step(&format!("{back}?{parameters}")).await
}

#[tokio::test]
async fn portal_of_an_operators_profile_signs_in() {
    let site = site().await;
    let answer = return_with(&site, "ticket=t").await;
    assert_eq!(answer.location, "/me", "{}", answer.body);
    assert_eq!((site.requests_to("/gateway"), site.requests_to("/person")), (1, 1));
}

#[tokio::test]
async fn faults_of_an_own_protocol_are_explained() {
    let site = site().await;
    let refused = return_with(&site, "reason=user_cancel").await;
    assert!(refused.status == 403 && refused.body.contains("没有在政务服务平台授权登录"), "{}", refused.body);
    for parameters in ["reason=E42", "code=t", ""] {
        let answer = return_with(&site, parameters).await;
        assert!(answer.status == 502 && answer.body.contains("重新登录"), "{parameters}: {}", answer.body);
    }
    let table: [(&str, Value, u16); 7] = [
        ("/gateway", json!({ "code": 500, "msg": "ticket expired" }), 502),
        ("/gateway", json!({ "code": 200 }), 502),
        ("/gateway", json!({ "code": 200, "data": "bm90IGVuY3J5cHRlZA==" }), 502),
        ("/gateway", json!([]), 502),
        ("/person", json!({ "real": "{" }), 502),
        ("/person", json!({ "real": "{}" }), 403),
        ("/person", json!({}), 403),
    ];
    for (path, response, status) in table {
        site.set_response("/gateway", json_of(json!({ "code": 200, "data": ENCRYPTED })));
        site.set_response(path, json_of(response.clone()));
        let answer = return_with(&site, "ticket=t").await;
        assert_eq!(answer.status, status, "{path} {response}: {}", answer.body);
    }
    site.set_response("/person", person("1"));
    let low = return_with(&site, "ticket=t").await;
    assert!(low.status == 403 && low.body.contains("请先完成实名认证"), "{}", low.body);
    site.set_response("/person", (200, "text/html", "<h1>maintenance</h1>".into()));
    assert_eq!(return_with(&site, "ticket=t").await.status, 502);
}
