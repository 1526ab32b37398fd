//! Mobile numbers.

use super::width;

const WHAT_TO_DO: &str =
    "请填写 11 位手机号（可以带 +86、空格和连字符）；境外号码以 + 和国家或地区代码开头，例如 +852 9123 4567";

/// Separators that people write between the digits.
const SEPARATORS: [char; 10] = ['-', '(', ')', '.', '·', '•', '/', '_', '[', ']'];

/// Codes of neighbours that people also write without + or 00, with the lengths of their numbers and what begins
/// a mobile number there.
const NEIGHBOURS: [(&str, usize, &str); 3] = [("852", 8, "456789"), ("853", 8, "6"), ("886", 9, "9")];

/// Normalises a number: `13800138000` for the mainland, `+85291234567` elsewhere (ITU-T E.164). Removes separators
/// and the code of the mainland. The error says in Chinese what to do.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let number: String = width::compact(text).chars().filter(|c| !SEPARATORS.contains(c)).collect();
    let national = match number.strip_prefix('+').or_else(|| number.strip_prefix("00")) {
        Some(rest) => international(rest),
        None => mainland(&number).or_else(|| neighbour(&number)),
    };
    national.ok_or(WHAT_TO_DO)
}

/// A number after + or 00.
fn international(digits: &str) -> Option<String> {
    if let Some(rest) = digits.strip_prefix("86") {
        return mainland(rest);
    }
    let written_so = is_international(digits).then(|| format!("+{digits}"));
    neighbour(digits).or(written_so)
}

/// A mobile number of the mainland: `1[3-9]` and nine digits, perhaps after 86 or 0.
fn mainland(number: &str) -> Option<String> {
    let number = number.strip_prefix("86").unwrap_or(number);
    let number = number.strip_prefix('0').unwrap_or(number);
    let holds =
        is_digits(number, 11) && number.starts_with('1') && matches!(number.as_bytes()[1], b'3'..=b'9');
    holds.then(|| number.to_owned())
}

/// A mobile number of [`NEIGHBOURS`] with its code. Within Taiwan it begins with a 0, which the code replaces.
fn neighbour(digits: &str) -> Option<String> {
    NEIGHBOURS.iter().find_map(|(code, length, begins)| {
        let number = digits.strip_prefix(code)?;
        let number = number.strip_prefix('0').unwrap_or(number);
        let holds = is_digits(number, *length) && number.starts_with(|c| begins.contains(c));
        holds.then(|| format!("+{code}{number}"))
    })
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
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
            ("+8613800138000", "13800138000"),
            ("+86-138-0013-8000", "13800138000"),
            ("0086 138 0013 8000", "13800138000"),
            ("86-13800138000", "13800138000"),
            ("86 138 0013 8000", "13800138000"),
            ("(86) 138–0013—8000", "13800138000"),
            ("+86 (0) 138 0013 8000", "13800138000"),
            ("138.0013.8000", "13800138000"),
            ("138‑0013‑8000", "13800138000"),
            ("\u{202a}138\u{2009}0013\u{a0}8000\u{202c}", "13800138000"),
            ("00852-9123-4567", "+85291234567"),
            ("852 9123 4567", "+85291234567"),
            ("＋８５３ ６６１２ ３４５６", "+85366123456"),
            ("853-66123456", "+85366123456"),
            ("+886 912 345 678", "+886912345678"),
            ("+886 0912-345-678", "+886912345678"),
            ("00886912345678", "+886912345678"),
            ("0044 7911 123456", "+447911123456"),
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
            "0912345678",
            "85212345",
            "0086",
            "8613800138",
        ];
        for text in wrong {
            assert_eq!(parse(text), Err(WHAT_TO_DO), "{text}");
        }
    }
}
