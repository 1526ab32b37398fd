//! Every column that holds values of [`Vault::seal`](super::Vault::seal).

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Error, Tx};
use crate::either;

/// A column of sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    pub table: &'static str,
    pub column: &'static str,
    /// The primary key: one or two columns of text.
    pub key: &'static [&'static str],
    /// The column that its values are sealed for: itself, unless values move between columns.
    pub sealed_as: &'static str,
}

const ID: &[&str] = &["id"];

const fn column(table: &'static str, column: &'static str, sealed_as: &'static str) -> SealedColumn {
    SealedColumn { table, column, key: ID, sealed_as }
}

const fn keyed(key: &'static [&'static str], column: SealedColumn) -> SealedColumn {
    SealedColumn { key, ..column }
}

pub const SEALED_COLUMNS: &[SealedColumn] = &[
    column("application_events", "content", "application_events.content"),
    column("applications", "form", "applications.form"),
    column("applications", "working", "applications.form"),
    column("attachments", "name", "attachments.name"),
    column("batch_results", "content", "batch_results.content"),
    column("candidates", "document_number", "candidates.document_number"),
    column("candidates", "phone", "candidates.phone"),
    column("candidates", "portal_phone", "candidates.phone"),
    column("case_notes", "content", "case_notes.content"),
    column("certificate_copies", "code", "certificate_copies.code"),
    column("certificate_copies", "purpose", "certificate_copies.purpose"),
    column("certificate_keys", "private_key", "certificate_keys.private_key"),
    column("certificate_links", "token", "certificate_links.token"),
    column("deletion_requests", "reason", "deletion_requests.reason"),
    keyed(&["handshake_id"], column("device_grants", "device_code", "device_grants.device_code")),
    column("identity_cases", "document_number", "identity_cases.document_number"),
    column("identity_cases", "name", "identity_cases.name"),
    column("identity_cases", "phone", "identity_cases.phone"),
    column("import_jobs", "report", "import_jobs.report"),
    column("lookup_lists", "content", "lookup_lists.content"),
    column("messages", "body", "messages.body"),
    column("organisations", "contact", "organisations.contact"),
    keyed(&["portal", "subject_hash"], column("portal_accounts", "phone", "candidates.phone")),
    column("portal_attempts", "ending", "portal_attempts.ending"),
    column("portal_attempts", "nonce", "portal_attempts.nonce"),
    column("portal_attempts", "verifier", "portal_attempts.verifier"),
    column("saved_views", "query", "saved_views.query"),
    column("searches", "words", "searches.words"),
    keyed(&["message_id"], column("sms_outbox", "facts", "sms_outbox.facts")),
    keyed(&["application_id", "staff_id"], column("working_marks", "content", "working_marks.content")),
];

/// A sealed value and the key of its row.
#[derive(Clone, Debug, Default, QueryableByName)]
pub struct SealedValue {
    #[diesel(sql_type = Text)]
    pub first: String,
    /// Empty if the key is one column.
    #[diesel(sql_type = Text)]
    pub second: String,
    #[diesel(sql_type = Text)]
    pub sealed: String,
}

impl SealedColumn {
    /// At most `most` values after the row of `after`, by key. Empty columns are left out. The first call takes the
    /// default of `after`.
    pub fn page(&self, tx: &mut Tx, after: &SealedValue, most: u32) -> Result<Vec<SealedValue>, Error> {
        let SealedColumn { table, column, .. } = self;
        // `$1` is a parameter in both databases.
        let (second, later, order) = match self.key {
            [first, second] => {
                (*second, format!("({first}, {second}) > ($1, $2)"), format!("{first}, {second}"))
            }
            key => ("''", format!("{} > $1 AND $2 = ''", key[0]), key[0].to_owned()),
        };
        let query = format!(
            "SELECT {} AS first, {second} AS second, {column} AS sealed FROM {table} \
             WHERE {later} AND {column} <> '' ORDER BY {order} LIMIT {most}",
            self.key[0]
        );
        let query = diesel::sql_query(query).bind::<Text, _>(&after.first).bind::<Text, _>(&after.second);
        Ok(either!(tx.conn, conn => query.load(conn))?)
    }

    /// Replaces a value, unless it has been changed since it was read.
    pub fn replace(&self, tx: &mut Tx, value: &SealedValue, sealed: &str) -> Result<(), Error> {
        let SealedColumn { table, column, .. } = self;
        let is_row = match self.key {
            [first, second] => format!("{first} = $2 AND {second} = $3"),
            key => format!("{} = $2 AND $3 = ''", key[0]),
        };
        let query = format!("UPDATE {table} SET {column} = $1 WHERE {is_row} AND {column} = $4");
        let query = diesel::sql_query(query).bind::<Text, _>(sealed);
        let query = query.bind::<Text, _>(&value.first).bind::<Text, _>(&value.second);
        let query = query.bind::<Text, _>(&value.sealed);
        either!(tx.conn, conn => query.execute(conn))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables and columns of SQLite's migrations whose comment says that they are sealed.
    fn marked() -> Vec<(String, String)> {
        let mut found = Vec::new();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
        for migration in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(migration.unwrap().path().join("up.sql")).unwrap();
            let mut table = String::new();
            for line in text.lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                match words.as_slice() {
                    ["CREATE", "TABLE", name, ..] => table = (*name).to_owned(),
                    ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..] if is_sealed(line) => {
                        found.push(((*name).to_owned(), (*column).to_owned()));
                    }
                    [column, "TEXT", ..] if is_sealed(line) => {
                        found.push((table.clone(), (*column).to_owned()))
                    }
                    _ => {}
                }
            }
        }
        found
    }

    fn is_sealed(line: &str) -> bool {
        line.split_once("--").is_some_and(|(_, comment)| comment.contains("sealed"))
    }

    #[test]
    fn every_sealed_column_is_in_the_list() {
        let marked = marked();
        assert!(marked.len() > 20);
        for (table, column) in marked {
            let known = SEALED_COLUMNS.iter().any(|known| known.table == table && known.column == column);
            assert!(known, "{table}.{column}");
        }
    }
}
