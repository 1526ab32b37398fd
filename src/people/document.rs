//! Identity documents: their types, and the normalisation and validation of their numbers.

pub mod permit;

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

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
        /// Every document that portals and authorities know and that has no type of its own here, so that
        /// nobody is locked out. Almost any number is valid, so no form offers it.
        Other = "other", "其他证件";
    }
}

/// Further names of types, as portals and authorities write them.
pub const NAMES: [(&str, DocumentType); 7] = [
    ("港澳居民来往内地通行证（非中国籍）", DocumentType::HkMacaoPermit),
    ("军官证", DocumentType::Other),
    ("士兵证", DocumentType::Other),
    ("警官证", DocumentType::Other),
    ("港澳居民身份证", DocumentType::Other),
    ("台湾身份证", DocumentType::Other),
    ("其他", DocumentType::Other),
];

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

impl DocumentType {
    /// The type of a code, a label or another usual name.
    pub fn named(word: &str) -> Option<DocumentType> {
        let label = || DocumentType::ALL.into_iter().find(|kind| kind.label() == word);
        let name = || NAMES.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind);
        DocumentType::from_code(word).or_else(label).or_else(name)
    }
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
            DocumentType::HkMacaoPermit => require(permit::is_valid(&number), WRONG_PERMIT),
            DocumentType::TaiwanPermit => taiwan_permit(&number),
            DocumentType::ForeignPermanent => foreign_permanent(&number),
            DocumentType::Passport => passport(&number),
            DocumentType::Other => other(&number),
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

/// Normalises a number of any type: half-width, capitals, no spaces. This spelling is stored and shown.
pub fn normalise(text: &str) -> String {
    width::compact(text)
}

/// The part of a normalised number that is compared and hashed: equal for all numbers of one document.
/// A permit is renewed without becoming another one, and 其他证件 are written with and without punctuation.
///
/// Stored hashes contain it. A change here needs a migration that computes them anew, see
/// [`permit_hashes`](super::permit_hashes).
pub fn identifying(kind: DocumentType, number: &str) -> Cow<'_, str> {
    match kind {
        DocumentType::HkMacaoPermit => permit::lifelong(number).into(),
        DocumentType::Other => letters_and_digits(number).into(),
        _ => number.into(),
    }
}

/// One text for all numbers of a document whose type is not known, by which attempts to guess are counted.
/// Numbers of different types may share it.
pub fn counted(text: &str) -> String {
    let number = letters_and_digits(&normalise(text));
    if permit::is_valid(&number) { permit::lifelong(&number).to_owned() } else { number }
}

fn letters_and_digits(number: &str) -> String {
    number.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

type Check = Result<(), &'static str>;

/// Lengths of a passport's number, in characters.
const PASSPORT_LENGTH: RangeInclusive<usize> = 5..=17;

/// Letters and digits of 其他证件, such as 军字第12345678号.
const OTHER_LENGTH: RangeInclusive<usize> = 3..=30;

/// Most characters of a number of any type, with its punctuation.
pub const LONGEST: usize = 40;

static WRONG_OTHER: LazyLock<String> = LazyLock::new(|| {
    format!("请按证件填写号码，{} 到 {} 位字母、数字或汉字", OTHER_LENGTH.start(), OTHER_LENGTH.end())
});

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

const WRONG_PERMIT: &str = "请填写 H 或 M 开头加 8 位数字，或 HA、MA 开头加 7 位数字的通行证号码";

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

fn other(number: &str) -> Check {
    let characters = number.chars().count();
    let fits = characters <= LONGEST && !number.chars().any(char::is_control);
    let significant = letters_and_digits(number).chars().count();
    require(fits && OTHER_LENGTH.contains(&significant), &WRONG_OTHER)
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
mod tests;
