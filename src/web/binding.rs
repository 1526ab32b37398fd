//! Cookies that bind one step of a sign-in to the browser that began it.
//!
//! A login screen, a phone that scanned a code and an attempt at the portal each get a new secret in a
//! cookie of its own. Browsers return the cookie to one path only. It contains only the secret and does
//! not depend on the session, so it survives a change of the session id (RFC 10027 §6.1.17).

use poem::Response;
use poem::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use super::frame;

/// The cookie of one binding.
pub struct Binding<'a> {
    /// Distinguishes bindings with the same path. Letters, digits, `-` and `_`.
    pub name: &'a str,
    /// Browsers return the cookie to this path and those below it.
    pub path: &'a str,
    pub https: bool,
}

impl Binding<'_> {
    pub fn secret(&self, headers: &HeaderMap) -> Option<String> {
        frame::cookie(headers, &self.cookie_name())
    }

    /// Sets the cookie to `secret` for `seconds`. The secret is base64url, as of
    /// [`Ids::token`](crate::store::Ids::token).
    pub fn give(&self, response: &mut Response, secret: &str, seconds: i64) {
        let secure = if self.https { "; Secure" } else { "" };
        let (name, path) = (self.cookie_name(), self.path);
        let cookie =
            format!("{name}={secret}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        // A path that is not valid in a header is not one of our pages.
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    /// `__Host-` would allow no path but `/`, so the prefix is `__Secure-` (RFC 6265bis §4.1.3).
    fn cookie_name(&self) -> String {
        format!("{}{}", prefix(self.https), self.name)
    }
}

fn prefix(https: bool) -> &'static str {
    if https { "__Secure-kaozheng-" } else { "kaozheng-" }
}

/// The names of the bindings whose cookies a request has.
pub fn names(headers: &HeaderMap, https: bool) -> Vec<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let names = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    names.filter_map(|(name, _)| name.strip_prefix(prefix(https)).map(str::to_owned)).collect()
}

/// SHA-256 in hex. The database stores this hash, so a stolen database contains no valid secret.
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_read_from_the_cookie_that_was_set() {
        for (https, name) in [(false, "kaozheng-screen"), (true, "__Secure-kaozheng-screen")] {
            let binding = Binding { name: "screen", path: "/login/wait/1", https };
            let mut response = Response::default();
            binding.give(&mut response, "s3cret", 180);
            let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
            assert!(cookie.starts_with(&format!("{name}=s3cret; Path=/login/wait/1; Max-Age=180; HttpOnly")));
            assert_eq!(cookie.ends_with("; Secure"), https);
            let mut headers = HeaderMap::new();
            assert_eq!(binding.secret(&headers), None);
            headers.insert(header::COOKIE, format!("other=1; {name}=s3cret").parse().unwrap());
            assert_eq!(binding.secret(&headers).as_deref(), Some("s3cret"));
        }
    }
}
