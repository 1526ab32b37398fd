//! Finds applications in every state by number, by the document or by the name of the candidate.
//!
//! A candidate is found by keyed hashes: of the whole name in its normal form, present or former, and of the number of a
//! present or former document of any type. Results are in the order of candidates, and of each the newest first.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::super::queue::{Sql, Value};
use crate::casework::application::PAGE;
use crate::casework::business::{Business, Registry};
use crate::casework::lifecycle::Status;
use crate::casework::number::{self, ApplicationNumber};
use crate::either;
use crate::people::document::{self, Document, DocumentType};
use crate::people::name_hash::name_hash;
use crate::people::staff::StaffMember;
use crate::people::{candidate, holder_hash, mask};
use crate::store::schema::{applications, candidates, staff};
use crate::store::{CandidateId, Error, Timestamp, Tx, Vault};

/// What was typed, as it can be searched for.
pub enum Wanted {
    Number(ApplicationNumber),
    Person {
        /// Hash of a name.
        name: String,
        /// Hashes of the number as that of each type of document that can have it.
        documents: Vec<String>,
    },
}

pub struct FoundItem {
    pub number: ApplicationNumber,
    pub business: &'static Business,
    /// Exam and sitting.
    pub title: String,
    pub status: Status,
    /// The word for its state, if it differs from the status; else empty.
    pub result: String,
    /// The first submission.
    pub submitted_at: Timestamp,
    pub assignee: Option<String>,
    pub person: CandidateId,
    /// Masked.
    pub name: String,
    /// Type and masked number.
    pub document: String,
    /// Key of the application.
    id: String,
}

/// The last application of a page.
pub struct After {
    person: String,
    at: Timestamp,
    id: String,
}

#[derive(Queryable)]
struct Row {
    id: String,
    number: Option<ApplicationNumber>,
    slug: String,
    title: String,
    status: String,
    result: String,
    submitted_at: Option<Timestamp>,
    assignee: Option<String>,
    person: CandidateId,
    name: String,
    document_type: String,
    document_number: String,
}

impl Wanted {
    pub fn of(vault: &Vault, today: NaiveDate, words: &str) -> Wanted {
        if let Some(number) = number::parse(words) {
            return Wanted::Number(number);
        }
        let number = document::normalise(words);
        let holder = |kind| {
            let document = Document::parse(kind, &number, today).ok()?;
            Some(holder_hash::holder(vault, document.kind(), document.number()))
        };
        let documents = DocumentType::ALL.into_iter().filter_map(holder).collect();
        Wanted::Person { name: name_hash(vault, words), documents }
    }

    /// What the audit notes: the number, or the beginnings of the hashes, which name nobody.
    pub fn noted(&self) -> String {
        match self {
            Wanted::Number(number) => number.to_string(),
            Wanted::Person { name, documents } => {
                let hashes = std::iter::once(name).chain(documents);
                hashes.map(|hash| hash.chars().take(12).collect()).collect::<Vec<String>>().join(" ")
            }
        }
    }
}

impl FoundItem {
    /// What the address of the next page says.
    pub fn position(&self) -> String {
        format!("{}_{}_{}", self.person, self.submitted_at.format("%Y-%m-%dT%H:%M:%S%.f"), self.id)
    }
}

impl After {
    /// Reads a [`FoundItem::position`]. `None` for any other text.
    pub fn parse(text: &str) -> Option<After> {
        let mut parts = text.splitn(3, '_');
        let (person, at, id) = (parts.next()?, parts.next()?, parts.next()?);
        Some(After { person: person.to_owned(), at: at.parse().ok()?, id: id.to_owned() })
    }
}

/// A page of applications that are the work of the reader's role, and one more if there is a next page. The caller
/// notes them in the audit.
pub fn find(
    tx: &mut Tx,
    reader: &StaffMember,
    wanted: &Wanted,
    after: Option<&After>,
) -> Result<Vec<FoundItem>, Error> {
    let (registry, duty) = (Registry::of(tx), reader.duty());
    let kinds = registry.iter().filter(|business| business.is_work_of(&duty));
    let kinds: Vec<&'static str> = kinds.map(|business| business.slug).collect();
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let sources = sources(tx, wanted)?;
    let rows = read(tx, &is_found(&sources, &kinds, after))?;
    let items = rows.into_iter().map(|row| row.item(tx.vault, registry));
    let mut items: Vec<FoundItem> = items.collect::<Result<_, _>>()?;
    let order = |item: &FoundItem| (item.person.to_string(), item.submitted_at, item.id.clone());
    items.sort_by_cached_key(|item| std::cmp::Reverse(order(item)));
    Ok(items)
}

/// Where applications are read from, one index each.
enum Source<'a> {
    Number(&'a ApplicationNumber),
    Candidate(CandidateId),
    Name(&'a str),
    FormerName(&'a str),
}

fn sources<'a>(tx: &mut Tx, wanted: &'a Wanted) -> Result<Vec<Source<'a>>, Error> {
    let (name, documents) = match wanted {
        Wanted::Number(number) => return Ok(vec![Source::Number(number)]),
        Wanted::Person { name, documents } => (name, documents),
    };
    let mut owners = candidate::with_documents(tx, documents)?;
    owners.sort_unstable_by_key(ToString::to_string);
    owners.dedup();
    Ok(match owners.is_empty() {
        true => vec![Source::Name(name), Source::FormerName(name)],
        false => owners.into_iter().map(Source::Candidate).collect(),
    })
}

/// The condition that an application is one of the page.
fn is_found(sources: &[Source], kinds: &[&'static str], after: Option<&After>) -> Sql<Bool> {
    let mut sql = Sql::new("applications.id IN (SELECT id FROM (");
    let mut between = "";
    for source in sources {
        sql.push(between);
        between = " UNION ALL ";
        push_source(&mut sql, source, kinds, after);
    }
    sql.push(" ORDER BY person DESC, moment DESC, id DESC");
    sql.push_limit(PAGE + 1);
    sql.push(") AS picked)");
    sql
}

/// Candidates and their applications are each in the order of an index, so that a page reads no more than it shows.
fn push_source(sql: &mut Sql<Bool>, source: &Source, kinds: &[&'static str], after: Option<&After>) {
    sql.push("SELECT * FROM (SELECT a.id, a.candidate_id AS person, a.submitted_at AS moment FROM ");
    let person = match source {
        Source::Number(number) => {
            sql.push_with("applications AS a WHERE a.number = ", Value::Text(number.to_string()));
            "a.candidate_id"
        }
        Source::Candidate(id) => {
            sql.push_with("applications AS a WHERE a.candidate_id = ", Value::Text(id.to_string()));
            "a.candidate_id"
        }
        Source::Name(hash) => {
            sql.push("candidates AS c JOIN applications AS a ON a.candidate_id = c.id");
            sql.push_with(" WHERE c.name_hash = ", Value::Text((*hash).to_owned()));
            "c.id"
        }
        Source::FormerName(hash) => {
            sql.push("former_names AS c JOIN applications AS a ON a.candidate_id = c.candidate_id");
            sql.push_with(" WHERE c.name_hash = ", Value::Text((*hash).to_owned()));
            "c.candidate_id"
        }
    };
    sql.push(" AND a.submitted_at IS NOT NULL AND a.kind IN ('");
    for (at, kind) in kinds.iter().enumerate() {
        sql.push(if at == 0 { "" } else { "', '" });
        sql.push(kind);
    }
    sql.push("')");
    if let Some(after) = after {
        push_rest(sql, person, after);
    }
    sql.push(" ORDER BY ");
    sql.push(person);
    sql.push(" DESC, a.submitted_at DESC, a.id DESC");
    sql.push_limit(PAGE + 1);
    sql.push(") AS stream");
}

fn push_rest(sql: &mut Sql<Bool>, person: &'static str, after: &After) {
    sql.push(" AND ");
    sql.push(person);
    sql.push_with(" <= ", Value::Text(after.person.clone()));
    sql.push(" AND (");
    sql.push(person);
    sql.push_with(" < ", Value::Text(after.person.clone()));
    sql.push_with(" OR (a.submitted_at, a.id) < (", Value::Time(after.at));
    sql.push_with(", ", Value::Text(after.id.clone()));
    sql.push("))");
}

fn read(tx: &mut Tx, is_found: &Sql<Bool>) -> Result<Vec<Row>, Error> {
    Ok(either!(tx.conn, conn => applications::table
        .inner_join(candidates::table)
        .left_join(staff::table)
        .filter(is_found)
        .select((
            applications::id,
            applications::number,
            applications::kind,
            applications::title,
            applications::status,
            applications::result,
            applications::submitted_at,
            staff::name.nullable(),
            applications::candidate_id,
            candidates::name,
            candidates::document_type,
            candidates::document_number,
        ))
        .load(conn))?)
}

impl Row {
    fn item(self, vault: &Vault, registry: Registry) -> Result<FoundItem, Error> {
        let kind =
            DocumentType::from_code(&self.document_type).ok_or(Error::Corrupt("candidates.document_type"))?;
        let number = candidate::open_number(vault, &self.document_number)?;
        Ok(FoundItem {
            number: self.number.unwrap_or_default(),
            business: registry.find(&self.slug).ok_or(Error::Corrupt("applications.kind"))?,
            title: self.title,
            status: Status::from_code(&self.status).ok_or(Error::Corrupt("applications.status"))?,
            result: self.result,
            submitted_at: self.submitted_at.ok_or(Error::Corrupt("applications.submitted_at"))?,
            assignee: self.assignee,
            person: self.person,
            name: mask::name(&self.name),
            document: format!("{} {}", kind.label(), mask::number(&number)),
            id: self.id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_of_a_search_names_nobody() {
        let vault = Vault::from_key(&[7; 32]);
        let today = "2026-11-29".parse().unwrap();
        for words in ["张小三", "11010519491231002X", "H1234567801", "JOHN SMITH"] {
            let noted = Wanted::of(&vault, today, words).noted();
            assert!(!noted.is_empty() && !noted.contains(words), "{noted}");
        }
        let number = number::format("TF", &today, 1);
        assert_eq!(Wanted::of(&vault, today, &number.to_lowercase()).noted(), *number);
    }
}
