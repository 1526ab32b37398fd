//! English names of exams in import files.

use super::Installation;

const HEADER: &str = "考试代码,考试名称,考试类别,级别,专业,科目,费用,考试年月,核查开始日期,核查截止日期,考试日期,\
    考试英文名称,类别英文名称,级别英文名称,专业英文名称";

/// A file of subjects of one exam. A row is specialty, and English names of exam, category, level and specialty.
fn subjects(rows: &[[&str; 5]]) -> String {
    let row = |[specialty, english @ ..]: &[&str; 5]| {
        format!("01,一级建造师,职业资格,一级,{specialty},科目,61,,,,,{}\n", english.join(","))
    };
    rows.iter().map(row).fold(format!("{HEADER}\n"), |file, row| file + &row)
}

impl Installation {
    /// Part, Chinese and English of each name.
    fn english_names(&self) -> Vec<String> {
        self.rows(
            "SELECT part || ' ' || chinese || ' ' || english AS line FROM english_names ORDER BY part, english",
        )
    }
}

#[test]
fn english_names_are_imported_and_exported() {
    let installation = Installation::new();
    let rows = [
        ["建筑工程", "Constructor", "Qualifications", "Class 1", "Building"],
        ["公路工程", "Constructor", "", "", "Highways"],
    ];
    installation.file("exams.csv", subjects(&rows));
    assert_eq!(installation.import("exams", "exams.csv"), "2 new, 0 changed, 0 unchanged, 0 refused");
    let stored = [
        "category 职业资格 Qualifications",
        "exam 一级建造师 Constructor",
        "level 一级 Class 1",
        "specialty 建筑工程 Building",
        "specialty 公路工程 Highways",
    ];
    assert_eq!(installation.english_names(), stored);
    let exported = installation.run(&["export", "exams"]).stdout;
    assert!(exported.contains(",Constructor,Qualifications,Class 1,Highways"), "{exported}");
    installation.file("exported.csv", exported);
    assert_eq!(installation.import("exams", "exported.csv"), "0 new, 0 changed, 2 unchanged, 0 refused");
    assert_eq!(installation.english_names(), stored);
}

#[test]
fn english_name_is_replaced_by_another_and_not_by_none() {
    let installation = Installation::new();
    installation.file("exams.csv", subjects(&[["建筑工程", "Constructor", "", "Grade 1", "Building"]]));
    installation.import("exams", "exams.csv");
    installation.file("later.csv", subjects(&[["建筑工程", "", "", "Class 1", ""]]));
    assert_eq!(installation.import("exams", "later.csv"), "0 new, 1 changed, 0 unchanged, 0 refused");
    let stored = ["exam 一级建造师 Constructor", "level 一级 Class 1", "specialty 建筑工程 Building"];
    assert_eq!(installation.english_names(), stored);
    // As files were before there were English names.
    installation.file(
        "older.csv",
        "考试代码,考试名称,考试类别,级别,专业,科目,费用\n01,一级建造师,职业资格,一级,建筑工程,科目,61\n",
    );
    assert_eq!(installation.import("exams", "older.csv"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(installation.english_names(), stored);
}

#[test]
fn mistaken_english_names_are_refused() {
    let installation = Installation::new();
    let two_names = [["建筑工程", "", "", "Class 1", ""], ["公路工程", "", "", "Grade 1", ""]];
    installation.file("two.csv", subjects(&two_names));
    let refused = installation.import_refused("exams", "two.csv");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!((&*refused[0][0], &*refused[0][3]), ("3", "与第 2 行是同一条记录（英文名称），内容却不同"));

    installation.file("chinese.csv", subjects(&[["建筑工程", "", "", "", "建筑工程"]]));
    let refused = installation.import_refused("exams", "chinese.csv");
    assert_eq!((&*refused[0][1], &*refused[0][3]), ("专业英文名称", "英文名称里有汉字"));

    let sitting = "01,一级建造师,职业资格,,,,,202603,2025-11-01,2026-01-15,2026-03-24,,,Class 1,";
    installation.file("sitting.csv", format!("{HEADER}\n{sitting}\n"));
    let refused = installation.import_refused("exams", "sitting.csv");
    assert_eq!((&*refused[0][1], &*refused[0][3]), ("级别英文名称", "这一行没有对应的中文名称"));
    assert!(installation.english_names().is_empty());
}
