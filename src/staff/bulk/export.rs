//! The CSV file of a batch, for a bank, a carrier or a printer.

use diesel::prelude::*;
use encoding_rs::GB18030;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::batch_page::BatchPath;
use super::kind::{BatchKind, Exported};
use super::request::{BulkRequest, batch_for};
use crate::casework::batch::{self, Batch, RowState};
use crate::exams::held;
use crate::imports::report::{BOM, without_formula};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::schema::registrations as r;
use crate::store::{Error, Tx};
use crate::web::{Failure, attachment};

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    /// With a byte order mark, by which spreadsheets know it.
    Utf8,
    /// What older programs of banks read.
    Gb18030,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default = "utf8")]
    encoding: Encoding,
}

fn utf8() -> Encoding {
    Encoding::Utf8
}

/// `GET /staff/batch/{id}/file`. The audit gets an entry for each application in it.
#[handler]
pub async fn download(
    request: BulkRequest,
    Path(path): Path<BatchPath>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    request.recent_sign_in(&paths::batch(&path.id)).await?;
    let (batch, kind, text) = request.write(move |tx, staff| csv_of(tx, staff, &path.id)).await?;
    let (charset, bytes) = match wanted.encoding {
        Encoding::Utf8 => ("utf-8", [BOM, text.as_bytes()].concat()),
        Encoding::Gb18030 => ("gb18030", GB18030.encode(&text).0.into_owned()),
    };
    let name = format!("{} {}.csv", kind.label, batch.number);
    Ok(attachment(&format!("text/csv; charset={charset}"), &name, bytes))
}

fn csv_of(
    tx: &mut Tx,
    staff: &StaffMember,
    id: &str,
) -> Result<(Batch, &'static BatchKind, String), Failure> {
    let (batch, kind) = batch_for(tx, staff, id)?;
    let rows = exported(tx, staff, &batch, kind.exported)?;
    let text = write(kind, &rows).map_err(|error| Failure::Internal(format!("a CSV file: {error}")))?;
    Ok((batch, kind, text))
}

/// The open rows of a batch with what a file shows of them, each with an entry of the audit.
pub(super) fn exported(
    tx: &mut Tx,
    staff: &StaffMember,
    batch: &Batch,
    action: &str,
) -> Result<Vec<Exported>, Failure> {
    let mut rows = batch::rows(tx, &batch.id)?;
    rows.retain(|row| row.state == RowState::Open && !row.has_changed());
    let mut exported = Vec::with_capacity(rows.len());
    for row in rows {
        let candidate = Candidate::load(tx, &row.application.candidate_id)?;
        let candidate = candidate.ok_or(Error::Corrupt("applications.candidate_id"))?;
        roster::audit(tx, &staff.id, action, row.application.shown_number())?;
        exported.push(Exported {
            batch: batch.number.clone(),
            certificate: held::own(tx, &candidate.holder, &row.application.subject)?,
            order: order_number(tx, &row.application.subject)?,
            answers: row.application.form.clone().unwrap_or_default(),
            candidate,
            application: row.application,
        });
    }
    Ok(exported)
}

fn order_number(tx: &mut Tx, registration: &str) -> Result<String, Error> {
    let number = r::table.find(registration).select(r::order_number).first(tx.conn).optional()?;
    Ok(number.unwrap_or_default())
}

fn write(kind: &BatchKind, rows: &[Exported]) -> Result<String, Box<dyn std::error::Error>> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let results = kind.result_columns();
    let labels = kind.columns.iter().map(|column| column.label);
    file.write_record(labels.chain(results.iter().map(|(_, label)| *label)))?;
    for row in rows {
        let cells = kind.columns.iter().map(|column| cell((column.value)(row), column.is_number));
        let defaults = (kind.defaults)(&row.answers);
        let known =
            |name: &str| defaults.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let results = results.iter().map(|(name, _)| cell(known(name).unwrap_or_default(), false));
        file.write_record(cells.chain(results))?;
    }
    Ok(String::from_utf8(file.into_inner()?)?)
}

/// A text that a spreadsheet neither runs as a formula nor, with a tab behind its digits, rounds to a number.
fn cell(value: String, is_number: bool) -> String {
    let long = is_number && value.len() > 11 && value.bytes().all(|byte| byte.is_ascii_digit());
    if long { format!("{value}\t") } else { without_formula(&value).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_neither_formulas_nor_rounded() {
        for (value, is_number, expected) in [
            ("=1+1", false, "'=1+1"),
            ("@SUM(A1)", false, "'@SUM(A1)"),
            ("-2", true, "'-2"),
            ("+85298765432", true, "'+85298765432"),
            ("6222021001116245702", true, "6222021001116245702\t"),
            ("13800138000", true, "13800138000"),
            ("东湖支行", false, "东湖支行"),
        ] {
            assert_eq!(cell(value.to_owned(), is_number), expected);
        }
    }
}
