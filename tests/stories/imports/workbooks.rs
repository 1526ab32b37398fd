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
    let numbers =
        installation.rows("SELECT number || ' ' || print_number || sitting_month AS line FROM certificates");
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

/// Writes a workbook whose sheet has these rows as XML. `properties` are attributes of `workbookPr`.
fn raw_workbook(installation: &Installation, name: &str, properties: &str, rows: &str) {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let book = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{LINKS}\"><workbookPr {properties}/><sheets>\
         <sheet name=\"数据\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let links = format!(
        "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"r1\" Type=\"{LINKS}/worksheet\" \
         Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let sheet = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
    let package = format!(
        "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"r1\" Type=\"{LINKS}/officeDocument\" \
         Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let part = |text: String| move |to: &mut dyn Write| to.write_all(text.as_bytes()).expect("a part");
    let (package, book, links, sheet) = (part(package), part(book), part(links), part(sheet));
    archive(
        installation,
        name,
        &[
            ("_rels/.rels", &package),
            ("xl/workbook.xml", &book),
            ("xl/_rels/workbook.xml.rels", &links),
            ("xl/worksheets/sheet1.xml", &sheet),
        ],
    );
}

/// A row of inline texts, followed by cells as XML without their references.
fn raw_row(line: u32, texts: &[&str], more: &[&str]) -> String {
    let text = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let cells: String = texts.iter().map(text).chain(more.iter().map(|cell| (*cell).to_owned())).collect();
    format!("<row r=\"{line}\">{cells}</row>")
}

#[test]
fn first_visible_sheet_is_read_and_named() {
    let installation = Installation::new();
    let mut workbook = Workbook::new();
    let hidden = workbook.add_worksheet();
    hidden.set_name("字典").expect("a name").set_hidden(true).write(0, 0, "级别").expect("a cell");
    let shown = workbook.add_worksheet().set_name("数据").expect("a name").set_active(true);
    shown.write_row(0, 0, HEADER).expect("a header");
    shown.write_row(1, 0, ["1号", NUMBER, "作弊", "抄袭", "2023-04-01", "2025-04-01"]).expect("a row");
    workbook.add_worksheet().set_name("说明").expect("a name");
    workbook.save(installation.path("book.xlsx")).expect("a workbook");
    let said = installation.run(&["import", "integrity", "book.xlsx"]);
    assert!(said.success, "{}", said.stderr);
    assert!(said.stdout.contains("1 new, 0 changed"), "{}", said.stdout);
    assert!(
        said.stdout.contains("The sheet “数据” was read. Not read: the sheets “说明”."),
        "{}",
        said.stdout
    );
    assert!(
        installation.import_unusable("exams", "book.xlsx").contains("in the sheet “数据”, the first row")
    );
}

#[test]
fn numbers_are_read_as_the_spreadsheet_shows_them() {
    let installation = Installation::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let header = ["考试代码", "考试名称", "考试类别", "级别", "专业", "科目", "费用"];
    sheet.write_row(0, 0, header).expect("a header");
    let (code, yuan) = (Format::new().set_num_format("00"), Format::new().set_num_format("¥#,##0.00"));
    let fees = [61.050000000000004, 61.05, 61.054, 61.0, 0.1 + 0.2];
    for (row, fee) in (1..).zip(fees) {
        sheet.write_with_format(row, 0, 7, &code).expect("a code");
        let subject = format!("科目{row}");
        sheet.write_row(row, 1, ["测试考试", "类别", "一级", "甲", &subject]).expect("a row");
        // Only some amounts have a format.
        match row {
            3 | 4 => sheet.write_with_format(row, 6, fee, &yuan).expect("a fee"),
            _ => sheet.write(row, 6, fee).expect("a fee"),
        };
    }
    workbook.save(installation.path("book.xlsx")).expect("a workbook");
    installation.import("exams", "book.xlsx");
    let stored = installation.rows("SELECT CAST(fee AS TEXT) AS line FROM exam_subjects ORDER BY subject");
    assert_eq!(stored, ["6105", "6105", "6105", "6100", "30"]);
    assert_eq!(installation.rows("SELECT code AS line FROM exams"), ["07"]);
}

/// Programs that write formulas without computing them leave the result out. An empty text is a result.
#[test]
fn formula_without_a_result_is_refused() {
    let installation = Installation::with_exams();
    let header =
        "证书管理号,证书印制号,姓名,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关,领取状态";
    let header: Vec<&str> = header.split(',').collect();
    let whole = |line: u32, cell: &str| {
        let (management, print) = (format!("M{line}"), format!("P{line}"));
        let texts = [&management, &print, "张小三", NUMBER, "01", "202303", "一级", "建筑工程"];
        let days = ["2023-06-01", "2023-07-01", "考试院"];
        raw_row(line, &[&texts[..], &days].concat(), &[cell])
    };
    let formula = "<f>IF(1,\"制作中\",\"可领取\")</f>";
    let results = [
        format!("<c t=\"str\">{formula}<v>制作中</v></c>"),
        format!("<c>{formula}<v></v></c>"),
        format!("<c>{formula}</c>"),
        format!("<c t=\"str\">{formula}</c>"),
        format!("<c>{formula}<v/></c>"),
        format!("<c t=\"str\">{formula}<v></v></c>"),
    ];
    let rows: String = (2..).zip(&results).map(|(line, cell)| whole(line, cell)).collect();
    raw_workbook(&installation, "book.xlsx", "", &(raw_row(1, &header, &[]) + &rows));
    let refused = installation.import_refused("certificates", "book.xlsx");
    let places: Vec<_> = refused.iter().map(|row| (&*row[0], &*row[1])).collect();
    assert_eq!(places, [("3", "领取状态"), ("4", "领取状态"), ("5", "领取状态"), ("6", "领取状态")]);
    assert!(refused.iter().all(|row| row[3].contains("公式没有保存结果")), "{refused:?}");
    let good = raw_row(1, &header, &[]) + &whole(2, &results[0]) + &whole(3, &results[5]);
    raw_workbook(&installation, "good.xlsx", "", &good);
    installation.import("certificates", "good.xlsx");
    let states = installation.rows("SELECT delivery AS line FROM certificates ORDER BY number");
    assert_eq!(states, ["making", "ready"]);
}

/// Days are counted from 1900 or from 1904, also in cells without a date format.
#[test]
fn dates_are_counted_as_the_workbook_counts_them() {
    for (properties, serial) in [("date1904=\"1\"", 43_615), ("", 45_077)] {
        let installation = Installation::new();
        let row = |line, number: &str, from: &str| {
            let from = format!("<c><v>{from}</v></c>");
            let until = "<c t=\"inlineStr\"><is><t>2025-04-01</t></is></c>";
            raw_row(line, &[number, NUMBER, "作弊", "抄袭"], &[&from, until])
        };
        let serial = serial.to_string();
        let rows = raw_row(1, &HEADER, &[]) + &row(2, "1号", &serial) + &row(3, "2号", "20230531");
        raw_workbook(&installation, "book.xlsx", properties, &rows);
        installation.import("integrity", "book.xlsx");
        let days = installation.rows("SELECT CAST(starts_on AS TEXT) AS line FROM integrity_records");
        assert_eq!(days, ["2023-05-31", "2023-05-31"], "{properties}");
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
