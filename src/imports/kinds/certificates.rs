//! 证书

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, EXAM_CODE, HOLDER_KEY, HOLDER_NAME, LEVEL, SPECIALTY};
use crate::casework::annulment;
use crate::exams::certificate::person_hash;
use crate::exams::held::Delivery;
use crate::imports::cell::{CellFormat, Choice, Choices};
use crate::imports::kind::{Column, Facts, ImportKind, RowProblem, one_record, optional, required};
use crate::imports::reference::{HashKind, ReferenceData};
use crate::imports::row_checks::{exam, in_order, offered, person};
use crate::imports::table::{
    ColumnType, TargetTable, corrected, corrected_name, key, print_number, until, value,
};
use crate::people::holder_hash::HolderHash;

pub(in crate::imports) static CERTIFICATES: ImportKind = ImportKind {
    name: "certificates",
    label: "证书",
    columns: &[
        optional("证书管理号", "management_number", CellFormat::Code(40), MANAGEMENT_NUMBER),
        optional("查询编号", "query_number", CellFormat::Code(40), "r.query_number"),
        optional("证书印制号", "print_number", CellFormat::Code(40), "r.print_number"),
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
        optional("撤销日期", "annulled_on", CellFormat::Date, "r.annulled_on"),
        optional("撤销决定文号", "annulment", CellFormat::Text(60), "r.annulment"),
        HOLDER_KEY,
        optional("核验标识", "lookup_key", CellFormat::Hash(HashKind::Person), "r.person_hash"),
        optional("证件号码掩码", "document_mask", CellFormat::Text(40), "r.document_mask"),
    ],
    row_checks: &[numbered, person, as_printed, exam, offered, days_in_order, decided],
    targets: &[TargetTable {
        table: "certificates",
        label: "证书",
        columns: &[
            key("number"),
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
            value("query_number").unique().kept_if_empty(),
            value("annulled_on").is(ColumnType::Date).kept_if_empty().when_filled(annulment::tell),
            value("annulment").kept_if_empty(),
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

/// The number is the 查询编号 of a certificate without a 管理号.
const MANAGEMENT_NUMBER: &str = "CASE WHEN r.number = r.query_number THEN '' ELSE r.number END";

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
        _ => {
            let document = Some(facts.get("first_hash")).filter(|hash| !hash.is_empty());
            let document = document.and_then(HolderHash::from_stored);
            let document = document.ok_or_else(|| RowProblem::new("lookup_key", "必须填写"))?;
            person_hash(&reference.vault, facts.get("holder_name"), &document)
        }
    };
    facts.set("person_hash", hash);
    Ok(())
}

/// Adds `number`, by which a certificate is known.
fn numbered(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    let numbers = ["management_number", "query_number"].map(|name| facts.get(name).to_owned());
    let number = numbers.into_iter().find(|number| !number.is_empty());
    let number =
        number.ok_or_else(|| RowProblem::new("management_number", "证书管理号和查询编号至少填写一个"))?;
    facts.set("number", number);
    Ok(())
}

/// The day and the number of a decision are given together.
fn decided(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    match (facts.get("annulled_on"), facts.get("annulment")) {
        ("", "") => Ok(()),
        ("", _) => Err(RowProblem::new("annulled_on", "有撤销决定文号时必须填写撤销日期")),
        (_, "") => Err(RowProblem::new("annulment", "有撤销日期时必须填写撤销决定文号")),
        _ => in_order(facts, "approved_on", "annulled_on", "撤销日期早于批准日期"),
    }
}

fn days_in_order(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    in_order(facts, "approved_on", "issued_on", "签发日期早于批准日期")
}
