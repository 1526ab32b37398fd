//! The demo's data, made by the program's own functions, and as many copies of its applications as wanted.

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use kaozheng::casework::business::Application;
use kaozheng::casework::lifecycle::Status;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::demo::data::{load_applications, load_demo};
use kaozheng::demo::sandbox::people::PEOPLE;
use kaozheng::files::storage::Storage;
use kaozheng::people::candidate::{self, Identity};
use kaozheng::people::document::Document;
use kaozheng::people::staff::{self, Role};
use kaozheng::store::schema::applications::dsl as a;
use kaozheng::store::{CandidateId, Clock, Error, Tx, Vault, clock, file};

use crate::copies::{self, Copy};
use crate::postgres;
use crate::process::{Cores, KEY, Process};
use crate::sessions::{begin, enrol, open};

/// A database to serve.
pub struct Fixture {
    pub url: String,
    files: PathBuf,
    pub sessions: Sessions,
    /// Path of 申请详情 of an application that was returned.
    pub detail: String,
    /// Number of an application that waits, with all its files.
    pub case: String,
}

/// The cookie of each visitor.
pub struct Sessions {
    /// Candidates with so many applications in all states.
    pub twelve: String,
    pub twenty: String,
    pub many: String,
    /// A candidate whose application was returned.
    pub returned: String,
    /// A candidate with a draft.
    pub draft: String,
    /// An administrator, whose work is every business.
    pub staff: String,
}

/// Applications of the candidate with many.
const MANY: usize = 500;

/// Applications in review by the administrator.
const OWN: usize = 20;

impl Fixture {
    pub async fn serve(&self) -> Process {
        Process::serve(&self.url, &self.files, Cores::Shared).await
    }
}

fn storage(files: &Path) -> Storage {
    Storage::local(files, Vault::from_key(&KEY)).expect("a storage")
}

/// A copy of the file that an earlier run of the same program filled on the same day, or of a new one.
pub async fn sqlite(waiting: u32) -> Fixture {
    let version = kaozheng::store::schema_of_program().expect("migrations").pop().unwrap_or_default();
    let today = clock::china_date(Clock::system().now());
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages").join(waiting.to_string());
    let kept = folder.join(format!("{today}-{version}"));
    let (database, files) = (kept.join("kaozheng.db"), kept.join("files"));
    if !database.exists() {
        // Of another day or program; there may be none.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&kept).expect("a folder");
        let filling = folder.join("filling.db");
        let url = format!("sqlite:{}", filling.display());
        fill(&url, &files, waiting).await;
        file::checkpoint(&url).expect("a finished database");
        std::fs::rename(filling, &database).expect("a file");
    }
    let served = folder.join("served.db");
    for old in file::data_files(&served) {
        // Of the run before; there may be none.
        let _ = std::fs::remove_file(old);
    }
    std::fs::copy(database, &served).expect("a copy");
    sign_in(format!("sqlite:{}", served.display()), files).await
}

pub async fn postgres(waiting: u32) -> Fixture {
    let url = postgres::create(&format!("kaozheng_pages_{waiting}"));
    let files = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages").join(format!("postgres-{waiting}"));
    // Of the run before; there may be none.
    let _ = std::fs::remove_dir_all(&files);
    fill(&url, &files, waiting).await;
    sign_in(url, files).await
}

/// Applications of the demo that copies are made from: those that wait, the others, and all in an order in which
/// states take turns. Drafts are not among them.
struct Templates {
    waiting: Vec<String>,
    others: Vec<String>,
    mixed: Vec<String>,
}

impl Templates {
    fn load(tx: &mut Tx) -> Result<Templates, Error> {
        let rows =
            a::applications.filter(a::status.ne(Status::Draft.code())).order((a::status, a::kind, a::id));
        let rows: Vec<(String, String)> = rows.select((a::status, a::id)).load(tx.conn)?;
        let (waiting, others): (Vec<_>, Vec<_>) =
            rows.iter().cloned().partition(|(status, _)| status == Status::Submitted.code());
        let ids = |rows: Vec<(String, String)>| rows.into_iter().map(|(_, id)| id).collect();
        Ok(Templates { waiting: ids(waiting), others: ids(others), mixed: in_turns(&rows) })
    }

    /// `waiting` applications that wait and half as many others, and those of the candidates with a known number.
    fn copies(&self, waiting: usize, people: &[CandidateId]) -> Vec<Copy> {
        let (known, crowd) = people.split_at(KNOWN.len());
        let queue = spread(&self.waiting, waiting, 0).chain(spread(&self.others, waiting / 2, 0));
        let mut copies: Vec<Copy> =
            queue.map(|(round, template)| Copy::new(round, &crowd[round], template)).collect();
        for ((count, candidate), first) in KNOWN.iter().zip(known).zip((1..).map(|known| known * 1_000_000)) {
            let own = spread(&self.mixed, *count, first);
            copies.extend(own.map(|(round, template)| Copy::new(round, candidate, template)));
        }
        copies
    }

    /// Candidates who share so many applications that wait.
    fn crowd(&self, waiting: usize) -> usize {
        let rounds = |templates: &[String], count: usize| count / templates.len() + 1;
        rounds(&self.waiting, waiting).max(rounds(&self.others, waiting / 2))
    }
}

/// Ids of rows of (state, id): the first of each state, then the second of each, and so on.
fn in_turns(rows: &[(String, String)]) -> Vec<String> {
    let turn = |at: usize| rows[..at].iter().filter(|(status, _)| *status == rows[at].0).count();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|at| turn(*at));
    order.into_iter().map(|at| rows[at].1.clone()).collect()
}

/// Numbers of applications of the first candidates: [`Sessions::twelve`], `twenty` and `many`.
const KNOWN: [usize; 3] = [12, 20, MANY];

/// So many of the templates, again from the first in each round. Rounds are counted from `first`.
fn spread(templates: &[String], count: usize, first: usize) -> impl Iterator<Item = (usize, &str)> {
    (0..count).map(move |at| (first + at / templates.len(), templates[at % templates.len()].as_str()))
}

async fn fill(url: &str, files: &Path, waiting: u32) {
    let (store, waiting) = (open(url).await, waiting as usize);
    store.migrate().await.expect("migrations");
    load_demo(&store).await.expect("the demo's data");
    load_applications(&store, &storage(files)).await.expect("the demo's applications");
    let templates = store.read(Templates::load).await.expect("templates");
    let crowd = templates.crowd(waiting);
    let people = store.write(move |tx| enrol(tx, KNOWN.len() + crowd)).await.expect("candidates");
    let staff = store.read(administrator).await.expect("an administrator");
    // The benchmark takes more cases than a person may have.
    store.write(|tx| rules::set(tx, Rule::MostTaken, None, i32::MAX)).await.expect("a rule");
    drop(store);
    copies::make(url, &templates.copies(waiting, &people), &staff, OWN);
}

/// Id of the administrator's row of the roster.
fn administrator(tx: &mut Tx) -> Result<String, Error> {
    let all = staff::list(tx)?;
    Ok(all.into_iter().find(|member| member.role == Role::Administrator).expect("an administrator").id)
}

/// Opens a session for each visitor.
async fn sign_in(url: String, files: PathBuf) -> Fixture {
    let store = open(&url).await;
    let opened = store.write(|tx| {
        let of_staff = Some(administrator(tx)?);
        let (known, candidate) = (enrol(tx, KNOWN.len())?, enrol_administrator(tx)?);
        let [returned, draft, waiting] =
            [Status::Returned, Status::Draft, Status::Submitted].map(|status| qualification(tx, status));
        let mut session = |candidate: &CandidateId, staff| begin(tx, candidate, staff);
        let sessions = Sessions {
            twelve: session(&known[0], None)?,
            twenty: session(&known[1], None)?,
            many: session(&known[2], None)?,
            returned: session(&returned.candidate_id, None)?,
            draft: session(&draft.candidate_id, None)?,
            staff: session(&candidate, of_staff)?,
        };
        Ok::<_, Error>((sessions, returned, waiting))
    });
    let (sessions, returned, waiting) = opened.await.expect("sessions");
    let detail = kaozheng::paths::application("qualification", returned.shown_number());
    Fixture { url, files, sessions, detail, case: waiting.shown_number().to_owned() }
}

/// The demo's own qualification check in a state. A copy's id begins with the id of the original and is longer.
fn qualification(tx: &mut Tx, status: Status) -> Application {
    let rows = a::applications.filter(a::kind.eq("qualification")).filter(a::status.eq(status.code()));
    let id: String = rows.order(a::id).select(a::id).first(tx.conn).expect("an application");
    Application::by_id(tx, &id).unwrap_or_else(|_| panic!("application {id} cannot be read"))
}

/// The administrator as a candidate, whom every session needs.
fn enrol_administrator(tx: &mut Tx) -> Result<CandidateId, Error> {
    let person = PEOPLE.iter().find(|person| person.role == Role::Administrator.label()).expect("a person");
    let document = Document::parse(person.document_type, person.document_number, tx.today());
    let name = person.name.to_owned();
    candidate::enrol(tx, &Identity { name, document: document.expect("a document"), phone: None })
}
