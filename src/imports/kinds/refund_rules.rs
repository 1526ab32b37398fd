//! 退费规则

use crate::exams::refund_rule::RefundReason;
use crate::imports::cell::{CellFormat, Choice, Choices};
use crate::imports::kind::{Facts, ImportKind, RowProblem, one_record, optional, required};
use crate::imports::reference::ReferenceData;
use crate::imports::row_checks::exam;
use crate::imports::table::{ColumnType, TargetTable, key, value};

pub(in crate::imports) static REFUND_RULES: ImportKind = ImportKind {
    name: "refund-rules",
    label: "退费规则",
    columns: &[
        optional("考试代码", "exam_code", CellFormat::Code(16), "e.code"),
        required("退费原因", "reason", CellFormat::OneOf(REASONS), "r.reason"),
        required("考前天数", "closes_before", CellFormat::Whole(365, ANY_TIME), "r.closes_before"),
        required("退费比例", "share", CellFormat::Whole(100, &[]), "r.share"),
    ],
    row_checks: &[exam_or_all],
    targets: &[TargetTable {
        table: "refund_rules",
        label: "退费规则",
        columns: &[
            key("exam_id"),
            key("reason"),
            value("closes_before").is(ColumnType::Integer),
            value("share").is(ColumnType::Integer),
        ],
        keep_if_set: None,
    }],
    records: one_record,
    stored: "refund_rules r LEFT JOIN exams e ON e.id = r.exam_id",
    order: "r.id",
};

/// Words for a refund that never closes. Exports write the first.
const ANY_TIME: &[&str] = &["随时", "不限"];

const REASONS: Choices = &{
    let mut choices = [Choice { label: "", code: "" }; RefundReason::ALL.len()];
    let mut at = 0;
    while at < choices.len() {
        choices[at] = Choice { label: RefundReason::ALL[at].label(), code: RefundReason::ALL[at].code() };
        at += 1;
    }
    choices
};

/// Adds `exam_id`, which is empty for a rule of every exam.
fn exam_or_all(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    if facts.get("exam_code").is_empty() {
        facts.set("exam_id", "");
        return Ok(());
    }
    exam(facts, reference)
}
