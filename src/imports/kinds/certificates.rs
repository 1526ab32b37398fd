//! 证书

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, EXAM_CODE, HOLDER_KEY, HOLDER_NAME, LEVEL, SPECIALTY};
use crate::exams::certificate::person_hash;
use crate::exams::held::Delivery;
use crate::imports::cell::{CellFormat, Choice, Choices};
use crate::imports::kind::{Column, Facts, ImportKind, RowProblem, one_record, optional, required};
use crate::imports::reference::{HashKind, ReferenceData};
use crate::imports::row_checks::{exam, in_order, offered, person};
use crate::imports::table::{
    ColumnType, TargetTable, corrected, corrected_name, key, print_number, until, value,
};

pub(in crate::imports) static CERTIFICATES: ImportKind = ImportKind {
    name: "certificates",
    columns: &[
        required("证书管理号", "management_number", CellFormat::Code(40), "r.management_number"),
        required("证书印制号", "print_number", CellFormat::Code(40), "r.print_number"),
        HOLDER_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        optional("性别", "gender", CellFormat::OneOf(GENDERS), "r.gender"),
        EXAM_CODE,
        MONTH,
        LEVEL,
        SPECIALTY,
        required("批准日期", "approved_on", CellFormat::Date, "r.approved_on"),
        required("签发日期", "issued_on", CellFormat::Date, "r.issued_on"),
        required("发证机关", "issuing_body", CellFormat::Text(60), "r.issuing_body"),
        optional("领取状态", "delivery", CellFormat::OneOf(STATES), "r.delivery").or("ready"),
        HOLDER_KEY,
        optional("核验标识", "lookup_key", CellFormat::Hash(HashKind::Person), "r.person_hash"),
        optional("证件号码掩码", "document_mask", CellFormat::Text(40), "r.document_mask"),
    ],
    row_checks: &[person, as_printed, exam, offered, days_in_order],
    targets: &[TargetTable {
        table: "certificates",
        label: "证书",
        columns: &[
            key("management_number"),
            value("holder_hash"),
            corrected_name("holder_name"),
            value("exam_id"),
            value("sitting_month"),
            value("level"),
            value("specialty"),
            print_number("print_number"),
            value("approved_on").is(ColumnType::Date),
            value("issued_on").is(ColumnType::Date),
            value("issuing_body"),
            until("delivery", "making"),
            corrected("person_hash", "person"),
            corrected("document_mask", "person"),
            corrected("gender", "gender"),
        ],
        keep_if_set: None,
    }],
    records: one_record,
    stored: "certificates r JOIN exams e ON e.id = r.exam_id",
    order: "r.id",
};

const MONTH: Column = required("考试年月", "sitting_month", CellFormat::Month, "r.sitting_month");
const GENDERS: Choices = &[Choice { label: "男", code: "male" }, Choice { label: "女", code: "female" }];

/// A file sets the delivery only while it is `making`; afterwards the site's value stays.
const STATES: Choices = &{
    let mut choices = [Choice { label: "", code: "" }; Delivery::ALL.len()];
    let mut at = 0;
    while at < choices.len() {
        choices[at] = Choice { label: Delivery::ALL[at].label(), code: Delivery::ALL[at].code() };
        at += 1;
    }
    choices
};

/// Adds `person_hash`, by which the public lookup finds a certificate. An export brings the hash itself, since the
/// holder's document may have been corrected after the certificate was printed.
fn as_printed(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    let hash = match facts.get("lookup_key") {
        exported if !exported.is_empty() && facts.get("document_number").is_empty() => {
            reference.present_hash(exported.to_owned())
        }
        _ => person_hash(&reference.vault, facts.get("holder_name"), facts.get("document_hash")),
    };
    facts.set("person_hash", hash);
    Ok(())
}

fn days_in_order(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    in_order(facts, "approved_on", "issued_on", "签发日期早于批准日期")
}
