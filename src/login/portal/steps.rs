//! A portal that does not follow OAuth 2: the calls of its profile, one after the other.

pub mod call;
mod cipher;
mod signature;

use oauth2::HttpResponse;
use serde_json::Value;

use super::http::Http;
use super::refusal_log;
use crate::login::refusal::Refusal;
use crate::settings::{Decryption, Step, Values};
use crate::store::Timestamp;
use call::Call;

/// Answers that are JSON text in JSON text are unwrapped so many times.
const MOST_WRAPPINGS: usize = 2;

/// Makes the calls and returns the last answer, which has the claims. `values` are the placeholders that
/// have values before the first call.
///
/// # Errors
/// A [`Refusal`]; the log names the call.
pub async fn run(
    steps: &[Step],
    http: &Http,
    mut values: Values,
    moment: &call::Moment,
) -> Result<Value, Refusal> {
    let mut answer = Value::Null;
    for step in steps {
        let call = Call::of(step, &values, moment)?;
        let response = http.step(&step.name, &call).await?;
        answer = read(step, &values, &response).inspect_err(|refusal| {
            http.failed(&step.name, *refusal);
            refusal_log::log_refusal(&step.name, &response, &call.secrets);
            log_clock(&response, moment.now);
        })?;
        for (name, pointer) in &step.take {
            let taken = text(answer.pointer(pointer)).ok_or_else(|| {
                http.failed(&step.name, Refusal::Refused);
                refusal_log::log_refusal(&step.name, &response, &call.secrets);
                Refusal::Refused
            })?;
            values.insert(name.clone(), taken);
        }
    }
    Ok(answer)
}

/// The answer in clear, if it is a success.
fn read(step: &Step, values: &Values, response: &HttpResponse) -> Result<Value, Refusal> {
    if !response.status().is_success() {
        return Err(Refusal::Refused);
    }
    let mut answer = parse(response.body()).ok_or(Refusal::NotUnderstood)?;
    if let Some(decryption) = &step.decryption {
        decrypt(&mut answer, decryption, values)?;
    }
    for pointer in &step.embedded {
        let Some(place) = answer.pointer_mut(pointer) else { continue };
        if let Value::String(text) = place {
            *place = serde_json::from_str(text).map_err(|_| Refusal::NotUnderstood)?;
        }
    }
    match step.success.failed_by(&answer) {
        None => Ok(answer),
        Some(claim) => {
            tracing::warn!(endpoint = step.name, claim, "the portal's answer is not a success");
            Err(Refusal::Refused)
        }
    }
}

/// JSON, or JSON in a JSON string.
fn parse(body: &[u8]) -> Option<Value> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    for _ in 0..MOST_WRAPPINGS {
        let Value::String(inner) = &answer else { break };
        answer = serde_json::from_str(inner).ok()?;
    }
    Some(answer)
}

/// Replaces the encrypted part. An answer without it may be a refusal, which is not encrypted.
fn decrypt(answer: &mut Value, decryption: &Decryption, values: &Values) -> Result<(), Refusal> {
    let Some(place) = answer.pointer_mut(&decryption.at) else { return Ok(()) };
    let Value::String(text) = place else { return Ok(()) };
    let clear = cipher::decrypt(decryption, values, text).map_err(|problem| {
        tracing::warn!(problem, "the portal's answer cannot be decrypted");
        Refusal::NotUnderstood
    })?;
    *place = parse(&clear).ok_or(Refusal::NotUnderstood)?;
    Ok(())
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A gateway refuses signatures whose time is not its own, and rarely says so.
fn log_clock(response: &HttpResponse, now: Timestamp) {
    let date = response.headers().get("date").and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok());
    let Some(theirs) = theirs else { return };
    let seconds = (theirs.to_utc() - now.and_utc()).num_seconds();
    if seconds.abs() > 60 {
        tracing::warn!(seconds, "the portal's clock differs from the clock of this machine");
    }
}
