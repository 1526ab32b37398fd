//! Levels of assurance at OpenID Connect portals, and their sign-out.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::Url;

use super::dialects::portal::{Site, json_of, person};
use crate::server::{Answer, DESKTOP, PHONE};

/// A site that asks for one of two levels.
async fn site() -> Site {
    Site::start(|settings| {
        settings.portal.level.acr = vec!["loa3".into(), "loa2".into()];
        settings.portal.rules.verified = None;
    })
    .await
}

/// Signs in with an ID token that has this `acr`; `null` for a token without one.
async fn sign_in(site: &Site, acr: Value) -> Answer {
    let visitor = site.server.visitor(PHONE);
    let token = |nonce: &str| {
        let mut claims = site.claims(nonce);
        claims["acr"] = acr;
        let id_token = site.key.sign(&claims, true);
        json_of(json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token }))
    };
    site.sign_in(&visitor, token).await
}

/// OpenID Connect Core 1.0 §3.1.2.1 and §2.
#[tokio::test]
async fn level_is_asked_for_and_proven_by_the_id_token() {
    let site = site().await;
    let away = site.server.visitor(PHONE).step("/login/portal").await;
    let url = Url::parse(&away.location).expect("an address");
    let parameters: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(parameters["acr_values"], "loa3 loa2");
    for acr in ["loa3", "loa2"] {
        let answer = sign_in(&site, json!(acr)).await;
        assert_eq!(answer.location, "/me", "{acr}: {}", answer.body);
    }
    for acr in [json!("loa1"), json!("0"), json!("LOA2"), json!(["loa2"]), json!(null)] {
        let answer = sign_in(&site, acr.clone()).await;
        assert!(answer.status == 403 && answer.body.contains("请先完成实名认证"), "{acr}: {}", answer.body);
    }
    // Userinfo proves no level of this sign-in.
    let mut said = person();
    said["acr"] = json!("loa3");
    site.set_response("/userinfo", json_of(said));
    let plain = |_: &str| json_of(json!({ "access_token": "a", "token_type": "Bearer" }));
    let answer = site.sign_in(&site.server.visitor(PHONE), plain).await;
    assert_eq!(answer.status, 502, "{}", answer.body);
}

/// OpenID Connect RP-Initiated Logout 1.0 §2.1: the address is discovered.
#[tokio::test]
async fn sign_out_address_is_discovered() {
    let site = Site::start(|settings| settings.portal.sign_out_url = None).await;
    let mut metadata = site.metadata(&site.portal);
    metadata["end_session_endpoint"] = json!(format!("{}/logout?tenant=1", site.portal));
    site.set_response("/.well-known/openid-configuration", json_of(metadata));
    let computer = site.server.visitor(DESKTOP);
    let token = |_: &str| json_of(json!({ "access_token": "a", "token_type": "Bearer" }));
    assert_eq!(site.sign_in(&computer, token).await.location, "/me");
    let page = computer.submit("/logout", &[]).await;
    let address = page.between("content=\"0; url=", "\"").replace("&amp;", "&");
    let url = Url::parse(&address).expect("an address");
    let parameters: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!((url.path(), &*parameters["tenant"], &*parameters["client_id"]), ("/logout", "1", "kaozheng"));
    assert_eq!(parameters["post_logout_redirect_uri"], format!("{}/", site.server.base));
    // The next sign-in in this browser asks for a person, and those in other browsers do not.
    assert!(computer.step("/login/portal").await.location.contains("prompt=login"));
    assert!(!site.server.visitor(DESKTOP).step("/login/portal").await.location.contains("prompt=login"));
}
