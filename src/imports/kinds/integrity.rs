//! 失信记录

use super::{DOCUMENT_NUMBER, DOCUMENT_TYPE, HOLDER_KEY, UNSTORED_NAME};
use crate::imports::cell::{Form, Reason};
use crate::imports::kind::{Facts, Kind, one, required};
use crate::imports::steps::{in_order, person};
use crate::imports::target::{Sql, Target, key, value};
use crate::imports::world::World;

/// One decision may be about several people.
pub(in crate::imports) static INTEGRITY: Kind = Kind {
    name: "integrity",
    columns: &[
        required("决定书文号", "decision_number", Form::Text(60), "r.decision_number"),
        UNSTORED_NAME,
        DOCUMENT_TYPE,
        DOCUMENT_NUMBER,
        required("失信类别", "category", Form::Text(60), "r.category"),
        required("失信事实", "fact", Form::Text(2000), "r.fact"),
        required("起始日期", "starts_on", Form::Date, "r.starts_on"),
        required("截止日期", "ends_on", Form::Date, "r.ends_on"),
        HOLDER_KEY,
    ],
    steps: &[person, days_in_order],
    targets: &[Target {
        table: "integrity_records",
        fields: &[
            key("holder_hash"),
            key("decision_number"),
            value("category"),
            value("fact"),
            value("starts_on").is(Sql::Date),
            value("ends_on").is(Sql::Date),
        ],
        whole: None,
    }],
    records: one,
    stored: "integrity_records r",
    order: "r.id",
};

fn days_in_order(facts: &mut Facts, _: &World) -> Result<(), (&'static str, Reason)> {
    in_order(facts, "starts_on", "ends_on", "截止日期早于起始日期")
}
