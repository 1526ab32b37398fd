//! A second pair of eyes: a decision is proposed by one staff member and confirmed by another.

use futures_util::future::join_all;
use kaozheng::casework::assignment;
use kaozheng::casework::business::Application;
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::casework::number::ApplicationNumber;
use kaozheng::casework::roster;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::people::staff::{Kinds, Role, StaffMember};
use kaozheng::staff::{self, QueueFilter, QueuePart};
use kaozheng::web::Failure;

use super::authority::{Authority, document, form, qualification};
use super::{APPROVE, Outcome, only};

const REJECT: &[(&str, &str)] = &[("action", "reject"), ("note", "从业年限不足")];

impl Authority {
    /// Sets how many of a hundred decisions are confirmed.
    async fn confirm_share(&self, share: i32) {
        let set = move |tx: &mut kaozheng::store::Tx| {
            Ok(rules::set(tx, Rule::ConfirmedShare, Some(qualification()), share)?)
        };
        self.write(set).await.expect("a rule");
    }

    /// Answers the proposal on the current version of an application.
    async fn answer(&self, staff: &StaffMember, number: &str, action: &str) -> Result<(), Failure> {
        let version = self.application(number).await.version.to_string();
        let sent = form(&[("action", action), ("answer", "请再核对从业年限"), ("version", &version)]);
        let (staff, number) = (staff.clone(), number.to_owned().into());
        self.write(move |tx| staff::settle_proposal(tx, &staff, &number, &sent)).await
    }

    /// A taken application, and its reviewer and a colleague.
    async fn taken(&self) -> (StaffMember, StaffMember, ApplicationNumber) {
        let reviewer = self.reviewer("王审核", "S0000001").await;
        let colleague = self.reviewer("赵审核", "S0000002").await;
        let number = self.apply(&self.candidate("张小三", "E0000001").await).await;
        self.take_next(&reviewer).await;
        (reviewer, colleague, number)
    }

    async fn proposed_by(&self, number: &str) -> Option<String> {
        self.application(number).await.proposed_by
    }
}

#[tokio::test]
async fn drawn_decision_takes_effect_when_a_colleague_confirms_it() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, colleague, number) = authority.taken().await;
    let before = authority.application(&number).await;

    assert!(matches!(authority.decide(&reviewer, &number, APPROVE).await, Outcome::Done));
    let proposed: Application = authority.application(&number).await;
    assert_eq!((proposed.status, proposed.due_on), (Status::InReview, before.due_on));
    assert_eq!(proposed.proposed_by.as_deref(), Some(&*reviewer.id));
    assert_eq!(authority.queued(&colleague, only(QueuePart::ToConfirm)).await, [&*number]);
    assert_eq!(authority.queued(&reviewer, only(QueuePart::ToConfirm)).await.len(), 0, "it is their own");
    assert_eq!(authority.queued(&reviewer, only(QueuePart::Mine)).await, [&*number]);
    assert!(authority.decide(&reviewer, &number, REJECT).await.is_conflict(), "it waits for a confirmation");

    authority.answer(&colleague, &number, "confirm").await.expect("a confirmation");
    let decided = authority.application(&number).await;
    assert_eq!((decided.status, decided.proposed_by), (Status::Approved, None));
    let actions: Vec<Action> =
        authority.events(&number).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, [Action::Submit, Action::Take, Action::Propose, Action::Approve]);
    let audited = authority.audited().await;
    let done: Vec<&str> = audited.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(done, ["take", "propose", "confirm"]);
}

#[tokio::test]
async fn candidate_reads_nothing_of_a_proposal() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, colleague, number) = authority.taken().await;
    authority.decide(&reviewer, &number, REJECT).await;

    let applicant = StaffMember {
        id: "nobody".into(),
        name: "张小三".into(),
        role: Role::Reviewer,
        kinds: Kinds::default(),
        candidate: authority.application(&number).await.candidate_id,
    };
    let phone = authority.browser_of(&applicant).await;
    let path = format!("/services/qualification/{number}");
    let body = phone.get(&path).await.0.into_body().into_string().await.expect("a page");
    assert!(
        body.contains("审核中") && !body.contains("从业年限不足") && !body.contains("提出办理意见"),
        "{body}"
    );

    authority.answer(&colleague, &number, "confirm").await.expect("a confirmation");
    let body = phone.get(&path).await.0.into_body().into_string().await.expect("a page");
    assert!(body.contains("从业年限不足") && body.contains("赵审核"), "{body}");
    assert!(!body.contains("提出办理意见") && !body.contains("王审核提出"), "{body}");
}

#[tokio::test]
async fn page_of_a_proposal_shows_it_to_both_and_asks_for_a_word() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, colleague, number) = authority.taken().await;
    let path = format!("/staff/applications/{number}");
    let read = async |staff: &StaffMember| {
        let page = authority.browser_of(staff).await.get(&path).await;
        page.0.into_body().into_string().await.expect("a page")
    };
    assert!(!read(&colleague).await.contains("待复核的办理意见"));
    authority.decide(&reviewer, &number, REJECT).await;
    assert!(read(&reviewer).await.contains("收回重办"));
    let body = read(&colleague).await;
    assert!(
        body.contains("王审核") && body.contains("从业年限不足") && body.contains("同意并生效"),
        "{body}"
    );

    let version = authority.application(&number).await.version.to_string();
    let desk = authority.browser_of(&colleague).await;
    let short = [("action", "send_back"), ("answer", "不"), ("version", &*version)];
    let asked = desk.post(&format!("{path}/second-pair"), &short).await;
    asked.assert_status(poem::http::StatusCode::UNPROCESSABLE_ENTITY);
    assert!(authority.proposed_by(&number).await.is_some());

    let word = [("action", "send_back"), ("answer", "请核对社保记录"), ("version", &*version)];
    desk.post(&format!("{path}/second-pair"), &word).await.assert_status(poem::http::StatusCode::SEE_OTHER);
    assert!(read(&reviewer).await.contains("请核对社保记录"));

    // The same button again, from a page that is out of date.
    let late = [("action", "confirm"), ("answer", "我写的意见"), ("version", &*version)];
    let late = desk.post(&format!("{path}/second-pair"), &late).await;
    late.assert_status(poem::http::StatusCode::CONFLICT);
    let body = late.0.into_body().into_string().await.expect("a page");
    assert!(body.contains("我写的意见"), "what was typed is kept");
}

#[tokio::test]
async fn only_somebody_else_who_may_decide_confirms() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, colleague, number) = authority.taken().await;
    let finance = authority.staff_member("钱财务", "S0000003", Role::Finance).await;
    let applicant = authority.reviewer("张小三", "E0000001").await;
    authority.decide(&reviewer, &number, APPROVE).await;
    for refused in [&reviewer, &finance, &applicant] {
        let answer = authority.answer(refused, &number, "confirm").await;
        assert!(matches!(answer, Err(Failure::Forbidden(_))), "{}: {answer:?}", refused.name);
        let answer = authority.answer(refused, &number, "send_back").await;
        assert!(matches!(answer, Err(Failure::Forbidden(_))), "{}: {answer:?}", refused.name);
    }
    let answer = authority.answer(&colleague, &number, "retract").await;
    assert!(matches!(answer, Err(Failure::Conflict { .. })), "it is not their proposal: {answer:?}");
    assert_eq!(authority.application(&number).await.status, Status::InReview);
}

#[tokio::test]
async fn of_two_who_confirm_at_once_one_wins() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, one, number) = authority.taken().await;
    let two = authority.reviewer("孙审核", "S0000004").await;
    authority.decide(&reviewer, &number, APPROVE).await;
    let version = authority.application(&number).await.version.to_string();
    let answers = join_all([(&one, "confirm"), (&two, "send_back")].map(|(staff, action)| {
        let sent = form(&[("action", action), ("answer", "请再核对"), ("version", &version)]);
        let (staff, number) = (staff.clone(), number.clone());
        authority.write(move |tx| staff::settle_proposal(tx, &staff, &number, &sent))
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert_eq!(authority.events(&number).await.len(), 4);
}

#[tokio::test]
async fn round_that_was_drawn_once_stays_drawn() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, colleague, number) = authority.taken().await;
    authority.decide(&reviewer, &number, APPROVE).await;
    authority.answer(&colleague, &number, "send_back").await.expect("it is sent back");
    authority.confirm_share(1).await;
    for _ in 0..5 {
        authority.decide(&reviewer, &number, APPROVE).await;
        assert!(authority.proposed_by(&number).await.is_some(), "no draw lets it pass");
        authority.answer(&reviewer, &number, "retract").await.expect("it is retracted");
        assert!(authority.proposed_by(&number).await.is_none());
    }
    authority.confirm_share(0).await;
    authority.decide(&reviewer, &number, APPROVE).await;
    assert_eq!(authority.application(&number).await.status, Status::Approved);
}

#[tokio::test]
async fn share_of_the_decisions_is_drawn_and_no_return_is() {
    let authority = Authority::open().await;
    authority.confirm_share(30).await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let mut drawn = 0;
    for at in 0..60 {
        authority.apply(&authority.candidate("张小三", &format!("E00001{at:02}")).await).await;
        let number = authority.take_next(&reviewer).await.expect("an application");
        authority.decide(&reviewer, &number, APPROVE).await;
        drawn += i32::from(authority.proposed_by(&number).await.is_some());
    }
    assert!((8..30).contains(&drawn), "{drawn} of 60 were drawn");

    authority.confirm_share(100).await;
    let number = authority.apply(&authority.candidate("李四", "E0000200").await).await;
    authority.take_next(&reviewer).await;
    authority.decide(&reviewer, &number, &[("action", "return"), ("mark:years", "与社保记录不一致")]).await;
    assert_eq!(authority.application(&number).await.status, Status::Returned);
}

#[tokio::test]
async fn proposal_ends_when_its_reviewer_loses_the_case() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, colleague, number) = authority.taken().await;
    let administrator = authority.staff_member("周管理", "S0000009", Role::Administrator).await;

    authority.decide(&reviewer, &number, APPROVE).await;
    let to = colleague.id.clone();
    let handed = authority.application(&number).await;
    let hand_over = move |tx: &mut kaozheng::store::Tx| {
        Ok(assignment::hand_over(tx, &administrator, (&handed, handed.version), (&to, ""))?)
    };
    authority.write(hand_over).await.expect("it is handed over");
    assert_eq!(authority.proposed_by(&number).await, None);
    assert!(matches!(authority.decide(&colleague, &number, APPROVE).await, Outcome::Done));

    let leave = |tx: &mut kaozheng::store::Tx| Ok(roster::remove(tx, &document("S0000002"))?);
    assert_eq!(authority.write(leave).await.expect("a removal"), Some(1));
    let freed = authority.application(&number).await;
    assert_eq!((freed.status, freed.proposed_by), (Status::Submitted, None));
    assert_eq!(authority.queued(&reviewer, QueueFilter::default()).await, [&*number]);
}

#[tokio::test]
async fn neither_of_the_two_decides_the_appeal() {
    let authority = Authority::open().await;
    authority.confirm_share(100).await;
    let (reviewer, colleague, number) = authority.taken().await;
    authority.decide(&reviewer, &number, REJECT).await;
    authority.answer(&colleague, &number, "confirm").await.expect("a confirmation");
    assert_eq!(authority.application(&number).await.status, Status::Rejected);

    let candidate = authority.candidate("张小三", "E0000001").await;
    let appeal = authority.appeal(&candidate, &number).await;
    assert_eq!(authority.take_next(&reviewer).await, None, "they proposed the rejection");
    assert_eq!(authority.take_next(&colleague).await, None, "they confirmed it");
    let third = authority.reviewer("孙审核", "S0000004").await;
    assert_eq!(authority.take_next(&third).await, Some(appeal));
}
