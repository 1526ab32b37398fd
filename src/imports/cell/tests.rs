use super::*;

fn reference() -> ReferenceData {
    ReferenceData::empty("2026-04-01".parse().unwrap())
}

fn number(shown: &str) -> Cell {
    Cell::Number(Number { shown: shown.to_owned(), serial: shown.parse().unwrap() })
}

fn parse(format: CellFormat, text: &str) -> Result<String, String> {
    format.parse(&Cell::Text(text.to_owned()), &reference()).map_err(Reason::into_owned)
}

#[test]
fn dates_are_read_in_every_usual_form() {
    for text in [
        "2018-03-01",
        "2018/3/1",
        "2018.03.01",
        "20180301",
        "2018年3月1日",
        "2018 年 3 月 1 日",
        "2018年03月01号",
        "2018–3–1",
        "２０１８－０３－０１",
        "'2018-03-01",
        "43160",
        "43160.0",
        "2018-03-01 00:00:00",
        "2018-03-01T23:59:59.5",
    ] {
        assert_eq!(parse(CellFormat::Date, text).as_deref(), Ok("2018-03-01"), "{text}");
    }
    for text in [
        "2018-02-29",
        "01/03/2018",
        "Mar-18",
        "18-3-1",
        "2018-03",
        "1018-03-01",
        "3018-03-01",
        "12",
        "2018-03-01 25:00",
    ] {
        assert!(parse(CellFormat::Date, text).is_err(), "{text}");
    }
    let of_number = |shown| CellFormat::Date.parse(&number(shown), &reference()).ok();
    assert_eq!(of_number("43160.75").as_deref(), Some("2018-03-01"));
    assert_eq!(of_number("20180301").as_deref(), Some("2018-03-01"));
    assert_eq!(of_number("1"), None);
}

#[test]
fn times_are_read_as_china_time_and_stored_in_utc() {
    for text in ["2018-03-01 10:30", "2018/3/1 10:30:00", "43160.4375", "2018年3月1日 10:30"] {
        let stored = parse(CellFormat::Time, text).unwrap();
        assert_eq!(stored, "2018-03-01 02:30:00", "{text}");
        assert_eq!(CellFormat::Time.show(&stored, &reference()), "2018-03-01 10:30:00");
    }
    assert_eq!(parse(CellFormat::Time, "2018-03-01").as_deref(), Ok("2018-02-28 16:00:00"));
}

#[test]
fn months_are_read_in_every_usual_form() {
    for text in ["201803", "2018-03", "2018/3", "2018.03", "2018年3月", "201803.0", "２０１８０３"] {
        assert_eq!(parse(CellFormat::Month, text).as_deref(), Ok("201803"), "{text}");
    }
    for text in ["2018", "201813", "18-03", "201800", "二〇一八年三月", "2018030"] {
        assert!(parse(CellFormat::Month, text).is_err(), "{text}");
    }
}

#[test]
fn yuan_are_stored_as_fen() {
    for (text, fen) in [
        ("61", "6100"),
        ("61.5", "6150"),
        ("¥61.05元", "6105"),
        ("￥61.05", "6105"),
        ("¥ 1,200.00", "120000"),
        ("１２０．００", "12000"),
        ("￥１，２００．００元", "120000"),
        ("123,456", "12345600"),
        ("0", "0"),
        ("61.000", "6100"),
    ] {
        assert_eq!(parse(CellFormat::Fee, text).as_deref(), Ok(fen), "{text}");
        assert_eq!(parse(CellFormat::Fee, &CellFormat::Fee.show(fen, &reference())).as_deref(), Ok(fen));
    }
    for text in
        ["-1", "61.005", "六十一", "1e3", ".5", "10000000", "12,5", "1,2000", ",120", "1.2,300", "1,,200"]
    {
        assert!(parse(CellFormat::Fee, text).is_err(), "{text}");
    }
    assert_eq!(CellFormat::Fee.parse(&number("61.5"), &reference()).as_deref(), Ok("6150"));
}

#[test]
fn codes_lose_only_what_spreadsheets_add() {
    let code = CellFormat::Code(20);
    for (text, stored) in [
        (" ab 12 ", "AB12"),
        ("'0012", "0012"),
        ("=\"0012\"", "0012"),
        ("12.0", "12"),
        ("1.0.0", "1.0.0"),
        ("粤1442018", "粤1442018"),
        ("１２Ａ", "12A"),
    ] {
        assert_eq!(parse(code, text).as_deref(), Ok(stored), "{text}");
    }
    assert_eq!(parse(code, "1.2E+17"), Err(ROUNDED.to_owned()));
    assert_eq!(code.parse(&number("120000000000000000"), &reference()), Err(ROUNDED.into()));
    assert_eq!(code.parse(&number("123456789012345"), &reference()).as_deref(), Ok("123456789012345"));
    assert!(parse(code, &"1".repeat(21)).is_err() && parse(code, "1\u{7f}").is_err());
}

#[test]
fn shown_values_parse_to_stored_values() {
    let list = CellFormat::List(&CellFormat::Fee);
    assert_eq!(parse(list, "61.00；59; 1 |2").as_deref(), Ok("6100;5900;100;200"));
    assert_eq!(list.show("6100;5900", &reference()), "61.00；59.00");
    let choice = CellFormat::OneOf(&[Choice { label: "男", code: "male" }]);
    assert_eq!(parse(choice, " 男 ").as_deref(), Ok("male"));
    assert_eq!(choice.show("male", &reference()), "男");
    assert_eq!(parse(choice, "女"), Err("只能是：男".into()));
    let hash = reference().vault.blind("document", "x");
    let (document, person) = (CellFormat::Hash(HashKind::Document), CellFormat::Hash(HashKind::Person));
    for format in [document, person] {
        assert_eq!(parse(format, &format.show(&hash, &reference())), Ok(hash.clone()));
        assert!(parse(format, &hash).is_err());
    }
    // Older programs exported hashes of names without a mark. They are computed anew.
    assert_eq!(parse(person, &document.show(&hash, &reference())), Ok(String::new()));
    assert!(parse(document, &person.show(&hash, &reference())).is_err());
}
