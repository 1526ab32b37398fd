//! Malformed files, and the accepted spellings of each value.

use super::Installation;

const HEADER: &str = "决定书文号,证件号码,失信类别,失信事实,起始日期,截止日期";
const NUMBER: &str = "11010519491231002X";

fn row(number: &str, since: &str, until: &str) -> String {
    format!("示考诚〔2023〕1号,{number},作弊,抄袭,{since},{until}")
}

fn stored(installation: &Installation) -> Vec<String> {
    installation
        .rows("SELECT CAST(starts_on AS TEXT) || ' ' || CAST(ends_on AS TEXT) AS line FROM integrity_records")
}

#[test]
fn every_spelling_of_a_record_is_the_same_record() {
    let installation = Installation::new();
    installation.file("0.csv", format!("{HEADER}\n{}\n", row(NUMBER, "2023-04-01", "2025-04-01")));
    assert_eq!(installation.import("integrity", "0.csv"), "1 new, 0 changed, 0 unchanged, 0 refused");
    let dates = row(NUMBER, "45017", "2025/4/1");
    let same: &[(&str, String)] = &[
        (
            "a byte order mark and CRLF",
            format!("\u{feff}{HEADER}\r\n{}\r\n", row(NUMBER, "20230401", "2025.4.1")),
        ),
        ("English names", {
            let header = "decision_number,document_number,category,fact,starts_on,ends_on";
            format!("{header}\n{}", row(NUMBER, "2023年4月1日", "2025-04-01 00:00:00"))
        }),
        ("Excel's serial", format!("{HEADER}\n{dates}")),
        (
            "quotes and spaces",
            format!("{HEADER}\n\"示考诚〔2023〕1号 \",\"{NUMBER}\t\", 作弊 ,抄袭,2023-4-1,2025-04-01\n\n\n"),
        ),
        ("an apostrophe", format!("{HEADER}\n{}", row(&format!("'{NUMBER}"), "2023-04-01", "'2025-04-01"))),
        (
            "a formula of text",
            format!("{HEADER}\n{}", row(&format!("\"=\"\"{NUMBER}\"\"\""), "2023-04-01", "2025-04-01")),
        ),
        (
            "full width",
            format!(
                "{HEADER}\n{}",
                row("１１０１０５１９４９１２３１００２ｘ", "２０２３－０４－０１", "2025-04-01")
            ),
        ),
        ("another order", {
            let header = "截止日期,起始日期,失信事实,失信类别,证件号码,决定书文号,姓名,证件类型";
            format!("{header}\n2025-04-01,2023-04-01,抄袭,作弊,{NUMBER},示考诚〔2023〕1号,张小三,居民身份证")
        }),
        ("the same twice", format!("{HEADER}\n{0}\n{0}", row(NUMBER, "2023-04-01", "2025-04-01"))),
    ];
    for (what, text) in same {
        installation.file("1.csv", text);
        let message = installation.import("integrity", "1.csv");
        assert!(message.starts_with("0 new, 0 changed"), "{what}: {message}");
        assert_eq!(stored(&installation), ["2023-04-01 2025-04-01"], "{what}");
    }
    let (gb, _, unmappable) = encoding_rs::GB18030.encode(&same[0].1[3..]);
    assert!(!unmappable);
    installation.file("gb.csv", gb);
    assert!(installation.import("integrity", "gb.csv").starts_with("0 new, 0 changed"));
}

/// Each case has the column, the value as the report may show it, and a part of the reason.
#[test]
fn malformed_rows_are_refused_with_their_reason() {
    let installation = Installation::new();
    let whole = |number: &str| row(number, "2023-04-01", "2025-04-01");
    let cases: &[(String, &str, &str, &str)] = &[
        (whole("110105194912310021"), "证件号码", "110***********0021", "身份证号有误"),
        (whole("1.10105E+17"), "证件号码", "1.1****E+17", "Excel"),
        (whole("110105194912310000"), "证件号码", "110***********0000", "Excel"),
        (whole(""), "证件号码", "", "必须填写"),
        (row(NUMBER, "2023-02-30", "2025-04-01"), "起始日期", "2023-02-30", "日期有误"),
        (row(NUMBER, "01/04/2023", "2025-04-01"), "起始日期", "01/04/2023", "日期有误"),
        (row(NUMBER, "2025-04-02", "2025-04-01"), "截止日期", "2025-04-01", "早于"),
        (format!("{},x", whole(NUMBER)), "", "", "有 7 栏，表头有 6 栏"),
        ("示考诚〔2023〕1号".into(), "", "", "有 1 栏，表头有 6 栏"),
        (whole(&format!("{NUMBER}\0")), "证件号码", "110************02X\u{fffd}", "NUL"),
        (
            format!("1号,{NUMBER},作弊,{},2023-04-01,2025-04-01", "长".repeat(2001)),
            "失信事实",
            "长长",
            "最多 2000",
        ),
        (format!("1号,{NUMBER},作弊,{},2023-04-01,2025-04-01", "x".repeat(3_000_000)), "", "", "64 KB"),
        (format!("1号,{NUMBER},作弊,丢\u{fffd}失,2023-04-01,2025-04-01"), "失信事实", "丢", "丢失"),
        (format!("{NUMBER}{NUMBER},{NUMBER},作弊,{NUMBER},1,2025-04-01"), "起始日期", "1", "日期有误"),
    ];
    let rows: Vec<_> = cases.iter().map(|case| &*case.0).collect();
    installation.file("broken.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let refused = installation.import_refused("integrity", "broken.csv");
    assert_eq!(refused.len(), cases.len(), "{refused:#?}");
    for (at, ((_, column, value, reason), refusal)) in cases.iter().zip(&refused).enumerate() {
        assert_eq!(refusal[0], (at + 2).to_string(), "{refusal:?}");
        assert_eq!(refusal[1], *column, "{refusal:?}");
        assert!(refusal[2].starts_with(value) && refusal[3].contains(reason), "{refusal:?}");
    }
    assert!(!installation.text("broken.csv.refused.csv").contains(NUMBER));
}

#[test]
fn undecodable_bytes_refuse_only_their_row() {
    let installation = Installation::new();
    let good = row(NUMBER, "2023-04-01", "2025-04-01");
    let bad =
        [b"1\xc0\xff,".as_slice(), NUMBER.as_bytes(), ",作弊,抄袭,2023-04-01,2025-04-01".as_bytes()].concat();
    let text = [HEADER.as_bytes(), b"\n", good.as_bytes(), b"\n", &bad, b"\n"].concat();
    installation.file("bytes.csv", text);
    let refused = installation.import_refused("integrity", "bytes.csv");
    assert_eq!(refused.len(), 1);
    assert_eq!((&*refused[0][0], &*refused[0][1]), ("3", "决定书文号"));
    assert!(refused[0][3].contains("无法解码"));
}

/// In either encoding, and whatever the byte becomes.
#[test]
fn damaged_byte_refuses_only_its_row() {
    let installation = Installation::new();
    let rows: String = (1..=9)
        .map(|at| format!("示考诚〔2023〕{at}号,{NUMBER},作弊,抄袭他人答案,2023-04-01,2025-04-01\n"))
        .collect();
    let text = format!("{HEADER}\n{rows}");
    for bytes in [text.clone().into_bytes(), encoding_rs::GB18030.encode(&text).0.into_owned()] {
        let line = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(4).expect("five lines").0;
        let mut damaged = bytes.clone();
        damaged[line + 1] = 0xff;
        installation.file("damaged.csv", &damaged);
        let refused = installation.import_refused("integrity", "damaged.csv");
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!((&*refused[0][0], &*refused[0][1]), ("6", "决定书文号"));
        assert!(refused[0][3].contains("无法解码"), "{refused:?}");
    }
}

#[test]
fn rows_of_separators_are_empty() {
    let installation = Installation::new();
    let good = row(NUMBER, "2023-04-01", "2025-04-01");
    for (what, text) in [
        ("at the end", format!("{HEADER}\n{good}\n,,,,,\n,,,,,\n")),
        ("of any width", format!("{HEADER}\n,\n{good}\n,,,,,,,,,\n")),
        ("with spaces", format!(",,\n{HEADER}\n , , , , , \n{good}\n   \n\"\",\"\"\n")),
    ] {
        installation.file("commas.csv", text);
        let counts = installation.import("integrity", "commas.csv");
        assert!(counts.ends_with("0 refused") && !counts.contains("2 "), "{what}: {counts}");
        assert_eq!(stored(&installation).len(), 1, "{what}");
    }
}

#[test]
fn lines_are_counted_with_any_ending() {
    let installation = Installation::new();
    for ending in ["\n", "\r\n", "\r"] {
        let rows =
            [HEADER, &row(NUMBER, "2023-04-01", "2025-04-01"), &row("bad", "2023-04-01", "2025-04-01")];
        installation.file("lines.csv", rows.join(ending) + ending);
        let refused = installation.import_refused("integrity", "lines.csv");
        assert_eq!(refused.len(), 1, "{ending:?}");
        assert_eq!((&*refused[0][0], &*refused[0][1]), ("3", "证件号码"), "{ending:?}");
    }
}

#[test]
fn contradicting_rows_are_refused() {
    let installation = Installation::new();
    let rows = [
        row(NUMBER, "2023-04-01", "2025-04-01"),
        row(NUMBER, "2023-04-01", "2026-04-01"),
        row("440300198808150023", "2023-04-01", "2026-04-01"),
    ];
    installation.file("twice.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let refused = installation.import_refused("integrity", "twice.csv");
    assert_eq!(refused.len(), 1, "one decision may be about two people: {refused:?}");
    assert_eq!((&*refused[0][0], &*refused[0][3]), ("3", "与第 2 行是同一条记录（失信记录），内容却不同"));
}

#[test]
fn file_of_another_shape_is_refused() {
    let installation = Installation::new();
    let headers: &[(&str, &[&str])] = &[
        (
            "决定书文号,证件号码,失信类别,失信事实,起始日期\n",
            &["“截止日期” (ends_on) is missing", "It must have:"],
        ),
        (&format!("{HEADER},备注\n"), &["unknown column “备注”"]),
        (&format!("{HEADER},失信事实\n"), &["“失信事实” is there twice"]),
        (&format!("{HEADER},fact\n"), &["“fact” is there twice"]),
        (&format!("{HEADER},\n"), &["column 7 has no name"]),
        (&HEADER.replace(',', "\t"), &["separated by commas"]),
        (&HEADER.replace(',', ";"), &["separated by commas"]),
        (&HEADER.replace(',', "，"), &["not by full-width ones"]),
        (&format!("{HEADER}\u{1b}[2J\n"), &["unknown column “截止日期\u{fffd}[2j”"]),
        (&format!("{HEADER}{}\n", ",".repeat(100_000)), &["more than 64 KB or 256 columns"]),
        (&format!("\"{HEADER}\n{}", "x\n".repeat(100_000)), &["a quote is not closed"]),
        ("", &["the file is empty"]),
        ("\n\n", &["the file is empty"]),
        ("%PDF-1.7", &["a PDF"]),
    ];
    for (text, message) in headers {
        installation.file("header.csv", text);
        let complained = installation.import_unusable("integrity", "header.csv");
        assert!(message.iter().all(|message| complained.contains(message)), "{text:?}: {complained}");
    }
    let bytes: &[(&[u8], &str)] = &[
        (b"\xff\xfea\0b\0", "UTF-16"),
        (b"a\0,\0b\0\n\0", "If it is UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old or an encrypted workbook"),
    ];
    for (content, message) in bytes {
        installation.file("bytes", content);
        assert!(installation.import_unusable("integrity", "bytes").contains(message), "{message}");
    }
    assert!(installation.import_unusable("integrity", "nowhere.csv").contains("nowhere.csv"));
    std::fs::create_dir(installation.path("folder")).expect("a folder");
    assert!(installation.import_unusable("integrity", "folder").contains("folder is not a file"));
    installation.file("header.csv", HEADER);
    assert_eq!(installation.import("integrity", "header.csv"), "0 new, 0 changed, 0 unchanged, 0 refused");
}

#[test]
fn exams_must_be_imported_first() {
    let installation = Installation::new();
    assert!(installation.run(&["sample", "exams", "--output", "exams.csv"]).success);
    assert!(installation.run(&["sample", "certificates", "--count", "3", "--output", "c.csv"]).success);
    let refused = installation.import_refused("certificates", "c.csv");
    assert!(
        refused.len() == 3 && refused.iter().all(|row| row[1] == "考试代码" && row[3].contains("先导入考试"))
    );
    installation.import("exams", "exams.csv");
    let good = installation.text("c.csv");
    let wrong = good.replace("一级", "特级").replace("二级", "特级");
    installation.file("level.csv", wrong);
    assert!(
        installation
            .import_refused("certificates", "level.csv")
            .iter()
            .all(|row| row[1] == "级别" && row[2] == "特级")
    );
    installation.import("certificates", "c.csv");
}

/// A report is written only to a new file or over an earlier report.
#[test]
fn report_overwrites_only_a_report() {
    let installation = Installation::new();
    let bad = format!("{HEADER}\n{}\n", row("", "2023-04-01", "2025-04-01"));
    installation.file("bad.csv", &bad);
    for taken in ["bad.csv", "notes.txt"] {
        installation.file("notes.txt", "line of somebody's");
        let before = installation.text(taken);
        let output = installation.run(&["import", "integrity", "bad.csv", "--report", taken]);
        assert!(!output.success && output.stderr.contains("is no report"), "{}", output.stderr);
        assert_eq!(installation.text(taken), before);
    }
    for again in 0..2 {
        let output = installation.run(&["import", "integrity", "bad.csv", "--report", "r.csv"]);
        assert!(!output.success && output.stdout.contains("1 refused"), "{again}: {}", output.stderr);
    }
}
