//! What the portal has replaced on records since: a file that brings it is older than that.

use std::collections::HashSet;

use super::sql;
use crate::store::{Conn, Error};

/// Where the portal keeps what it has replaced on records.
#[derive(PartialEq, Eq)]
pub struct Former {
    /// Its table, with the columns for the record, its column and the value.
    table: &'static str,
    record: &'static str,
    field: &'static str,
    value: &'static str,
}

/// Print numbers, by reissues.
pub static REISSUED: Former = Former {
    table: "voided_prints",
    record: "certificate_id",
    field: "'print_number'",
    value: "print_number",
};

/// What is said of the holder, by corrections.
pub static CORRECTED: Former =
    Former { table: "former_values", record: "record_id", field: "field", value: "value" };

impl Former {
    /// The replaced values as `alias`, to be joined on the record's key; and the column of the value.
    pub fn joined(&self, alias: &str) -> (String, String) {
        let on = format!("{} {alias} ON {alias}.{}", self.table, self.record);
        (on, format!("{alias}.{}", self.value))
    }

    /// Record, column and value of everything that was replaced on these records.
    pub fn values(&self, conn: &mut Conn, records: &[&str]) -> Result<HashSet<String>, Error> {
        if records.is_empty() {
            return Ok(HashSet::new());
        }
        let (table, record) = (self.table, self.record);
        let line = sql::line_of([record, self.field, self.value]);
        let select = format!("SELECT {line} AS line FROM {table} WHERE {record} {{}}");
        let mut values = HashSet::new();
        sql::lines_in(conn, &select, records, |line| {
            values.insert(line);
        })?;
        Ok(values)
    }
}
