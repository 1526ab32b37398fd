//! Deadlines of every business, to the second: around 国庆, 春节 and the new year.

mod calendar;
mod periods;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use kaozheng::store::clock::CHINA;
use kaozheng::store::schema::{applications, sittings, violations};
use kaozheng::store::{Clock, Error, Timestamp};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::applicant::{form, with_files};
use crate::filing::{Filing, refund, violation};
use crate::server::{Answer, Server, Visitor};

/// Starts the demo's data at a time in China, `YYYY-MM-DD HH:MM:SS`.
pub async fn server_at(china: &str) -> Server {
    let server = Server::start_with(Clock::manual(utc(china)), |_| {}).await;
    server.load_demo().await;
    server
}

fn utc(china: &str) -> Timestamp {
    let time = chrono::NaiveDateTime::parse_from_str(china, "%Y-%m-%d %H:%M:%S").expect("a time");
    Timestamp::from_utc(time - CHINA)
}

pub fn set_time(server: &Server, china: &str) {
    let clock = &server.parts.store.clock;
    clock.advance(utc(china) - clock.now());
}

pub async fn serve_violation_notice(server: &Server, day: &str) {
    let day: NaiveDate = day.parse().expect("a day");
    let change = server.parts.store.write::<_, Error, _>(move |tx| {
        diesel::update(violations::table).set(violations::served_on.eq(day)).execute(tx.conn)?;
        Ok(())
    });
    change.await.expect("a notice");
}

/// Subjects of submitted applications.
async fn submitted_subjects(server: &Server) -> Vec<String> {
    let rows = server.parts.store.read::<_, Error, _>(|tx| {
        let rows = applications::table.filter(applications::number.is_not_null());
        Ok(rows.select(applications::subject).order(applications::id).load(tx.conn)?)
    });
    rows.await.expect("applications")
}

/// A form waits on 核对信息 in the last second of the day `last`. One second later it is refused with the
/// deadline, and the answers are kept. One second earlier it is accepted.
async fn assert_accepted_until(server: &Server, filing: &Filing, last: &str, typed: &str) {
    set_time(server, &format!("{last} 23:59:59"));
    let candidate = server.signed_in("张小三").await;
    let (list, before) = (format!("/services/{}", filing.business), submitted_subjects(server).await);
    let sent = candidate.send_form(&format!("{list}/new"), filing, "review").await;
    assert_eq!(sent.location, format!("{list}/review"), "{last}: {}", sent.body);
    let review = candidate.open(&sent.location).await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();

    server.advance(1);
    let late = candidate.submit(&sent.location, &[("seen", &seen)]).await;
    assert_late(&late, last, typed);
    let again = candidate.send_form(&format!("{list}/new"), filing, "submit").await;
    assert_eq!(again.status, 422);
    assert_late(&again, last, typed);
    assert_late(&candidate.open(&format!("{list}/new")).await, last, typed);
    assert_eq!(submitted_subjects(server).await, before, "nothing is submitted late");

    server.advance(-1);
    candidate.submit(&sent.location, &[("seen", &seen)]).await.assert_shows("请重新核对后再提交");
    let review = candidate.open(&sent.location).await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
    candidate.submit(&sent.location, &[("seen", &seen)]).await.number();
}

fn assert_late(page: &Answer, last: &str, typed: &str) {
    page.assert_shows("<h2>已截止</h2>");
    page.assert_shows(&format!("已于 {last} 截止，不能再提交"));
    page.assert_shows("您填写的内容已保存为草稿");
    page.assert_shows(typed);
    page.assert_lacks("处需要更正");
}

#[tokio::test]
async fn violation_appeal_is_accepted_until_its_last_second() {
    let table = [
        ("2026-09-28", "2026-10-10"), // across 国庆, ends on a Saturday that is a workday
        ("2026-02-13", "2026-02-27"), // across 春节
        ("2025-12-29", "2026-01-06"), // across the new year
        ("2026-12-28", "2027-01-07"), // into a year without a holiday arrangement
        ("2027-02-01", "2027-02-18"), // across the longest possible 春节 in such a year
    ];
    for (served, last) in table {
        let server = server_at(&format!("{served} 10:00:00")).await;
        serve_violation_notice(&server, served).await;
        let list = server.signed_in("张小三").await.open("/services/violation").await;
        list.assert_shows(&format!("{last} 截止申诉"));
        assert_accepted_until(&server, &violation(), last, "有同场考生可以作证").await;
    }
}

#[tokio::test]
async fn qualification_check_is_accepted_until_its_last_second_for_the_chosen_sitting() {
    let server = server_at("2026-10-01 10:00:00").await;
    let candidate = server.signed_in("张小三").await;
    let chosen = candidate.sitting_of("一级建造师").await;
    let other = candidate.sitting_of("二级建造师").await;
    let key = chosen.clone();
    let change = server.parts.store.write::<_, Error, _>(move |tx| {
        use sittings::dsl as s;
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        diesel::update(s::sittings).set(s::check_closes_on.eq(day("2026-09-30"))).execute(tx.conn)?;
        let open = [(key, "2026-10-03"), (other, "2026-12-31")];
        for (id, closes) in open {
            let closes = s::check_closes_on.eq(day(closes));
            diesel::update(s::sittings.find(id)).set(closes).execute(tx.conn)?;
        }
        Ok(())
    });
    change.await.expect("the sittings");
    set_time(&server, "2026-10-03 23:59:59");
    let candidate = server.signed_in("张小三").await;
    let filled = || with_files(form(&chosen, "review", &[]));
    let new = "/services/qualification/new";
    assert_eq!(candidate.upload(new, filled()).await.location, "/services/qualification/review");
    server.advance(1);
    let late = candidate.open("/services/qualification/review").await;
    assert_late(&late, "2026-10-03", "示范建设工程有限公司");
    assert_late(&candidate.upload(new, filled()).await, "2026-10-03", "示范建设工程有限公司");
    server.advance(-1);
    candidate.upload(new, filled()).await;
    let review = candidate.open("/services/qualification/review").await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
    candidate.submit("/services/qualification/review", &[("seen", &seen)]).await.number();
    assert_eq!(submitted_subjects(&server).await, [chosen], "the only open sitting has not taken its place");
}

#[tokio::test]
async fn refund_is_accepted_until_fifteen_days_before_the_exam() {
    let server = server_at("2026-09-28 10:00:00").await;
    let change = server.parts.store.write::<_, Error, _>(|tx| {
        let held_on = sittings::held_on.eq("2026-10-20".parse::<NaiveDate>().expect("a day"));
        diesel::update(sittings::table).set(held_on).execute(tx.conn)?;
        Ok(())
    });
    change.await.expect("the sittings");
    let ill = refund().with(&[("reason", "疾病"), ("explanation", "因病住院不能参加考试")]);
    assert_accepted_until(&server, &ill, "2026-10-05", "因病住院不能参加考试").await;
}

/// Rejects the check of qualification. Returns the path of the appeal.
async fn reject(server: &Server, candidate: &Visitor) -> String {
    let sitting = candidate.sitting_of("一级建造师").await;
    let number = candidate.apply_for_number(&sitting).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer
        .decide_application(&number, "reject", &[("note", "从事专业工作年限不足。")])
        .await
        .assert_shows("已办理");
    format!("/services/qualification/{number}/appeal")
}

#[tokio::test]
async fn appeal_is_accepted_until_its_last_second() {
    for (decided, last) in
        [("2026-11-02", "2026-12-02"), ("2026-09-01", "2026-10-08"), ("2026-12-02", "2027-01-04")]
    {
        let server = server_at(&format!("{decided} 10:00:00")).await;
        let path = reject(&server, &server.signed_in("张小三").await).await;
        let appeal =
            |reason: &str| Filing::new("appeal", &[("reason", reason), ("phone", "13800138000")], &[]);
        set_time(&server, &format!("{last} 23:59:59"));
        let candidate = server.signed_in("张小三").await;
        candidate.send_form(&path, &appeal("社保记录缺少外地缴纳的部分"), "draft").await;
        server.advance(1);
        let longer = appeal("社保记录缺少外地缴纳的部分，附缴费证明");
        let late = candidate.send_form(&path, &longer, "submit").await;
        assert_eq!(late.status, 422);
        assert_late(&late, last, "附缴费证明");
        late.assert_lacks("提交申诉");
        assert_late(&candidate.open(&path).await, last, "附缴费证明");
        assert_eq!(submitted_subjects(&server).await.len(), 1, "only the check");
        server.advance(-1);
        let taken = candidate.send_form(&path, &longer, "submit").await;
        candidate.open(&taken.location).await.number();
    }
}

#[tokio::test]
async fn late_appeal_without_a_draft_keeps_the_input() {
    let server = server_at("2026-09-01 10:00:00").await;
    let path = reject(&server, &server.signed_in("张小三").await).await;
    set_time(&server, "2026-10-09 00:00:00");
    let candidate = server.signed_in("张小三").await;
    let nothing = candidate.open(&path).await;
    assert_eq!(nothing.status, 409);
    nothing.assert_shows("申诉期限已于 2026-10-08 截止");
    let answers = [("reason", "社保记录缺少外地缴纳的部分"), ("phone", "13800138000")];
    let appeal = Filing::new("appeal", &answers, &[]);
    assert_late(
        &candidate.send_form(&path, &appeal, "submit").await,
        "2026-10-08",
        "社保记录缺少外地缴纳的部分",
    );
    assert_late(&candidate.open(&path).await, "2026-10-08", "社保记录缺少外地缴纳的部分");
}

/// An application submitted in time can be corrected later, but not moved to a subject that was late.
#[tokio::test]
async fn timely_appeal_does_not_open_another_violation() {
    let server = server_at("2026-09-28 10:00:00").await;
    serve_violation_notice(&server, "2026-09-28").await;
    let copy = server.parts.store.write::<_, Error, _>(|tx| {
        use violations::dsl as v;
        let served = v::served_on.eq("2026-09-01".parse::<NaiveDate>().expect("a day"));
        let late = v::id.eq("violation-late");
        let columns = "holder_hash, sitting_id, subject, happened_at, place, fact, clause, proposed_decision";
        let copied = format!(
            "INSERT INTO violations (id, served_on, {columns}) \
             SELECT 'violation-late', served_on, {columns} FROM violations WHERE id = 'violation-0'"
        );
        diesel::sql_query(copied).execute(tx.conn)?;
        diesel::update(v::violations.filter(late)).set(served).execute(tx.conn)?;
        Ok(())
    });
    copy.await.expect("another violation");
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&violation()).await;
    let other = violation().with(&[("violation", "violation-late")]);
    let changed = candidate.send_form(&format!("/services/violation/{number}/edit"), &other, "submit").await;
    assert_eq!(changed.status, 422);
    changed.assert_shows("已于 2026-09-08 截止");
    assert_eq!(submitted_subjects(&server).await, ["violation-0"]);
}

/// The head of the request arrives in the last second; its body arrives the next day.
#[tokio::test]
async fn arrival_of_the_request_head_counts() {
    let server = server_at("2026-09-28 10:00:00").await;
    let path = reject(&server, &server.signed_in("张小三").await).await;
    set_time(&server, "2026-10-28 23:59:59");
    let candidate = server.signed_in("张小三").await;
    let body = "action=submit&reason=%E7%A4%BE%E4%BF%9D%E8%AE%B0%E5%BD%95%E7%BC%BA%E5%B0%91%E5%A4%96%E5%9C%B0%E7%9A%84%E9%83%A8%E5%88%86&phone=13800138000";
    let host = server.base.trim_start_matches("http://");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\nOrigin: {}\r\nExpect: 100-continue\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        candidate.cookie(),
        server.base,
        body.len(),
    );
    let mut stream = BufReader::new(TcpStream::connect(host).await.expect("a connection"));
    stream.get_mut().write_all(head.as_bytes()).await.expect("a head");
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("a line");
    assert_eq!(line.trim(), "HTTP/1.1 100 Continue", "the body is waited for");
    server.advance(TimeDelta::minutes(5).num_seconds());
    stream.get_mut().write_all(body.as_bytes()).await.expect("a body");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.contains("303") && answer.contains("/submitted"), "{answer}");
}
