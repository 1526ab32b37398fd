//! The text inside the QR code: `handshake.step.mac`.
//!
//! The step counts periods of 15 seconds since the handshake began. A code is accepted during its period and
//! the next one, so a photo of the screen expires within half a minute (RFC 10027 §6.1.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::store::{Timestamp, Vault};

/// How long one picture is on the screen.
pub const STEP: Duration = Duration::seconds(15);

/// Half of SHA-256's output, the minimum of RFC 2104 §5. A longer code makes a finer picture.
const MAC_BYTES: usize = 16;

/// The number of the picture on the screen at `now`, from 0.
pub fn step(began: Timestamp, now: Timestamp) -> i64 {
    (now - began).num_milliseconds().max(0) / STEP.num_milliseconds()
}

pub fn step_ends(began: Timestamp, now: Timestamp) -> Timestamp {
    let steps = i32::try_from(step(began, now) + 1).unwrap_or(i32::MAX);
    began + STEP * steps
}

pub struct Codes {
    /// One for each data key. The first makes codes, and all accept them.
    keys: Vec<[u8; 32]>,
}

impl Codes {
    /// Derives the keys from the vault, so that all processes accept each other's codes.
    pub fn new(vault: &Vault) -> Codes {
        Codes { keys: vault.subkeys("handshake code") }
    }

    pub fn make(&self, handshake: &str, began: Timestamp, now: Timestamp) -> String {
        let text = format!("{handshake}.{}", step(began, now));
        let mac = mac(&self.keys[0], &text);
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// Whether `code` is this handshake's current picture or the previous one.
    pub fn accepts(&self, code: &str, handshake: &str, began: Timestamp, now: Timestamp) -> bool {
        let Some((text, mac)) = code.rsplit_once('.') else { return false };
        let Ok(mac) = URL_SAFE_NO_PAD.decode(mac) else { return false };
        if !self.keys.iter().any(|key| self::mac(key, text).as_slice().ct_eq(&mac).into()) {
            return false;
        }
        let shown = text.strip_prefix(handshake).and_then(|rest| rest.strip_prefix('.')?.parse::<i64>().ok());
        let current = step(began, now);
        shown.is_some_and(|shown| shown == current || shown == current - 1)
    }
}

fn mac(key: &[u8; 32], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes()[..MAC_BYTES].to_vec()
}

/// The handshake id in a code, which has not been checked yet.
pub fn handshake_of(code: &str) -> &str {
    code.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01JQZX7Y8M3V5K2N9T4R6W1C0D";

    fn codes(key: u8) -> Codes {
        Codes::new(&Vault::from_key(&[key; 32]))
    }

    fn began() -> Timestamp {
        "2026-04-01T01:30:07.500".parse().unwrap()
    }

    fn after(millis: i64) -> Timestamp {
        began() + Duration::milliseconds(millis)
    }

    #[test]
    fn a_code_is_accepted_for_its_own_picture_and_the_next() {
        let codes = codes(1);
        let table =
            [(0, true), (14_999, true), (15_000, true), (29_999, true), (30_000, false), (90_000, false)];
        let code = codes.make(ID, began(), began());
        for (millis, accepted) in table {
            assert_eq!(codes.accepts(&code, ID, began(), after(millis)), accepted, "{millis} ms later");
        }
        let later = codes.make(ID, began(), after(45_000));
        assert!(!codes.accepts(&later, ID, began(), after(20_000)), "not before its time");
    }

    #[test]
    fn forged_codes_are_refused() {
        let codes = codes(1);
        let code = codes.make(ID, began(), began());
        let next = code.replacen(".0.", ".1.", 1);
        let other = code.replacen("01JQ", "01JR", 1);
        let shorter = &code[..code.len() - 2];
        for forged in
            [&next, &other, shorter, "", ".", "..", ID, &format!("{ID}.0."), &format!("{ID}.0.AAAA")]
        {
            assert!(!codes.accepts(forged, handshake_of(forged), began(), began()), "{forged}");
        }
        assert!(!codes.accepts(&code, "01JQZX7Y8M3V5K2N9T4R6W1C0E", began(), began()), "another handshake");
        assert!(!self::codes(2).accepts(&code, ID, began(), began()), "another key");
        assert!(codes.accepts(&code, handshake_of(&code), began(), began()));
    }

    #[test]
    fn pictures_change_every_fifteen_seconds() {
        assert_eq!(step(began(), after(-5)), 0);
        assert_eq!((step(began(), after(14_999)), step(began(), after(15_000))), (0, 1));
        assert_eq!(step_ends(began(), after(14_999)), after(15_000));
        assert_eq!(step_ends(began(), after(15_000)), after(30_000));
    }
}
