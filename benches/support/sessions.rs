//! Candidates and their sessions, written into a database that the program serves later.

use chrono::Duration;
use kaozheng::business::ALL;
use kaozheng::casework::texts;
use kaozheng::people::candidate::{self, Identity};
use kaozheng::people::consent::{self, Consents, Purpose};
use kaozheng::people::document::{Document, DocumentType};
use kaozheng::settings::{SessionLength, SessionRules};
use kaozheng::store::{CandidateId, Clock, Error, Ids, Store, Tx, Vault};
use kaozheng::web::session::{self, SignedIn};

use crate::process::KEY;

pub async fn open(url: &str) -> Store {
    let store = Store::open(url, Vault::from_key(&KEY), Clock::system(), Ids::random());
    store.await.expect("a store").attach(&ALL)
}

/// So many candidates, those of an earlier call first.
pub fn enrol(tx: &mut Tx, count: usize) -> Result<Vec<CandidateId>, Error> {
    (0..count)
        .map(|number| {
            let document = Document::parse(DocumentType::Passport, &format!("E{number:08}"), tx.today());
            let name = char::from_u32(0x4e00 + number as u32 % 20_000).into_iter();
            let identity = Identity {
                name: "考生".chars().chain(name).collect(),
                document: document.expect("a passport"),
                phone: Some(format!("138{number:08}")),
            };
            candidate::enrol(tx, &identity)
        })
        .collect()
}

/// Begins a session of a candidate who has agreed to the privacy notice, and who may be a staff member. Returns its
/// cookie.
pub fn begin(tx: &mut Tx, candidate: &CandidateId, staff: Option<String>) -> Result<String, Error> {
    let notice = texts::privacy_notice(tx)?;
    consent::agree(tx, (candidate, &Consents::default()), notice.version, &Purpose::SENSITIVE)?;
    let who = SignedIn::at(tx.now, candidate.clone(), staff, "Android 手机 · Chrome".to_owned());
    let lasting = SessionLength { idle: Duration::hours(10), absolute: Duration::hours(10) };
    let rules = SessionRules { candidates: lasting, staff: lasting, ..SessionRules::STANDARD };
    let id = session::replace(tx, None, &who, &rules)?;
    Ok(format!("kaozheng={id}"))
}
