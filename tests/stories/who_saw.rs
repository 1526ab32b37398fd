//! 谁查看过我的信息, and the administrators' search of the audit.

use diesel::prelude::*;
use kaozheng::store::schema::audit_entries::dsl as a;

use crate::filing::{refund, start_demo};

const SEARCH: &str = "/staff/audit";

#[tokio::test]
async fn candidate_sees_who_opened_and_decided_their_application() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.open("/me").await.assert_shows("谁查看过我的信息");
    candidate.open("/me/views").await.assert_shows("还没有人查看过");
    let number = candidate.file_for_number(&refund()).await;
    let file = candidate
        .open(&format!("/services/refund/{number}"))
        .await
        .between("href=\"/files/", "\"")
        .to_owned();
    let reviewer = server.signed_in("周明远").await;
    reviewer.open(&format!("/files/{file}")).await;
    reviewer.decide_application(&number, "approve:0", &[]).await;
    server.signed_in("何静").await.open(&format!("/staff/applications/{number}")).await;

    let page = candidate.open("/me/views").await;
    for words in ["审核员 周明远", "管理员 何静", "打开申请", "查看材料", "领取", "通过", &*number]
    {
        page.assert_shows(words);
    }
    page.assert_lacks(&file);
    server.signed_in("林美玲").await.open("/me/views").await.assert_shows("还没有人查看过");
    assert_eq!(server.visitor(crate::server::PHONE).step("/me/views").await.status, 303);
}

#[tokio::test]
async fn long_list_is_paged() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let reviewer = server.signed_in("周明远").await;
    for _ in 0..55 {
        server.advance(20);
        reviewer.submit(&format!("/staff/applications/{number}/take"), &[]).await;
        server.advance(61);
        reviewer.open(&format!("/staff/applications/{number}")).await;
    }
    let candidate = server.signed_in("张小三").await;
    let first = candidate.open("/me/views").await;
    assert_eq!(first.body.matches("<li data-state").count(), 50);
    let next = first.between("href=\"/me/views?after=", "\"").to_owned();
    let second = candidate.open(&format!("/me/views?after={next}")).await;
    assert_eq!(second.status, 200);
    second.assert_shows(&number);
    candidate.open("/me/views?after=nonsense").await.assert_shows("更早的记录");
}

#[tokio::test]
async fn administrator_searches_by_candidate_staff_case_and_day() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    server.signed_in("周明远").await.open(&format!("/staff/applications/{number}")).await;
    let administrator = server.signed_in("何静").await;
    let page = administrator.open(SEARCH).await;
    page.assert_lacks("打开申请");
    let staff = page.between("周明远", "<");
    assert!(staff.contains("审核员"), "{staff}");
    let today = kaozheng::store::clock::china_date(server.parts.store.clock.now()).to_string();
    for form in [
        &[("about", "440300199003072616")][..],
        &[("about", &*number)],
        &[("about", &*number), ("only_case", "yes")],
        &[("about", &*number), ("day", &*today)],
    ] {
        let found = administrator.submit(SEARCH, form).await;
        found.assert_shows("打开申请");
        found.assert_shows("审核员 周明远");
        found.assert_shows(&number);
    }
    for (form, words) in [
        (&[("about", "440300198808150023"), ("day", "2000-01-01")][..], "没有"),
        (&[("about", "K0000000")], "没有找到这个受理号或证件号码的考生"),
        (&[("day", "昨天")], "请填写日期"),
        (&[("about", &*number), ("day", "2000-01-01")], "没有符合条件的记录"),
    ] {
        administrator.submit(SEARCH, form).await.assert_shows(words);
    }
    let rows = a::audit_entries.filter(a::action.eq("audit_search")).order(a::id).select(a::target);
    let read =
        server.parts.store.read::<_, kaozheng::store::Error, _>(move |tx| Ok(rows.load::<String>(tx.conn)?));
    let searches = read.await.expect("the audit");
    assert!(searches.len() >= 3, "{searches:?}");
    assert!(searches.iter().all(|target| !target.contains("440300199003072616")), "{searches:?}");
}
