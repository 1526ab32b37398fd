//! Identity documents: their types, and the normalisation and validation of their numbers.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::width;
use crate::store::codes;

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum DocumentType {
        /// 居民身份证, by GB 11643-1999.
        Resident = "resident", "居民身份证";
        HkMacaoPermit = "hk_macao_permit", "港澳居民来往内地通行证";
        TaiwanPermit = "taiwan_permit", "台湾居民来往大陆通行证";
        /// 港澳台居民居住证; its number has the shape of a resident's.
        HmtResidence = "hmt_residence", "港澳台居民居住证";
        ForeignPermanent = "foreign_permanent", "外国人永久居留身份证";
        /// 护照 of any country.
        Passport = "passport", "护照";
    }
}

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Gender {
        Male = "male", "男";
        Female = "female", "女";
    }
}

/// A document with a valid number.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    kind: DocumentType,
    number: String,
}

impl Gender {
    /// The gender of a [`label`](Gender::label).
    pub fn from_label(label: &str) -> Option<Gender> {
        Gender::ALL.into_iter().find(|gender| gender.label() == label)
    }
}

impl Document {
    /// Normalises and validates a number. `today` is the day in China, the latest possible date of
    /// birth. The error says in Chinese what to do.
    pub fn parse(kind: DocumentType, text: &str, today: NaiveDate) -> Result<Document, &'static str> {
        let number = normalise(text);
        match kind {
            DocumentType::Resident => resident(&number, today),
            DocumentType::HmtResidence => hmt_residence(&number, today),
            DocumentType::HkMacaoPermit => hk_macao_permit(&number),
            DocumentType::TaiwanPermit => taiwan_permit(&number),
            DocumentType::ForeignPermanent => foreign_permanent(&number),
            DocumentType::Passport => passport(&number),
        }?;
        Ok(Document { kind, number })
    }

    pub fn kind(&self) -> DocumentType {
        self.kind
    }

    pub fn number(&self) -> &str {
        &self.number
    }

    /// The date of birth, if the number contains it (positions 7–14 of an 18-character number).
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.is_resident_like().then(|| birth_date(&self.number)).flatten()
    }

    /// The gender, if the number contains it: position 17 is odd for men.
    pub fn gender(&self) -> Option<Gender> {
        let digit = self.number.as_bytes().get(16).filter(|_| self.is_resident_like())?;
        Some(if digit % 2 == 1 { Gender::Male } else { Gender::Female })
    }

    fn is_resident_like(&self) -> bool {
        matches!(self.kind, DocumentType::Resident | DocumentType::HmtResidence)
    }
}

/// Shows the type only, to keep numbers out of logs.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({:?}, ..)", self.kind)
    }
}

/// Normalises a number of any type: half-width, capitals, no spaces. This spelling is stored, compared
/// and hashed.
pub fn normalise(text: &str) -> String {
    width::compact(text)
}

type Check = Result<(), &'static str>;

/// Lengths of a passport's number, in characters.
const PASSPORT_LENGTH: RangeInclusive<usize> = 5..=17;

static WRONG_PASSPORT: LazyLock<String> = LazyLock::new(|| {
    format!("请填写护照号码，{} 到 {} 位字母或数字", PASSPORT_LENGTH.start(), PASSPORT_LENGTH.end())
});

/// Province codes of GB/T 2260: a first digit, and the second digits that exist with it.
const PROVINCES: [(u8, &[u8]); 7] = [
    (b'1', b"12345"),
    (b'2', b"123"),
    (b'3', b"1234567"),
    (b'4', b"123456"),
    (b'5', b"01234"),
    (b'6', b"12345"),
    (b'7', b"1"),
];
/// Area codes of residents of Hong Kong, Macao and Taiwan (国办发〔2018〕81号).
const HMT_AREAS: [&str; 3] = ["810000", "820000", "830000"];

const WRONG_RESIDENT: &str = "身份证号有误，请逐位核对";

fn resident(number: &str, today: NaiveDate) -> Check {
    require(has_resident_shape(number), "请填写 18 位身份证号")?;
    require(!HMT_AREAS.contains(&&number[..6]), "这是居住证号码，证件类型请选择“港澳台居民居住证”")?;
    let first = number.as_bytes()[0];
    let second = number.as_bytes()[1];
    let known = PROVINCES.iter().any(|(digit, seconds)| *digit == first && seconds.contains(&second));
    require(known, WRONG_RESIDENT)?;
    born_by(number, today)
}

fn hmt_residence(number: &str, today: NaiveDate) -> Check {
    require(has_resident_shape(number), "请填写 18 位居住证号码")?;
    require(HMT_AREAS.contains(&&number[..6]), "居住证号码以 810000、820000 或 830000 开头，请核对")?;
    born_by(number, today)
}

fn born_by(number: &str, today: NaiveDate) -> Check {
    let plausible = birth_date(number).is_some_and(|date| date.year() >= 1900 && date <= today);
    require(plausible, "号码中的出生日期有误，请逐位核对")?;
    require(mod_11_2_holds(number), WRONG_RESIDENT)
}

fn hk_macao_permit(number: &str) -> Check {
    let holds = number.strip_prefix(['H', 'M']).is_some_and(|rest| is_digits(rest, &[8, 10]));
    require(holds, "请填写 H 或 M 开头加 8 位数字的通行证号码")
}

fn taiwan_permit(number: &str) -> Check {
    let old = number.strip_suffix(')').and_then(|rest| rest.split_once('('));
    let old_holds = old.is_some_and(|(digits, letter)| is_digits(digits, &[10]) && is_letters(letter, 1));
    require(old_holds || is_digits(number, &[8]), "请填写 8 位数字的通行证号码")
}

fn foreign_permanent(number: &str) -> Check {
    if has_resident_shape(number) {
        return require(number.starts_with('9') && mod_11_2_holds(number), "永居证号码有误，请逐位核对");
    }
    let old = number.is_ascii() && number.len() == 15;
    let holds = old && is_letters(&number[..3], 3) && is_digits(&number[3..], &[12]);
    require(holds, "请填写 9 开头的 18 位永居证号码，旧版为 3 位字母加 12 位数字")
}

fn passport(number: &str) -> Check {
    let holds = PASSPORT_LENGTH.contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
    require(holds, &WRONG_PASSPORT)
}

fn require(holds: bool, otherwise: &'static str) -> Check {
    if holds { Ok(()) } else { Err(otherwise) }
}

fn is_digits(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_letters(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// 17 digits, and a digit or X.
fn has_resident_shape(number: &str) -> bool {
    number.is_ascii()
        && number.len() == 18
        && is_digits(&number[..17], &[17])
        && (number.ends_with('X') || is_digits(&number[17..], &[1]))
}

/// Positions 7–14 as a date, if it exists. The number has the shape of a resident's.
fn birth_date(number: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(number.get(6..14)?, "%Y%m%d").ok()
}

/// ISO 7064 MOD 11-2: the remainder is 1. The number has the shape of a resident's.
fn mod_11_2_holds(number: &str) -> bool {
    mod_11_2(number) == 1
}

/// The check character of the 17 digits of a resident's number.
pub fn check_character(body: &str) -> char {
    debug_assert!(is_digits(body, &[17]), "{body}");
    char::from(b"10X98765432"[mod_11_2(body) as usize * 2 % 11])
}

fn mod_11_2(number: &str) -> u32 {
    let value = |byte| if byte == b'X' { 10 } else { u32::from(byte - b'0') };
    number.bytes().fold(0, |sum, byte| (sum * 2 + value(byte)) % 11)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of GB 11643-1999.
    const STANDARD: [&str; 2] = ["11010519491231002X", "440524188001010014"];

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 4, 1).unwrap()
    }

    fn parse(kind: DocumentType, text: &str) -> Result<Document, &'static str> {
        Document::parse(kind, text, today())
    }

    fn with_check(body: &str) -> String {
        format!("{body}{}", check_character(body))
    }

    #[test]
    fn examples_of_the_standard_are_valid() {
        assert!(STANDARD.iter().all(|number| mod_11_2_holds(number)));
        let document = parse(DocumentType::Resident, " 110105 19491231 ００２ｘ").unwrap();
        assert_eq!(document.number(), "11010519491231002X");
        assert_eq!(document.birth_date(), NaiveDate::from_ymd_opt(1949, 12, 31));
        assert_eq!(document.gender(), Some(Gender::Female));
        assert_eq!(
            parse(DocumentType::Resident, &with_check("11010519491231001")).unwrap().gender(),
            Some(Gender::Male)
        );
    }

    #[test]
    fn every_single_wrong_digit_is_refused() {
        let valid = [STANDARD[0].to_owned(), with_check("36040119920229199")];
        for number in &valid {
            assert!(parse(DocumentType::Resident, number).is_ok(), "{number}");
            for at in 0..18 {
                for digit in "0123456789X".chars() {
                    let mut wrong = number.clone();
                    wrong.replace_range(at..=at, &digit.to_string());
                    assert_eq!(parse(DocumentType::Resident, &wrong).is_ok(), wrong == *number, "{wrong}");
                }
            }
        }
    }

    #[test]
    fn area_and_birth_date_must_exist() {
        let cases = [
            ("11010520260401001", true),  // born today
            ("11010520260402001", false), // tomorrow
            ("11010519000229001", false), // 1900 was no leap year
            ("11010520000229001", true),
            ("11010518991231001", false),
            ("11010519901301001", false),
            ("16010519900101001", false), // no such province
            ("71000019900101001", true),
            ("90010519900101001", false),
            ("81000019900101001", false), // a residence permit
        ];
        for (body, holds) in cases {
            assert_eq!(parse(DocumentType::Resident, &with_check(body)).is_ok(), holds, "{body}");
        }
        assert_eq!(parse(DocumentType::Resident, "1101051949123100"), Err("请填写 18 位身份证号"));
        assert!(parse(DocumentType::Resident, "一一〇一〇五一九四九一二三一〇〇二Ｘ").is_err());
    }

    #[test]
    fn other_types_have_their_own_shapes() {
        use DocumentType::*;
        let hmt = with_check("81000019900101001");
        let foreign = with_check("91115619900101001");
        let cases = [
            (HkMacaoPermit, "h12345678", Some("H12345678")),
            (HkMacaoPermit, "M1234567801", Some("M1234567801")),
            (HkMacaoPermit, "H123456789", None),
            (HkMacaoPermit, "C12345678", None),
            (HkMacaoPermit, "港12345678", None),
            (TaiwanPermit, "1234 5678", Some("12345678")),
            (TaiwanPermit, "0012345678（b）", Some("0012345678(B)")),
            (TaiwanPermit, "0012345678(1)", None),
            (TaiwanPermit, "0012345678()", None),
            (TaiwanPermit, "123456789", None),
            (HmtResidence, &hmt, Some(&hmt)),
            (HmtResidence, STANDARD[0], None),
            (ForeignPermanent, &foreign, Some(&foreign)),
            (ForeignPermanent, STANDARD[0], None),
            (ForeignPermanent, "chn110123456789", Some("CHN110123456789")),
            (ForeignPermanent, "CH1110123456789", None),
            (ForeignPermanent, "永居证", None),
            (Passport, "e12345678", Some("E12345678")),
            (Passport, "E123", None),
            (Passport, "E1234567890123456X", None),
            (Passport, "E1234-567", None),
            (Passport, "护照一二三", None),
        ];
        for (kind, text, stored) in cases {
            let parsed = parse(kind, text).ok();
            assert_eq!(parsed.as_ref().map(Document::number), stored, "{kind:?} {text}");
        }
        assert_eq!(parse(HmtResidence, &hmt).unwrap().gender(), Some(Gender::Male));
        assert_eq!(parse(ForeignPermanent, &foreign).unwrap().birth_date(), None);
    }

    #[test]
    fn serde_name_is_the_code() {
        for kind in DocumentType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
        assert_eq!(DocumentType::from_code("id"), None);
        assert_eq!(Gender::from_code("female"), Some(Gender::Female));
        assert_eq!(Gender::from_code(""), None);
        assert!(!format!("{:?}", parse(DocumentType::Passport, "E12345678").unwrap()).contains("123"));
    }
}
