//! The five kinds, and the columns that they share.

pub(super) mod certificates;
pub(super) mod exams;
pub(super) mod integrity;
pub(super) mod registrations;
pub(super) mod violations;

use super::cell::{Choices, Form};
use super::kind::{Column, optional, required};
use crate::people::document::DocumentType;

/// In exports, `r` is the record, `t` its sitting and `e` its exam.
const EXAM_CODE: Column = required("考试代码", "exam_code", Form::Code(16), "e.code");
const SITTING: Column = required("考试年月", "sitting_month", Form::Month, "t.month");
const LEVEL: Column = required("级别", "level", Form::Text(40), "r.level");
const SPECIALTY: Column = required("专业", "specialty", Form::Text(40), "r.specialty");
const HOLDER_NAME: Column = required("姓名", "holder_name", Form::Name, "r.holder_name");

/// 姓名 where it is for people to read and is not stored.
const UNSTORED_NAME: Column = optional("姓名", "holder_name", Form::Name, "''");

/// A number is read and blinded, and never written: an export has the hash in its place.
const DOCUMENT_TYPE: Column =
    optional("证件类型", "document_type", Form::OneOf(DOCUMENT_TYPES), "''").or("resident");
const DOCUMENT_NUMBER: Column = optional("证件号码", "document_number", Form::Code(40), "''");
const HOLDER_KEY: Column = optional("持有人标识", "holder_key", Form::Hash, "r.holder_hash");

const DOCUMENT_TYPES: Choices = &{
    let mut choices = [("", ""); DocumentType::ALL.len()];
    let mut at = 0;
    while at < choices.len() {
        choices[at] = (DocumentType::ALL[at].label(), DocumentType::ALL[at].code());
        at += 1;
    }
    choices
};
