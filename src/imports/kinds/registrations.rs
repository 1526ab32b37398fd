//! 报名

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, EXAM_CODE, HOLDER_KEY, HOLDER_NAME, LEVEL, SITTING, SPECIALTY};
use crate::imports::cell::{CellFormat, Choice, Choices};
use crate::imports::kind::{Facts, ImportKind, RowProblem, TargetFacts, optional, required};
use crate::imports::reference::ReferenceData;
use crate::imports::row_checks::{exam, offered, person, sitting};
use crate::imports::table::{ColumnType, TargetTable, corrected_name, key, once, parent, value};

pub(in crate::imports) static REGISTRATIONS: ImportKind = ImportKind {
    name: "registrations",
    label: "报名",
    columns: &[
        required("准考证号", "ticket_number", CellFormat::Code(40), "r.ticket_number"),
        HOLDER_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        EXAM_CODE,
        SITTING,
        LEVEL,
        SPECIALTY,
        required("科目", "subjects", CellFormat::List(&CellFormat::Text(60)), SUBJECTS),
        optional("科目费用", "fees", CellFormat::List(&CellFormat::Fee), FEES),
        optional("科目成绩", "results", CellFormat::List(&RESULT), RESULTS),
        optional("订单号", "order_number", CellFormat::Code(40), "r.order_number"),
        optional("缴费时间", "paid_at", CellFormat::Time, "r.paid_at"),
        optional("考试结果", "result", RESULT, "r.result").or("待公布"),
        HOLDER_KEY,
    ],
    row_checks: &[person, exam, sitting, offered, subjects],
    targets: &[
        TargetTable {
            table: "registrations",
            label: "报名",
            columns: &[
                key("ticket_number"),
                value("holder_hash"),
                corrected_name("holder_name"),
                value("sitting_id"),
                value("level"),
                value("specialty"),
                value("order_number"),
                value("paid_at").is(ColumnType::Time),
                value("result"),
            ],
            keep_if_set: None,
        },
        TargetTable {
            table: "registration_subjects",
            label: "报名科目",
            columns: &[
                parent("registration_id").from("ticket_number"),
                key("subject"),
                value("fee").is(ColumnType::Integer),
                value("result"),
                once("refund_id").is(ColumnType::Reference),
            ],
            // A row names all subjects of its registration. The import keeps others that have a refund.
            keep_if_set: Some(4),
        },
    ],
    records,
    stored: "registrations r JOIN sittings t ON t.id = r.sitting_id JOIN exams e ON e.id = t.exam_id",
    order: "r.id",
};

const RESULT: CellFormat = CellFormat::OneOf(RESULT_NAMES);
const RESULT_NAMES: Choices = &[same("合格"), same("不合格"), same("缺考"), same("违纪"), same("待公布")];

const fn same(name: &'static str) -> Choice {
    Choice { label: name, code: name }
}

const SUBJECTS: &str = "(SELECT string_agg(s.subject, ';' ORDER BY s.id) FROM registration_subjects s WHERE s.registration_id = r.id)";
const FEES: &str = "(SELECT string_agg(CAST(s.fee AS TEXT), ';' ORDER BY s.id) FROM registration_subjects s \
     WHERE s.registration_id = r.id)";
const RESULTS: &str = "(SELECT string_agg(s.result, ';' ORDER BY s.id) FROM registration_subjects s WHERE s.registration_id = r.id)";

/// Each subject belongs to the specialty. Empty fees become those of the exam, empty results that of the row.
fn subjects(facts: &mut Facts, world: &ReferenceData) -> Result<(), RowProblem> {
    let names: Vec<&str> = facts.get("subjects").split(';').collect();
    let key = (facts.get("level").to_owned(), facts.get("specialty").to_owned());
    let exam = world.exam(facts.get("exam_code"));
    let offered = exam.and_then(|exam| exam.offered.get(&key)).map_or(&[][..], Vec::as_slice);
    let mut fees = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some(subject) = offered.iter().find(|subject| subject.name == *name) else {
            let reason = format!("“{name}”不是该级别、专业的科目；多个科目用“；”隔开");
            return Err(RowProblem::new("subjects", reason));
        };
        if names[..at].contains(name) {
            return Err(RowProblem::new("subjects", format!("“{name}”写了两次")));
        }
        fees.push(subject.fee.to_string());
    }
    let results = vec![facts.get("result").to_owned(); names.len()];
    let count = names.len();
    for (column, otherwise) in [("fees", fees), ("results", results)] {
        match facts.get(column) {
            "" => facts.set(column, otherwise.join(";")),
            given if given.split(';').count() != count => {
                let reason = format!("应与科目一样有 {count} 个，用“；”隔开");
                return Err(RowProblem::new(column, reason));
            }
            _ => {}
        }
    }
    Ok(())
}

fn records(facts: Facts) -> Vec<TargetFacts> {
    let subject = |((name, fee), result): ((&str, &str), &str)| {
        let mut subject = Facts::default();
        subject.set("ticket_number", facts.get("ticket_number"));
        subject.set("subject", name);
        subject.set("fee", fee);
        subject.set("result", result);
        TargetFacts { target: 1, facts: subject }
    };
    let parts = |name| facts.get(name).split(';');
    let subjects: Vec<_> = parts("subjects").zip(parts("fees")).zip(parts("results")).map(subject).collect();
    std::iter::once(TargetFacts { target: 0, facts }).chain(subjects).collect()
}
