//! 考试: what an exam offers and when it is held. A row brings a subject, a sitting, or both.

use crate::imports::cell::{Form, Reason};
use crate::imports::kind::{Column, Facts, Kind, optional, required};
use crate::imports::kinds::EXAM_CODE;
use crate::imports::steps::in_order;
use crate::imports::target::{Sql, Target, key, once, parent, value};
use crate::imports::world::World;

pub(in crate::imports) static EXAMS: Kind = Kind {
    name: "exams",
    columns: &[
        EXAM_CODE,
        required("考试名称", "name", Form::Text(60), "e.name"),
        required("考试类别", "category", Form::Text(60), "e.category"),
        LEVEL,
        optional("专业", "specialty", Form::Text(40), "r.specialty"),
        optional("科目", "subject", Form::Text(60), "r.subject"),
        optional("费用", "fee", Form::Fee, "r.fee"),
        MONTH,
        optional("核查开始日期", "check_opens_on", Form::Date, "r.check_opens_on"),
        optional("核查截止日期", "check_closes_on", Form::Date, "r.check_closes_on"),
        optional("考试日期", "held_on", Form::Date, "r.held_on"),
    ],
    steps: &[whole_groups, days_in_order],
    targets: &[
        Target {
            table: "exams",
            fields: &[key("code").from("exam_code"), value("name"), value("category")],
            whole: None,
        },
        Target {
            table: "exam_subjects",
            fields: &[
                parent("exam_id").from("exam_code"),
                key("level"),
                key("specialty"),
                key("subject"),
                value("fee").is(Sql::Integer),
                once("position").is(Sql::Integer),
            ],
            whole: None,
        },
        Target {
            table: "sittings",
            fields: &[
                parent("exam_id").from("exam_code"),
                key("month").from("sitting_month"),
                value("check_opens_on").is(Sql::Date),
                value("check_closes_on").is(Sql::Date),
                value("held_on").is(Sql::Date),
            ],
            whole: None,
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
        ) r ON r.exam_id = e.id",
    order: "e.code || ' ' || r.place",
};

const LEVEL: Column = optional("级别", "level", Form::Text(40), "r.level");
const MONTH: Column = optional("考试年月", "sitting_month", Form::Month, "r.month");

const SUBJECT: [&str; 4] = ["level", "specialty", "subject", "fee"];
const SITTING: [&str; 4] = ["sitting_month", "check_opens_on", "check_closes_on", "held_on"];

/// Of a subject, and of a sitting, everything is filled in or nothing.
fn whole_groups(facts: &mut Facts, _: &World) -> Result<(), (&'static str, Reason)> {
    for group in [SUBJECT, SITTING] {
        let missing = group.iter().find(|name| facts.get(name).is_empty());
        let given = group.iter().any(|name| !facts.get(name).is_empty());
        if let (Some(name), true) = (missing, given) {
            return Err((*name, "级别、专业、科目、费用要一起填写，考试年月和三个日期也要一起填写".into()));
        }
    }
    Ok(())
}

fn days_in_order(facts: &mut Facts, _: &World) -> Result<(), (&'static str, Reason)> {
    in_order(facts, "check_opens_on", "check_closes_on", "截止日期早于开始日期")?;
    in_order(facts, "check_closes_on", "held_on", "考试日期早于核查截止日期")
}

/// New subjects come in the order of the file: their position is the line.
fn records(mut facts: Facts) -> Vec<(usize, Facts)> {
    let line = facts.get("line").to_owned();
    facts.set("position", line);
    let given = |first: &str| !facts.get(first).is_empty();
    let targets = [(0, true), (1, given("subject")), (2, given("sitting_month"))];
    targets.into_iter().filter(|(_, given)| *given).map(|(target, _)| (target, facts.clone())).collect()
}
