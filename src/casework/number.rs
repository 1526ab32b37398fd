//! 受理号, the number of an application, such as `ZG20260401000123E`.
//!
//! It has two letters of the business, `yyyymmdd`, six digits and a check character by ISO/IEC 7064 MOD 37-36.
//! The check detects every single wrong character and nearly every swap of neighbours. `submission` draws the digits.

use chrono::NaiveDate;
use derive_more::{Deref, Display, From};
use diesel_derive_newtype::DieselNewType;
use serde::Deserialize;

use crate::people::width;

const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LENGTH: usize = 2 + 8 + 6 + 1;

/// A 受理号 from [`parse`], the database or an address. The last may have any shape.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deref, Display, From, DieselNewType, Deserialize,
)]
#[deref(forward)]
#[serde(transparent)]
pub struct ApplicationNumber(String);

/// The number of the `seq`-th application (below 1,000,000) on a day in China. `prefix` is two capital letters.
pub fn format(prefix: &str, date: &NaiveDate, seq: u32) -> ApplicationNumber {
    debug_assert!(prefix.len() == 2 && seq < 1_000_000, "{prefix} {seq}");
    let body = format!("{prefix}{}{seq:06}", date.format("%Y%m%d"));
    let check = check_character(&body).unwrap_or_default();
    ApplicationNumber(format!("{body}{check}"))
}

/// Parses a typed number, with small letters, spaces and full-width characters. `None` if its shape or check
/// character is wrong.
pub fn parse(text: &str) -> Option<ApplicationNumber> {
    let number = width::compact(text);
    let shaped = number.is_ascii() && number.len() == LENGTH;
    (shaped && is_body(&number[..LENGTH - 1]) && check_holds(&number)).then_some(ApplicationNumber(number))
}

fn is_body(body: &str) -> bool {
    let (prefix, digits) = body.split_at(2);
    prefix.bytes().all(|b| b.is_ascii_uppercase())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && NaiveDate::parse_from_str(&digits[..8], "%Y%m%d").is_ok()
}

fn check_holds(text: &str) -> bool {
    let mut chars = text.chars();
    let last = chars.next_back();
    last.is_some() && last == check_character(chars.as_str())
}

/// ISO/IEC 7064 MOD 37-36, hybrid system. `None` if a character is not in the alphabet.
fn check_character(body: &str) -> Option<char> {
    let mut carry = 36;
    for byte in body.bytes() {
        let sum = carry + ALPHABET.iter().position(|&letter| letter == byte)?;
        let reduced = if sum % 36 == 0 { 36 } else { sum % 36 };
        carry = reduced * 2 % 37;
    }
    Some(char::from(ALPHABET[(37 - carry) % 36]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 4, 1).unwrap()
    }

    #[test]
    fn check_character_matches_published_examples() {
        // The example of the Global Release Identifier, and two EIDR names.
        assert_eq!(check_character("A12425GABC1234002"), Some('M'));
        assert_eq!(check_character("779185342C2390308610"), Some('5'));
        assert_eq!(check_character("F85AE100B0685B8FB1C8"), Some('T'));
        assert_eq!(check_character("a"), None);
    }

    #[test]
    fn number_is_parsed_in_every_spelling() {
        let number = format("ZG", &day(), 123);
        assert_eq!(&*number, "ZG20260401000123E");
        assert_eq!(parse(&number), Some(number.clone()));
        let typed = format!(" {} {} ", number[..2].to_lowercase(), &number[2..]);
        assert_eq!(parse(&typed), Some(number.clone()));
        assert_eq!(parse(&number.replace('2', "２")), Some(number));
    }

    #[test]
    fn wrong_and_swapped_characters_are_detected() {
        let number = format("TF", &day(), 987_654);
        for at in 0..number.len() {
            for &other in ALPHABET {
                let mut wrong = number.as_bytes().to_vec();
                wrong[at] = other;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(parse(&wrong).is_some(), wrong == *number, "{wrong}");
            }
        }
        for at in 1..number.len() {
            let mut wrong = number.as_bytes().to_vec();
            wrong.swap(at - 1, at);
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(parse(&wrong).is_some(), wrong == *number, "{wrong}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let with_check = |body: &str| format!("{body}{}", check_character(body).unwrap());
        for body in ["ZG20260231000123", "1G20260401000123", "ZG2026040100012A", "ZG2026040100012", ""] {
            assert_eq!(parse(&with_check(body)), None, "{body}");
        }
        assert_eq!(parse("张三"), None);
        assert_eq!(parse("ＺＧ２０２６０４０１０００１２３张"), None);
    }
}
