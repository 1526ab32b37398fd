//! 考试: the subjects and sittings of exams. A row has a subject, a sitting or both.

use crate::exams::english::Part;
use crate::imports::cell::CellFormat;
use crate::imports::kind::{Column, Facts, ImportKind, RowProblem, TargetFacts, optional, required};
use crate::imports::kinds::EXAM_CODE;
use crate::imports::reference::ReferenceData;
use crate::imports::row_checks::in_order;
use crate::imports::table::{ColumnType, TargetTable, key, once, parent, value};
use crate::people::name;

pub(in crate::imports) static EXAMS: ImportKind = ImportKind {
    name: "exams",
    label: "考试、科目和考试年月",
    columns: &[
        EXAM_CODE,
        required("考试名称", "name", CellFormat::Text(60), "e.name"),
        required("考试类别", "category", CellFormat::Text(60), "e.category"),
        LEVEL,
        optional("专业", "specialty", CellFormat::Text(40), "r.specialty"),
        optional("科目", "subject", CellFormat::Text(60), "r.subject"),
        optional("费用", "fee", CellFormat::Fee, "r.fee"),
        MONTH,
        optional("核查开始日期", "check_opens_on", CellFormat::Date, "r.check_opens_on"),
        optional("核查截止日期", "check_closes_on", CellFormat::Date, "r.check_closes_on"),
        optional("考试日期", "held_on", CellFormat::Date, "r.held_on"),
        optional("考试英文名称", "english_name", CellFormat::Text(120), "x.english"),
        optional("类别英文名称", "english_category", CellFormat::Text(120), "c.english"),
        optional("级别英文名称", "english_level", CellFormat::Text(120), "l.english"),
        optional("专业英文名称", "english_specialty", CellFormat::Text(120), "s.english"),
    ],
    row_checks: &[whole_groups, days_in_order, translations],
    targets: &[
        TargetTable {
            table: "exams",
            label: "考试",
            columns: &[key("code").from("exam_code"), value("name"), value("category")],
            keep_if_set: None,
        },
        TargetTable {
            table: "exam_subjects",
            label: "科目",
            columns: &[
                parent("exam_id").from("exam_code"),
                key("level"),
                key("specialty"),
                key("subject"),
                value("fee").is(ColumnType::Integer),
                once("position").is(ColumnType::Integer),
            ],
            keep_if_set: None,
        },
        TargetTable {
            table: "sittings",
            label: "考试年月",
            columns: &[
                parent("exam_id").from("exam_code"),
                key("month").from("sitting_month"),
                value("check_opens_on").is(ColumnType::Date),
                value("check_closes_on").is(ColumnType::Date),
                value("held_on").is(ColumnType::Date),
            ],
            keep_if_set: None,
        },
        TargetTable {
            table: "english_names",
            label: "英文名称",
            columns: &[parent("exam_id").from("exam_code"), key("part"), key("chinese"), value("english")],
            keep_if_set: None,
        },
    ],
    records,
    stored: "exams e JOIN (\
        SELECT exam_id, '1' || CAST(1000000 + position AS TEXT) || id AS place, level, specialty, subject, \
        CAST(fee AS TEXT) AS fee, '' AS month, '' AS check_opens_on, '' AS check_closes_on, '' AS held_on \
        FROM exam_subjects UNION ALL \
        SELECT exam_id, '2' || month, '', '', '', '', month, CAST(check_opens_on AS TEXT), \
        CAST(check_closes_on AS TEXT), CAST(held_on AS TEXT) FROM sittings UNION ALL \
        SELECT id, '3', '', '', '', '', '', '', '', '' FROM exams \
        WHERE id NOT IN (SELECT exam_id FROM exam_subjects UNION ALL SELECT exam_id FROM sittings)\
        ) r ON r.exam_id = e.id \
        LEFT JOIN english_names x ON x.exam_id = e.id AND x.part = 'exam' AND x.chinese = e.name \
        LEFT JOIN english_names c ON c.exam_id = e.id AND c.part = 'category' AND c.chinese = e.category \
        LEFT JOIN english_names l ON l.exam_id = e.id AND l.part = 'level' AND l.chinese = r.level \
        LEFT JOIN english_names s ON s.exam_id = e.id AND s.part = 'specialty' AND s.chinese = r.specialty",
    order: "e.code || ' ' || r.place",
};

const LEVEL: Column = optional("级别", "level", CellFormat::Text(40), "r.level");
const MONTH: Column = optional("考试年月", "sitting_month", CellFormat::Month, "r.month");

const SUBJECT: [&str; 4] = ["level", "specialty", "subject", "fee"];
const SITTING: [&str; 4] = ["sitting_month", "check_opens_on", "check_closes_on", "held_on"];

/// Each part that may have an English name, its Chinese column and its English one.
const TRANSLATED: [(Part, &str, &str); 4] = [
    (Part::Exam, "name", "english_name"),
    (Part::Category, "category", "english_category"),
    (Part::Level, "level", "english_level"),
    (Part::Specialty, "specialty", "english_specialty"),
];

/// The columns of a subject are all filled in or all empty, and so are those of a sitting.
fn whole_groups(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    for group in [SUBJECT, SITTING] {
        let missing = group.iter().find(|name| facts.get(name).is_empty());
        let given = group.iter().any(|name| !facts.get(name).is_empty());
        if let (Some(name), true) = (missing, given) {
            return Err(RowProblem::new(
                name,
                "级别、专业、科目、费用要一起填写，考试年月和三个日期也要一起填写",
            ));
        }
    }
    Ok(())
}

fn days_in_order(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    in_order(facts, "check_opens_on", "check_closes_on", "截止日期早于开始日期")?;
    in_order(facts, "check_closes_on", "held_on", "考试日期早于核查截止日期")
}

/// An English name stands beside the Chinese one. Chinese in its column is a mistaken column.
fn translations(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    for (_, chinese, english) in TRANSLATED {
        let translation = facts.get(english);
        if translation.chars().any(name::is_han) {
            return Err(RowProblem::new(english, "英文名称里有汉字"));
        }
        if !translation.is_empty() && facts.get(chinese).is_empty() {
            return Err(RowProblem::new(english, "这一行没有对应的中文名称"));
        }
    }
    Ok(())
}

/// The position of a new subject is its line, so that subjects have the order of the file.
fn records(mut facts: Facts) -> Vec<TargetFacts> {
    let line = facts.get("line").to_owned();
    facts.set("position", line);
    let given = |first: &str| !facts.get(first).is_empty();
    let targets = [(0, true), (1, given("subject")), (2, given("sitting_month"))];
    targets
        .into_iter()
        .filter(|(_, given)| *given)
        .map(|(target, _)| TargetFacts { target, facts: facts.clone() })
        .chain(english_names(&facts))
        .collect()
}

/// An empty cell has no record, so that the stored name stays.
fn english_names(facts: &Facts) -> impl Iterator<Item = TargetFacts> {
    let given = TRANSLATED.into_iter().filter(|(.., english)| !facts.get(english).is_empty());
    given.map(|(part, chinese, english)| {
        let mut name = facts.clone();
        name.set("part", part.code());
        name.set("chinese", facts.get(chinese));
        name.set("english", facts.get(english));
        TargetFacts { target: 3, facts: name }
    })
}
