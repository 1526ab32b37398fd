//! Tests of numbers of every type.

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
        (HkMacaoPermit, "ha 1234567", Some("HA1234567")),
        (HkMacaoPermit, "ＭＡ123456701", Some("MA123456701")),
        (HkMacaoPermit, "HA12345678", None),
        (HkMacaoPermit, "HA1234567890", None),
        (HkMacaoPermit, "HB1234567", None),
        (HkMacaoPermit, "A12345678", None),
        (HkMacaoPermit, "H12345678001", None),
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
        (Other, "军字第 12345678 号", Some("军字第12345678号")),
        (Other, "a123456（7）", Some("A123456(7)")),
        (Other, "Nº 77–1", Some("Nº77-1")),
        (Other, "12", None),
        (Other, "1-2", None),
        (Other, "(-.-)", None),
        (Other, "", None),
        (Other, "123\u{7}", None),
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

/// Numbers that are one document, and a number that is another.
#[test]
fn numbers_of_one_document_have_one_identifying_part() {
    use DocumentType::*;
    let table: [(DocumentType, &[&str], &str); 7] = [
        (HkMacaoPermit, &["H12345678", "h1234567800", "H1234567801", "Ｈ 1234 5678 99"], "H1234567901"),
        (HkMacaoPermit, &["M00000001", "M0000000142"], "H0000000142"),
        (HkMacaoPermit, &["HA1234567", "HA123456700", "ha123456799"], "MA123456700"),
        (Other, &["军字第12345678号", "军字第 1234-5678 号", "军字第１２３４５６７８号"], "军字第12345679号"),
        (Other, &["A123456(7)", "a123456（7）", "A1234567", "A 123456-7"], "A123456(8)"),
        (Other, &["É1-23", "e\u{301}123", "É１２３"], "E123"),
        (Passport, &["E12345678", "e 12345678"], "E1234567801"),
    ];
    for (kind, one, other) in table {
        let part = |text: &str| {
            let document = parse(kind, text).unwrap_or_else(|why| panic!("{text}: {why}"));
            identifying(kind, document.number()).into_owned()
        };
        let first = part(one[0]);
        assert!(one.iter().all(|text| part(text) == first), "{one:?}");
        assert_ne!(part(other), first);
    }
}

/// Otherwise a hundred numbers of one permit could each be tried as often as one number.
#[test]
fn attempts_are_counted_for_all_numbers_of_a_document() {
    for (one, other) in [
        ("H12345678", "h 12345678 07"),
        ("HA1234567", "HA123456712"),
        ("A123456(7)", "A-1234567"),
        ("1101051949123100２x", "110105-19491231-002X"),
    ] {
        assert_eq!(counted(one), counted(other));
    }
    assert_ne!(counted("H12345678"), counted("H12345679"));
    assert_ne!(counted("E12345678"), counted("E1234567801"));
}

#[test]
fn mask_of_a_renewed_permit_hides_four_digits() {
    for number in ["H1234567801", "M0000000099"] {
        let mask = crate::people::mask::number(number);
        assert!(permit::is_mask(&mask));
        let mut behind = permit::behind_mask(&mask).expect("a permit");
        assert!(behind.any(|found| found == number), "{mask}");
    }
    for mask in ["H1*****78", "110***********002X", "+85*****4567", "HA1****6701", "****", "", "C12****7801"]
    {
        assert!(permit::behind_mask(mask).is_none(), "{mask}");
    }
    let renewals: Vec<String> = permit::renewals("H12345678").collect();
    assert_eq!((renewals.len(), &*renewals[7]), (100, "H1234567807"));
}
