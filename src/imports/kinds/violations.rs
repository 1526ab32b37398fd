//! 违纪记录

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, EXAM_CODE, HOLDER_KEY, SITTING, UNSTORED_NAME};
use crate::imports::cell::CellFormat;
use crate::imports::kind::{Facts, ImportKind, RowProblem, one_record, required};
use crate::imports::reference::ReferenceData;
use crate::imports::row_checks::{exam, person, sitting};
use crate::imports::table::{ColumnType, TargetTable, key, once, value};

/// A violation has no number: holder, sitting, subject and time identify it.
pub(in crate::imports) static VIOLATIONS: ImportKind = ImportKind {
    name: "violations",
    label: "违纪记录",
    columns: &[
        UNSTORED_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        EXAM_CODE,
        SITTING,
        required("科目", "subject", CellFormat::Text(60), "r.subject"),
        required("发生时间", "happened_at", CellFormat::Time, "r.happened_at"),
        required("地点", "place", CellFormat::Text(200), "r.place"),
        required("违纪事实", "fact", CellFormat::Text(2000), "r.fact"),
        required("适用条款", "clause", CellFormat::Text(500), "r.clause"),
        required("拟处理决定", "proposed_decision", CellFormat::Text(500), "r.proposed_decision"),
        required("告知送达日期", "served_on", CellFormat::Date, "r.served_on"),
        HOLDER_KEY,
    ],
    row_checks: &[person, exam, sitting, subject, plead_days],
    targets: &[TargetTable {
        table: "violations",
        label: "违纪记录",
        columns: &[
            key("holder_hash"),
            key("sitting_id"),
            key("subject"),
            key("happened_at").is(ColumnType::Time),
            value("place"),
            value("fact"),
            value("clause"),
            value("proposed_decision"),
            value("served_on").is(ColumnType::Date),
            once("plead_days").is(ColumnType::Integer),
        ],
        keep_if_set: None,
    }],
    records: one_record,
    stored: "violations r JOIN sittings t ON t.id = r.sitting_id JOIN exams e ON e.id = t.exam_id",
    order: "r.id",
};

/// The days that the notice told are those of the rule when the row is imported first.
fn plead_days(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    facts.set("plead_days", reference.plead_days.to_string());
    Ok(())
}

fn subject(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    let exam = reference.exam(facts.get("exam_code"));
    let known = exam.is_some_and(|exam| {
        exam.offered.values().flatten().any(|subject| subject.name == facts.get("subject"))
    });
    if known {
        Ok(())
    } else {
        Err(RowProblem::new("subject", "该考试没有这个科目，请先导入考试"))
    }
}
