//! Tables that store the values which the site has replaced on imported records.
//!
//! A file that brings a replaced value is older than the replacement.

#[derive(PartialEq, Eq)]
pub struct ReplacedValues {
    pub table: &'static str,
    /// Column that references the record.
    pub record: &'static str,
    /// SQL expression of the name of the replaced column.
    pub column: &'static str,
    /// Column of the replaced value.
    pub value: &'static str,
}

/// Print numbers that a reissue has made void.
pub static REISSUED: ReplacedValues = ReplacedValues {
    table: "voided_prints",
    record: "certificate_id",
    column: "'print_number'",
    value: "print_number",
};

/// Facts about the holder that a correction has replaced.
pub static CORRECTED: ReplacedValues =
    ReplacedValues { table: "former_values", record: "record_id", column: "field", value: "value" };
