//! What the portal says when it refuses, for the operator's log: status, code and message, without
//! secrets and without numbers that could be a person's.

use oauth2::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

/// Names under which portals tell a code, the most telling first.
const CODES: &[&str] = &["error", "errcode", "errorCode", "error_code", "code", "result", "status"];

/// Names under which portals tell a message.
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

/// Longest text that is logged, in characters.
const LONGEST: usize = 200;

/// Runs of so many digits may be a person's number or a code.
const DIGITS: usize = 6;

/// Shorter values may stand in any text.
const SHORTEST_SECRET: usize = 6;

/// Not yet, rather than no (RFC 8628 §3.5).
const NOT_YET: [&str; 2] = ["authorization_pending", "slow_down"];

/// Logs an answer that refuses. `secrets` are what we sent with the request.
pub fn refusal(what: &'static str, answer: &HttpResponse, secrets: &[String]) {
    let said = serde_json::from_slice(answer.body()).unwrap_or_default();
    let (code, message) = (code(&said, secrets), message(&said, secrets));
    let status = answer.status().as_u16();
    if !NOT_YET.contains(&code.as_str()) {
        tracing::warn!(endpoint = what, status, code, message, "the portal refused");
    }
}

/// Logs what claims say that admit nobody. A message may name the person of `name`.
pub fn lack(claims: &Value, name: Option<String>) {
    let secrets: Vec<String> = name.into_iter().filter(|name| !name.is_empty()).collect();
    let (code, message) = (code(claims, &secrets), message(claims, &secrets));
    if !code.is_empty() || !message.is_empty() {
        tracing::warn!(endpoint = "userinfo", code, message, "the portal's answer says why");
    }
}

/// Whether an answer is worth a line in the log although its status is good.
pub fn is_refusal(answer: &HttpResponse) -> bool {
    let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    !answer.status().is_success()
        || ["access_token", "device_code"].iter().all(|name| said.get(name).is_none())
}

/// The values of a request that must not be logged: codes, tokens, verifiers, the client's secret.
pub fn secrets(request: &HttpRequest) -> Vec<String> {
    let form = url::form_urlencoded::parse(request.body()).map(|(_, value)| value.into_owned());
    form.filter(|value| value.len() >= SHORTEST_SECRET).collect()
}

fn code(said: &Value, secrets: &[String]) -> String {
    find(said, CODES).map(|text| clean(&text, secrets)).unwrap_or_default()
}

fn message(said: &Value, secrets: &[String]) -> String {
    find(said, MESSAGES).map(|text| clean(&text, secrets)).unwrap_or_default()
}

/// The first of some names that tells something, at the top or one level below it.
fn find(said: &Value, names: &[&str]) -> Option<String> {
    let top = said.as_object()?;
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

/// A text as it may stand in the log.
pub fn clean(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret.as_str(), "***");
    }
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    mask_tokens(&mask_digits(&plain)).chars().take(LONGEST).collect()
}

/// Hides numbers, also those with single spaces or hyphens between their digits.
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

/// Where a number that begins at `from` ends, and how many digits it has.
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
    // The check character of an ID number belongs to it.
    let check = digits > 0 && matches!(letters.get(end), Some('X' | 'x'));
    (end + usize::from(check), digits)
}

/// Hides words that look like a token: long, without a space, of base64 or hexadecimal.
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
    fn codes_and_messages_in_many_words() {
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
        for (said, expected_code, expected_message) in table {
            let found = (code(&said, &[]), message(&said, &[]));
            assert_eq!(found, (expected_code.to_owned(), expected_message.to_owned()), "{said}");
        }
    }

    #[test]
    fn no_secret_and_no_number_is_logged() {
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
        for (said, logged) in table {
            assert_eq!(clean(said, &secrets), logged);
        }
        assert_eq!(clean(&"长".repeat(500), &[]).chars().count(), LONGEST);
    }
}
