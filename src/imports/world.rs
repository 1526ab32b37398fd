//! What a file's rows are checked against: the exams, the day, and the keys of this installation.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::store::schema::{candidates, exam_subjects, exams, former_documents, sittings};
use crate::store::{Error, Tx, Vault};

/// Everything that a row is checked against. Its size is that of the authority's exams, not of the file.
pub struct World {
    /// Blinds what is searched for.
    pub vault: Vault,
    /// The day in China.
    pub today: NaiveDate,
    exams: HashMap<String, Exam>,
    /// People whose document was corrected: the hash of the former one, with that of today's.
    moved: HashMap<String, String>,
    mark: String,
}

/// An exam with what it offers.
#[derive(Default)]
pub struct Exam {
    /// Key of the row.
    pub id: String,
    /// Level and specialty, with subjects and their fees in fen.
    pub offered: HashMap<(String, String), Vec<(String, i32)>>,
    /// Key of each sitting, by month.
    pub sittings: HashMap<String, String>,
}

/// So much of the vault's fingerprint marks a hash as one of this installation.
const MARK: usize = 8;

impl World {
    /// Reads it all.
    pub fn load(tx: &mut Tx) -> Result<World, Error> {
        let mark = tx.vault.fingerprint()[..MARK].to_owned();
        let (exams, moved) = (load_exams(tx)?, moved(tx)?);
        Ok(World { vault: tx.vault.clone(), today: tx.today(), exams, moved, mark })
    }

    /// The exam of a code.
    pub fn exam(&self, code: &str) -> Option<&Exam> {
        self.exams.get(code)
    }

    /// By which hash the records of a person are kept: a corrected document takes the former one's records along.
    pub fn holder(&self, hash: String) -> String {
        self.moved.get(&hash).cloned().unwrap_or(hash)
    }

    /// A hash as an export writes it. With another data key it would mean nobody, so it is marked.
    pub fn marked(&self, hash: &str) -> String {
        format!("{}.{hash}", self.mark)
    }

    /// The hash that [`World::marked`] has written, unless another installation did.
    pub fn own_hash(&self, text: &str) -> Option<String> {
        let hash = text.strip_prefix(&self.mark)?.strip_prefix('.')?;
        let shaped =
            hash.len() == 43 && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        shaped.then(|| hash.to_owned())
    }
}

fn load_exams(tx: &mut Tx) -> Result<HashMap<String, Exam>, Error> {
    let rows: Vec<(String, String)> = exams::table.select((exams::code, exams::id)).load(tx.conn)?;
    let mut found: HashMap<_, _> =
        rows.into_iter().map(|(code, id)| (code, Exam { id, ..Exam::default() })).collect();
    use exam_subjects as s;
    let offered: Vec<(String, String, String, String, i32)> = s::table
        .inner_join(exams::table)
        .select((exams::code, s::level, s::specialty, s::subject, s::fee))
        .order(s::position)
        .load(tx.conn)?;
    for (code, level, specialty, subject, fee) in offered {
        let exam: &mut Exam = found.entry(code).or_default();
        exam.offered.entry((level, specialty)).or_default().push((subject, fee));
    }
    let held: Vec<(String, String, String)> = sittings::table
        .inner_join(exams::table)
        .select((exams::code, sittings::month, sittings::id))
        .load(tx.conn)?;
    for (code, month, id) in held {
        found.entry(code).or_default().sittings.insert(month, id);
    }
    Ok(found)
}

/// People whose document was corrected: the hash of the former one, with that of today's.
pub fn moved(tx: &mut Tx) -> Result<HashMap<String, String>, Error> {
    let rows: Vec<(String, String)> = former_documents::table
        .inner_join(candidates::table)
        .select((former_documents::document_hash, candidates::document_hash))
        .load(tx.conn)?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
impl World {
    /// Without exams, on a day.
    pub fn empty(today: NaiveDate) -> World {
        let vault = Vault::from_key(&[7; 32]);
        let mark = vault.fingerprint()[..MARK].to_owned();
        World { vault, today, exams: HashMap::new(), moved: HashMap::new(), mark }
    }
}
