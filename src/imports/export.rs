//! Exports records as a CSV file that an import accepts.
//!
//! A file may be copied anywhere, so an export contains no document number. It writes the keyed hashes
//! (持有人标识, 核验标识), which only this installation understands.

use std::io::Write;

use super::Error;
use super::kind::ImportKind;
use super::reference::ReferenceData;
use super::report::{BOM, without_formula};
use super::sql::{line_of, lines};
use super::table::SEPARATOR;
use crate::store::{Bulk, Tx};

/// Rows of one query.
const PAGE: usize = 5_000;

/// Writes every record of a kind in one read transaction. Returns their number.
pub fn export(bulk: &mut Bulk, kind: &ImportKind, to: impl Write) -> Result<u64, Error> {
    bulk.read(|tx| {
        let reference = ReferenceData::load(tx)?;
        write_all(tx, kind, &reference, to)
    })
}

fn write_all(
    tx: &mut Tx,
    kind: &ImportKind,
    reference: &ReferenceData,
    mut to: impl Write,
) -> Result<u64, Error> {
    to.write_all(BOM).map_err(written)?;
    let mut file = csv::Writer::from_writer(to);
    file.write_record(kind.columns.iter().map(|column| column.label)).map_err(refused)?;
    let (mut count, mut after) = (0, String::new());
    loop {
        let page = lines(tx.conn, &query(kind), &[&after])?;
        for line in &page {
            let mut values = line.split(SEPARATOR);
            values.next().unwrap_or_default().clone_into(&mut after);
            let shown =
                kind.columns.iter().zip(values).map(|(column, value)| column.format.show(value, reference));
            file.write_record(shown.map(|text| without_formula(&text).into_owned())).map_err(refused)?;
        }
        count += page.len() as u64;
        if page.len() < PAGE {
            file.flush().map_err(written)?;
            return Ok(count);
        }
    }
}

fn query(kind: &ImportKind) -> String {
    let (order, stored) = (kind.order, kind.stored);
    let line = line_of(std::iter::once(order).chain(kind.columns.iter().map(|column| column.stored)));
    format!("SELECT {line} AS line FROM {stored} WHERE {order} > ? ORDER BY {order} LIMIT {PAGE}")
}

fn written(error: std::io::Error) -> Error {
    Error::Io("the export".into(), error)
}

fn refused(error: csv::Error) -> Error {
    written(error.into())
}
