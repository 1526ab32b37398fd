//! Formats of text answers: how each is parsed, typed and masked.

use crate::people::{credit_code, document, mask, name, phone, width};

/// The kind of text, which decides the keyboard and autocomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMode {
    Text,
    /// A mobile number.
    Tel,
    Email,
    /// Digits.
    Number,
    /// The name of the person who types.
    Name,
    /// The number of an identity document: digits, perhaps letters.
    IdNumber,
    /// Street and house of the person who types.
    Street,
    Postcode,
}

/// A format of text.
pub struct Format {
    /// Returns the canonical spelling, or says in Chinese what to correct.
    pub parse: fn(&str) -> Result<String, &'static str>,
    pub mode: TextMode,
    /// Largest number of characters.
    pub max: usize,
    /// Covers it on the pages of an application.
    pub mask: Option<fn(&str) -> String>,
    /// Warns about a valid value that is unusual.
    pub doubt: fn(&str) -> Option<&'static str>,
}

const NO_DOUBT: fn(&str) -> Option<&'static str> = |_| None;

pub const PHONE: Format =
    Format { parse: phone::parse, mode: TextMode::Tel, max: 30, mask: Some(mask::phone), doubt: NO_DOUBT };

/// A mail address: a name, an @ and a host with a dot. RFC 5321 §4.1.2 allows more.
pub const EMAIL: Format =
    Format { parse: email, mode: TextMode::Email, max: 100, mask: Some(mask::email), doubt: NO_DOUBT };

pub const NAME: Format = Format {
    parse: name::parse,
    mode: TextMode::Name,
    max: *name::TYPED_LENGTH.end(),
    mask: Some(mask::name),
    doubt: NO_DOUBT,
};

/// 统一社会信用代码
pub const CREDIT_CODE: Format =
    Format { parse: credit_code::parse, mode: TextMode::IdNumber, max: 24, mask: None, doubt: NO_DOUBT };

pub const ACCOUNT: Format = Format {
    parse: account,
    mode: TextMode::Number,
    max: 30,
    mask: Some(mask::account),
    doubt: unusual_account,
};

/// The number of any identity document. The rules of its type are checked elsewhere.
pub const DOCUMENT: Format = Format {
    parse: |text| Ok(width::compact(text)),
    mode: TextMode::IdNumber,
    max: document::LONGEST,
    mask: Some(mask::number),
    doubt: NO_DOUBT,
};

/// Street, house and door.
pub const STREET: Format =
    Format { parse: street, mode: TextMode::Street, max: 120, mask: Some(mask::address), doubt: NO_DOUBT };

/// 邮政编码
pub const POSTCODE: Format =
    Format { parse: postcode, mode: TextMode::Postcode, max: 12, mask: None, doubt: NO_DOUBT };

/// The number of a transaction, receipt or parcel.
pub const CODE: Format =
    Format { parse: code, mode: TextMode::IdNumber, max: 40, mask: None, doubt: NO_DOUBT };

/// 票据代码 of an electronic receipt of public revenue.
pub const RECEIPT_CODE: Format =
    Format { parse: receipt_code, mode: TextMode::Number, max: 20, mask: None, doubt: NO_DOUBT };

/// 票据号码 of an electronic receipt of public revenue.
pub const RECEIPT_NUMBER: Format =
    Format { parse: receipt_number, mode: TextMode::Number, max: 20, mask: None, doubt: NO_DOUBT };

/// The code by which a receipt is verified. Capital and small letters differ.
pub const CHECK_CODE: Format =
    Format { parse: check_code, mode: TextMode::IdNumber, max: 40, mask: None, doubt: NO_DOUBT };

fn email(text: &str) -> Result<String, &'static str> {
    let address = width::half(text).trim().to_owned();
    let plain = |c: char| c.is_ascii_graphic() && !"()<>[]:;,\\\"".contains(c);
    let holds = address.split_once('@').is_some_and(|(user, host)| {
        let labels: Vec<&str> = host.split('.').collect();
        let label =
            |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        !user.is_empty() && labels.len() > 1 && labels.iter().all(label)
    });
    if holds && address.chars().all(plain) {
        Ok(address)
    } else {
        Err("请填写电子邮箱，例如 name@example.com")
    }
}

/// 12–19 digits. Old accounts have no check digit, so a wrong one is only a `doubt`.
fn account(text: &str) -> Result<String, &'static str> {
    let number: String = width::compact(text).chars().filter(|c| *c != '-').collect();
    digits(number, 12..=19, "请填写 12 到 19 位数字的银行账号")
}

fn street(text: &str) -> Result<String, &'static str> {
    let address = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = address.chars().count();
    if (5..=120).contains(&length) { Ok(address) } else { Err("请填写 5 到 120 个字的详细地址") }
}

fn postcode(text: &str) -> Result<String, &'static str> {
    digits(width::compact(text), 6..=6, "请填写 6 位邮政编码")
}

fn receipt_code(text: &str) -> Result<String, &'static str> {
    digits(width::compact(text), 8..=8, "请填写 8 位数字的票据代码")
}

fn receipt_number(text: &str) -> Result<String, &'static str> {
    digits(width::compact(text), 10..=10, "请填写 10 位数字的票据号码")
}

fn digits(
    number: String,
    length: std::ops::RangeInclusive<usize>,
    what_to_do: &'static str,
) -> Result<String, &'static str> {
    let holds = length.contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if holds { Ok(number) } else { Err(what_to_do) }
}

fn code(text: &str) -> Result<String, &'static str> {
    check_code(text).map(|number| number.to_ascii_uppercase())
}

fn check_code(text: &str) -> Result<String, &'static str> {
    let number = width::joined(text);
    let holds =
        (4..=40).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if holds {
        Ok(number)
    } else {
        Err("请填写 4 到 40 位的编号，由字母、数字和连字符组成")
    }
}

fn unusual_account(number: &str) -> Option<&'static str> {
    (!number.is_empty() && !luhn_holds(number))
        .then_some("这个账号不符合银行卡号的校验规则，请再核对一遍；存折账号等确认无误的可以继续")
}

/// The check digit of card numbers (Luhn, ISO/IEC 7812-1 annex B).
fn luhn_holds(number: &str) -> bool {
    let digit = |at: usize, byte: u8| match u32::from(byte.wrapping_sub(b'0')) {
        value if at.is_multiple_of(2) => value,
        value if value > 4 => 2 * value - 9,
        value => 2 * value,
    };
    let sum: u32 = number.bytes().rev().enumerate().map(|(at, byte)| digit(at, byte)).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A format, what is typed with its one spelling, and what is refused.
    type Case<'a> = (&'a Format, &'a [(&'a str, &'a str)], &'a [&'a str]);

    #[test]
    fn each_format_has_one_spelling_and_refuses_the_rest() {
        let table: &[Case] = &[
            (
                &PHONE,
                &[("138-0013-8000", "13800138000"), ("86-13800138000", "13800138000")],
                &["1380013", "010-12345678"],
            ),
            (
                &EMAIL,
                &[(" a.b+c@mail.example.com ", "a.b+c@mail.example.com"), ("ａ＠b.cn", "a@b.cn")],
                &["a", "a@b", "a@.cn", "@b.cn", "a b@c.cn", "张@b.cn", "a@b..cn", "a@b.cn>", "a@@b.cn"],
            ),
            (&NAME, &[("欧阳•明", "欧阳·明"), ("NGUYỄN VĂN AN", "NGUYỄN VĂN AN"), ("A", "A")], &["3", "<b>"]),
            (
                &ACCOUNT,
                &[
                    ("6222 0210 0101 0101 010", "6222021001010101010"),
                    ("123456789012", "123456789012"),
                    ("1234–5678－9012", "123456789012"),
                ],
                &["12345678901", "12345678901234567890", "62220210O1010101010"],
            ),
            (&STREET, &[(" 东湖路  8 号 1 栋", "东湖路 8 号 1 栋")], &["8 号", &"长".repeat(121)]),
            (&POSTCODE, &[("５１８０００", "518000")], &["51800", "5180000", "51800A"]),
            (
                &RECEIPT_CODE,
                &[("４４０３ 0126", "44030126")],
                &["4403012", "440301260", "4403012A", "4403-126"],
            ),
            (&RECEIPT_NUMBER, &[("0012345678", "0012345678")], &["12345678", "00123456789", "PJ12345678"]),
            (&DOCUMENT, &[(" h1234 5678", "H12345678")], &[]),
            (
                &CODE,
                &[("sf 1234567890", "SF1234567890"), ("ａｂ－12", "AB-12"), ("AB–12", "AB-12")],
                &["SF1", "顺丰123456"],
            ),
            (
                &CHECK_CODE,
                &[("a1b2C3", "a1b2C3"), (" ａ1b2 Ｃ3", "a1b2C3"), ("a1–b2", "a1-b2")],
                &["a1b", "校验码a1b2"],
            ),
        ];
        for (format, good, bad) in table {
            for (typed, stored) in *good {
                assert_eq!((format.parse)(typed).as_deref(), Ok(*stored), "{typed}");
            }
            for typed in *bad {
                assert!((format.parse)(typed).is_err(), "{typed}");
            }
        }
    }

    #[test]
    fn luhn_notices_a_wrong_digit() {
        assert!(luhn_holds("4111111111111111") && !luhn_holds("4111111111111112"));
        for at in 0..16 {
            let mut wrong = *b"4111111111111111";
            wrong[at] = if wrong[at] == b'7' { b'8' } else { b'7' };
            let wrong = String::from_utf8(wrong.to_vec()).unwrap();
            assert!(!luhn_holds(&wrong), "{wrong}");
        }
    }
}
