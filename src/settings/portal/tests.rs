//! What an operator may write, and what they are told.

use super::profile::BUILT_IN;
use super::*;

/// A portal whose endpoints are given.
pub(crate) fn complete() -> RawPortal {
    let variables = [
        ("AUTHORIZE_URL", "https://portal.example/authorize"),
        ("TOKEN_URL", "https://portal.example/token"),
        ("USERINFO_URL", "https://portal.example/userinfo"),
        ("CLIENT_ID", "kaozheng"),
        ("CLIENT_SECRET", "secret"),
    ];
    let mut raw = RawPortal { portal: text("oidc"), ..RawPortal::default() };
    for (name, value) in variables {
        set(&mut raw, name, value);
    }
    raw
}

fn set(raw: &mut RawPortal, name: &str, value: &str) {
    raw.variables.insert(format!("{PREFIX}{name}"), value.to_owned());
}

fn unset(raw: &mut RawPortal, name: &str) {
    raw.variables.remove(&format!("{PREFIX}{name}"));
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

/// A built-in profile with what the platform gives an authority.
fn built_in(name: &str, without: &str) -> (Option<PortalSettings>, String) {
    checked(|raw| {
        *raw = RawPortal { portal: text(name), ..RawPortal::default() };
        for (name, value) in [
            ("BASE", "https://portal.example/"),
            ("ISSUER", "https://portal.example"),
            ("CLIENT_ID", "kaozheng"),
            ("CLIENT_SECRET", "secret"),
            ("TOKEN_URL", "https://gateway.example/token"),
            ("USERINFO_URL", "https://gateway.example/user"),
        ] {
            set(raw, name, value);
        }
        if name == "zhejiang" {
            set(raw, "GATEWAY_KEY", "ak");
        }
        unset(raw, without);
    })
}

#[test]
fn endpoints_are_given_or_discovered() {
    assert_eq!(checked(|_| {}).1, "");
    let (_, problems) = checked(|raw| unset(raw, "TOKEN_URL"));
    assert_eq!(problems, "KAOZHENG_PORTAL_TOKEN_URL is missing");
    let (settings, problems) = checked(|raw| {
        set(raw, "ISSUER", "https://portal.example");
        unset(raw, "TOKEN_URL");
    });
    assert_eq!(problems, "");
    let settings = settings.unwrap();
    assert!(settings.token_url.is_none() && settings.authorize_url.is_some());
}

#[test]
fn required_settings_must_be_set() {
    let (_, problems) = checked(|raw| set(raw, "CLAIMS_FROM", "id_token"));
    assert!(problems.contains("ISSUER is missing") && problems.contains("JWKS_URL is missing"));
    let (_, problems) = checked(|raw| raw.login_ways = text("portal device"));
    assert_eq!(problems, "KAOZHENG_PORTAL_DEVICE_URL is missing");
    let (_, problems) = checked(|raw| unset(raw, "CLIENT_SECRET"));
    assert_eq!(problems, "KAOZHENG_PORTAL_CLIENT_SECRET is missing");
    let public = |raw: &mut RawPortal| {
        unset(raw, "CLIENT_SECRET");
        set(raw, "CLIENT_AUTH", "none");
    };
    assert_eq!(checked(public).1, "");
}

#[test]
fn invalid_values_are_reported() {
    for (name, value) in [
        ("WAYS", "scan"),
        ("WAYS", "portal fax"),
        ("CLAIMS_FROM", "cookie"),
        ("CLIENT_AUTH", "trust"),
        ("CLAIM_NAME", "name"),
        ("CLAIM_SUBJECT", "sub"),
        ("VERIFIED", "level=L2"),
        ("REQUIRED", "/status"),
        ("PERSON", "/type="),
        ("ID_TYPES", "111:resident"),
        ("ISSUER", "http://portal.example"),
        ("LEVEL_URL", "http://portal.example"),
        ("SIGN_OUT_URL", "https://portal.example/{back}"),
        ("SIGN_OUT_URL", "/logout"),
    ] {
        let (_, problems) = checked(|raw| set(raw, name, value));
        let name = if name == "WAYS" { "KAOZHENG_LOGIN_WAYS".into() } else { format!("{PREFIX}{name}") };
        assert!(problems.contains(&format!("{name} is wrong")), "{name}={value}: {problems:?}");
    }
}

#[test]
fn variables_that_no_portal_has_are_reported() {
    let (_, problems) = checked(|raw| set(raw, "CLAIM_NMAE", "/name"));
    assert_eq!(problems, "portal oidc: KAOZHENG_PORTAL_CLAIM_NMAE is not a setting of this portal");
    let (_, problems) = checked(|raw| raw.portal = text("guangxi"));
    assert!(problems.starts_with("KAOZHENG_PORTAL is wrong: expected oidc, guangdong"), "{problems}");
}

#[test]
fn lists_are_parsed() {
    let (settings, _) = checked(|raw| {
        set(raw, "AUTHORIZE_PARAMS", "prompt=login&ui_locales=zh-CN");
        set(raw, "ID_TYPES", "111=resident 414=passport");
        set(raw, "ACR", "level2 level3");
    });
    let settings = settings.unwrap();
    let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
    assert_eq!(settings.authorize_params, [pair("prompt", "login"), pair("ui_locales", "zh-CN")]);
    assert_eq!(settings.id_types, [pair("111", "resident"), pair("414", "passport")]);
    assert_eq!(settings.level.acr, ["level2", "level3"]);
}

#[test]
fn no_account_is_verified_by_default() {
    let verified = |value: &str| {
        let (settings, problems) = checked(|raw| set(raw, "VERIFIED", value));
        assert_eq!(problems, "");
        settings.unwrap().rules.verified
    };
    assert_eq!((verified(""), verified(" ")), (None, None));
    assert_eq!(verified("/level=2"), Conditions::parse("/level=2"));
    assert_eq!(verified("all"), Some(Conditions::default()));
}

#[test]
fn accounts_are_stored_under_the_portals_name() {
    let name = |issuer: &str| checked(|raw| set(raw, "ISSUER", issuer)).0.unwrap().name();
    assert_eq!(name(""), "https://portal.example");
    for issuer in ["https://id.example/realm", "https://id.example/realm/"] {
        assert_eq!(name(issuer), "https://id.example/realm");
    }
}

#[test]
fn built_in_profiles_need_only_what_the_platform_gives() {
    for (name, _) in BUILT_IN.into_iter().filter(|(name, _)| *name != SANDBOX) {
        let (settings, problems) = built_in(name, "");
        assert_eq!(problems, "", "{name}");
        let settings = settings.unwrap();
        assert_eq!(settings.dialect.is_none(), name == "oidc", "{name}");
        for missing in ["CLIENT_ID", "CLIENT_SECRET"] {
            let (_, problems) = built_in(name, missing);
            assert_eq!(problems, format!("{PREFIX}{missing} is missing"), "{name}");
        }
    }
    let (_, problems) = built_in("guangdong", "BASE");
    assert!(problems.contains("KAOZHENG_PORTAL_BASE is missing"), "{problems}");
    let (_, problems) = built_in("zhejiang", "TOKEN_URL");
    assert!(problems.contains("KAOZHENG_PORTAL_TOKEN_URL is missing"), "{problems}");
    let (_, problems) = built_in("zhejiang", "GATEWAY_KEY");
    assert!(problems.contains("KAOZHENG_PORTAL_GATEWAY_KEY is missing"), "{problems}");
}

#[test]
fn site_that_serves_has_no_sandbox() {
    assert!(built_in(SANDBOX, "").1.starts_with("KAOZHENG_PORTAL is wrong: sandbox is the portal of"));
}

#[test]
fn way_in_from_the_app_is_there_once_its_secrets_are() {
    let in_app = |secrets: &[&str]| {
        let (settings, problems) = checked(|raw| {
            *raw = RawPortal { portal: text("guangdong"), ..RawPortal::default() };
            for name in ["CLIENT_ID", "CLIENT_SECRET"].iter().chain(secrets) {
                set(raw, name, "value");
            }
            set(raw, "BASE", "https://portal.example");
        });
        assert_eq!(problems, "");
        settings.unwrap().dialect.unwrap().in_app.is_some()
    };
    assert!(!in_app(&[]) && !in_app(&["TIF_PAASID"]));
    assert!(in_app(&["TIF_PAASID", "TIF_SECRET"]));
}

#[test]
fn staff_may_have_a_portal_of_their_own() {
    let mut raw = complete();
    assert!(check_staff(&mut Check::default(), &raw).is_none());
    raw.staff_portal = text("guangdong-staff");
    let mut found = Check::default();
    check_staff(&mut found, &raw);
    assert!(found.problems.contains(&"KAOZHENG_STAFF_PORTAL_CLIENT_ID is missing".to_owned()));
    for (name, value) in [("BASE", "https://staff.example"), ("CLIENT_ID", "desk"), ("CLIENT_SECRET", "s")] {
        raw.variables.insert(format!("{STAFF_PREFIX}{name}"), value.to_owned());
    }
    let mut found = Check::default();
    let staff = check_staff(&mut found, &raw).expect("a portal");
    assert_eq!((found.problems.join("\n").as_str(), staff.client_id.as_str()), ("", "desk"));
    assert_eq!(staff.name(), "https://staff.example");
    assert_eq!(checked(|_| {}).0.unwrap().client_id, "kaozheng");
}

const OWN: &str = r#"
authorize_url = "https://portal.example/login"
[authorize_params]
appMark = "{client_id}"
backUrl = "{redirect_uri}"
[returns]
code = "ticket"
state_may_be_missing = true
[[steps]]
name = "user"
method = "POST"
url = "https://portal.example/user"
form = { app_id = "{client_id}", biz_content = { ticket = "{code}" }, sign = "{sign}" }
sign = { hash = "hmac-sm3", key = "{client_secret}", text = "{fields}", encoding = "hex" }
embedded = ["/data"]
success = "/code=200"
"#;

#[test]
fn profile_may_be_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    let load = |text: String| {
        std::fs::write(&file, text).unwrap();
        let client = [("client_id", "a"), ("client_secret", "b")];
        let overrides = client.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        PortalSettings::load(file.to_str().unwrap(), &overrides).map_err(|problems| problems.join("\n"))
    };
    let settings = load(OWN.to_owned()).unwrap();
    assert_eq!(settings.dialect.unwrap().steps.len(), 1);
    for (from, to, problem) in [
        ("[returns]", "[return]", "unknown field `return`"),
        ("{fields}", "{filds}", "steps.user.sign.text is wrong: {filds} has no value there"),
        ("{code}", "{ticket}", "steps.user.form.biz_content.ticket is wrong: {ticket} has no value there"),
        ("{redirect_uri}", "{redirect_uri", "authorize_params is wrong: expected a text whose placeholders"),
        ("hmac-sm3", "crc32", "steps.user.sign.hash is wrong: expected md5, sha256"),
        ("\"POST\"", "\"PUT\"", "steps.user.method is wrong: expected GET or POST"),
        ("https://portal.example/user", "http://portal.example/user", "steps.user.url is wrong"),
        ("/code=200", "code=200", "steps.user.success is wrong"),
        ("\"/data\"", "\"data\"", "embedded and take is wrong"),
        ("state_may_be_missing = true", "", "returns.state is missing"),
    ] {
        let problems = load(OWN.replace(from, to)).expect_err(to);
        assert!(problems.contains(problem), "{to}: {problems}");
    }
}
