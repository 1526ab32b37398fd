//! 人员名单: who works at the desk.

use futures_util::future::join;
use kaozheng::casework::lifecycle::Status;
use kaozheng::casework::roster;
use kaozheng::people::staff::{self, Duty, Kinds, Role};
use kaozheng::staff::take_next;
use kaozheng::store::Tx;
use poem::http::StatusCode;

use super::{Office, hidden};
use crate::desk::authority::document;

const NEW: &str = "/staff/admin/roster/new";

fn duty(role: Role) -> Duty {
    Duty { role, kinds: Kinds::default() }
}

impl Office {
    async fn names(&self) -> Vec<String> {
        let members = self.authority.write(|tx: &mut Tx| Ok(staff::list(tx)?)).await.expect("the roster");
        members.into_iter().map(|member| member.name).collect()
    }
}

#[tokio::test]
async fn person_is_added_changed_and_taken_off() {
    let office = Office::open().await;
    let add =
        [("name", "李审核"), ("document_type", "passport"), ("number", "e 0000077"), ("role", "reviewer")];
    office.save(NEW, &add).await;
    let list = office.read("/staff/admin/roster").await;
    assert!(list.contains("李审核") && !list.contains("E0000077"), "the number is masked: {list}");

    let again = office.refused(NEW, &add, StatusCode::CONFLICT).await;
    assert!(again.contains("已在名单上") && again.contains("李审核"), "{again}");
    let wrong = [("name", " "), ("document_type", "resident"), ("number", "110"), ("role", "king")];
    let page = office.refused(NEW, &wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("有 3 处需要更正") && page.contains("value=\"110\""), "{page}");

    let id = list.split("/staff/admin/roster/").find(|rest| rest.contains("李审核")).expect("an entry");
    let path = format!("/staff/admin/roster/{}", id.split('"').next().expect("an id"));
    let change =
        [("name", "李财务"), ("role", "finance"), ("seen_name", "李审核"), ("seen_role", "reviewer")];
    office.save(&path, &change).await;
    let late = office.refused(&path, &change, StatusCode::CONFLICT).await;
    assert!(late.contains("另一位管理员") && late.contains("value=\"李财务\""), "{late}");
    office.save(&format!("{path}/leave"), &[("seen_name", "李财务"), ("seen_role", "finance")]).await;
    assert_eq!(office.names().await, ["周管理"]);
    assert_eq!(office.audited().await, ["roster_add:reviewer", "roster_change:finance", "roster_remove"]);

    let limited = [&add[..], &[("kinds", "refund"), ("kinds", "nothing")]].concat();
    office.save(NEW, &limited).await;
    assert_eq!(office.names().await.len(), 2, "they can come back");
    let members = office.authority.write(|tx: &mut Tx| Ok(staff::list(tx)?)).await.expect("the roster");
    let back = members.iter().find(|member| member.name == "李审核").expect("an entry");
    assert_eq!(back.kinds.slugs(), ["refund"]);
}

#[tokio::test]
async fn cases_of_somebody_who_leaves_are_named_and_go_back() {
    let office = Office::open().await;
    let authority = &office.authority;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let taking = reviewer.clone();
    authority.write(move |tx: &mut Tx| Ok(take_next(tx, &taking)?)).await.expect("a case");

    let path = format!("/staff/admin/roster/{}/leave", reviewer.id);
    let page = office.read(&path).await;
    assert!(page.contains("领取了 1 件申请"), "{page}");
    office.save(&path, &[("seen_name", &hidden(&page, "seen_name")), ("seen_role", "reviewer")]).await;
    assert_eq!(authority.application(&number).await.status, Status::Submitted);
}

#[tokio::test]
async fn administrator_does_not_lose_their_own_role() {
    let office = Office::open().await;
    let path = format!("/staff/admin/roster/{}", office.administrator.id);
    assert!(!office.read(&path).await.contains("/leave\""), "there is no button");
    let change =
        [("name", "周管理"), ("role", "reviewer"), ("seen_name", "周管理"), ("seen_role", "administrator")];
    let page = office.refused(&path, &change, StatusCode::CONFLICT).await;
    assert!(page.contains("另一位管理员更改"), "{page}");
    office.refused(&format!("{path}/leave"), &change, StatusCode::CONFLICT).await;
    let rename = [
        ("name", "周管理员"),
        ("role", "administrator"),
        ("seen_name", "周管理"),
        ("seen_role", "administrator"),
    ];
    office.save(&path, &rename).await;
    assert_eq!(office.names().await, ["周管理员"]);
}

#[tokio::test]
async fn command_keeps_the_last_administrator() {
    let office = Office::open().await;
    let remove = |tx: &mut Tx| Ok(roster::remove(tx, &document("S0000009"))?);
    office.authority.write(remove).await.expect_err("a refusal");
    let change = |tx: &mut Tx| Ok(roster::add(tx, "周管理", &document("S0000009"), &duty(Role::Reviewer))?);
    office.authority.write(change).await.expect_err("a refusal");
    assert_eq!(office.names().await, ["周管理"]);
}

#[tokio::test]
async fn two_administrators_who_remove_each_other_do_not_both_succeed() {
    let office = Office::open().await;
    let authority = &office.authority;
    let one = office.administrator.clone();
    let two = authority.staff_member("吴管理", "S0000008", Role::Administrator).await;
    let leave = |by: &kaozheng::people::staff::StaffMember, who: &kaozheng::people::staff::StaffMember| {
        let (by, who) = (by.clone(), who.clone());
        authority.write(move |tx: &mut Tx| {
            Ok(roster::leave(tx, &by, &who.id, (&who.name, &duty(Role::Administrator)))?)
        })
    };
    let (first, second) = join(leave(&one, &two), leave(&two, &one)).await;
    assert_eq!([first.is_ok(), second.is_ok()].into_iter().filter(|done| *done).count(), 1);
    assert_eq!(office.names().await.len(), 1);
}
