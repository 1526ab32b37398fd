//! The secrets of login screens and of phones that scan their codes.
//!
//! Each login screen, and each phone that scans, gets a fresh secret in a cookie of its own; the row
//! of the handshake has only its hash. Sessions play no part: who knows a session id, or the secret of
//! another screen, can neither see a handshake nor change it.

use poem::Response;
use poem::http::HeaderMap;

use crate::web::binding::{self, Binding};

/// Seconds. The longest handshake lives ten minutes, and a minute more once it is approved.
const SCREEN_KEEPS: i64 = 900;

/// Seconds. For so long a phone can take back what it confirmed.
const PHONE_KEEPS: i64 = 1800;

/// Hash of the secret that a request holds for the screen of a handshake.
pub fn of_screen(headers: &HeaderMap, handshake: &str, https: bool) -> Option<String> {
    held(headers, "screen", &screen_path(handshake), https)
}

/// Hash of the secret that a request holds for the phone of a handshake.
pub fn of_phone(headers: &HeaderMap, handshake: &str, https: bool) -> Option<String> {
    held(headers, &phone_name(handshake), "/s", https)
}

/// Hands the screen of a handshake its secret.
pub fn give_screen(response: &mut Response, handshake: &str, secret: &str, https: bool) {
    let path = screen_path(handshake);
    Binding { name: "screen", path: &path, https }.give(response, secret, SCREEN_KEEPS);
}

/// Hands the phone of a handshake its secret. The path covers the code as well, so that a phone may
/// open it twice.
pub fn give_phone(response: &mut Response, handshake: &str, secret: &str, https: bool) {
    let name = phone_name(handshake);
    Binding { name: &name, path: "/s", https }.give(response, secret, PHONE_KEEPS);
}

fn held(headers: &HeaderMap, name: &str, path: &str, https: bool) -> Option<String> {
    Binding { name, path, https }.secret(headers).map(|secret| binding::hash(&secret))
}

fn screen_path(handshake: &str) -> String {
    format!("/login/wait/{handshake}")
}

fn phone_name(handshake: &str) -> String {
    format!("phone-{handshake}")
}
