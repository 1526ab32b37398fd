//! The kinds of records, and the columns that they share.

pub(super) mod certificates;
pub(super) mod exams;
pub(super) mod integrity;
pub(super) mod refund_rules;
pub(super) mod registrations;
pub(super) mod violations;

use super::cell::{CellFormat, Choice, Choices};
use super::kind::{Column, optional, required};
use super::reference::HashKind;
use crate::people::document::{DocumentType, LONGEST, NAMES};

/// In the SQL of exports, `r` is the record, `t` its sitting and `e` its exam.
const EXAM_CODE: Column = required("考试代码", "exam_code", CellFormat::Code(16), "e.code");
const SITTING: Column = required("考试年月", "sitting_month", CellFormat::Month, "t.month");
const LEVEL: Column = required("级别", "level", CellFormat::Text(40), "r.level");
const SPECIALTY: Column = required("专业", "specialty", CellFormat::Text(40), "r.specialty");
const HOLDER_NAME: Column = required("姓名", "holder_name", CellFormat::Name, "r.holder_name");

/// 姓名 of a kind that does not store it.
const UNSTORED_NAME: Column = optional("姓名", "holder_name", CellFormat::Name, "''");

/// A document number is hashed and not stored. An export writes the hash in its place.
const DOCUMENT_TYPE: Column =
    optional("证件类型", "document_type", CellFormat::OneOf(DOCUMENT_TYPES), "''").or("resident");
const DOCUMENT_NUMBER: Column = optional("证件号码", "document_number", CellFormat::Code(LONGEST), "''");
const HOLDER_KEY: Column =
    optional("持有人标识", "holder_key", CellFormat::Hash(HashKind::Document), "r.holder_hash");

const DOCUMENT_TYPES: Choices = &{
    const ALL: [DocumentType; DocumentType::ALL.len()] = DocumentType::ALL;
    let mut choices = [Choice { label: "", code: "" }; ALL.len() + NAMES.len()];
    let mut at = 0;
    while at < choices.len() {
        let (label, kind) = if at < ALL.len() { (ALL[at].label(), ALL[at]) } else { NAMES[at - ALL.len()] };
        choices[at] = Choice { label, code: kind.code() };
        at += 1;
    }
    choices
};
