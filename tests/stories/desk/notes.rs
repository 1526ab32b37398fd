//! 内部备注: notes among staff, which no candidate sees.

use diesel::prelude::*;
use kaozheng::people::staff::Role;
use kaozheng::store::schema::case_notes;
use poem::http::StatusCode;

use super::authority::Authority;
use super::pages::text;

#[tokio::test]
async fn notes_are_read_by_staff_alone_and_change_nothing() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority.take_next(&reviewer).await;
    let (desk, case) = (authority.browser_of(&reviewer).await, format!("/staff/applications/{number}"));
    let note = [("mark:years", "请核对年限"), ("case_note", "已电话核实单位")];
    for _ in 0..2 {
        let added = desk.post(&format!("{case}/notes"), &note).await;
        added.assert_header("location", format!("{case}#notes"));
    }
    assert_eq!(authority.application(&number).await.version, 2, "an open page stays valid");

    let page = text(authority.browser_of(&colleague).await.get(&case).await).await;
    assert_eq!(page.matches("已电话核实单位").count(), 1, "a double click adds one note:\n{page}");
    assert!(page.contains("王审核") && !page.contains("请核对年限"), "marks are personal");
    let own = authority.browser_of_candidate(&candidate).await;
    for path in ["", "/slip"] {
        let own = text(own.get(&format!("/services/qualification/{number}{path}")).await).await;
        assert!(!own.contains("已电话核实单位"), "{path}");
    }
    let stored =
        authority.write(|tx| Ok(case_notes::table.select(case_notes::content).load::<String>(tx.conn)?));
    assert!(stored.await.expect("notes").iter().all(|sealed| !sealed.contains("电话")), "they are sealed");
    let audited = authority.audited().await;
    assert!(audited.contains(&("note".to_owned(), number.to_string())), "{audited:?}");
}

#[tokio::test]
async fn empty_and_long_notes_are_refused_in_place_and_outsiders_write_none() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let applicant = authority.staff_member("张小三", "E0000001", Role::Reviewer).await;
    let finance = authority.staff_member("钱财务", "S0000003", Role::Finance).await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let desk = authority.browser_of(&reviewer).await;
    let path = format!("/staff/applications/{number}/notes");
    let long = "字".repeat(501);
    for wrong in ["", "  ", &long] {
        let refused = desk.post(&path, &[("case_note", wrong)]).await;
        refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(refused).await;
        assert!(page.contains("备注请写 1 到 500 个字") && page.contains(wrong.trim()), "{page}");
    }
    for outsider in [&applicant, &finance] {
        let refused = authority.browser_of(outsider).await.post(&path, &[("case_note", "看看")]).await;
        refused.assert_status(StatusCode::FORBIDDEN);
    }
    let count = authority.write(|tx| Ok(case_notes::table.count().get_result::<i64>(tx.conn)?));
    assert_eq!(count.await.expect("a count"), 0);
}
