//! 领取情况: an administrator frees and hands over several cases at once.

use futures_util::future::join;
use kaozheng::casework::lifecycle::{Action, Status};
use kaozheng::people::staff::{Role, StaffMember};
use poem::http::StatusCode;

use super::authority::Authority;
use super::pages::{StaffBrowser, text};
use super::{APPROVE, Outcome};

const PAGE: &str = "/staff/assignments";

/// Two cases of 王审核 and one of 赵审核; the reviewers, the administrator's browser and the numbers.
async fn three_taken(authority: &Authority) -> ([StaffMember; 2], StaffBrowser, Vec<String>) {
    let one = authority.reviewer("王审核", "S0000001").await;
    let two = authority.reviewer("赵审核", "S0000002").await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let mut numbers = Vec::new();
    for (at, reviewer) in [&one, &one, &two].into_iter().enumerate() {
        authority.apply(&authority.candidate("张小三", &format!("E000000{at}")).await).await;
        numbers.push(authority.take_next(reviewer).await.expect("a case").to_string());
        authority.pass_hours(2);
    }
    let desk = authority.browser_of(&administrator).await;
    ([one, two], desk, numbers)
}

fn of_version(number: &str, version: i32) -> String {
    format!("{number}:{version}")
}

#[tokio::test]
async fn administrator_sees_who_has_what_and_frees_several() {
    let authority = Authority::open().await;
    let ([one, two], desk, numbers) = three_taken(&authority).await;
    let page = text(desk.get(PAGE).await).await;
    for shown in ["王审核 2 件，最早的已等待 6 小时", "赵审核 1 件", "全部 3 件", "张*三", "领取情况"]
    {
        assert!(page.contains(shown), "{shown} in\n{page}");
    }
    assert!(!page.contains("张小三"), "names are masked");
    let of_two = text(desk.get(&format!("{PAGE}?person={}", two.id)).await).await;
    assert!(of_two.contains(&numbers[2]) && !of_two.contains(&numbers[0]), "{of_two}");

    let nothing = desk.post(PAGE, &[("action", "put_back")]).await;
    nothing.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(nothing).await.contains("请先勾选申请"));

    // One of them changed after the page was shown.
    assert!(matches!(authority.decide(&one, &numbers[0], APPROVE).await, Outcome::Done));
    let cases: Vec<String> = numbers.iter().map(|number| of_version(number, 2)).collect();
    let form: Vec<(&str, &str)> =
        cases.iter().map(|case| ("case", &**case)).chain([("action", "put_back")]).collect();
    let told = text(desk.post(PAGE, &form).await).await;
    for shown in ["2 件已办理，1 件没有办理", "已放回", "刚才在别处有变动"] {
        assert!(told.contains(shown), "{shown} in\n{told}");
    }
    assert_eq!(authority.application(&numbers[0]).await.status, Status::Approved);
    for freed in &numbers[1..] {
        let application = authority.application(freed).await;
        assert_eq!((application.status, application.assignee_id), (Status::Submitted, None));
        assert!(authority.audited().await.contains(&("put_back".to_owned(), freed.clone())));
    }
}

#[tokio::test]
async fn administrator_hands_several_over_and_each_row_says_what_happened() {
    let authority = Authority::open().await;
    let ([_, two], desk, numbers) = three_taken(&authority).await;
    // 赵审核 is the applicant of one of them, and has another already.
    let own = authority.apply(&authority.candidate("赵审核", "S0000002").await).await;
    let helper = authority.reviewer("孙审核", "S0000003").await;
    authority.take_next(&helper).await;
    let cases: Vec<String> =
        [&*numbers[0], &*own, &*numbers[2]].iter().map(|number| of_version(number, 2)).collect();
    let mut form: Vec<(&str, &str)> = cases.iter().map(|case| ("case", &**case)).collect();
    form.extend([("action", "hand_over"), ("to", &*two.id), ("word", "请优先办理")]);
    let told = text(desk.post(PAGE, &form).await).await;
    for shown in ["1 件已办理，2 件没有办理", "已转交", "不能办理这件申请"] {
        assert!(told.contains(shown), "{shown} in\n{told}");
    }
    assert_eq!(authority.application(&numbers[0]).await.assignee_id, Some(two.id.clone()));
    let events = authority.events(&numbers[0]).await;
    let (action, content) = events.last().expect("an event");
    assert_eq!((*action, &*content.staff_note), (Action::HandOver, "转交给赵审核：请优先办理"));
}

#[tokio::test]
async fn reviewers_cannot_open_the_page() {
    let authority = Authority::open().await;
    let ([one, _], _, numbers) = three_taken(&authority).await;
    let desk = authority.browser_of(&one).await;
    desk.get(PAGE).await.assert_status(StatusCode::FORBIDDEN);
    let form = [("case", &*of_version(&numbers[2], 2)), ("action", "put_back")];
    desk.post(PAGE, &form).await.assert_status(StatusCode::FORBIDDEN);
    assert_eq!(authority.application(&numbers[2]).await.status, Status::InReview);
    assert!(!text(desk.get("/staff/queue").await).await.contains(PAGE));
}

#[tokio::test]
async fn two_administrators_free_a_case_once() {
    let authority = Authority::open().await;
    let (_, desk, numbers) = three_taken(&authority).await;
    let other = authority.staff_member("周管理", "S0000008", Role::Administrator).await;
    let other = authority.browser_of(&other).await;
    let case = of_version(&numbers[0], 2);
    let form = [("case", &*case), ("action", "put_back")];
    let (one, two) = join(desk.post(PAGE, &form), other.post(PAGE, &form)).await;
    let told = [text(one).await, text(two).await];
    assert_eq!(told.iter().filter(|page| page.contains("1 件已办理")).count(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|page| page.contains("1 件没有办理")).count(), 1);
    let freed =
        authority.events(&numbers[0]).await.iter().filter(|(action, _)| *action == Action::PutBack).count();
    assert_eq!(freed, 1);
}

#[tokio::test]
async fn decision_and_release_at_once_have_one_winner() {
    let authority = Authority::open().await;
    let ([one, _], desk, numbers) = three_taken(&authority).await;
    let case = of_version(&numbers[0], 2);
    let form = [("case", &*case), ("action", "put_back")];
    let (decided, freed) =
        join(authority.decide_version(&one, &numbers[0], "2", APPROVE), desk.post(PAGE, &form)).await;
    let freed = text(freed).await.contains("1 件已办理");
    let decided = matches!(decided, Outcome::Done);
    assert!(decided != freed, "decided {decided}, freed {freed}");
    let status = authority.application(&numbers[0]).await.status;
    assert_eq!(status, if decided { Status::Approved } else { Status::Submitted });
    assert_eq!(authority.application(&numbers[0]).await.version, 3);
}
