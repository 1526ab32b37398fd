//! The gateway of 浙江: every call carries a time and a signature.
//!
//! Signed are the method, the path of the address, its sorted query, the access key and the time, each with a line
//! end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration};
use hmac::{Hmac, KeyInit, Mac};
use poem::Request;
use sha2::Sha256;

use crate::demo::sandbox::portal::{CLIENT_ID, CLIENT_SECRET};
use crate::store::Timestamp;

/// How far the time of a call may be off.
const TOLERANCE: Duration = Duration::seconds(90);

pub const TIME_OFF: (&str, &str) = ("40102", "X-BG-DATE-TIME超出允许范围");

const WRONG: (&str, &str) = ("40103", "签名错误");

/// Admits a call with a fresh time and a valid signature.
pub fn admit(req: &Request, now: Timestamp) -> Result<(), (&'static str, &'static str)> {
    let header = |name: &str| req.header(name).unwrap_or_default();
    if header("x-bg-hmac-access-key") != CLIENT_ID || header("x-bg-hmac-algorithm") != "hmac-sha256" {
        return Err(("40101", "访问密钥或签名算法无效"));
    }
    let time = header("x-bg-date-time");
    // RFC 2822 is the form of HTTP dates, such as `Wed, 01 Apr 2026 01:30:00 GMT`.
    let said = DateTime::parse_from_rfc2822(time).map_err(|_| TIME_OFF)?;
    if (said.to_utc() - now.and_utc()).abs() > TOLERANCE {
        return Err(TIME_OFF);
    }
    let signature = STANDARD.decode(header("x-bg-hmac-signature")).unwrap_or_default();
    let mut expected = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()).map_err(|_| WRONG)?;
    expected.update(signed(req, time).as_bytes());
    expected.verify_slice(&signature).map_err(|_| WRONG)
}

fn signed(req: &Request, time: &str) -> String {
    let (method, uri) = (req.method(), req.original_uri());
    let mut query: Vec<&str> = uri.query().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    format!("{method}\n{}\n{}\n{CLIENT_ID}\n{time}\n", uri.path(), query.join("&"))
}
