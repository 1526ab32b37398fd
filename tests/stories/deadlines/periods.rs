//! Periods whose length is a rule of the office: appeals and pleas. What somebody was told stays.

use chrono::NaiveDate;
use diesel::prelude::*;
use kaozheng::casework::business::Registry;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::cli::housekeeping::sweep_once;
use kaozheng::store::schema::applications::dsl as a;
use kaozheng::store::{Error, Tx};

use super::{reject, server_at, set_time};
use crate::imports::Installation;
use crate::server::Server;

async fn set_rule(server: &Server, rule: Rule, slug: &'static str, days: i32) {
    let change = move |tx: &mut Tx| {
        let business = Registry::of(tx).find(slug);
        rules::set(tx, rule, business, days)
    };
    server.parts.store.write::<_, Error, _>(change).await.expect("a rule");
}

#[tokio::test]
async fn days_to_appeal_are_those_of_the_day_of_the_rejection() {
    let server = server_at("2026-11-02 10:00:00").await;
    let first = server.signed_in("张小三").await;
    let path = reject(&server, &first).await;
    set_rule(&server, Rule::AppealDays, "qualification", 8).await;
    let second = server.signed_in("林美玲").await;
    reject(&server, &second).await;

    set_time(&server, "2026-11-10 09:00:00");
    let (first, second) = (server.signed_in("张小三").await, server.signed_in("林美玲").await);
    first.open("/").await.assert_shows("2026-12-02");
    second.open("/").await.assert_shows("2026-11-10");
    set_time(&server, "2026-11-11 00:00:00");
    let second = server.signed_in("林美玲").await;
    second.open("/services/qualification").await.assert_lacks(">申诉</a>");
    second.open("/").await.assert_lacks("2026-11-10 截止");
    let first = server.signed_in("张小三").await;
    first.open(&path).await.assert_shows("申诉理由");
}

/// An older program, which may serve during an update, knows no last day.
#[tokio::test]
async fn rejection_by_an_older_program_gets_its_last_day_to_appeal() {
    let server = server_at("2026-11-02 10:00:00").await;
    let candidate = server.signed_in("张小三").await;
    let path = reject(&server, &candidate).await;
    let forget = |tx: &mut Tx| {
        let rejected = a::applications.filter(a::status.eq("rejected"));
        Ok(diesel::update(rejected).set(a::appeal_until.eq(None::<NaiveDate>)).execute(tx.conn)?)
    };
    assert_eq!(server.parts.store.write::<_, Error, _>(forget).await.expect("a change"), 1);
    candidate.open("/").await.assert_lacks("2026-12-02");

    set_time(&server, "2026-11-04 09:00:00");
    sweep_once(&server.parts).await.expect("housekeeping");
    let candidate = server.signed_in("张小三").await;
    candidate.open("/").await.assert_shows("2026-12-02");
    candidate.open(&path).await.assert_shows("申诉理由");
}

#[tokio::test]
async fn days_to_plead_are_those_of_the_day_of_the_import() {
    let server = server_at("2026-11-02 10:00:00").await;
    let installation = Installation::at(&server.parts.settings.database_url);
    let month = installation
        .rows("SELECT month AS line FROM sittings JOIN exams ON exams.id = exam_id WHERE code = '01'");
    let month = month.first().expect("a sitting");
    let import = |subject: &str| {
        let rows = format!(
            "姓名,证件号码,考试代码,考试年月,科目,发生时间,地点,违纪事实,适用条款,拟处理决定,告知送达日期\n\
             张小三,440300199003072616,01,{month},{subject},2026-09-19 09:30,考点,夹带,第六条,成绩无效,2026-11-02\n",
        );
        installation.file("v.csv", &rows);
        installation.import("violations", "v.csv")
    };
    assert_eq!(import("建设工程经济"), "1 new, 0 changed, 0 unchanged, 0 refused");
    set_rule(&server, Rule::PleadDays, "violation", 3).await;
    assert_eq!(import("建设工程经济"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(import("建设工程项目管理"), "1 new, 0 changed, 0 unchanged, 0 refused");

    let page = server.signed_in("张小三").await.open("/services/violation").await;
    page.assert_shows("2026-11-09 截止申诉");
    page.assert_shows("2026-11-05 截止申诉");
}
