//! The review desk: who gets which case, and what a decision does.

mod confirming;
mod custody;
mod http;
mod lost;
mod office;
mod traces;

use diesel::prelude::*;
use futures_util::future::join_all;
use kaozheng::casework::business::Application;
use kaozheng::casework::history;
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::casework::sheet::Which;
use kaozheng::people::staff::StaffMember;
use kaozheng::staff::{self, Filter, Show};
use kaozheng::store::schema::audit_entries::dsl as audit;
use kaozheng::web::Failure;

use office::{Office, form};

impl Office {
    async fn takes_next(&self, reviewer: &StaffMember) -> Option<String> {
        let reviewer = reviewer.clone();
        self.write(move |tx| Ok(staff::take_next(tx, &reviewer)?)).await.expect("no failure")
    }

    /// Presses a button of the decision bar, looking at the present version.
    async fn decides(&self, reviewer: &StaffMember, number: &str, pairs: &[(&str, &str)]) -> Outcome {
        let version = self.application(number).await.version.to_string();
        self.decides_on(reviewer, number, &version, pairs).await
    }

    async fn decides_on(
        &self,
        reviewer: &StaffMember,
        number: &str,
        version: &str,
        pairs: &[(&str, &str)],
    ) -> Outcome {
        let pairs: Vec<_> = pairs.iter().copied().chain([("version", version)]).collect();
        let (reviewer, number, sent) = (reviewer.clone(), number.to_owned(), form(&pairs));
        let settled = self.write(move |tx| staff::settle(tx, &reviewer, &number, &sent)).await;
        match settled {
            Ok(None) => Outcome::Done,
            Ok(Some((_, problems))) => Outcome::Asked(problems[0].1.clone()),
            Err(failure) => Outcome::Failed(failure),
        }
    }

    async fn queue(&self, reader: &StaffMember, filter: Filter) -> Vec<String> {
        let reader = reader.clone();
        let listed = self.write(move |tx| Ok(staff::list(tx, &reader, &filter)?)).await;
        listed.expect("a list").into_iter().map(|item| item.number).collect()
    }

    async fn events(&self, number: &str) -> Vec<(Action, history::Content)> {
        let id = self.application(number).await.id;
        let events = self.write(move |tx| Ok(history::of(tx, &id)?)).await.expect("a history");
        events.into_iter().map(|event| (event.action, event.content)).collect()
    }

    async fn audited(&self) -> Vec<(String, String)> {
        let rows = audit::audit_entries.order(audit::id).select((audit::action, audit::target));
        self.write(move |tx| Ok(rows.load(tx.conn)?)).await.expect("the audit")
    }
}

#[derive(Debug)]
enum Outcome {
    Done,
    Asked(String),
    Failed(Failure),
}

impl Outcome {
    fn asked(self) -> String {
        match self {
            Outcome::Asked(what) => what,
            other => panic!("not asked for anything: {other:?}"),
        }
    }

    fn is_conflict(&self) -> bool {
        matches!(self, Outcome::Failed(Failure::Conflict { .. }))
    }
}

const APPROVE: &[(&str, &str)] = &[("action", "approve")];

fn only(status: Show) -> Filter {
    Filter { status: status.code().into(), ..Filter::default() }
}

#[tokio::test]
async fn what_is_due_first_comes_first() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let first = office.applies(&office.candidate("张小三", "E0000001").await).await;
    office.wait(1);
    let second = office.applies(&office.candidate("李四", "E0000002").await).await;
    office.wait(24);
    let later = office.applies(&office.candidate("王五", "E0000003").await).await;
    assert_eq!(office.queue(&reviewer, Filter::default()).await, [&*first, &*second, &*later]);

    let found = |q: &str| Filter { q: q.into(), ..Filter::default() };
    assert_eq!(office.queue(&reviewer, found("建造师")).await.len(), 3);
    assert_eq!(office.queue(&reviewer, found("%")).await.len(), 0);
    assert_eq!(office.queue(&reviewer, found(&second.to_lowercase())).await, [&*second]);
    let kind = Filter { kind: "appeal".into(), ..Filter::default() };
    assert_eq!(office.queue(&reviewer, kind).await.len(), 0);

    let overdue = Filter { overdue: "yes".into(), ..Filter::default() };
    office.wait(7 * 24); // Tuesday: the first two were due on Monday
    assert_eq!(office.queue(&reviewer, overdue).await, [&*first, &*second]);
}

#[tokio::test]
async fn reviewers_at_once_take_different_cases() {
    let office = Office::open().await;
    let (mut reviewers, mut numbers) = (Vec::new(), Vec::new());
    for at in 0..8 {
        reviewers.push(office.reviewer(&format!("审核员{at}"), &format!("S000000{at}")).await);
        numbers.push(office.applies(&office.candidate("张小三", &format!("E000000{at}")).await).await);
    }
    let mut taken = join_all(reviewers.iter().map(|reviewer| office.takes_next(reviewer))).await;
    taken.sort();
    assert_eq!(taken, numbers.into_iter().map(Some).collect::<Vec<_>>());
    assert_eq!(office.takes_next(&reviewers[0]).await, None);
    assert_eq!(office.queue(&reviewers[0], only(Show::Mine)).await.len(), 1);
    assert_eq!(office.queue(&reviewers[0], only(Show::InReview)).await.len(), 8);
    assert_eq!(office.audited().await.iter().filter(|(action, _)| action == "take").count(), 8);
}

#[tokio::test]
async fn nobody_gets_their_own_application() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let own = office.applies(&office.candidate("王审核", "S0000001").await).await;
    assert_eq!(office.takes_next(&reviewer).await, None);

    let colleague = office.reviewer("赵审核", "S0000002").await;
    assert_eq!(office.takes_next(&colleague).await, Some(own.clone()));
    let refused = office.decides(&reviewer, &own, APPROVE).await;
    assert!(matches!(refused, Outcome::Failed(Failure::Forbidden(_))), "{refused:?}");
    assert_eq!(office.application(&own).await.status, Status::InReview);
}

#[tokio::test]
async fn a_return_carries_its_marks_and_comes_back_with_the_changes() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let candidate = office.candidate("张小三", "E0000001").await;
    let number = office.applies(&candidate).await;
    office.takes_next(&reviewer).await;

    let asked = office.decides(&reviewer, &number, &[("action", "return")]).await.asked();
    assert!(asked.contains("至少标注一处"), "{asked}");
    let short = [("action", "return"), ("mark:years", "错")];
    assert!(office.decides(&reviewer, &number, &short).await.asked().contains("从事专业工作年限"));
    let long = "字".repeat(201);
    let long = [("action", "return"), ("mark:years", &*long)];
    assert!(office.decides(&reviewer, &number, &long).await.asked().contains("2 到 200"));
    assert_eq!(office.application(&number).await.status, Status::InReview);

    let marks = [
        ("action", "return"),
        ("mark:", "请核对后提交"),
        ("mark:forged", "没有这项"),
        ("mark:years", "与社保记录不一致"),
    ];
    assert!(matches!(office.decides(&reviewer, &number, &marks).await, Outcome::Done));
    assert_eq!(office.application(&number).await.status, Status::Returned);
    let events = office.events(&number).await;
    let (action, content) = events.last().expect("an event");
    let marked: Vec<_> = content.marks.iter().map(|mark| (&*mark.name, &*mark.reason)).collect();
    assert_eq!(*action, Action::Return);
    assert_eq!(marked, [("years", "与社保记录不一致"), ("", "请核对后提交")]);

    office.submits(&candidate, Which::Edit(number.clone()), "5").await;
    let again = office.application(&number).await;
    assert_eq!((again.status, again.round), (Status::Submitted, 2));
    assert_eq!(office.queue(&reviewer, Filter::default()).await, [&*number]);
}

#[tokio::test]
async fn a_rejection_needs_a_reason_and_nothing_typed_is_lost() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let number = office.applies(&office.candidate("张小三", "E0000001").await).await;
    office.takes_next(&reviewer).await;
    let long = "字".repeat(501);
    let refused: &[&[(&str, &str)]] = &[
        &[("action", "reject")],
        &[("action", "reject"), ("note", "不符合")],
        &[("action", "reject"), ("note", &long)],
        &[("action", "approve"), ("template", "学历不符合报考条件。")],
        &[("action", "approve"), ("mark:years", "与社保记录不一致")],
        &[("action", "reject"), ("note", "学历不符合条件"), ("mark:years", "与社保记录不一致")],
        &[("action", "return"), ("note", "请看这里"), ("mark:years", "与社保记录不一致")],
        &[("action", "stay")],
    ];
    for pairs in refused {
        office.decides(&reviewer, &number, pairs).await.asked();
    }
    assert_eq!(office.application(&number).await.status, Status::InReview);

    let reject = [("action", "reject"), ("template", "学历不符合报考条件。"), ("note", "要求大专以上")];
    assert!(matches!(office.decides(&reviewer, &number, &reject).await, Outcome::Done));
    let events = office.events(&number).await;
    assert_eq!(events.last().map(|(_, content)| &*content.note), Some("学历不符合报考条件。要求大专以上"));
    assert_eq!(office.queue(&reviewer, only(Show::Decided)).await, [&*number]);
}

#[tokio::test]
async fn an_old_page_decides_nothing() {
    let office = Office::open().await;
    let (one, two) =
        (office.reviewer("王审核", "S0000001").await, office.reviewer("赵审核", "S0000002").await);
    let number = office.applies(&office.candidate("张小三", "E0000001").await).await;
    office.takes_next(&one).await;
    let seen = office.application(&number).await.version;
    for version in [seen - 1, seen + 1] {
        assert!(office.decides_on(&one, &number, &version.to_string(), APPROVE).await.is_conflict());
    }
    assert!(office.decides(&two, &number, APPROVE).await.is_conflict(), "a colleague took it");
    assert_eq!(office.application(&number).await.version, seen);
    assert!(matches!(office.decides(&one, &number, APPROVE).await, Outcome::Done));
    assert!(office.decides(&one, &number, APPROVE).await.is_conflict(), "it is decided");
    assert_eq!(office.audited().await.last(), Some(&("approve".to_owned(), number)));
}

#[tokio::test]
async fn an_upheld_appeal_approves_what_it_is_about() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let candidate = office.candidate("张小三", "E0000001").await;
    let number = office.applies(&candidate).await;
    office.takes_next(&reviewer).await;
    office.decides(&reviewer, &number, &[("action", "reject"), ("note", "从业年限不足")]).await;
    let appeal = office.appeals(&candidate, &number).await;
    let colleague = office.reviewer("赵审核", "S0000002").await;
    assert_eq!(office.takes_next(&colleague).await, Some(appeal.clone()));
    assert!(matches!(office.decides(&colleague, &appeal, APPROVE).await, Outcome::Done));

    let about: Application = office.application(&number).await;
    assert_eq!(about.status, Status::Approved);
    assert_eq!(office.application(&appeal).await.status, Status::Approved);
    let events = office.events(&number).await;
    let (action, content) = events.last().expect("an event");
    assert_eq!((*action, &*content.note), (Action::Uphold, &*format!("申诉 {appeal} 通过")));
}
