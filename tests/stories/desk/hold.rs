//! 暂缓: the promised days of a case stand still, and nobody decides it meanwhile.

use chrono::NaiveDate;
use kaozheng::casework::calendar::{Calendar, arrangement};
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::casework::number::ApplicationNumber;
use kaozheng::casework::{deadline, roster};
use kaozheng::people::staff::{Role, StaffMember};
use kaozheng::staff::QueueFilter;
use poem::http::StatusCode;

use super::authority::{Authority, document};
use super::pages::text;
use super::{APPROVE, Outcome};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// A case that 王审核 has taken two days after its submission on Monday, and the address of its page.
async fn taken(authority: &Authority) -> (StaffMember, ApplicationNumber, String) {
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.pass_hours(48);
    authority.take_next(&reviewer).await;
    let case = format!("/staff/applications/{number}");
    (reviewer, number, case)
}

impl Authority {
    /// Sessions end after half an hour, so each step is a new browser's.
    async fn post_version(
        &self,
        staff: &StaffMember,
        number: &str,
        step: &str,
        more: &[(&str, &str)],
    ) -> StatusCode {
        let version = self.application(number).await.version.to_string();
        let form = [more, &[("version", &*version)]].concat();
        let desk = self.browser_of(staff).await;
        desk.post(&format!("/staff/applications/{number}/{step}"), &form).await.0.status()
    }
}

const REASON: (&str, &str) = ("hold_reason", "等学信网回函");

#[tokio::test]
async fn promised_days_stand_still_while_on_hold() {
    let authority = Authority::open().await;
    let (reviewer, number, case) = taken(&authority).await;
    let desk = authority.browser_of(&reviewer).await;
    assert_eq!(authority.application(&number).await.due_on, Some(day("2026-11-30")));
    let refused = desk.post(&format!("{case}/hold"), &[("version", "2"), ("hold_reason", "")]).await;
    refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(refused).await.contains("请写明暂缓的原因"));
    assert_eq!(authority.post_version(&reviewer, &number, "hold", &[REASON]).await, StatusCode::SEE_OTHER);

    let held = authority.application(&number).await;
    assert_eq!((held.status, held.due_on, held.due_days), (Status::InReview, None, Some(3)));
    let page = text(desk.get(&case).await).await;
    for shown in ["暂缓办理中", "等学信网回函", "恢复后还有 3 个工作日", "恢复办理"] {
        assert!(page.contains(shown), "{shown} in\n{page}");
    }
    assert!(!page.contains("mark:years"), "nothing is decided while it is on hold");
    for action in [&APPROVE[0], &("action", "reject")] {
        let refused = authority.decide(&reviewer, &number, &[*action, ("note", "学历不符合条件")]).await;
        let Outcome::Failed(failure) = &refused else { panic!("{refused:?}") };
        assert!(format!("{failure:?}").contains("请先恢复办理"), "{failure:?}");
    }
    assert_eq!(
        authority.post_version(&reviewer, &number, "hold", &[REASON]).await,
        StatusCode::CONFLICT,
        "it is on hold already"
    );

    authority.pass_hours(7 * 24);
    let overdue = QueueFilter { time: "overdue".into(), status: "mine".into(), ..QueueFilter::default() };
    assert_eq!(authority.queued(&reviewer, overdue).await.len(), 0, "it is not overdue meanwhile");
    let candidate = authority.candidate("张小三", "E0000001").await;
    let own = authority.browser_of_candidate(&candidate).await;
    let own = text(own.get(&format!("/services/qualification/{number}")).await).await;
    assert!(own.contains("审核中") && own.contains("办理期限暂停计算"), "{own}");
    assert!(!own.contains("等学信网回函"), "the reason is for staff");

    assert_eq!(authority.post_version(&reviewer, &number, "resume", &[]).await, StatusCode::SEE_OTHER);
    let resumed = authority.application(&number).await;
    assert_eq!((resumed.held_at, resumed.due_on), (None, Some(day("2026-12-07"))), "three working days on");
    assert!(matches!(authority.decide(&reviewer, &number, APPROVE).await, Outcome::Done));
    let actions: Vec<_> = authority.events(&number).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, [Action::Submit, Action::Take, Action::Hold, Action::Resume, Action::Approve]);
}

#[tokio::test]
async fn overdue_case_stays_overdue_after_a_hold() {
    let authority = Authority::open().await;
    let (reviewer, number, _) = taken(&authority).await;
    authority.pass_hours(7 * 24); // Wednesday; it was due on Monday
    authority.post_version(&reviewer, &number, "hold", &[REASON]).await;
    assert_eq!(authority.application(&number).await.due_days, Some(-2));
    authority.pass_hours(48);
    authority.post_version(&reviewer, &number, "resume", &[]).await;
    assert_eq!(authority.application(&number).await.due_on, Some(day("2026-12-02")), "by two working days");
}

#[tokio::test]
async fn hold_ends_when_the_case_is_put_back() {
    let authority = Authority::open().await;
    let (reviewer, number, _) = taken(&authority).await;
    authority.post_version(&reviewer, &number, "hold", &[REASON]).await;
    assert_eq!(authority.post_version(&reviewer, &number, "put-back", &[]).await, StatusCode::SEE_OTHER);
    let free = authority.application(&number).await;
    assert_eq!((free.status, free.held_at, free.due_on), (Status::Submitted, None, Some(day("2026-11-30"))));

    // So does a change of the roster.
    authority.take_next(&reviewer).await;
    authority.post_version(&reviewer, &number, "hold", &[REASON]).await;
    let gone = authority.write(|tx| Ok(roster::remove(tx, &document("S0000001"))?));
    assert_eq!(gone.await.expect("a change"), Some(1));
    let free = authority.application(&number).await;
    assert_eq!((free.status, free.held_at, free.due_on), (Status::Submitted, None, Some(day("2026-11-30"))));
}

#[tokio::test]
async fn hold_stays_with_the_colleague_and_only_they_or_administrators_end_it() {
    let authority = Authority::open().await;
    let (reviewer, number, case) = taken(&authority).await;
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let other = authority.browser_of(&colleague).await;
    assert_eq!(authority.post_version(&colleague, &number, "hold", &[REASON]).await, StatusCode::CONFLICT);
    authority.post_version(&reviewer, &number, "hold", &[REASON]).await;
    let over = [("to", &*colleague.id), ("word", "回函到了请继续")];
    assert_eq!(authority.post_version(&reviewer, &number, "hand-over", &over).await, StatusCode::SEE_OTHER);
    assert!(authority.application(&number).await.held_at.is_some());
    let page = text(other.get(&case).await).await;
    assert!(page.contains("王审核转交给赵审核：回函到了请继续") && page.contains("恢复办理"), "{page}");
    let mine = text(other.get("/staff/queue?status=mine").await).await;
    assert!(mine.contains("王审核转交给赵审核：回函到了请继续"), "{mine}");
    assert_eq!(authority.post_version(&reviewer, &number, "resume", &[]).await, StatusCode::CONFLICT);
    assert_eq!(authority.post_version(&administrator, &number, "resume", &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(authority.application(&number).await.assignee_id, Some(colleague.id));
}

#[tokio::test]
async fn imported_holiday_postpones_a_case_from_the_end_of_its_hold() {
    let authority = Authority::open().await;
    let (reviewer, number, _) = taken(&authority).await;
    authority.post_version(&reviewer, &number, "hold", &[REASON]).await;
    let import = async || {
        let postponed = authority.write(|tx| {
            let holiday =
                r#"{"year": 2026, "days": [{"name": "放假", "date": "2026-12-03", "isOffDay": true}]}"#;
            let calendar = Calendar::load(tx)?.with(arrangement::parse(holiday.as_bytes()).expect("a year"));
            let found = deadline::postponements(tx, &calendar)?;
            deadline::postpone(tx, &found)?;
            Ok(found.len())
        });
        postponed.await.expect("an import")
    };
    assert_eq!(import().await, 0, "what is on hold has no due day");
    authority.pass_hours(7 * 24);
    authority.post_version(&reviewer, &number, "resume", &[]).await;
    assert_eq!(import().await, 1);
    assert_eq!(authority.application(&number).await.due_on, Some(day("2026-12-08")));
}
