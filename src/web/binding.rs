//! A secret cookie that binds one step of a sign-in to the browser that began it.
//!
//! A login screen, a phone that scanned a code and an attempt at the portal each get a fresh secret
//! in a cookie of their own, which browsers return to one path only. Nothing else is in the cookie,
//! it does not depend on the session, and it survives the session's rotation (RFC 10027 §6.1.17).

use poem::Response;
use poem::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use super::frame;

/// The cookie of one binding.
pub struct Binding<'a> {
    /// Distinguishes bindings that share a path; letters, digits, `-` and `_`.
    pub name: &'a str,
    /// The only path, with all below it, to which browsers return the cookie.
    pub path: &'a str,
    /// Whether browsers reach us by HTTPS.
    pub https: bool,
}

impl Binding<'_> {
    /// The secret that the browser holds, if it has one.
    pub fn secret(&self, headers: &HeaderMap) -> Option<String> {
        frame::cookie(headers, &self.cookie_name())
    }

    /// Hands the browser `secret`, which it keeps for `seconds`. The secret is base64url, as
    /// [`Ids::token`](crate::store::Ids::token) makes it.
    pub fn give(&self, response: &mut Response, secret: &str, seconds: i64) {
        let secure = if self.https { "; Secure" } else { "" };
        let (name, path) = (self.cookie_name(), self.path);
        let cookie =
            format!("{name}={secret}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        // A path that no header can hold belongs to no page of ours.
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    /// `__Secure-` is the prefix for a cookie with a path (RFC 6265bis §4.1.3.1).
    fn cookie_name(&self) -> String {
        format!("{}kaozheng-{}", if self.https { "__Secure-" } else { "" }, self.name)
    }
}

/// What the database keeps of a secret: SHA-256 in hex, so that a stolen database redeems nothing.
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_returns_the_secret_it_was_given() {
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
