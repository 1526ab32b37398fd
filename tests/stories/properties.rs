//! Property tests: validators never panic, normalise every input to one spelling, and accept their own
//! output.

use chrono::{Days, NaiveDate};
use kaozheng::casework::format::{ACCOUNT, CODE, EMAIL, Format, NAME, PHONE, POSTCODE, STREET};
use kaozheng::casework::number;
use kaozheng::people::document::{self, Document, DocumentType};
use kaozheng::people::{credit_code, mask, name, phone};
use proptest::prelude::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day")
}

const FORMATS: [&Format; 7] = [&PHONE, &EMAIL, &NAME, &ACCOUNT, &POSTCODE, &STREET, &CODE];

/// Text as people and attackers type it.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9０-９Xx ]{0,24}",
        "[A-Za-z0-9 ·•.()（）-]{0,40}",
        "\\PC{0,60}",
        "[\u{4e00}-\u{9fff}·•・. ]{0,55}",
    ]
}

/// Appends the check character of a resident identity number (ISO 7064 MOD 11-2).
fn with_check(body: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    format!("{body}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][sum as usize % 11])
}

proptest! {
    #[test]
    fn input_has_one_spelling_or_a_reason(text in typed()) {
        for kind in DocumentType::ALL {
            if let Ok(document) = Document::parse(kind, &text, today()) {
                let again = Document::parse(kind, document.number(), today()).expect("what was taken");
                prop_assert_eq!(again.number(), document.number());
            }
        }
        for format in FORMATS {
            if let Ok(stored) = (format.parse)(&text) {
                prop_assert_eq!((format.parse)(&stored), Ok(stored.clone()));
            }
        }
        if let Ok(code) = credit_code::parse(&text) {
            prop_assert_eq!(credit_code::parse(&code), Ok(code));
        }
        if let Some(number) = number::parse(&text) {
            prop_assert_eq!(number::parse(&number), Some(number));
        }
    }

    #[test]
    fn renewed_permit_is_the_same_document(
        letters in prop::sample::select(vec!["H", "M", "HA", "MA"]),
        digits in "[0-9]{8}",
        counts in ("[0-9]{2}", "[0-9]{2}"),
        at in 0_usize..7,
    ) {
        let lifelong = format!("{letters}{}", &digits[..9 - letters.len()]);
        let identifying = |number: &str| {
            let permit = Document::parse(DocumentType::HkMacaoPermit, number, today()).expect("a permit");
            document::identifying(permit.kind(), permit.number()).into_owned()
        };
        for count in [&counts.0, &counts.1] {
            prop_assert_eq!(identifying(&format!("{lifelong}{count}")), &*lifelong);
        }
        let mut other = lifelong.clone();
        let digit = (other.as_bytes()[at + 2] - b'0' + 1) % 10;
        other.replace_range(at + 2..at + 3, &digit.to_string());
        prop_assert_ne!(identifying(&format!("{other}{}", counts.0)), lifelong);
    }

    #[test]
    fn valid_resident_number_is_accepted_and_a_wrong_check_refused(
        area in prop::sample::select(vec!["110105", "440300", "310115", "654321", "710000"]),
        days in 0_u64..46_000,
        order in 0_u32..1000,
        other in 0_usize..11,
    ) {
        let born = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day").checked_add_days(Days::new(days)).expect("a day");
        let number = with_check(&format!("{area}{}{order:03}", born.format("%Y%m%d")));
        let parsed = Document::parse(DocumentType::Resident, &number, today());
        prop_assert_eq!(parsed.is_ok(), born <= today(), "{}", number);
        let wrong = format!("{}{}", &number[..17], "0123456789X".chars().nth(other).expect("a character"));
        let taken = Document::parse(DocumentType::Resident, &wrong, today()).is_ok();
        prop_assert_eq!(taken, wrong == number && born <= today());
    }

    #[test]
    fn valid_credit_code_is_accepted(body in "[0-9A-HJ-NP-RTUWXY]{17}", other in "[0-9A-HJ-NP-RTUWXY]") {
        let check = credit_code::check_character(&body).expect("a character");
        let code = format!("{body}{check}");
        prop_assert!(credit_code::parse(&code).is_ok());
        prop_assert_eq!(credit_code::parse(&format!("{body}{other}")).is_ok(), other == check.to_string());
    }

    #[test]
    fn application_number_is_parsed_back(prefix in "[A-Z]{2}", days in 0_u64..20_000, at in 0_u32..1_000_000) {
        let day = NaiveDate::from_ymd_opt(2020, 1, 1).expect("a day").checked_add_days(Days::new(days)).expect("a day");
        let number = number::format(&prefix, &day, at);
        prop_assert_eq!(number::parse(&number.to_lowercase()), Some(number));
    }

    #[test]
    fn name_is_equal_in_every_spelling(text in "[\u{4e00}-\u{9fff}]{2,10}(·[\u{4e00}-\u{9fff}]{1,10})?") {
        let stored = name::parse(&text).expect("a name");
        for dot in ["•", "・", ".", "．"] {
            prop_assert!(name::same(&stored, &text.replace('·', dot)));
        }
        let spaced: String = text.chars().flat_map(|c| [' ', c]).collect();
        prop_assert!(name::same(&stored, &spaced));
    }

    /// A mask never shows the whole value.
    #[test]
    fn mask_hides_part_of_the_value(text in "\\PC{1,40}") {
        for masked in [mask::name(&text), mask::number(&text), mask::phone(&text)] {
            prop_assert!(masked.contains('*'), "{} → {}", text, masked);
        }
        if let Ok(number) = phone::parse(&text) {
            prop_assert_ne!(mask::phone(&number), number);
        }
    }
}
