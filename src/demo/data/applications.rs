//! Runs the demo's stories with the functions that candidates and staff use, at times in the past, so that every
//! application has a valid history.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveTime};

use super::papers::{self, Paper};
use super::stories::{Act, Pairs, STORIES, Story};
use crate::business::ALL;
use crate::casework::answers::{Answers, SentValues};
use crate::casework::business::{Application, Business, Origin};
use crate::casework::decision::{self, Verdict};
use crate::casework::history::Mark;
use crate::casework::lifecycle::Action;
use crate::casework::materials::{self, Received};
use crate::casework::number::ApplicationNumber;
use crate::casework::question::{AnswerRule, Problems};
use crate::casework::sheet::{FormStep, FormTarget, Sheet};
use crate::casework::{Refusal, assignment, submission, task};
use crate::demo::sandbox::people::PEOPLE;
use crate::files::storage::Storage;
use crate::people::candidate::Candidate;
use crate::people::holder_hash::HolderHash;
use crate::people::staff::{self, Role, StaffMember};
use crate::store::{CandidateId, Clock, Store, Timestamp, Tx, clock};

/// 10:10 in China: time of day of the first story's steps. The steps of later stories follow.
const MORNING: Option<NaiveTime> = NaiveTime::from_hms_opt(2, 10, 0);
const MINUTES_BETWEEN: i64 = 6;

/// Runs every story within office hours. The last step of each was yesterday.
pub(super) async fn load(store: &Store, files: &Storage) -> Result<(), Refusal> {
    let yesterday = clock::china_date(store.clock.now()) - Duration::days(1);
    let morning = yesterday.and_time(MORNING.unwrap_or_default());
    let stories = STORIES.iter().flat_map(|(slug, stories)| stories.iter().map(move |story| (slug, story)));
    for ((slug, story), position) in stories.zip(0..) {
        let end = morning + Duration::minutes(position * MINUTES_BETWEEN);
        let mut at = end - Duration::days(story.acts.len() as i64 - 1);
        let mut run = StoryRun::begin(slug, story)?;
        for act in story.acts {
            run = run.advance(&at_time(store, Timestamp::from_utc(at)), files, act).await?;
            at += Duration::days(1);
        }
    }
    Ok(())
}

/// The same store at another time.
fn at_time(store: &Store, at: Timestamp) -> Store {
    let mut past = store.clone();
    past.clock = Clock::manual(at);
    past
}

/// The state of a story that is being run.
#[derive(Clone)]
struct StoryRun {
    story: &'static Story,
    first: &'static Business,
    /// Business of the current application: that of the appeal, once there is one.
    business: &'static Business,
    /// Its 受理号; empty before it is submitted.
    number: ApplicationNumber,
    /// Materials marked by the last return.
    marks: Pairs,
}

impl StoryRun {
    fn begin(slug: &str, story: &'static Story) -> Result<StoryRun, Refusal> {
        let first = ALL.find(slug).ok_or(Refusal::NotFound)?;
        Ok(StoryRun { story, first, business: first, number: ApplicationNumber::default(), marks: &[] })
    }

    async fn advance(mut self, store: &Store, files: &Storage, act: &'static Act) -> Result<Self, Refusal> {
        match act {
            Act::Draft => drop(self.fill_in(store, files, &[], false).await?),
            Act::Submit(answers) => self.number = self.fill_in(store, files, answers, true).await?,
            Act::Appeal(answers) => {
                self.business = self.business.appeal.ok_or(Refusal::NotFound)?;
                self.number = self.fill_in(store, files, answers, true).await?;
            }
            Act::Do(action, noted) => self.carry_out(store, files, *action, noted).await?,
            Act::Return(marks) => {
                self.marks = marks;
                self.review(store, act).await?;
            }
            Act::Withdraw | Act::Take | Act::Reject(_) | Act::Approve(..) => self.review(store, act).await?,
        }
        Ok(self)
    }

    /// The form to fill in next.
    fn which(&self) -> FormTarget {
        match (self.number.is_empty(), self.business.origin) {
            (true, Origin::Certificate) => FormTarget::Posting(self.value("certificate").to_owned()),
            (true, _) => FormTarget::New,
            (false, Origin::Rejection) => FormTarget::Appeal(self.number.clone()),
            (false, _) => FormTarget::Edit(self.number.clone()),
        }
    }

    fn value(&self, name: &str) -> &'static str {
        let all = self.story.answers.iter().copied().flatten();
        all.rev().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Fills in a form. Returns the 受理号 if it was submitted, otherwise an empty text.
    async fn fill_in(
        &self,
        store: &Store,
        files: &Storage,
        other: Pairs,
        submit: bool,
    ) -> Result<ApplicationNumber, Refusal> {
        let values = values(self.story, &[self.story.answers, &[other]].concat(), store);
        let papers = papers::of(self.business, &values, self.marks)?;
        let received = receive(store, files, papers).await?;
        let (run, which) = (self.clone(), self.which());
        store
            .write(move |tx| {
                // An appeal starts from the application that was rejected.
                let candidate = person(tx, run.story)?;
                let mut sheet = Sheet::load(tx, run.first, candidate, &which)?;
                fill_in(tx, &mut sheet, values, received)?;
                if submit { submission::submit(tx, &sheet) } else { Ok(ApplicationNumber::default()) }
            })
            .await
    }

    /// Runs one step of the candidate or of a reviewer.
    async fn review(&self, store: &Store, act: &'static Act) -> Result<(), Refusal> {
        let (business, number) = (self.business, self.number.clone());
        store
            .write(move |tx| {
                let application = Application::by_number(tx, &number)?;
                // The reviewer of a rejection must not decide the appeal.
                let by = if business.is_appeal() { Role::Administrator } else { business.reviewed_by };
                let staff = member(tx, by)?;
                let verdict = match act {
                    Act::Withdraw => return decision::withdraw(tx, &application),
                    Act::Return(marks) => Verdict::Return(marks.iter().map(mark).collect()),
                    Act::Reject(why) => Verdict::Reject((*why).to_owned()),
                    Act::Approve(way, words) => Verdict::Approve(*way, (*words).to_owned()),
                    _ => return assignment::take(tx, &staff, &application),
                };
                decision::decide(tx, &staff, &application, application.version, verdict)
            })
            .await
    }

    async fn carry_out(
        &self,
        store: &Store,
        files: &Storage,
        action: Action,
        noted: Pairs,
    ) -> Result<(), Refusal> {
        let (business, number) = (self.business, self.number.clone());
        let task = business.task(action).ok_or(Refusal::NotFound)?;
        let papers = task.file.iter().map(papers::paper).collect::<Result<_, _>>()?;
        let received = receive(store, files, papers).await?;
        let sent: SentValues = values(self.story, &[noted], store);
        store
            .write(move |tx| {
                let application = Application::by_number(tx, &number)?;
                let (noted, problems) = task.read(tx.today(), &sent, !received.is_empty());
                refuse(&problems)?;
                let staff = member(tx, task.role)?;
                let seen = (&application, application.version);
                task::carry_out(tx, task, &staff, seen, (noted, received))
            })
            .await
    }
}

fn person(tx: &mut Tx, story: &Story) -> Result<Candidate, Refusal> {
    let person = &PEOPLE[story.person];
    let holder = HolderHash::of(tx.vault, person.document_type, person.document_number);
    Candidate::with_holder(tx, &holder)?.ok_or(Refusal::NotFound)
}

/// The staff member who does the work of a role: always the first one.
fn member(tx: &mut Tx, role: Role) -> Result<StaffMember, Refusal> {
    let member = staff::list(tx)?.into_iter().find(|member| member.role == role).ok_or(Refusal::NotFound)?;
    Ok(StaffMember {
        id: member.id,
        name: member.name,
        role: member.role,
        kinds: member.kinds,
        candidate: CandidateId::default(),
    })
}

fn mark((name, reason): &(&str, &str)) -> Mark {
    Mark { name: (*name).to_owned(), reason: (*reason).to_owned() }
}

/// Answers by question. Later pieces overwrite earlier ones.
fn values(story: &Story, pieces: &[Pairs], store: &Store) -> BTreeMap<String, Vec<String>> {
    let today = clock::china_date(store.clock.now()).to_string();
    let filled = |text: &str| text.replace("{name}", PEOPLE[story.person].name).replace("{today}", &today);
    let mut all = BTreeMap::new();
    for piece in pieces {
        let mut own = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in *piece {
            own.entry((*name).to_owned()).or_default().push(filled(value));
        }
        all.extend(own);
    }
    all
}

async fn receive(store: &Store, files: &Storage, papers: Vec<Paper>) -> Result<Vec<Received>, Refusal> {
    let mut received = Vec::new();
    for Paper { slot, name, prepared } in papers {
        received.push(materials::store_file(store, files, slot, name, prepared).await?);
    }
    Ok(received)
}

/// An impossible step is a mistake in the table of stories.
fn refuse(problems: &Problems) -> Result<(), Refusal> {
    if problems.is_empty() {
        return Ok(());
    }
    tracing::error!(?problems, "a story of the demo has problems");
    Err(Refusal::Defect("a story of the demo has problems"))
}

/// Overwrites the form's initial answers with those of the story. A question of several choices without an answer
/// gets all of them.
fn fill_in(
    tx: &mut Tx,
    sheet: &mut Sheet,
    values: BTreeMap<String, Vec<String>>,
    received: Vec<Received>,
) -> Result<(), Refusal> {
    if sheet.must_agree() {
        sheet.agree(tx)?;
    }
    sheet.answers.fields.extend(values);
    let sent = as_sent(&sheet.answers);
    sheet.save(tx, &sent, &FormStep::Choose, received)?;
    for field in sheet.business.questions().filter(|field| matches!(field.rule, AnswerRule::PickSome)) {
        let offered = sheet.choices.get(field.name).into_iter().flatten();
        let all = offered.map(|choice| choice.value.clone()).collect();
        let picked = sheet.answers.fields.entry(field.name.to_owned()).or_default();
        if picked.is_empty() {
            *picked = all;
        }
    }
    let sent = as_sent(&sheet.answers);
    sheet.save(tx, &sent, &FormStep::Submit, Vec::new())?;
    refuse(&sheet.problems(tx)?)
}

/// The form data that a browser would send.
fn as_sent(answers: &Answers) -> SentValues {
    let kept = answers.materials.iter().map(|(slot, ids)| (format!("material.{slot}"), ids.clone()));
    let values = answers.fields.clone().into_iter().chain(kept);
    values.collect()
}
