//! Logs refusals of the portal: status, code and message, without secrets and without numbers that could
//! belong to a person.

use oauth2::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

/// Field names of error codes, the most specific first.
const CODES: &[&str] = &["error", "errcode", "errorCode", "error_code", "code", "result", "status"];

/// Field names of error messages.
const MESSAGES: &[&str] = &[
    "error_description",
    "errmsg",
    "errorMsg",
    "errorMessage",
    "error_msg",
    "message",
    "msg",
    "error_message",
    "resultMsg",
];

/// In characters.
const MAX_TEXT: usize = 200;

/// A number with this many digits may be a person's, or a secret code.
const DIGITS: usize = 6;

/// Shorter values occur in ordinary text, so they are not masked.
const SHORTEST_SECRET: usize = 6;

/// Codes that mean "not yet" and not a refusal (RFC 8628 §3.5).
const NOT_YET: [&str; 2] = ["authorization_pending", "slow_down"];

/// Logs a refusal. `secrets` were sent with the request. Returns `false` for an answer that only means "not yet".
pub fn log_refusal(what: &str, answer: &HttpResponse, secrets: &[String]) -> bool {
    let json = serde_json::from_slice(answer.body()).unwrap_or_default();
    let (code, message) = (code(&json, secrets), message(&json, secrets));
    let status = answer.status().as_u16();
    let is_refusal = !NOT_YET.contains(&code.as_str());
    if is_refusal {
        tracing::warn!(endpoint = what, status, code, message, "the portal refused");
    }
    is_refusal
}

/// Logs the error that claims contain. `name` is the person's name, which a message may repeat.
pub fn log_claims_error(claims: &Value, name: Option<String>) {
    let secrets: Vec<String> = name.into_iter().filter(|name| !name.is_empty()).collect();
    let (code, message) = (code(claims, &secrets), message(claims, &secrets));
    if !code.is_empty() || !message.is_empty() {
        tracing::warn!(endpoint = "userinfo", code, message, "the portal's answer says why");
    }
}

/// Whether an answer is a refusal; some have a status of 200.
pub fn is_refusal(answer: &HttpResponse) -> bool {
    let json: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    !answer.status().is_success()
        || ["access_token", "device_code"].iter().all(|name| json.get(name).is_none())
}

/// The values of a request that must not be logged: codes, tokens, verifiers, the client's secret.
pub fn secrets(request: &HttpRequest) -> Vec<String> {
    let form = url::form_urlencoded::parse(request.body()).map(|(_, value)| value.into_owned());
    form.filter(|value| value.len() >= SHORTEST_SECRET).collect()
}

fn code(answer: &Value, secrets: &[String]) -> String {
    find(answer, CODES).map(|text| clean(&text, secrets)).unwrap_or_default()
}

fn message(answer: &Value, secrets: &[String]) -> String {
    find(answer, MESSAGES).map(|text| clean(&text, secrets)).unwrap_or_default()
}

/// The value of the first of these names that has one, at the top level or one level below.
fn find(answer: &Value, names: &[&str]) -> Option<String> {
    let top = answer.as_object()?;
    let below = top.values().filter_map(Value::as_object);
    std::iter::once(top).chain(below).find_map(|object| first(object, names))
}

fn first(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match object.get(*name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A text in which secrets and numbers are masked, on one line and cut off.
pub fn clean(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret.as_str(), "***");
    }
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    mask_tokens(&mask_digits(&plain)).chars().take(MAX_TEXT).collect()
}

/// Masks long numbers, also with single spaces or hyphens between their digits.
fn mask_digits(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(&letter) = letters.get(at) {
        let (end, digits) = number_at(&letters, at);
        if digits >= DIGITS {
            masked.push_str("***");
            at = end;
        } else {
            masked.push(letter);
            at += 1;
        }
    }
    masked
}

/// The end of the number that begins at `from`, and how many digits it has.
fn number_at(letters: &[char], from: usize) -> (usize, usize) {
    let (mut at, mut end, mut digits) = (from, from, 0);
    while let Some(letter) = letters.get(at) {
        if letter.is_numeric() {
            digits += 1;
            end = at + 1;
        } else if digits == 0 || !matches!(letter, ' ' | '-') || at > end {
            break;
        }
        at += 1;
    }
    // The check character of an ID number may be an X.
    let check = digits > 0 && matches!(letters.get(end), Some('X' | 'x'));
    (end + usize::from(check), digits)
}

/// Masks words that look like a token: 24 or more characters of base64 or hexadecimal.
fn mask_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=');
    let mut masked = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !is_part(c)) {
        let word = piece.trim_end_matches(|c: char| !is_part(c));
        let mixed = word.chars().any(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
        if word.len() >= 24 && mixed {
            masked.push_str("***");
            masked.push_str(&piece[word.len()..]);
        } else {
            masked.push_str(piece);
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn codes_and_messages_are_found_under_common_names() {
        let table = [
            (
                json!({ "error": "invalid_grant", "error_description": "code expired" }),
                "invalid_grant",
                "code expired",
            ),
            (json!({ "errcode": 40029, "errmsg": "无效的 code" }), "40029", "无效的 code"),
            (json!({ "success": false, "errorCode": "E01", "errorMsg": "停用" }), "E01", "停用"),
            (json!({ "status": 1, "message": "no such client", "data": null }), "1", "no such client"),
            (json!({ "error": { "code": 7, "message": "quota" } }), "7", "quota"),
            (json!("nothing"), "", ""),
        ];
        for (answer, expected_code, expected_message) in table {
            let found = (code(&answer, &[]), message(&answer, &[]));
            assert_eq!(found, (expected_code.to_owned(), expected_message.to_owned()), "{answer}");
        }
    }

    #[test]
    fn secrets_and_long_numbers_are_masked() {
        let secrets = ["s3cret-code".to_owned()];
        let table = [
            ("code s3cret-code used", "code *** used"),
            ("user 11010519491231002X exists", "user *** exists"),
            ("phone 138 0013 8000!", "phone ***!"),
            ("１３８００１３８０００", "***"),
            ("error 40029 at 12", "error 40029 at 12"),
            ("token eyJhbGciOiJIUzI1NiJ9.e30.AAAA bad", "token *** bad"),
            ("a\nb", "a b"),
        ];
        for (answer, logged) in table {
            assert_eq!(clean(answer, &secrets), logged);
        }
        assert_eq!(clean(&"长".repeat(500), &[]).chars().count(), MAX_TEXT);
    }
}
