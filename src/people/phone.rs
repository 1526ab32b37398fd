//! Mobile numbers.

use super::width;

const WHAT_TO_DO: &str = "请填写 11 位手机号，境外号码以 + 和国家代码开头";

/// Normalises a number: `13800138000` for the mainland, `+85291234567` elsewhere
/// (ITU-T E.164). Removes spaces, hyphens and a leading +86. The error says in
/// Chinese what to do.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let number: String = width::compact(text).chars().filter(|c| !"-()".contains(*c)).collect();
    let national = ["+86", "0086"].iter().find_map(|code| number.strip_prefix(code));
    match (national, number.strip_prefix('+')) {
        (Some(rest), _) if is_mobile(rest) => Ok(rest.to_owned()),
        (None, Some(rest)) if is_international(rest) => Ok(number),
        (None, None) if is_mobile(&number) => Ok(number),
        _ => Err(WHAT_TO_DO),
    }
}

/// `1[3-9]` and nine digits.
fn is_mobile(number: &str) -> bool {
    number.len() == 11
        && number.bytes().all(|b| b.is_ascii_digit())
        && number.starts_with('1')
        && matches!(number.as_bytes()[1], b'3'..=b'9')
}

/// 8–15 digits; no country code begins with 0.
fn is_international(digits: &str) -> bool {
    (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normalised() {
        let cases = [
            ("13800138000", "13800138000"),
            ("138-0013-8000", "13800138000"),
            ("１３８ ００１３ ８０００", "13800138000"),
            ("+86 138 0013 8000", "13800138000"),
            ("008613800138000", "13800138000"),
            ("19912345678", "19912345678"),
            ("+852 9123 4567", "+85291234567"),
            ("＋1 (202) 555-0123", "+12025550123"),
        ];
        for (typed, stored) in cases {
            assert_eq!(parse(typed).as_deref(), Ok(stored));
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        let wrong = [
            "",
            "+",
            "1380013800",
            "138001380000",
            "12800138000",
            "010-12345678",
            "+8612345678901",
            "+1234567",
            "+1234567890123456",
            "+05291234567",
            "1380013800O",
            "一三八",
            "++85291234567",
        ];
        for text in wrong {
            assert_eq!(parse(text), Err(WHAT_TO_DO), "{text}");
        }
    }
}
