//! The rounds of an application: what is returned comes back changed, in time, or is closed.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use futures_util::future::join;
use kaozheng::casework::lapse;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::cli::housekeeping::sweep_once;
use kaozheng::store::Error;
use kaozheng::store::schema::applications::dsl as a;

use crate::applicant::{LIST, form, with_files};
use crate::filing::{refund, start_demo};
use crate::server::{Server, Visitor};

/// A refund of 张小三 that was returned on Wednesday 2026-04-01, to be corrected by 2026-04-09.
async fn returned() -> (Server, Visitor, String) {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    return_it(&server, &number).await;
    (server, candidate, number)
}

async fn return_it(server: &Server, number: &str) {
    let reviewer = server.signed_in("周明远").await;
    let marks = [("mark:payment_proof", "看不清金额")];
    reviewer.decide_application(number, "return", &marks).await.assert_shows("已退回");
}

async fn state(server: &Server, number: &str) -> (String, String, Option<NaiveDate>) {
    let row = a::applications.filter(a::number.eq(number.to_owned()));
    let row = row.select((a::status, a::result, a::due_on));
    server.parts.store.read::<_, Error, _>(move |tx| Ok(row.first(tx.conn)?)).await.expect("an application")
}

/// Moves the clock to a time in China.
fn set_time(server: &Server, china: &str) {
    let at = china.parse::<chrono::NaiveDateTime>().expect("a time") - TimeDelta::hours(8);
    server.advance((at - *server.parts.store.clock.now()).num_seconds());
}

async fn lapse(server: &Server) -> usize {
    lapse::run(&server.parts.store).await.expect("a sweep")
}

#[tokio::test]
async fn returned_application_is_not_sent_again_unchanged() {
    let (_server, candidate, number) = returned().await;
    let edit = format!("/services/refund/{number}/edit");
    let mut same = refund();
    same.slots = &[];
    let shown = candidate.open(&edit).await;
    let kept = shown.between("name=\"material.payment_proof\" value=\"", "\"").to_owned();
    let same = same.with(&[("material.payment_proof", &kept)]);
    let refused = candidate.send_form(&edit, &same, "submit").await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("内容与退回时相同，请先修改再提交。需要修改的是：缴费凭证");
    // Another file is a change.
    let sent = candidate.send_form(&edit, &refund(), "submit").await;
    assert_eq!(sent.location, format!("/services/refund/{number}/submitted"));
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.assert_shows("重新提交申请（第 2 次提交）");
    detail.assert_shows("第 2 次提交的修改");
    detail.assert_shows("修改了缴费凭证");
}

#[tokio::test]
async fn mark_on_the_whole_needs_a_change_too() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let sitting = candidate.sitting_of("一级建造师").await;
    let number = candidate.apply_for_number(&sitting).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:", "请核对后提交")]).await;
    let edit = format!("{LIST}/{number}/edit");
    let page = candidate.open(&edit).await;
    let mut same = form(&sitting, "submit", &[]);
    for (name, value) in page.hidden_fields().into_iter().filter(|(name, _)| name.starts_with("material.")) {
        same = same.text(name, value);
    }
    let refused = candidate.upload(&edit, same).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("需要修改的是：整体");
    let changed = with_files(form(&sitting, "submit", &[("years", "5")]));
    let sent = candidate.upload(&edit, changed).await;
    assert_eq!(sent.location, format!("{LIST}/{number}/submitted"));
}

#[tokio::test]
async fn candidate_is_warned_and_the_application_closed_after_its_last_day() {
    let (server, candidate, number) = returned().await;
    assert_eq!(state(&server, &number).await.2.map(|day| day.to_string()), Some("2026-04-09".into()));
    candidate.open("/").await.assert_lacks("即将逾期");
    candidate.open(&format!("/services/refund/{number}")).await.assert_shows("逾期将按“逾期未补正”关闭");
    set_time(&server, "2026-04-07T10:00:00"); // two working days before
    let candidate = server.signed_in("张小三").await;
    candidate.open("/").await.assert_shows("补正期限 2026-04-09 当日截止");

    set_time(&server, "2026-04-09T23:59:59");
    assert_eq!(lapse(&server).await, 0, "the last day is in time");
    set_time(&server, "2026-04-10T00:30:00");
    assert_eq!(lapse(&server).await, 0, "its last requests may still be on the way");
    set_time(&server, "2026-04-10T01:00:00");
    assert_eq!(lapse(&server).await, 1);
    assert_eq!(lapse(&server).await, 0, "once");
    assert_eq!(state(&server, &number).await, ("withdrawn".into(), "逾期未补正".into(), None));
    let candidate = server.signed_in("张小三").await;
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.assert_shows("逾期未补正，已关闭");
    detail.assert_shows("补正期限 2026-04-09 已过，需要时可以重新申请");
    detail.assert_lacks("您已撤销");
    candidate.file_for_number(&refund()).await; // the subject is free
}

#[tokio::test]
async fn housekeeping_closes_only_while_the_clock_is_trusted() {
    let (server, _, number) = returned().await;
    sweep_once(&server.parts).await.expect("housekeeping");
    set_time(&server, "2026-04-20T10:00:00");
    sweep_once(&server.parts).await.expect("housekeeping");
    assert_eq!(state(&server, &number).await.0, "returned", "the clock has leapt");
    for _ in 0..3 {
        server.advance(12 * 60 * 60);
        sweep_once(&server.parts).await.expect("housekeeping");
    }
    assert_eq!(state(&server, &number).await.0, "withdrawn");
}

#[tokio::test]
async fn submission_at_the_moment_of_the_sweep_has_one_winner() {
    let (server, candidate, number) = returned().await;
    set_time(&server, "2026-04-10T01:00:00");
    let candidate_again = server.signed_in("张小三").await;
    drop(candidate);
    let edit = format!("/services/refund/{number}/edit");
    let (sent, closed) = join(candidate_again.send_form(&edit, &refund(), "submit"), lapse(&server)).await;
    let submitted = sent.location.ends_with("/submitted");
    assert!(submitted != (closed == 1), "{} {closed}", sent.location);
    let expected = if submitted { "submitted" } else { "withdrawn" };
    assert_eq!(state(&server, &number).await.0, expected);
}

#[tokio::test]
async fn application_that_an_older_program_returned_gets_a_new_period() {
    let (server, _, number) = returned().await;
    let forget = diesel::update(a::applications).set(a::due_days.eq(None::<i32>));
    server.parts.store.write::<_, Error, _>(move |tx| Ok(forget.execute(tx.conn)?)).await.expect("a change");
    set_time(&server, "2026-04-20T10:00:00");
    assert_eq!(lapse(&server).await, 0, "its candidate was told that a later correction is accepted");
    let (status, _, due_on) = state(&server, &number).await;
    assert_eq!((&*status, due_on.map(|day| day.to_string())), ("returned", Some("2026-04-27".into())));
    set_time(&server, "2026-04-28T10:00:00");
    assert_eq!(lapse(&server).await, 1);
}

#[tokio::test]
async fn days_follow_the_rules_of_the_office() {
    let server = start_demo().await;
    let set = server.parts.store.write::<_, Error, _>(|tx| {
        let refund = kaozheng::business::ALL.find("refund");
        rules::set(tx, Rule::ReviewDays, refund, 10)?;
        rules::set(tx, Rule::MendDays, refund, 2)
    });
    set.await.expect("rules");
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    assert_eq!(state(&server, &number).await.2.map(|day| day.to_string()), Some("2026-04-16".into()));
    return_it(&server, &number).await;
    assert_eq!(state(&server, &number).await.2.map(|day| day.to_string()), Some("2026-04-03".into()));
}

#[tokio::test]
async fn failed_refund_asks_only_for_the_account() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let mut filing = refund().with(&[
        ("refund_to", "银行账户"),
        ("account_holder", "张小三"),
        ("bank", "中国工商银行"),
        ("branch", "东湖支行"),
        ("account", "6222021001116245702"),
    ]);
    filing.slots = &["payment_proof", "bank_card"];
    let number = candidate.file_for_number(&filing).await;
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decide_application(&number, "approve:0", &[]).await;
    finance.carry_out_task(&number, "fail", &[("failure", "账号与户名不符")], &[]).await;

    let edit = format!("/services/refund/{number}/edit");
    let page = candidate.open(&edit).await;
    for asked in ["account", "account_holder", "bank", "branch", "file.bank_card"] {
        assert!(page.body.contains(&format!("name=\"{asked}\"")), "{asked}");
    }
    for fixed in ["registration", "subjects", "reason", "refund_to", "phone", "file.payment_proof"] {
        assert!(!page.body.contains(&format!("name=\"{fixed}\"")), "{fixed} is a fact");
    }
    page.assert_shows("重复缴费");
    let card = page.between("name=\"material.bank_card\" value=\"", "\"").to_owned();
    // A forged answer changes nothing.
    let mut forged =
        filing.with(&[("reason", "其他"), ("explanation", "伪造的说明"), ("account", "6222021001116245710")]);
    forged = forged.with(&[("material.bank_card", &card)]);
    forged.slots = &["payment_proof"];
    let sent = candidate.send_form(&edit, &forged, "submit").await;
    assert_eq!(sent.location, format!("/services/refund/{number}/submitted"), "{}", sent.body);
    let case = reviewer.open(&format!("/staff/applications/{number}")).await;
    case.assert_shows("6222021001116245710");
    case.assert_shows("重复缴费");
    case.assert_lacks("伪造的说明");
    case.assert_lacks("已更换");
}

#[tokio::test]
async fn failed_refund_to_the_original_channel_can_go_to_an_account() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decide_application(&number, "approve:0", &[]).await;
    finance.carry_out_task(&number, "fail", &[("failure", "支付渠道已关闭")], &[]).await;
    let edit = format!("/services/refund/{number}/edit");
    let page = candidate.open(&edit).await;
    assert!(page.body.contains("name=\"refund_to\"") && !page.body.contains("name=\"reason\""));
    let mut mended = refund().with(&[
        ("refund_to", "银行账户"),
        ("account_holder", "张小三"),
        ("bank", "中国工商银行"),
        ("branch", "东湖支行"),
        ("account", "6222021001116245702"),
    ]);
    mended.slots = &["bank_card"];
    let sent = candidate.send_form(&edit, &mended, "submit").await;
    assert_eq!(sent.location, format!("/services/refund/{number}/submitted"), "{}", sent.body);
}
