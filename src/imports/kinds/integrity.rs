//! 失信记录

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, HOLDER_KEY, UNSTORED_NAME};
use crate::imports::cell::CellFormat;
use crate::imports::kind::{Facts, ImportKind, RowProblem, one_record, required};
use crate::imports::reference::ReferenceData;
use crate::imports::row_checks::{in_order, person};
use crate::imports::table::{ColumnType, TargetTable, key, value};

/// One decision may concern several people, so the holder is part of the key.
pub(in crate::imports) static INTEGRITY: ImportKind = ImportKind {
    name: "integrity",
    label: "失信记录",
    columns: &[
        required("决定书文号", "decision_number", CellFormat::Text(60), "r.decision_number"),
        UNSTORED_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        required("失信类别", "category", CellFormat::Text(60), "r.category"),
        required("失信事实", "fact", CellFormat::Text(2000), "r.fact"),
        required("起始日期", "starts_on", CellFormat::Date, "r.starts_on"),
        // 长期 by 人社部令第31号, art. 8.
        required("截止日期", "ends_on", CellFormat::LastDay, "r.ends_on"),
        HOLDER_KEY,
    ],
    row_checks: &[person, days_in_order],
    targets: &[TargetTable {
        table: "integrity_records",
        label: "失信记录",
        columns: &[
            key("holder_hash"),
            key("decision_number"),
            value("category"),
            value("fact"),
            value("starts_on").is(ColumnType::Date),
            value("ends_on").is(ColumnType::Date),
        ],
        keep_if_set: None,
    }],
    records: one_record,
    stored: "integrity_records r",
    order: "r.id",
};

fn days_in_order(facts: &mut Facts, _: &ReferenceData) -> Result<(), RowProblem> {
    if facts.get("ends_on").is_empty() {
        return Ok(());
    }
    in_order(facts, "starts_on", "ends_on", "截止日期早于起始日期")
}
