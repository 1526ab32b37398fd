//! What authorization servers say otherwise than RFC 6749 and RFC 8628 have it, put into the
//! words that the OAuth 2.0 library understands.

use oauth2::HttpResponse;
use oauth2::http::{StatusCode, header};
use serde_json::{Map, Value};

/// Whole numbers, which some write as text or with a fraction.
const NUMBERS: &[&str] = &["expires_in", "interval"];

/// Names from before RFC 8628, and the ones it gave.
const OLD_NAMES: &[(&str, &str)] =
    &[("verification_url", "verification_uri"), ("verification_url_complete", "verification_uri_complete")];

/// Seconds that a device code is shown whose server does not say how long it lives.
const UNTOLD_LIFETIME: u64 = 300;

/// The same answer by the book. What is no JSON object stays as it is.
pub fn by_the_book(answer: HttpResponse) -> HttpResponse {
    let Ok(Value::Object(mut said)) = serde_json::from_slice(answer.body()) else { return answer };
    let (mut head, _) = answer.into_parts();
    // JSON is JSON, also where its type says text/plain.
    head.headers.remove(header::CONTENT_TYPE);
    if head.status.is_success() {
        // Some refuse with 200.
        head.status = if is_refusal(&said) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    }
    rewrite(&mut said);
    HttpResponse::from_parts(head, Value::Object(said).to_string().into_bytes())
}

fn is_refusal(said: &Map<String, Value>) -> bool {
    said.get("error").and_then(Value::as_str).is_some_and(|error| !error.is_empty())
}

fn rewrite(said: &mut Map<String, Value>) {
    // A list with some, and we do not need it.
    said.remove("scope");
    for name in NUMBERS {
        let number = said.remove(*name).as_ref().and_then(whole);
        said.extend(number.map(|number| ((*name).to_owned(), number.into())));
    }
    for (old, new) in OLD_NAMES {
        if let Some(value) = said.remove(*old) {
            said.entry(*new).or_insert(value);
        }
    }
    if said.contains_key("device_code") {
        said.entry("expires_in").or_insert(UNTOLD_LIFETIME.into());
    }
    if said.contains_key("access_token") {
        said.entry("token_type").or_insert("Bearer".into());
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

    fn told(status: u16, kind: &str, body: &str) -> HttpResponse {
        let answer = oauth2::http::Response::builder().status(status).header(header::CONTENT_TYPE, kind);
        by_the_book(answer.body(body.as_bytes().to_vec()).unwrap())
    }

    fn body(said: Value) -> Value {
        serde_json::from_slice(told(200, "application/json", &said.to_string()).body()).unwrap()
    }

    #[test]
    fn numbers_may_be_text_and_what_is_not_needed_may_be_anything() {
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
    fn a_device_code_in_old_names() {
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
    fn a_refusal_is_one_whatever_its_status_and_type() {
        let refusal = r#"{"error":"authorization_pending"}"#;
        for (status, becomes) in [(200, 400), (400, 400), (401, 401), (428, 428)] {
            let answer = told(status, "text/html; charset=utf-8", refusal);
            assert_eq!((answer.status().as_u16(), answer.headers().len()), (becomes, 0));
        }
        assert_eq!(told(201, "text/plain", r#"{"access_token":"a","error":null}"#).status(), StatusCode::OK);
        assert_eq!(told(200, "text/plain", r#"{"access_token":"a","error":""}"#).status(), StatusCode::OK);
    }

    #[test]
    fn what_is_no_object_is_left_alone() {
        for text in ["", "<html>", "[]", "{\"access_token\": "] {
            let answer = told(200, "text/html", text);
            assert_eq!((answer.body().as_slice(), answer.headers().len()), (text.as_bytes(), 1));
        }
    }
}
