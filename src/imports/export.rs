//! What is stored, as a file that an import takes.
//!
//! Document numbers are stored as hashes only, unless the person has signed in, and then sealed. An export
//! writes no number of anybody, because a file lies around in clear: it writes the hashes (持有人标识,
//! 核验标识), which this installation takes back and which tell nobody anything.

use std::io::Write;

use super::Error;
use super::kind::Kind;
use super::report::{BOM, inert};
use super::sql::{SEPARATOR, line_of, lines};
use super::world::World;
use crate::store::{Bulk, Tx};

/// Rows that are asked for at once.
const PAGE: usize = 5_000;

/// Writes every record of a kind, as of one moment; answers how many.
pub fn export(bulk: &mut Bulk, kind: &Kind, to: impl Write) -> Result<u64, Error> {
    bulk.read(|tx| {
        let world = World::load(tx)?;
        write_all(tx, kind, &world, to)
    })
}

fn write_all(tx: &mut Tx, kind: &Kind, world: &World, mut to: impl Write) -> Result<u64, Error> {
    to.write_all(BOM).map_err(written)?;
    let mut file = csv::Writer::from_writer(to);
    file.write_record(kind.columns.iter().map(|column| column.label)).map_err(refused)?;
    let (mut count, mut after) = (0, String::new());
    loop {
        let page = lines(tx.conn, &query(kind), &[&after])?;
        for line in &page {
            let mut values = line.split(SEPARATOR);
            values.next().unwrap_or_default().clone_into(&mut after);
            let shown = kind.columns.iter().zip(values).map(|(column, value)| column.form.show(value, world));
            file.write_record(shown.map(|text| inert(&text).into_owned())).map_err(refused)?;
        }
        count += page.len() as u64;
        if page.len() < PAGE {
            file.flush().map_err(written)?;
            return Ok(count);
        }
    }
}

fn query(kind: &Kind) -> String {
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
