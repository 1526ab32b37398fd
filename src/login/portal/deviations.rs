//! Rewrites answers that deviate from RFC 6749 and RFC 8628 so that the OAuth 2.0 library accepts them.

use oauth2::HttpResponse;
use oauth2::http::{StatusCode, header};
use serde_json::{Map, Value};

/// Whole numbers, which some servers write as text or with a fraction.
const NUMBERS: &[&str] = &["expires_in", "interval"];

/// Names from drafts of RFC 8628, and their names in the RFC.
const OLD_NAMES: &[(&str, &str)] =
    &[("verification_url", "verification_uri"), ("verification_url_complete", "verification_uri_complete")];

/// Seconds. The lifetime of a device code if the server does not state one.
const DEFAULT_LIFETIME: u64 = 300;

/// The same answer in standard form. An answer that is not a JSON object stays as it is.
pub fn normalize(answer: HttpResponse) -> HttpResponse {
    let Ok(Value::Object(mut object)) = serde_json::from_slice(answer.body()) else { return answer };
    let (mut head, _) = answer.into_parts();
    // Some servers send JSON as text/plain.
    head.headers.remove(header::CONTENT_TYPE);
    if head.status.is_success() {
        // Some servers refuse with status 200.
        head.status = if is_refusal(&object) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    }
    rewrite(&mut object);
    HttpResponse::from_parts(head, Value::Object(object).to_string().into_bytes())
}

fn is_refusal(object: &Map<String, Value>) -> bool {
    object.get("error").and_then(Value::as_str).is_some_and(|error| !error.is_empty())
}

fn rewrite(object: &mut Map<String, Value>) {
    // Some servers send a list, and it is not needed.
    object.remove("scope");
    for name in NUMBERS {
        let number = object.remove(*name).as_ref().and_then(whole);
        object.extend(number.map(|number| ((*name).to_owned(), number.into())));
    }
    for (old, new) in OLD_NAMES {
        if let Some(value) = object.remove(*old) {
            object.entry(*new).or_insert(value);
        }
    }
    if object.contains_key("device_code") {
        object.entry("expires_in").or_insert(DEFAULT_LIFETIME.into());
    }
    if object.contains_key("access_token") {
        object.entry("token_type").or_insert("Bearer".into());
    }
}

fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (0.0..=1e9).contains(&number).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn normalized(status: u16, kind: &str, body: &str) -> HttpResponse {
        let answer = oauth2::http::Response::builder().status(status).header(header::CONTENT_TYPE, kind);
        normalize(answer.body(body.as_bytes().to_vec()).unwrap())
    }

    fn body(object: Value) -> Value {
        serde_json::from_slice(normalized(200, "application/json", &object.to_string()).body()).unwrap()
    }

    #[test]
    fn numbers_may_be_text_and_scope_may_be_anything() {
        let token =
            |expires: Value| json!({ "access_token": "a", "expires_in": expires, "scope": ["a", "b"] });
        let plain =
            |expires: Value| json!({ "access_token": "a", "token_type": "Bearer", "expires_in": expires });
        for expires in [json!(3600), json!("3600"), json!(" 3600 "), json!(3600.0), json!("3600.5")] {
            assert_eq!(body(token(expires)), plain(json!(3600)));
        }
        for expires in [json!(null), json!("soon"), json!(-1), json!(1e300), json!([])] {
            assert_eq!(body(token(expires)), json!({ "access_token": "a", "token_type": "Bearer" }));
        }
        assert_eq!(body(json!({ "access_token": "a", "token_type": "mac" }))["token_type"], "mac");
    }

    #[test]
    fn draft_names_of_a_device_code_are_renamed() {
        let old = json!({ "device_code": "d", "verification_url": "https://p.example", "interval": "7" });
        let new = json!({
            "device_code": "d", "verification_uri": "https://p.example", "interval": 7, "expires_in": 300,
        });
        assert_eq!(body(old), new);
        let both =
            json!({ "verification_url": "https://old.example", "verification_uri": "https://new.example" });
        assert_eq!(body(both), json!({ "verification_uri": "https://new.example" }));
    }

    #[test]
    fn a_refusal_gets_an_error_status_and_no_content_type() {
        let refusal = r#"{"error":"authorization_pending"}"#;
        for (status, becomes) in [(200, 400), (400, 400), (401, 401), (428, 428)] {
            let answer = normalized(status, "text/html; charset=utf-8", refusal);
            assert_eq!((answer.status().as_u16(), answer.headers().len()), (becomes, 0));
        }
        assert_eq!(
            normalized(201, "text/plain", r#"{"access_token":"a","error":null}"#).status(),
            StatusCode::OK
        );
        assert_eq!(
            normalized(200, "text/plain", r#"{"access_token":"a","error":""}"#).status(),
            StatusCode::OK
        );
    }

    #[test]
    fn answers_that_are_not_objects_are_unchanged() {
        for text in ["", "<html>", "[]", "{\"access_token\": "] {
            let answer = normalized(200, "text/html", text);
            assert_eq!((answer.body().as_slice(), answer.headers().len()), (text.as_bytes(), 1));
        }
    }
}
