//! 报名

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, EXAM_CODE, HOLDER_KEY, HOLDER_NAME, LEVEL, SITTING, SPECIALTY};
use crate::imports::cell::{Choices, Form, Reason};
use crate::imports::kind::{Facts, Kind, optional, required};
use crate::imports::steps::{exam, offered, person, sitting};
use crate::imports::target::{Sql, Target, corrected, key, once, parent, value};
use crate::imports::world::World;

pub(in crate::imports) static REGISTRATIONS: Kind = Kind {
    name: "registrations",
    columns: &[
        required("准考证号", "ticket_number", Form::Code(40), "r.ticket_number"),
        HOLDER_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        EXAM_CODE,
        SITTING,
        LEVEL,
        SPECIALTY,
        required("科目", "subjects", Form::List(&Form::Text(60)), SUBJECTS),
        optional("科目费用", "fees", Form::List(&Form::Fee), FEES),
        optional("科目成绩", "results", Form::List(&RESULT), RESULTS),
        optional("订单号", "order_number", Form::Code(40), "r.order_number"),
        optional("缴费时间", "paid_at", Form::Time, "r.paid_at"),
        optional("考试结果", "result", RESULT, "r.result").or("待公布"),
        HOLDER_KEY,
    ],
    steps: &[person, exam, sitting, offered, subjects],
    targets: &[
        Target {
            table: "registrations",
            fields: &[
                key("ticket_number"),
                value("holder_hash"),
                corrected("holder_name", "person"),
                value("sitting_id"),
                value("level"),
                value("specialty"),
                value("order_number"),
                value("paid_at").is(Sql::Time),
                value("result"),
            ],
            whole: None,
        },
        Target {
            table: "registration_subjects",
            fields: &[
                parent("registration_id").from("ticket_number"),
                key("subject"),
                value("fee").is(Sql::Integer),
                value("result"),
                once("refund_id").is(Sql::Reference),
            ],
            // A row names all subjects of its registration; one with a refund stays.
            whole: Some(4),
        },
    ],
    records,
    stored: "registrations r JOIN sittings t ON t.id = r.sitting_id JOIN exams e ON e.id = t.exam_id",
    order: "r.id",
};

const RESULT: Form = Form::OneOf(RESULT_NAMES);
const RESULT_NAMES: Choices =
    &[("合格", "合格"), ("不合格", "不合格"), ("缺考", "缺考"), ("违纪", "违纪"), ("待公布", "待公布")];

const SUBJECTS: &str = "(SELECT string_agg(s.subject, ';' ORDER BY s.id) FROM registration_subjects s WHERE s.registration_id = r.id)";
const FEES: &str = "(SELECT string_agg(CAST(s.fee AS TEXT), ';' ORDER BY s.id) FROM registration_subjects s \
     WHERE s.registration_id = r.id)";
const RESULTS: &str = "(SELECT string_agg(s.result, ';' ORDER BY s.id) FROM registration_subjects s WHERE s.registration_id = r.id)";

/// Each subject is one of its specialty, has a fee (the exam's unless the row says another) and a result.
fn subjects(facts: &mut Facts, world: &World) -> Result<(), (&'static str, Reason)> {
    let names: Vec<&str> = facts.get("subjects").split(';').collect();
    let key = (facts.get("level").to_owned(), facts.get("specialty").to_owned());
    let exam = world.exam(facts.get("exam_code"));
    let offered = exam.and_then(|exam| exam.offered.get(&key)).map_or(&[][..], Vec::as_slice);
    let mut fees = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some((_, fee)) = offered.iter().find(|(subject, _)| subject == name) else {
            return Err(("subjects", format!("“{name}”不是该级别、专业的科目；多个科目用“；”隔开").into()));
        };
        if names[..at].contains(name) {
            return Err(("subjects", format!("“{name}”写了两次").into()));
        }
        fees.push(fee.to_string());
    }
    let results = vec![facts.get("result").to_owned(); names.len()];
    let count = names.len();
    for (column, otherwise) in [("fees", fees), ("results", results)] {
        match facts.get(column) {
            "" => facts.set(column, otherwise.join(";")),
            given if given.split(';').count() != count => {
                return Err((column, format!("应与科目一样有 {count} 个，用“；”隔开").into()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn records(facts: Facts) -> Vec<(usize, Facts)> {
    let subject = |((name, fee), result): ((&str, &str), &str)| {
        let mut subject = Facts::default();
        subject.set("ticket_number", facts.get("ticket_number"));
        subject.set("subject", name);
        subject.set("fee", fee);
        subject.set("result", result);
        (1, subject)
    };
    let parts = |name| facts.get(name).split(';');
    let subjects: Vec<_> = parts("subjects").zip(parts("fees")).zip(parts("results")).map(subject).collect();
    std::iter::once((0, facts)).chain(subjects).collect()
}
