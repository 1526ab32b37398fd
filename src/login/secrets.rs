//! The secret cookies of login screens and of phones that scan their codes.
//!
//! Each screen and each phone gets a fresh secret, of which the handshake's row has only the hash. A session
//! id, or the secret of another screen, neither shows a handshake nor changes it.

use poem::Response;
use poem::http::HeaderMap;

use crate::paths;
use crate::web::binding::{self, Binding};

/// Seconds. A handshake lives at most ten minutes, and one minute more after its approval.
const SCREEN_MAX_AGE: i64 = 900;

/// Seconds. How long a phone can revoke a login that it confirmed.
const PHONE_MAX_AGE: i64 = 1800;

/// Hash of the secret that a request has as the screen of a handshake.
pub fn of_screen(headers: &HeaderMap, handshake: &str, https: bool) -> Option<String> {
    secret_hash(headers, "screen", &paths::wait(handshake), https)
}

/// Hash of the secret that a request has as the phone of a handshake.
pub fn of_phone(headers: &HeaderMap, handshake: &str, https: bool) -> Option<String> {
    secret_hash(headers, &phone_name(handshake), paths::PHONE, https)
}

pub fn give_screen(response: &mut Response, handshake: &str, secret: &str, https: bool) {
    let path = paths::wait(handshake);
    Binding { name: "screen", path: &path, https }.give(response, secret, SCREEN_MAX_AGE);
}

/// Sets the cookie of a handshake's phone. Its path includes the code's address, so that a phone may open
/// the code twice.
pub fn give_phone(response: &mut Response, handshake: &str, secret: &str, https: bool) {
    let name = phone_name(handshake);
    Binding { name: &name, path: paths::PHONE, https }.give(response, secret, PHONE_MAX_AGE);
}

fn secret_hash(headers: &HeaderMap, name: &str, path: &str, https: bool) -> Option<String> {
    Binding { name, path, https }.secret(headers).map(|secret| binding::hash(&secret))
}

fn phone_name(handshake: &str) -> String {
    format!("phone-{handshake}")
}
