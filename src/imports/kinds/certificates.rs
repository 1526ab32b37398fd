//! 证书

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, EXAM_CODE, HOLDER_KEY, HOLDER_NAME, LEVEL, SPECIALTY};
use crate::exams::certificate::lookup_hash;
use crate::exams::held::Delivery;
use crate::imports::cell::{Choices, Form, Reason};
use crate::imports::kind::{Column, Facts, Kind, one, optional, required};
use crate::imports::steps::{exam, in_order, offered, person};
use crate::imports::target::{Sql, Target, corrected, key, print_number, until, value};
use crate::imports::world::World;

pub(in crate::imports) static CERTIFICATES: Kind = Kind {
    name: "certificates",
    columns: &[
        required("证书管理号", "management_number", Form::Code(40), "r.management_number"),
        required("证书印制号", "print_number", Form::Code(40), "r.print_number"),
        HOLDER_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        optional("性别", "gender", Form::OneOf(GENDERS), "r.gender"),
        EXAM_CODE,
        MONTH,
        LEVEL,
        SPECIALTY,
        required("批准日期", "approved_on", Form::Date, "r.approved_on"),
        required("签发日期", "issued_on", Form::Date, "r.issued_on"),
        required("发证机关", "issuing_body", Form::Text(60), "r.issuing_body"),
        optional("领取状态", "delivery", Form::OneOf(STATES), "r.delivery").or("ready"),
        HOLDER_KEY,
        optional("核验标识", "lookup_key", Form::Hash, "r.lookup_hash"),
        optional("证件号码掩码", "document_mask", Form::Text(40), "r.document_mask"),
    ],
    steps: &[person, as_printed, exam, offered, days_in_order],
    targets: &[Target {
        table: "certificates",
        fields: &[
            key("management_number"),
            value("holder_hash"),
            corrected("holder_name", "person"),
            value("exam_id"),
            value("sitting_month"),
            value("level"),
            value("specialty"),
            print_number("print_number"),
            value("approved_on").is(Sql::Date),
            value("issued_on").is(Sql::Date),
            value("issuing_body"),
            until("delivery", "making"),
            corrected("lookup_hash", "person"),
            corrected("document_mask", "person"),
            corrected("gender", "gender"),
        ],
        whole: None,
    }],
    records: one,
    stored: "certificates r JOIN exams e ON e.id = r.exam_id",
    order: "r.id",
};

const MONTH: Column = required("考试年月", "sitting_month", Form::Month, "r.sitting_month");
const GENDERS: Choices = &[("男", "male"), ("女", "female")];

/// Once it is ready, the portal knows better where a certificate is.
const STATES: Choices = &{
    let mut choices = [("", ""); Delivery::ALL.len()];
    let mut at = 0;
    while at < choices.len() {
        choices[at] = (Delivery::ALL[at].label(), Delivery::ALL[at].code());
        at += 1;
    }
    choices
};

/// What the public finds it by; an export of ours brings the hash itself.
fn as_printed(facts: &mut Facts, world: &World) -> Result<(), (&'static str, Reason)> {
    let number = facts.get("document_number");
    let hash = match number {
        "" => facts.get("lookup_key").to_owned(),
        number => lookup_hash(&world.vault, facts.get("holder_name"), number),
    };
    facts.set("lookup_hash", hash);
    Ok(())
}

fn days_in_order(facts: &mut Facts, _: &World) -> Result<(), (&'static str, Reason)> {
    in_order(facts, "approved_on", "issued_on", "签发日期早于批准日期")
}
