//! The review desk: assignment of applications, and the effects of a decision.

mod access;
mod assignment;
mod audit;
pub mod authority;
mod batches;
mod chain;
mod confirmation;
mod corrections;
mod figures;
mod finding;
mod free;
mod hold;
mod lists;
mod lost_files;
mod many;
mod matrix;
mod notes;
pub mod pages;
mod plans;
mod reopen;
mod second_pair;
mod sight;
mod stepup;
mod views;
mod working_marks;

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::casework::business::Application;
use kaozheng::casework::history;
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::casework::number::ApplicationNumber;
use kaozheng::casework::sheet::FormTarget;
use kaozheng::people::staff::StaffMember;
use kaozheng::staff::{self, QueueFilter, QueuePart};
use kaozheng::store::schema::audit_entries::dsl as entries;
use kaozheng::web::Failure;

use authority::{Authority, form};

impl Authority {
    async fn take_next(&self, reviewer: &StaffMember) -> Option<ApplicationNumber> {
        let reviewer = reviewer.clone();
        self.write(move |tx| Ok(staff::take_next(tx, &reviewer)?)).await.expect("no failure")
    }

    /// Presses a button of the decision bar on the current version.
    async fn decide(&self, reviewer: &StaffMember, number: &str, pairs: &[(&str, &str)]) -> Outcome {
        let version = self.application(number).await.version.to_string();
        self.decide_version(reviewer, number, &version, pairs).await
    }

    async fn decide_version(
        &self,
        reviewer: &StaffMember,
        number: &str,
        version: &str,
        pairs: &[(&str, &str)],
    ) -> Outcome {
        let pairs: Vec<_> = pairs.iter().copied().chain([("version", version)]).collect();
        let (reviewer, number, sent) = (reviewer.clone(), number.to_owned().into(), form(&pairs));
        let settled = self.write(move |tx| staff::settle(tx, &reviewer, &number, &sent)).await;
        match settled {
            Ok(problems) if problems.is_empty() => Outcome::Done,
            Ok(problems) => Outcome::Problem(problems[0].1.clone()),
            Err(failure) => Outcome::Failed(failure),
        }
    }

    async fn queued(&self, reader: &StaffMember, filter: QueueFilter) -> Vec<String> {
        let reader = reader.clone();
        let listed = self.write(move |tx| Ok(staff::list(tx, &reader, &filter)?)).await;
        listed.expect("a list").into_iter().map(|item| item.number.to_string()).collect()
    }

    async fn events(&self, number: &str) -> Vec<(Action, history::Content)> {
        let id = self.application(number).await.id;
        let events = self.write(move |tx| Ok(history::of(tx, &id)?)).await.expect("a history");
        events.into_iter().map(|event| (event.action, event.content)).collect()
    }

    async fn audited(&self) -> Vec<(String, String)> {
        let rows = entries::audit_entries.order(entries::id).select((entries::action, entries::target));
        self.write(move |tx| Ok(rows.load(tx.conn)?)).await.expect("the audit")
    }
}

#[derive(Debug)]
enum Outcome {
    Done,
    Problem(String),
    Failed(Failure),
}

impl Outcome {
    fn problem(self) -> String {
        match self {
            Outcome::Problem(what) => what,
            other => panic!("no problem was reported: {other:?}"),
        }
    }

    fn is_conflict(&self) -> bool {
        matches!(self, Outcome::Failed(Failure::Conflict { .. }))
    }
}

const APPROVE: &[(&str, &str)] = &[("action", "approve")];

fn only(status: QueuePart) -> QueueFilter {
    QueueFilter { status: status.code().into(), ..QueueFilter::default() }
}

#[tokio::test]
async fn earliest_due_day_comes_first() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let first = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.pass_hours(1);
    let second = authority.apply(&authority.candidate("李四", "E0000002").await).await;
    authority.pass_hours(24);
    let later = authority.apply(&authority.candidate("王五", "E0000003").await).await;
    assert_eq!(authority.queued(&reviewer, QueueFilter::default()).await, [&*first, &*second, &*later]);

    let found = |q: &str| QueueFilter { q: q.into(), ..QueueFilter::default() };
    assert_eq!(authority.queued(&reviewer, found("建造师")).await.len(), 3);
    assert_eq!(authority.queued(&reviewer, found("%")).await.len(), 0);
    assert_eq!(authority.queued(&reviewer, found(&second.to_lowercase())).await, [&*second]);
    let kind = QueueFilter { business: "appeal".into(), ..QueueFilter::default() };
    assert_eq!(authority.queued(&reviewer, kind).await.len(), 0);

    let overdue = QueueFilter { time: "overdue".into(), ..QueueFilter::default() };
    authority.pass_hours(7 * 24); // Tuesday: the first two were due on Monday
    assert_eq!(authority.queued(&reviewer, overdue).await, [&*first, &*second]);
}

#[tokio::test]
async fn simultaneous_reviewers_take_different_applications() {
    let authority = Authority::open().await;
    let (mut reviewers, mut numbers) = (Vec::new(), Vec::new());
    for at in 0..8 {
        reviewers.push(authority.reviewer(&format!("审核员{at}"), &format!("S000000{at}")).await);
        numbers.push(authority.apply(&authority.candidate("张小三", &format!("E000000{at}")).await).await);
    }
    let mut taken = join_all(reviewers.iter().map(|reviewer| authority.take_next(reviewer))).await;
    taken.sort();
    assert_eq!(taken, numbers.into_iter().map(Some).collect::<Vec<_>>());
    assert_eq!(authority.take_next(&reviewers[0]).await, None);
    assert_eq!(authority.queued(&reviewers[0], only(QueuePart::Mine)).await.len(), 1);
    assert_eq!(authority.queued(&reviewers[0], only(QueuePart::InReview)).await.len(), 8);
    assert_eq!(authority.audited().await.iter().filter(|(action, _)| action == "take").count(), 8);
}

#[tokio::test]
async fn own_application_is_never_assigned() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let own = authority.apply(&authority.candidate("王审核", "S0000001").await).await;
    assert_eq!(authority.take_next(&reviewer).await, None);

    let colleague = authority.reviewer("赵审核", "S0000002").await;
    assert_eq!(authority.take_next(&colleague).await, Some(own.clone()));
    let refused = authority.decide(&reviewer, &own, APPROVE).await;
    assert!(matches!(refused, Outcome::Failed(Failure::Forbidden(_))), "{refused:?}");
    assert_eq!(authority.application(&own).await.status, Status::InReview);
}

#[tokio::test]
async fn returned_application_comes_back_with_its_changes() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority.take_next(&reviewer).await;

    let asked = authority.decide(&reviewer, &number, &[("action", "return")]).await.problem();
    assert!(asked.contains("至少标注一处"), "{asked}");
    let short = [("action", "return"), ("mark:years", "错")];
    assert!(authority.decide(&reviewer, &number, &short).await.problem().contains("从事专业工作年限"));
    let long = "字".repeat(201);
    let long = [("action", "return"), ("mark:years", &*long)];
    assert!(authority.decide(&reviewer, &number, &long).await.problem().contains("2 到 200"));
    assert_eq!(authority.application(&number).await.status, Status::InReview);

    let marks = [
        ("action", "return"),
        ("mark:", "请核对后提交"),
        ("mark:forged", "没有这项"),
        ("mark:years", "与社保记录不一致"),
    ];
    assert!(matches!(authority.decide(&reviewer, &number, &marks).await, Outcome::Done));
    assert_eq!(authority.application(&number).await.status, Status::Returned);
    let events = authority.events(&number).await;
    let (action, content) = events.last().expect("an event");
    let marked: Vec<_> = content.marks.iter().map(|mark| (&*mark.name, &*mark.reason)).collect();
    assert_eq!(*action, Action::Return);
    assert_eq!(marked, [("years", "与社保记录不一致"), ("", "请核对后提交")]);

    authority.submit(&candidate, FormTarget::Edit(number.clone()), "5").await;
    let again = authority.application(&number).await;
    assert_eq!((again.status, again.round), (Status::Submitted, 2));
    assert_eq!(authority.queued(&reviewer, QueueFilter::default()).await, [&*number]);
}

#[tokio::test]
async fn rejection_requires_a_reason_and_keeps_the_input() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.take_next(&reviewer).await;
    let long = "字".repeat(501);
    let refused: &[&[(&str, &str)]] = &[
        &[("action", "reject")],
        &[("action", "reject"), ("note", "不符合")],
        &[("action", "reject"), ("note", &long)],
        &[("action", "approve"), ("template", "reject:学历不符合报考条件。")],
        &[("action", "approve"), ("mark:years", "与社保记录不一致")],
        &[("action", "reject"), ("note", "学历不符合条件"), ("mark:years", "与社保记录不一致")],
        &[("action", "return"), ("note", "请看这里"), ("mark:years", "与社保记录不一致")],
        &[("action", "stay")],
    ];
    for pairs in refused {
        authority.decide(&reviewer, &number, pairs).await.problem();
    }
    assert_eq!(authority.application(&number).await.status, Status::InReview);

    let reject =
        [("action", "reject"), ("template", "reject:学历不符合报考条件。"), ("note", "要求大专以上")];
    assert!(matches!(authority.decide(&reviewer, &number, &reject).await, Outcome::Done));
    let events = authority.events(&number).await;
    assert_eq!(events.last().map(|(_, content)| &*content.note), Some("学历不符合报考条件。要求大专以上"));
    assert_eq!(authority.queued(&reviewer, only(QueuePart::Decided)).await, [&*number]);
}

#[tokio::test]
async fn outdated_page_decides_nothing() {
    let authority = Authority::open().await;
    let (one, two) =
        (authority.reviewer("王审核", "S0000001").await, authority.reviewer("赵审核", "S0000002").await);
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.take_next(&one).await;
    let seen = authority.application(&number).await.version;
    for version in [seen - 1, seen + 1] {
        assert!(authority.decide_version(&one, &number, &version.to_string(), APPROVE).await.is_conflict());
    }
    assert!(authority.decide(&two, &number, APPROVE).await.is_conflict(), "a colleague took it");
    assert_eq!(authority.application(&number).await.version, seen);
    assert!(matches!(authority.decide(&one, &number, APPROVE).await, Outcome::Done));
    assert!(authority.decide(&one, &number, APPROVE).await.is_conflict(), "it is decided");
    assert_eq!(authority.audited().await.last(), Some(&("approve".to_owned(), number.to_string())));
}

#[tokio::test]
async fn upheld_appeal_approves_the_application() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority.take_next(&reviewer).await;
    authority.decide(&reviewer, &number, &[("action", "reject"), ("note", "从业年限不足")]).await;
    let appeal = authority.appeal(&candidate, &number).await;
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    assert_eq!(authority.take_next(&colleague).await, Some(appeal.clone()));
    assert!(matches!(authority.decide(&colleague, &appeal, APPROVE).await, Outcome::Done));

    let about: Application = authority.application(&number).await;
    assert_eq!(about.status, Status::Approved);
    assert_eq!(authority.application(&appeal).await.status, Status::Approved);
    let events = authority.events(&number).await;
    let (action, content) = events.last().expect("an event");
    assert_eq!((*action, &*content.note), (Action::Uphold, &*format!("申诉 {appeal} 通过")));
}
