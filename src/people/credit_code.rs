//! 统一社会信用代码, the number of an organisation (GB 32100-2015).

use super::width;

/// Digits and capitals without I, O, S, V, Z (GB 32100-2015 table 3).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Weights of the first 17 places: powers of 3 modulo 31 (GB 32100-2015 annex A).
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Normalises a code and verifies its check character. The error says in Chinese what to do.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let code = width::compact(text);
    if code.len() != 18 || !code.is_ascii() {
        return Err("请填写 18 位统一社会信用代码");
    }
    match check_character(&code[..17]) {
        Some(check) if code.ends_with(check) => Ok(code),
        _ => Err("统一社会信用代码有误，请逐位核对"),
    }
}

/// The check character of 17 others; `None` if one of them is not in the alphabet.
pub fn check_character(body: &str) -> Option<char> {
    let mut sum = 0;
    for (byte, weight) in body.bytes().zip(WEIGHTS) {
        sum += ALPHABET.iter().position(|&letter| letter == byte)? * weight;
    }
    Some(char::from(ALPHABET[(31 - sum % 31) % 31]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published codes of well-known organisations.
    const REAL: [&str; 3] = ["91440300708461136T", "91110000100005220B", "914403001922038216"];

    #[test]
    fn published_codes_are_valid_in_any_spelling() {
        for code in REAL {
            assert_eq!(parse(code).as_deref(), Ok(code));
            assert_eq!(
                parse(&format!(" {} {} ", &code[..8].to_lowercase(), &code[8..])).as_deref(),
                Ok(code)
            );
        }
    }

    #[test]
    fn every_single_wrong_character_is_refused() {
        for at in 0..18 {
            for &other in ALPHABET {
                let mut wrong = REAL[0].as_bytes().to_vec();
                wrong[at] = other;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(parse(&wrong).is_ok(), wrong == REAL[0], "{wrong}");
            }
        }
        for shape in
            ["", "91440300708461136", "9144030070846113OT", "91440300708461136TT", "统一社会信用代码"]
        {
            assert!(parse(shape).is_err(), "{shape}");
        }
    }
}
