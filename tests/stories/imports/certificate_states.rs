//! Imports and exports of electronic and annulled certificates, and of integrity records without an end.

use super::people::NUMBER;
use super::*;

const HEADER: &str = "证书管理号,查询编号,证书印制号,姓名,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关,撤销日期,撤销决定文号";

/// A file of rows: 管理号, 查询编号, 印制号, 撤销日期, 撤销决定文号.
fn file(rows: &[[&str; 5]]) -> String {
    let row = |[management, query, print, on, decision]: &[&str; 5]| {
        let facts = format!("张小三,{NUMBER},01,2023-03,一级,建筑工程,2023-06-01,2023-07-01,考试院");
        format!("{management},{query},{print},{facts},{on},{decision}\n")
    };
    format!("{HEADER}\n{}", rows.iter().map(row).collect::<String>())
}

fn stored(installation: &Installation) -> Vec<String> {
    installation.rows(
        "SELECT number || '|' || query_number || '|' || print_number || '|' \
         || COALESCE(CAST(annulled_on AS TEXT), '') || '|' || annulment AS line FROM certificates ORDER BY number",
    )
}

#[test]
fn certificate_has_a_management_number_or_a_query_number() {
    let installation = Installation::with_exams();
    installation
        .file("c.csv", file(&[["M1", "", "P1", "", ""], ["", "Q2", "", "", ""], ["M3", "Q3", "P3", "", ""]]));
    assert_eq!(installation.import("certificates", "c.csv"), "3 new, 0 changed, 0 unchanged, 0 refused");
    assert_eq!(stored(&installation), ["M1||P1||", "M3|Q3|P3||", "Q2|Q2|||"]);
    assert_eq!(installation.import("certificates", "c.csv"), "0 new, 0 changed, 3 unchanged, 0 refused");

    installation.file("none.csv", file(&[["", "", "P9", "", ""]]));
    let refused = installation.import_refused("certificates", "none.csv");
    assert_eq!((&*refused[0][1], &*refused[0][3]), ("证书管理号", "证书管理号和查询编号至少填写一个"));
}

#[test]
fn query_number_of_another_certificate_is_refused() {
    let installation = Installation::with_exams();
    installation.file("c.csv", file(&[["M1", "Q1", "P1", "", ""], ["M2", "Q1", "P2", "", ""]]));
    let refused = installation.import_refused("certificates", "c.csv");
    assert_eq!((&*refused[0][0], &*refused[0][1]), ("3", "查询编号"));
    installation.file("c.csv", file(&[["M1", "Q1", "P1", "", ""]]));
    installation.import("certificates", "c.csv");
    installation
        .file("c.csv", file(&[["M2", "Q1", "P2", "", ""], ["", "Q1", "", "", ""], ["M3", "", "P1", "", ""]]));
    let refused = installation.import_refused("certificates", "c.csv");
    let columns: Vec<_> = refused.iter().map(|row| (&*row[0], &*row[1])).collect();
    assert_eq!(columns, [("2", "查询编号"), ("3", "查询编号"), ("4", "证书印制号")]);
}

#[test]
fn annulment_has_a_day_and_a_decision_and_outlives_a_file_without_them() {
    let installation = Installation::with_exams();
    for (row, column, reason) in [
        (["M1", "", "P1", "2026-01-05", ""], "撤销决定文号", "有撤销日期时必须填写撤销决定文号"),
        (["M1", "", "P1", "", "7号"], "撤销日期", "有撤销决定文号时必须填写撤销日期"),
        (["M1", "", "P1", "2023-05-31", "7号"], "撤销日期", "撤销日期早于批准日期"),
    ] {
        installation.file("c.csv", file(&[row]));
        let refused = installation.import_refused("certificates", "c.csv");
        assert_eq!((&*refused[0][1], &*refused[0][3]), (column, reason));
    }
    installation.file("c.csv", file(&[["M1", "Q1", "P1", "2026-01-05", "7号"]]));
    installation.import("certificates", "c.csv");
    let annulled = ["M1|Q1|P1|2026-01-05|7号"];
    assert_eq!(stored(&installation), annulled);
    installation.file("c.csv", file(&[["M1", "", "", "", ""]]));
    assert_eq!(installation.import("certificates", "c.csv"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(stored(&installation), annulled, "an empty cell removes no number and no annulment");
}

#[test]
fn export_carries_numbers_and_annulments() {
    let installation = Installation::with_exams();
    installation.file("c.csv", file(&[["M1", "Q1", "P1", "2026-01-05", "7号"], ["", "Q2", "", "", ""]]));
    installation.import("certificates", "c.csv");
    let exported = installation.run(&["export", "certificates"]).stdout;
    for cell in ["M1,Q1,P1,", ",Q2,,", "2026-01-05,7号"] {
        assert!(
            exported.contains(cell) || exported.contains(&cell.replace("Q1,P1", "P1")),
            "{cell}: {exported}"
        );
    }
    installation.file("exported.csv", &exported);
    assert_eq!(
        installation.import("certificates", "exported.csv"),
        "0 new, 0 changed, 2 unchanged, 0 refused"
    );
}

#[test]
fn integrity_record_may_have_no_end() {
    let installation = Installation::with_exams();
    let import = |end: &str| {
        let row = format!("I050,{NUMBER},替考,组织作弊,2023-04-01,{end}\n");
        installation.file("i.csv", format!("决定书文号,证件号码,失信类别,失信事实,起始日期,截止日期\n{row}"));
        installation.import("integrity", "i.csv");
        installation
            .rows("SELECT COALESCE(CAST(ends_on AS TEXT), 'none') AS line FROM integrity_records")
            .remove(0)
    };
    for end in ["长期", "长期记录", " 长 期 ", "永久"] {
        assert_eq!(import(end), "none", "{end}");
    }
    let exported = installation.run(&["export", "integrity"]).stdout;
    assert!(exported.contains(",长期,"), "{exported}");
    installation.file("exported.csv", &exported);
    assert_eq!(installation.import("integrity", "exported.csv"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(import("2028-03-31"), "2028-03-31");
    for (end, reason) in
        [("", "必须填写"), ("2023-03-31", "截止日期早于起始日期"), ("不知道", "没有截止日期的写")]
    {
        let row = format!("I050,{NUMBER},替考,组织作弊,2023-04-01,{end}\n");
        installation.file("i.csv", format!("决定书文号,证件号码,失信类别,失信事实,起始日期,截止日期\n{row}"));
        let refused = installation.import_refused("integrity", "i.csv");
        assert!(refused[0][1] == "截止日期" && refused[0][3].contains(reason), "{refused:?}");
    }
}
