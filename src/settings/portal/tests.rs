//! What an operator may write, and what they are told.

use super::*;

/// A portal whose endpoints are given.
pub(crate) fn complete() -> RawPortal {
    let text = |value: &str| Some(value.to_owned());
    RawPortal {
        login_ways: text("portal scan"),
        portal_authorize_url: text("https://portal.example/authorize"),
        portal_token_url: text("https://portal.example/token"),
        portal_userinfo_url: text("https://portal.example/userinfo"),
        portal_client_id: text("kaozheng"),
        portal_client_secret: text("secret"),
        portal_client_auth: text("client_secret_basic"),
        portal_scopes: text("openid profile"),
        portal_claims_from: text("userinfo"),
        portal_claim_name: text("/name"),
        portal_claim_id_type: text("/id_type"),
        portal_claim_id_number: text("/id_number"),
        portal_claim_phone: text("/phone"),
        portal_claim_subject: text("/sub"),
        ..RawPortal::default()
    }
}

fn checked(change: impl FnOnce(&mut RawPortal)) -> (Option<PortalSettings>, String) {
    let (mut raw, mut found) = (complete(), Check::default());
    change(&mut raw);
    let settings = check(&mut found, &raw);
    (settings, found.problems.join("\n"))
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn endpoints_are_given_or_discovered() {
    assert_eq!(checked(|_| {}).1, "");
    let (_, problems) = checked(|raw| raw.portal_token_url = None);
    assert_eq!(problems, "KAOZHENG_PORTAL_TOKEN_URL is missing");
    let (settings, problems) = checked(|raw| {
        raw.portal_issuer = text("https://portal.example");
        raw.portal_token_url = None;
    });
    assert_eq!(problems, "");
    let settings = settings.unwrap();
    assert!(settings.token_url.is_none() && settings.authorize_url.is_some());
}

#[test]
fn required_settings_must_be_set() {
    let (_, problems) = checked(|raw| raw.portal_claims_from = text("id_token"));
    assert!(problems.contains("ISSUER is missing") && problems.contains("JWKS_URL is missing"));
    let (_, problems) = checked(|raw| raw.login_ways = text("portal device"));
    assert_eq!(problems, "KAOZHENG_PORTAL_DEVICE_URL is missing");
    let (_, problems) = checked(|raw| raw.portal_client_secret = None);
    assert_eq!(problems, "KAOZHENG_PORTAL_CLIENT_SECRET is missing");
    let public = |raw: &mut RawPortal| {
        (raw.portal_client_secret, raw.portal_client_auth) = (None, text("none"));
    };
    assert_eq!(checked(public).1, "");
}

#[test]
fn invalid_values_are_reported() {
    type Change = fn(&mut RawPortal);
    let table: [(Change, &str); 11] = [
        (|raw| raw.login_ways = text("scan"), "KAOZHENG_LOGIN_WAYS is wrong"),
        (|raw| raw.login_ways = text("portal fax"), "KAOZHENG_LOGIN_WAYS is wrong"),
        (|raw| raw.portal_claims_from = text("cookie"), "KAOZHENG_PORTAL_CLAIMS_FROM is wrong"),
        (|raw| raw.portal_client_auth = text("trust"), "KAOZHENG_PORTAL_CLIENT_AUTH is wrong"),
        (|raw| raw.portal_claim_name = text("name"), "KAOZHENG_PORTAL_CLAIM_NAME is wrong"),
        (|raw| raw.portal_claim_subject = text("sub"), "KAOZHENG_PORTAL_CLAIM_SUBJECT is wrong"),
        (|raw| raw.portal_verified = text("level=L2"), "KAOZHENG_PORTAL_VERIFIED is wrong"),
        (|raw| raw.portal_required = text("/status"), "KAOZHENG_PORTAL_REQUIRED is wrong"),
        (|raw| raw.portal_person = text("/type="), "KAOZHENG_PORTAL_PERSON is wrong"),
        (|raw| raw.portal_id_types = text("111:resident"), "KAOZHENG_PORTAL_ID_TYPES is wrong"),
        (|raw| raw.portal_issuer = text("http://portal.example"), "KAOZHENG_PORTAL_ISSUER is wrong"),
    ];
    for (change, wanted) in table {
        let (_, problems) = checked(change);
        assert!(problems.contains(wanted), "{wanted} is not in {problems:?}");
    }
}

#[test]
fn lists_are_parsed() {
    let (settings, _) = checked(|raw| {
        raw.portal_authorize_params = text("prompt=login&ui_locales=zh-CN");
        raw.portal_id_types = text("111=resident 414=passport");
    });
    let settings = settings.unwrap();
    let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
    assert_eq!(settings.authorize_params, [pair("prompt", "login"), pair("ui_locales", "zh-CN")]);
    assert_eq!(settings.id_types, [pair("111", "resident"), pair("414", "passport")]);
}

#[test]
fn no_account_is_verified_by_default() {
    let verified = |value: Option<&str>| {
        let (settings, problems) = checked(|raw| raw.portal_verified = value.map(str::to_owned));
        assert_eq!(problems, "");
        settings.unwrap().rules.verified
    };
    assert_eq!((verified(None), verified(Some(" "))), (None, None));
    assert_eq!(verified(Some("/level=2")), Conditions::parse("/level=2"));
}

#[test]
fn accounts_are_stored_under_the_portals_name() {
    let name =
        |issuer: Option<&str>| checked(|raw| raw.portal_issuer = issuer.map(str::to_owned)).0.unwrap().name();
    assert_eq!(name(None), "https://portal.example");
    for issuer in ["https://id.example/realm", "https://id.example/realm/"] {
        assert_eq!(name(Some(issuer)), "https://id.example/realm");
    }
}
