//! Reads an identity from the portal's claims. The document's number is checked as if it were typed; the name is
//! taken as the portal writes it, because the portal has verified it.

use chrono::NaiveDate;
use serde_json::Value;

use super::refusal_log;
use crate::login::refusal::Refusal;
use crate::people::candidate::Identity;
use crate::people::document::{Document, DocumentType};
use crate::people::identity::{Account, Arrival, Assurance};
use crate::people::{name, phone};
use crate::settings::PortalSettings;

/// The key of `id_types` for every code that has no entry of its own.
const ANY_OTHER: &str = "*";

/// Longest document type of the portal that is logged, in characters.
const MAX_LOGGED_CODE: usize = 40;

/// Reads the person and the account of the claims. `today` is the date in China. The conditions of the
/// settings are checked first, because a company's account has no person's name and number.
///
/// # Errors
/// A [`Refusal`] for the condition or claim that fails; the log names it.
pub fn read(claims: &Value, settings: &PortalSettings, today: NaiveDate) -> Result<Arrival, Refusal> {
    let rules = &settings.rules;
    for (conditions, refusal) in [(&rules.required, Refusal::Required), (&rules.person, Refusal::Company)] {
        let Some(claim) = conditions.failed_by(claims) else { continue };
        tracing::warn!(claim, %refusal, "the portal's account is not admitted");
        refusal_log::log_claims_error(claims, text(claims, &settings.claims.name));
        // Without the claim nobody knows whether the account is a company's.
        let is_missing = refusal == Refusal::Company && claims.pointer(claim).is_none_or(Value::is_null);
        return Err(if is_missing { Refusal::Incomplete } else { refusal });
    }
    if settings.rules.verified.as_ref().is_some_and(|conditions| conditions.failed_by(claims).is_some()) {
        tracing::warn!("the portal's account is not verified");
        return Err(Refusal::Unverified);
    }
    let identity = person(claims, settings, today)?;
    let account = Account {
        portal: settings.name(),
        subject: text(claims, &settings.claims.subject).filter(|subject| !subject.trim().is_empty()),
        assurance: match settings.demands_level() {
            true => Assurance::Verified,
            false => Assurance::Unknown,
        },
    };
    Ok(Arrival { identity, account })
}

fn person(claims: &Value, settings: &PortalSettings, today: NaiveDate) -> Result<Identity, Refusal> {
    let incomplete = |claim: &'static str| {
        tracing::warn!(claim, "the portal's claim is missing or not valid");
        refusal_log::log_claims_error(claims, text(claims, &settings.claims.name));
        Refusal::Incomplete
    };
    let names = &settings.claims;
    let required = |pointer: &str, claim| text(claims, pointer).ok_or_else(|| incomplete(claim));
    let stated = text(claims, &names.id_type).or_else(|| settings.default_id_type.clone());
    let kind = known_document_type(settings, &stated.ok_or_else(|| incomplete("id_type"))?)?;
    let number = required(&names.id_number, "id_number")?;
    let document = Document::parse(kind, &number, today).map_err(|_| incomplete("id_number"))?;
    let name = name::given(&required(&names.name, "name")?).ok_or_else(|| incomplete("name"))?;
    // The phone number is optional: the candidate can enter one later.
    let phone = text(claims, &names.phone).and_then(|text| phone::parse(&text).ok());
    Ok(Identity { name, document, phone })
}

/// Logs an unknown code, so that the operator can add it to `KAOZHENG_PORTAL_ID_TYPES`.
fn known_document_type(settings: &PortalSettings, word: &str) -> Result<DocumentType, Refusal> {
    document_type(settings, word).ok_or_else(|| {
        let code: String = refusal_log::clean(word, &[]).chars().take(MAX_LOGGED_CODE).collect();
        tracing::warn!(code, "the portal's kind of document is not mapped");
        Refusal::DocumentType
    })
}

/// A claim as text. Some portals write codes and phone numbers as JSON numbers.
fn text(claims: &Value, pointer: &str) -> Option<String> {
    match claims.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The document type of the portal's word: as the settings map it, otherwise as our own code or a usual name.
fn document_type(settings: &PortalSettings, word: &str) -> Option<DocumentType> {
    let mapped = |word: &str| {
        let entry = settings.id_types.iter().find(|(theirs, _)| theirs == word);
        entry.and_then(|(_, ours)| DocumentType::named(ours))
    };
    mapped(word).or_else(|| DocumentType::named(word)).or_else(|| mapped(ANY_OTHER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ClaimNames, ClaimRules, Conditions};
    use serde_json::json;

    fn settings() -> PortalSettings {
        let base = url::Url::parse("https://portal.example").unwrap();
        PortalSettings {
            claims: ClaimNames {
                name: "/user/realName".into(),
                id_type: "/user/cert/type".into(),
                id_number: "/user/cert/no".into(),
                phone: "/user/mobile".into(),
                subject: "/user/id".into(),
            },
            rules: ClaimRules::default(),
            id_types: vec![("111".into(), "resident".into())],
            ..crate::demo::sandbox::settings(&base, &base)
        }
    }

    fn today() -> NaiveDate {
        "2026-04-01".parse().unwrap()
    }

    fn read_from(claims: Value) -> Option<Identity> {
        read(&claims, &settings(), today()).ok().map(|arrival| arrival.identity)
    }

    #[test]
    fn claims_are_read_at_the_pointers_of_the_settings() {
        for kind in [json!("111"), json!(111), json!("resident"), json!("居民身份证")] {
            let cert = json!({ "type": kind, "no": "11010519491231002x" });
            let user = json!({ "realName": "张小三", "cert": cert, "mobile": 13800138000_i64 });
            let identity = read_from(json!({ "user": user })).expect("an identity");
            assert_eq!(
                (identity.name.as_str(), identity.document.number()),
                ("张小三", "11010519491231002X")
            );
            assert_eq!(identity.phone.as_deref(), Some("13800138000"));
        }
    }

    #[test]
    fn a_wrong_or_missing_claim_is_refused() {
        let cert = |kind: &str, number: &str| json!({ "type": kind, "no": number });
        let table = [
            json!({}),
            json!({ "user": { "realName": "张小三" } }),
            json!({ "user": { "realName": "张小三", "cert": cert("999", "11010519491231002X") } }),
            json!({ "user": { "realName": "张小三", "cert": cert("111", "110105194912310021") } }),
            json!({ "user": { "realName": ["张小三"], "cert": cert("111", "11010519491231002X") } }),
        ];
        for claims in table {
            assert!(read_from(claims.clone()).is_none(), "{claims}");
        }
        let cert = cert("111", "11010519491231002X");
        let identity = read_from(json!({ "user": { "realName": "张小三", "cert": cert, "mobile": "12" } }));
        assert_eq!(identity.expect("a phone is optional").phone, None);
    }

    #[test]
    fn a_name_is_taken_as_the_portal_writes_it() {
        let long = "A ".repeat(40);
        for name in
            ["NGUYỄN VĂN AN", "O", "张", "García, José", "买买提•艾力", "X Æ A-12", "王\u{e863}", long.trim()]
        {
            let cert = json!({ "type": "111", "no": "11010519491231002X" });
            let identity = read_from(json!({ "user": { "realName": name, "cert": cert } }));
            assert_eq!(identity.expect("an identity").name, name);
        }
        for name in [" ", "\u{200b}"] {
            let cert = json!({ "type": "111", "no": "11010519491231002X" });
            assert!(read_from(json!({ "user": { "realName": name, "cert": cert } })).is_none());
        }
    }

    fn account(settings: &PortalSettings, user: Value) -> Result<Account, Refusal> {
        let mut user = user;
        (user["realName"], user["cert"]) =
            (json!("张小三"), json!({ "type": "111", "no": "11010519491231002X" }));
        read(&json!({ "user": user }), settings, today()).map(|arrival| arrival.account)
    }

    #[test]
    fn an_account_has_a_subject_and_an_assurance() {
        let mut settings = settings();
        let read = |settings: &PortalSettings, user: Value| {
            let account = account(settings, user).unwrap();
            (account.subject, account.assurance)
        };
        for (id, subject) in [
            (json!("u1"), Some("u1")),
            (json!(17), Some("17")),
            (json!(" "), None),
            (json!(null), None),
            (json!(["u1"]), None),
        ] {
            assert_eq!(
                read(&settings, json!({ "id": id })),
                (subject.map(str::to_owned), Assurance::Unknown)
            );
        }
        settings.rules.verified = Conditions::parse("/user/level=L2|L3");
        assert_eq!(read(&settings, json!({ "level": "L3" })).1, Assurance::Verified);
    }

    #[test]
    fn account_below_the_level_is_refused() {
        let mut settings = settings();
        settings.rules.verified = Conditions::parse("/user/level=L2|L3");
        for level in [json!("L0"), json!("L1"), json!("l2"), json!(2), json!(["L2"]), json!(null)] {
            let refused = account(&settings, json!({ "level": level })).err();
            assert_eq!(refused, Some(Refusal::Unverified), "{level}");
        }
    }

    #[test]
    fn codes_without_an_entry_are_other_documents_if_the_profile_says_so() {
        let mut settings = settings();
        assert_eq!(document_type(&settings, "555"), None);
        settings.id_types.push(("*".into(), "passport".into()));
        for (word, kind) in [
            ("555", "passport"),
            ("111", "resident"),
            ("taiwan_permit", "taiwan_permit"),
            ("外国人永久居留身份证", "foreign_permanent"),
            ("军官证", "other"),
        ] {
            assert_eq!(document_type(&settings, word), DocumentType::from_code(kind), "{word}");
        }
    }

    #[test]
    fn conditions_of_the_settings_are_checked_first() {
        let mut settings = settings();
        settings.rules.required = Conditions::parse("/user/status=1").unwrap();
        settings.rules.person = Conditions::parse("/user/type=1").unwrap();
        let refusal = |user: Value| account(&settings, user).err();
        assert_eq!(refusal(json!({ "status": 1, "type": "1" })), None);
        assert_eq!(refusal(json!({ "status": 1, "type": "2" })), Some(Refusal::Company));
        assert_eq!(refusal(json!({ "status": 0, "type": "2" })), Some(Refusal::Required));
        let company = json!({ "user": { "status": 1, "type": 2, "name": "示范公司" } });
        assert_eq!(read(&company, &settings, today()).err(), Some(Refusal::Company));
        settings.rules = ClaimRules::default();
        let unmapped = json!({ "user": { "cert": { "type": "999" } } });
        assert_eq!(read(&unmapped, &settings, today()).err(), Some(Refusal::DocumentType));
    }
}
