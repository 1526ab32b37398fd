//! 违纪记录

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, EXAM_CODE, HOLDER_KEY, SITTING, UNSTORED_NAME};
use crate::imports::cell::{Form, Reason};
use crate::imports::kind::{Facts, Kind, one, required};
use crate::imports::steps::{exam, person, sitting};
use crate::imports::target::{Sql, Target, key, value};
use crate::imports::world::World;

/// It has no number of its own: it is known by who, at which paper, and when.
pub(in crate::imports) static VIOLATIONS: Kind = Kind {
    name: "violations",
    columns: &[
        UNSTORED_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        EXAM_CODE,
        SITTING,
        required("科目", "subject", Form::Text(60), "r.subject"),
        required("发生时间", "happened_at", Form::Time, "r.happened_at"),
        required("地点", "place", Form::Text(200), "r.place"),
        required("违纪事实", "fact", Form::Text(2000), "r.fact"),
        required("适用条款", "clause", Form::Text(500), "r.clause"),
        required("拟处理决定", "proposed_decision", Form::Text(500), "r.proposed_decision"),
        required("告知送达日期", "served_on", Form::Date, "r.served_on"),
        HOLDER_KEY,
    ],
    steps: &[person, exam, sitting, subject],
    targets: &[Target {
        table: "violations",
        fields: &[
            key("holder_hash"),
            key("sitting_id"),
            key("subject"),
            key("happened_at").is(Sql::Time),
            value("place"),
            value("fact"),
            value("clause"),
            value("proposed_decision"),
            value("served_on").is(Sql::Date),
        ],
        whole: None,
    }],
    records: one,
    stored: "violations r JOIN sittings t ON t.id = r.sitting_id JOIN exams e ON e.id = t.exam_id",
    order: "r.id",
};

fn subject(facts: &mut Facts, world: &World) -> Result<(), (&'static str, Reason)> {
    let exam = world.exam(facts.get("exam_code"));
    let known = exam.is_some_and(|exam| {
        exam.offered.values().flatten().any(|(subject, _)| subject == facts.get("subject"))
    });
    if known { Ok(()) } else { Err(("subject", "该考试没有这个科目，请先导入考试".into())) }
}
