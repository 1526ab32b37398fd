//! From the portal's claims to an identity, checked as if somebody had typed it.

use chrono::NaiveDate;
use serde_json::Value;

use super::INCOMPLETE;
use crate::people::candidate::Identity;
use crate::people::document::{Document, DocumentType};
use crate::people::{name, phone};
use crate::settings::PortalSettings;
use crate::web::Failure;

/// Who the claims speak of. `today` is the day in China.
///
/// # Errors
/// [`Failure::Portal`] when a claim is missing or not valid; the log names it.
pub fn read(claims: &Value, settings: &PortalSettings, today: NaiveDate) -> Result<Identity, Failure> {
    let incomplete = |claim: &'static str| {
        tracing::warn!(claim, "the portal's claim is missing or not valid");
        INCOMPLETE
    };
    let names = &settings.claims;
    let said = |pointer: &str, claim| text(claims, pointer).ok_or_else(|| incomplete(claim));
    let kind = kind(settings, &said(&names.id_type, "id_type")?).ok_or_else(|| incomplete("id_type"))?;
    let number = said(&names.id_number, "id_number")?;
    let document = Document::parse(kind, &number, today).map_err(|_| incomplete("id_number"))?;
    let name = name::parse(&said(&names.name, "name")?).map_err(|_| incomplete("name"))?;
    // A phone number is a convenience: the candidate can give another one.
    let phone = text(claims, &names.phone).and_then(|text| phone::parse(&text).ok());
    Ok(Identity { name, document, phone })
}

/// Some portals write codes and phone numbers as JSON numbers.
fn text(claims: &Value, pointer: &str) -> Option<String> {
    match claims.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The kind of document behind the portal's word for it, or ours, or its name.
fn kind(settings: &PortalSettings, said: &str) -> Option<DocumentType> {
    let renamed = settings.id_types.iter().find(|(theirs, _)| theirs == said);
    let said = renamed.map_or(said, |(_, ours)| ours);
    DocumentType::from_code(said).or_else(|| DocumentType::ALL.into_iter().find(|kind| kind.label() == said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ClaimNames;
    use serde_json::json;

    fn settings() -> PortalSettings {
        let base = url::Url::parse("https://portal.example").unwrap();
        PortalSettings {
            claims: ClaimNames {
                name: "/user/realName".into(),
                id_type: "/user/cert/type".into(),
                id_number: "/user/cert/no".into(),
                phone: "/user/mobile".into(),
            },
            id_types: vec![("111".into(), "resident".into())],
            ..crate::login::sandbox::settings(&base, &base)
        }
    }

    fn read_from(claims: Value) -> Option<Identity> {
        read(&claims, &settings(), "2026-04-01".parse().unwrap()).ok()
    }

    #[test]
    fn claims_are_found_where_the_settings_say() {
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
    fn a_wrong_or_missing_claim_is_no_identity() {
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
}
