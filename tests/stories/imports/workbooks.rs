//! XLSX workbooks, valid and malformed.

use std::io::Write;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Installation;

const HEADER: [&str; 6] = ["决定书文号", "证件号码", "失信类别", "失信事实", "起始日期", "截止日期"];
const NUMBER: &str = "11010519491231002X";

fn workbook(installation: &Installation, name: &str, fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, HEADER).expect("a header");
    fill(sheet);
    workbook.save(installation.path(name)).expect("a workbook");
}

#[test]
fn workbook_imports_what_a_csv_file_would() {
    let installation = Installation::new();
    workbook(&installation, "book.xlsx", |sheet| {
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet
            .write_row(2, 0, ["示考诚〔2023〕1号", NUMBER, "作弊", "抄袭"])
            .expect("a row after a blank one");
        let day = ExcelDateTime::from_ymd(2023, 4, 1).expect("a day");
        sheet.write_with_format(2, 4, &day, &date).expect("a date");
        sheet.write(2, 5, 45748.0).expect("a serial number");
        sheet
            .write_row(3, 0, ["示考诚〔2023〕2号", NUMBER, "作弊", "抄袭", "2023/4/1", "2025年4月1日"])
            .expect("a row");
    });
    assert_eq!(installation.import("integrity", "book.xlsx"), "2 new, 0 changed, 0 unchanged, 0 refused");
    let days = installation
        .rows("SELECT CAST(starts_on AS TEXT) || CAST(ends_on AS TEXT) AS line FROM integrity_records");
    assert_eq!(days, ["2023-04-012025-04-01", "2023-04-012025-04-01"]);
    assert_eq!(installation.import("integrity", "book.xlsx"), "0 new, 0 changed, 2 unchanged, 0 refused");
}

#[test]
fn values_damaged_by_a_spreadsheet_are_refused() {
    let installation = Installation::new();
    workbook(&installation, "book.xlsx", |sheet| {
        for row in 1..4 {
            sheet
                .write_row(row, 0, ["1号", NUMBER, "作弊", "抄袭", "2023-04-01", "2025-04-01"])
                .expect("a row");
        }
        sheet.write(1, 1, 110105194912310021_f64).expect("a number that is rounded");
        sheet.write(2, 6, "zu viel").expect("a cell beyond the header");
        sheet
            .write_formula(3, 4, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!"))
            .expect("a formula");
    });
    let refused = installation.import_refused("integrity", "book.xlsx");
    let output: Vec<_> = refused.iter().map(|row| (&*row[0], &*row[1])).collect();
    assert_eq!(output, [("2", "证件号码"), ("3", ""), ("4", "起始日期")], "{refused:?}");
    assert!(refused[0][3].contains("Excel 把号码存成了数字"));
    assert!(refused[1][3].contains("有 7 栏"));
}

/// A numeric cell loses nothing but its decimal places.
#[test]
fn whole_numbers_are_read_as_shown() {
    let installation = Installation::with_exams();
    let header = "证书管理号,证书印制号,姓名,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关";
    let row =
        format!("20230312345.0,77.0,张小三,{NUMBER},01,202303.0,一级,建筑工程,2023-06-01,2023-07-01,考试院");
    installation.file("c.csv", format!("{header}\n{row}\n"));
    installation.import("certificates", "c.csv");
    let numbers = installation
        .rows("SELECT management_number || ' ' || print_number || sitting_month AS line FROM certificates");
    assert_eq!(numbers, ["20230312345 77202303"]);
}

/// A file of a ZIP archive: its name and what writes its content.
type ArchiveFile<'a> = (&'a str, &'a dyn Fn(&mut dyn Write));

fn archive(installation: &Installation, name: &str, parts: &[ArchiveFile]) {
    let file = std::fs::File::create(installation.path(name)).expect("a file");
    let mut archive = ZipWriter::new(file);
    for (part, write) in parts {
        archive.start_file(*part, SimpleFileOptions::default()).expect("a part");
        write(&mut archive);
    }
    archive.finish().expect("an archive");
}

fn repeat(to: &mut dyn Write, text: &[u8], times: usize) {
    let block = text.repeat(1 << 10);
    for _ in 0..times >> 10 {
        to.write_all(&block).expect("a block");
    }
}

#[test]
fn zip_bomb_is_refused_before_unpacking() {
    let installation = Installation::new();
    type Part<'a> = (&'a str, &'a dyn Fn(&mut dyn Write));
    let bombs: [(&str, Part); 5] = [
        ("one endless text", ("xl/worksheets/sheet1.xml", &|to| repeat(to, b"0000000000000000", 1 << 21))),
        (
            "one cell in pieces",
            ("xl/worksheets/sheet1.xml", &|to| {
                to.write_all(b"<c><is>").expect("a cell");
                repeat(to, b"<r><t>xxxxx</t></r>", 1 << 20);
            }),
        ),
        ("a comment", ("xl/worksheets/sheet1.xml", &|to| repeat(to, b"<!--<a>-->", 1 << 10))),
        ("shared texts", ("xl/sharedStrings.xml", &|to| repeat(to, b"<si><t>x</t></si>", 1 << 22))),
        ("styles", ("xl/styles.xml", &|to| repeat(to, b"<xf numFmtId=\"0\"/>", 1 << 21))),
    ];
    for (what, part) in bombs {
        archive(&installation, "bomb.xlsx", &[part]);
        assert!(std::fs::metadata(installation.path("bomb.xlsx")).expect("a file").len() < 1 << 20, "{what}");
        let output = installation.import_unusable("integrity", "bomb.xlsx");
        assert!(output.contains("too large unpacked"), "{what}: {output}");
    }
    archive(
        &installation,
        "other.xlsx",
        &[("word/document.xml", &|to| to.write_all(b"<a/>").expect("a part"))],
    );
    assert!(installation.import_unusable("integrity", "other.xlsx").contains("no workbook that can be read"));
    installation.file("cut.xlsx", b"PK\x03\x04 and nothing that follows");
    assert!(installation.import_unusable("integrity", "cut.xlsx").contains("no workbook that can be read"));
}
