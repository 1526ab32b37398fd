//! The stored data against which rows are checked: exams, today's date and the keys of this installation.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::casework::business::Registry;
use crate::casework::rules::{self, Rule};
use crate::store::schema::{candidates, exam_subjects, exams, former_documents, renewed_hashes, sittings};
use crate::store::vault::{mark, parts};
use crate::store::{Error, Tx, Vault};

/// Its size depends on the authority's exams, corrections and permits, not on the file.
pub struct ReferenceData {
    /// Computes the hashes by which people are found.
    pub vault: Vault,
    /// Today's date in China.
    pub today: NaiveDate,
    /// Working days in which one can plead against a violation.
    pub plead_days: i32,
    /// By exam code.
    exams: HashMap<String, ExamReference>,
    /// See [`corrected_holders`].
    corrected: HashMap<String, String>,
    /// Present hashes by those that an older program has exported.
    renewed: HashMap<String, String>,
}

#[derive(Default)]
pub struct ExamReference {
    pub id: String,
    /// By level and specialty.
    pub offered: HashMap<(String, String), Vec<Subject>>,
    /// Ids of the sittings by month, such as `201803`.
    pub sittings: HashMap<String, String>,
}

pub struct Subject {
    pub name: String,
    /// In fen.
    pub fee: i32,
}

/// Characters of the vault's fingerprint that an exported hash begins with.
const PREFIX: usize = 8;

impl ReferenceData {
    pub fn load(tx: &mut Tx) -> Result<ReferenceData, Error> {
        let (exams, corrected) = (load_exams(tx)?, corrected_holders(tx)?);
        let renewed: Vec<(String, String)> = renewed_hashes::table.load(tx.conn)?;
        let renewed = renewed.into_iter().collect();
        let pleading = Registry::of(tx).iter().find(|business| business.pleads);
        let plead_days = rules::value(tx, Rule::PleadDays, pleading)?;
        let (vault, today) = (tx.vault.clone(), tx.today());
        Ok(ReferenceData { vault, today, plead_days, exams, corrected, renewed })
    }

    pub fn exam(&self, code: &str) -> Option<&ExamReference> {
        self.exams.get(code)
    }

    /// The hash under which a person's records are stored today: a corrected document takes over the
    /// records of the former one.
    pub fn holder(&self, hash: String) -> String {
        let present = self.corrected.get(&hash).cloned().unwrap_or(hash);
        self.present_hash(present)
    }

    /// The hash that has replaced one of an earlier data key or of an older program.
    pub fn present_hash(&self, hash: String) -> String {
        let present = self.vault.present_hash(&hash);
        self.renewed.get(&present).cloned().unwrap_or(present)
    }

    /// A hash as an export writes it. The prefix names the data key that made it, because the hash is useless with
    /// another one.
    pub fn exported_hash(&self, kind: HashKind, hash: &str) -> String {
        let (generation, bare) = parts(hash);
        let fingerprint = self.vault.fingerprint_of(generation).unwrap_or_default();
        format!("{}.{}{bare}", fingerprint.chars().take(PREFIX).collect::<String>(), kind.mark())
    }

    /// Reads an [`exported_hash`](ReferenceData::exported_hash), as it was stored then. `None` if another installation wrote it; empty if
    /// it was computed in another way, by an older program.
    pub fn own_hash(&self, kind: HashKind, text: &str) -> Option<String> {
        let (prefix, marked) = text.split_at_checked(PREFIX)?;
        let generation = self.vault.generation_with(|fingerprint| fingerprint.starts_with(prefix))?;
        let marked = marked.strip_prefix('.')?;
        match marked.strip_prefix(kind.mark()) {
            Some(hash) => is_hash(hash).then(|| mark(generation, hash)),
            None => is_hash(marked).then(String::new),
        }
    }
}

/// What an exported hash is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashKind {
    /// A document, see [`holder`](crate::people::holder_hash::holder).
    Document,
    /// A name and a document, see [`person_hash`](crate::exams::certificate::person_hash).
    Person,
}

impl HashKind {
    /// Tells a hash from those of the same name that older programs exported.
    fn mark(self) -> &'static str {
        match self {
            HashKind::Document => "",
            HashKind::Person => "2.",
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn load_exams(tx: &mut Tx) -> Result<HashMap<String, ExamReference>, Error> {
    let rows: Vec<(String, String)> = exams::table.select((exams::code, exams::id)).load(tx.conn)?;
    let mut found: HashMap<_, _> =
        rows.into_iter().map(|(code, id)| (code, ExamReference { id, ..ExamReference::default() })).collect();
    use exam_subjects as s;
    let offered: Vec<(String, String, String, String, i32)> = s::table
        .inner_join(exams::table)
        .select((exams::code, s::level, s::specialty, s::subject, s::fee))
        .order(s::position)
        .load(tx.conn)?;
    for (code, level, specialty, name, fee) in offered {
        let exam: &mut ExamReference = found.entry(code).or_default();
        exam.offered.entry((level, specialty)).or_default().push(Subject { name, fee });
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

/// People whose document was corrected: the hash of each former document, and that of the present one.
pub fn corrected_holders(tx: &mut Tx) -> Result<HashMap<String, String>, Error> {
    let rows: Vec<(String, String)> = former_documents::table
        .inner_join(candidates::table)
        .select((former_documents::document_hash, candidates::document_hash))
        .load(tx.conn)?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
impl ReferenceData {
    /// Without exams.
    pub fn empty(today: NaiveDate) -> ReferenceData {
        let vault = Vault::from_key(&[7; 32]);
        let (exams, corrected, renewed) = (HashMap::new(), HashMap::new(), HashMap::new());
        ReferenceData { vault, today, plead_days: 5, exams, corrected, renewed }
    }
}
