//! What lists show of a sealed form and of the remarks on it. It is stored in clear, in `applications.list_facts`.
//!
//! Every change of an application stores it. Programs of version 0.1.0 do not: [`fill`] stores it for what they left,
//! and what they change afterwards is read from the form until the next change.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::business::{Application, Business, Registry};
use super::history::{self, Mark};
use super::lifecycle::Status;
use crate::store::schema::applications::dsl as a;
use crate::store::{CandidateId, Error, Store, Tx};

/// Applications in one transaction of [`fill`].
const BATCH: i64 = 200;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct ListFacts {
    /// Version of the application.
    version: i32,
    /// Names of the questions and slots that show the marks. An empty name is the whole application.
    pub marked: Vec<String>,
    /// Whether the certificate that the application is about is to be posted.
    pub by_post: bool,
}

impl ListFacts {
    pub(super) fn of(version: i32, business: &Business, form: Option<&Answers>, marks: &[Mark]) -> ListFacts {
        let nothing = Answers::default();
        let form = form.unwrap_or(&nothing);
        ListFacts {
            version,
            marked: marks.iter().map(|mark| business.place_of(&mark.name, form).to_owned()).collect(),
            by_post: business.by_post.is_some_and(|by_post| by_post(form)),
        }
    }

    /// Reads the column of an application of a candidate.
    pub(super) fn read(
        tx: &mut Tx,
        candidate: &CandidateId,
        (id, version): (&str, i32),
        (business, status): (&Business, Status),
        stored: Option<&str>,
    ) -> Result<ListFacts, Error> {
        let stored: Option<ListFacts> = stored
            .map(|json| serde_json::from_str(json).map_err(|_| Error::Corrupt("applications.list_facts")))
            .transpose()?;
        match stored {
            Some(facts) if facts.version == version => Ok(facts),
            _ if !are_shown(business, status) => Ok(ListFacts::default()),
            _ => match Application::own_by_id(tx, candidate, id)? {
                Some(application) => ListFacts::from_form(tx, &application),
                None => Ok(ListFacts::default()),
            },
        }
    }

    fn from_form(tx: &mut Tx, application: &Application) -> Result<ListFacts, Error> {
        let events = match application.status {
            Status::Returned => history::of(tx, &application.id)?,
            _ => Vec::new(),
        };
        let (form, marks) = (application.form.as_ref(), history::last_marks(&events));
        Ok(ListFacts::of(application.version, application.business, form, marks))
    }

    pub(super) fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|_| Error::Corrupt("applications.list_facts"))
    }
}

/// Whether lists show the facts of an application in this state.
fn are_shown(business: &Business, status: Status) -> bool {
    match status {
        Status::Returned => true,
        Status::Completed => business.by_post.is_some(),
        _ => false,
    }
}

/// Stores the facts of applications from version 0.1.0. Returns their number. It can be interrupted and run again.
/// An application that cannot be decrypted is left out.
pub async fn fill(store: &Store) -> Result<usize, Error> {
    let (mut filled, mut after) = (0, String::new());
    loop {
        let batch = store.write(move |tx| fill_batch(tx, &after)).await?;
        let Some(last) = batch.last else { return Ok(filled) };
        filled += batch.filled;
        after = last;
    }
}

struct Batch {
    filled: usize,
    /// Key of the last application. `None` if there was none.
    last: Option<String>,
}

fn fill_batch(tx: &mut Tx, after: &str) -> Result<Batch, Error> {
    let mut batch = Batch { filled: 0, last: None };
    for (id, candidate) in missing(tx, after)? {
        match fill_one(tx, &candidate, &id) {
            Err(Error::Unreadable | Error::Corrupt(_)) => {}
            filled => batch.filled += filled?,
        }
        batch.last = Some(id);
    }
    Ok(batch)
}

/// Keys and candidates of applications without facts, by key.
fn missing(tx: &mut Tx, after: &str) -> Result<Vec<(String, CandidateId)>, Error> {
    let posting = Registry::of(tx).iter().filter(|business| business.by_post.is_some());
    let posting: Vec<&str> = posting.map(|business| business.slug).collect();
    let completed = a::status.eq(Status::Completed.code()).and(a::kind.eq_any(posting));
    Ok(a::applications
        .filter(a::id.gt(after))
        .filter(a::list_facts.is_null())
        .filter(a::status.eq(Status::Returned.code()).or(completed))
        .order(a::id)
        .limit(BATCH)
        .select((a::id, a::candidate_id))
        .load(tx.conn)?)
}

fn fill_one(tx: &mut Tx, candidate: &CandidateId, id: &str) -> Result<usize, Error> {
    let Some(application) = Application::own_by_id(tx, candidate, id)? else { return Ok(0) };
    let facts = ListFacts::from_form(tx, &application)?.to_json()?;
    let unchanged = a::applications.find(id).filter(a::version.eq(application.version));
    Ok(diesel::update(unchanged).set(a::list_facts.eq(facts)).execute(tx.conn)?)
}
