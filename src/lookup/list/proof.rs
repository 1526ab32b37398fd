//! The proof of work of a list without a key: the sender's device computes for some seconds, so that nobody sends lists
//! by the thousand. A browser without scripts lets the list wait instead.
//!
//! A challenge is signed and not stored. It can be solved for an hour, and counts once.

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::store::{Ids, Timestamp, Vault};

/// Zero bits with which the hash has to begin. A phone tries some 30,000 numbers a second, so it needs about four
/// seconds.
pub const BITS: u32 = 17;

const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Random bytes of a challenge.
const NONCE_BYTES: usize = 12;

/// Hexadecimal digits of the signature.
const SIGNATURE: usize = 32;

/// A new challenge: `SECONDS.NONCE.SIGNATURE`.
pub fn challenge(vault: &Vault, ids: &Ids, now: Timestamp) -> String {
    let signed = format!("{}.{}", now.and_utc().timestamp(), ids.token(NONCE_BYTES));
    let signature = signature(&vault.subkeys(PURPOSE)[0], &signed);
    format!("{signed}.{signature}")
}

/// Whether a number solves one of our challenges, and the challenge is not too old.
pub fn is_solved(vault: &Vault, challenge: &str, number: &str, now: Timestamp) -> bool {
    is_ours(vault, challenge, now) && number.len() <= 20 && zero_bits(challenge, number) >= BITS
}

fn is_ours(vault: &Vault, challenge: &str, now: Timestamp) -> bool {
    let Some((signed, given)) = challenge.rsplit_once('.') else { return false };
    let made: Option<i64> = signed.split('.').next().and_then(|seconds| seconds.parse().ok());
    let age = made.map(|made| now.and_utc().timestamp() - made);
    let is_recent = age.is_some_and(|age| (0..=LIFETIME.num_seconds()).contains(&age));
    let is_signature = |key| signature(key, signed).as_bytes().ct_eq(given.as_bytes()).into();
    is_recent && vault.subkeys(PURPOSE).iter().any(is_signature)
}

/// What the keys of signatures are derived for: one for each data key.
const PURPOSE: &str = "lookup proof";

fn signature(key: &[u8; 32], signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..SIGNATURE].to_owned()
}

/// Zero bits at the beginning of SHA-256 of `CHALLENGE.NUMBER`.
fn zero_bits(challenge: &str, number: &str) -> u32 {
    let hash = Sha256::digest(format!("{challenge}.{number}"));
    hash.first_chunk().map_or(0, |first| u32::from_be_bytes(*first).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(challenge: &str) -> String {
        let mut numbers = (0_u64..).map(|number| number.to_string());
        numbers.find(|number| zero_bits(challenge, number) >= BITS).unwrap_or_default()
    }

    #[test]
    fn challenge_is_solved_by_work_within_an_hour() {
        let (vault, ids) = (Vault::from_key(&[7; 32]), Ids::seeded(1));
        let now: Timestamp = "2026-04-01T01:30:00".parse().unwrap();
        let given = challenge(&vault, &ids, now);
        let number = solve(&given);
        assert!(is_solved(&vault, &given, &number, now));
        assert!(is_solved(&vault, &given, &number, now + TimeDelta::minutes(59)));
        assert!(!is_solved(&vault, &given, &number, now + TimeDelta::minutes(61)), "too old");
        assert!(!is_solved(&vault, &given, &format!("{number}0"), now), "not the number");
        let forged = given.replacen("17", "18", 1);
        for other in [forged.as_str(), "", "1.2.3", given.trim_end_matches(char::is_alphanumeric)] {
            assert!(!is_solved(&vault, other, &solve(other), now), "{other}");
        }
        assert!(!is_solved(&Vault::from_key(&[8; 32]), &given, &number, now));
    }
}
