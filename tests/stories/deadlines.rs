//! Deadlines to the second: over 国庆, 春节 and the end of a year, for every kind that has one.

mod calendar;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use kaozheng::store::clock::CHINA;
use kaozheng::store::schema::{applications, sittings, violations};
use kaozheng::store::{Clock, Error};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::applicant::{form, with_files};
use crate::filing::{Filing, refund, violation};
use crate::server::{Answer, Server, Visitor};

/// The demo's authority at a time in China.
pub async fn authority_at(china: &str) -> Server {
    let server = Server::start_with(Clock::manual(utc(china)), |_| {}).await;
    server.load_demo().await;
    server
}

fn utc(china: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(china, "%Y-%m-%d %H:%M:%S").expect("a time") - CHINA
}

pub fn move_to(server: &Server, china: &str) {
    let clock = &server.parts.store.clock;
    clock.advance(utc(china) - clock.now());
}

pub async fn served_on(server: &Server, day: &str) {
    let day: NaiveDate = day.parse().expect("a day");
    let change = server.parts.store.write::<_, Error, _>(move |tx| {
        diesel::update(violations::table).set(violations::served_on.eq(day)).execute(tx.conn)?;
        Ok(())
    });
    change.await.expect("a notice");
}

/// Subjects of what was submitted.
async fn submitted(server: &Server) -> Vec<String> {
    let rows = server.parts.store.read::<_, Error, _>(|tx| {
        let rows = applications::table.filter(applications::number.is_not_null());
        Ok(rows.select(applications::subject).order(applications::id).load(tx.conn)?)
    });
    rows.await.expect("applications")
}

/// A form is filled in and stands on 核对信息 in the last second of `last`. A second later it is refused with
/// the date and everything typed is kept; a second earlier it is taken.
async fn to_the_second(server: &Server, filing: &Filing, last: &str, typed: &str) {
    move_to(server, &format!("{last} 23:59:59"));
    let candidate = server.signed_in("张小三").await;
    let (list, before) = (format!("/services/{}", filing.kind), submitted(server).await);
    let sent = candidate.fills_in(&format!("{list}/new"), filing, "review").await;
    assert_eq!(sent.location, format!("{list}/review"), "{last}: {}", sent.body);
    let review = candidate.open(&sent.location).await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();

    server.advance(1);
    let late = candidate.submit(&sent.location, &[("seen", &seen)]).await;
    is_late(&late, last, typed);
    let again = candidate.fills_in(&format!("{list}/new"), filing, "submit").await;
    assert_eq!(again.status, 422);
    is_late(&again, last, typed);
    is_late(&candidate.open(&format!("{list}/new")).await, last, typed);
    assert_eq!(submitted(server).await, before, "nothing is submitted late");

    server.advance(-1);
    candidate.submit(&sent.location, &[("seen", &seen)]).await.tells("请重新核对后再提交");
    let review = candidate.open(&sent.location).await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
    candidate.submit(&sent.location, &[("seen", &seen)]).await.number();
}

fn is_late(page: &Answer, last: &str, typed: &str) {
    page.tells("<h2>已截止</h2>");
    page.tells(&format!("已于 {last} 截止，不能再提交"));
    page.tells("您填写的内容已保存为草稿");
    page.tells(typed);
    page.tells_nothing_of("处需要更正");
}

#[tokio::test]
async fn a_plea_is_taken_until_its_last_second() {
    let table = [
        ("2026-09-28", "2026-10-10"), // over 国庆, to a Saturday that is worked
        ("2026-02-13", "2026-02-27"), // over 春节
        ("2025-12-29", "2026-01-06"), // over the end of a year
        ("2026-12-28", "2027-01-07"), // into a year of which nothing is known
        ("2027-02-01", "2027-02-18"), // over the longest 春节 in such a year
    ];
    for (served, last) in table {
        let server = authority_at(&format!("{served} 10:00:00")).await;
        served_on(&server, served).await;
        let list = server.signed_in("张小三").await.open("/services/violation").await;
        list.tells(&format!("{last} 截止申诉"));
        to_the_second(&server, &violation(), last, "有同场考生可以作证").await;
    }
}

#[tokio::test]
async fn a_check_is_taken_until_its_last_second_and_for_the_sitting_that_was_chosen() {
    let server = authority_at("2026-10-01 10:00:00").await;
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
    move_to(&server, "2026-10-03 23:59:59");
    let candidate = server.signed_in("张小三").await;
    let filled = || with_files(form(&chosen, "review", &[]));
    let new = "/services/qualification/new";
    assert_eq!(candidate.upload(new, filled()).await.location, "/services/qualification/review");
    server.advance(1);
    let late = candidate.open("/services/qualification/review").await;
    is_late(&late, "2026-10-03", "示范建设工程有限公司");
    is_late(&candidate.upload(new, filled()).await, "2026-10-03", "示范建设工程有限公司");
    server.advance(-1);
    candidate.upload(new, filled()).await;
    let review = candidate.open("/services/qualification/review").await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
    candidate.submit("/services/qualification/review", &[("seen", &seen)]).await.number();
    assert_eq!(submitted(&server).await, [chosen], "the only open sitting has not taken its place");
}

#[tokio::test]
async fn a_refund_is_taken_until_fifteen_days_before_the_exam() {
    let server = authority_at("2026-09-28 10:00:00").await;
    let change = server.parts.store.write::<_, Error, _>(|tx| {
        let held_on = sittings::held_on.eq("2026-10-20".parse::<NaiveDate>().expect("a day"));
        diesel::update(sittings::table).set(held_on).execute(tx.conn)?;
        Ok(())
    });
    change.await.expect("the sittings");
    let ill = refund().with(&[("reason", "疾病"), ("explanation", "因病住院不能参加考试")]);
    to_the_second(&server, &ill, "2026-10-05", "因病住院不能参加考试").await;
}

/// Rejects the check of qualification and returns the address of the appeal.
async fn rejected(server: &Server, candidate: &Visitor) -> String {
    let sitting = candidate.sitting_of("一级建造师").await;
    let number = candidate.applied(&sitting).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decides(&number, "reject", &[("note", "从事专业工作年限不足。")]).await.tells("已办理");
    format!("/services/qualification/{number}/appeal")
}

#[tokio::test]
async fn an_appeal_is_taken_until_its_last_second() {
    for (decided, last) in [("2026-09-01", "2026-10-01"), ("2026-12-02", "2027-01-01")] {
        let server = authority_at(&format!("{decided} 10:00:00")).await;
        let path = rejected(&server, &server.signed_in("张小三").await).await;
        let appeal =
            |reason: &str| Filing::new("appeal", &[("reason", reason), ("phone", "13800138000")], &[]);
        move_to(&server, &format!("{last} 23:59:59"));
        let candidate = server.signed_in("张小三").await;
        candidate.fills_in(&path, &appeal("社保记录缺少外地缴纳的部分"), "draft").await;
        server.advance(1);
        let longer = appeal("社保记录缺少外地缴纳的部分，附缴费证明");
        let late = candidate.fills_in(&path, &longer, "submit").await;
        assert_eq!(late.status, 422);
        is_late(&late, last, "附缴费证明");
        late.tells_nothing_of("提交申诉");
        is_late(&candidate.open(&path).await, last, "附缴费证明");
        assert_eq!(submitted(&server).await.len(), 1, "only the check");
        server.advance(-1);
        let taken = candidate.fills_in(&path, &longer, "submit").await;
        candidate.open(&taken.location).await.number();
    }
}

#[tokio::test]
async fn a_late_appeal_that_was_not_begun_keeps_what_is_typed() {
    let server = authority_at("2026-09-01 10:00:00").await;
    let path = rejected(&server, &server.signed_in("张小三").await).await;
    move_to(&server, "2026-10-02 00:00:00");
    let candidate = server.signed_in("张小三").await;
    let nothing = candidate.open(&path).await;
    assert_eq!(nothing.status, 409);
    nothing.tells("申诉期限已于 2026-10-01 截止");
    let answers = [("reason", "社保记录缺少外地缴纳的部分"), ("phone", "13800138000")];
    let appeal = Filing::new("appeal", &answers, &[]);
    is_late(&candidate.fills_in(&path, &appeal, "submit").await, "2026-10-01", "社保记录缺少外地缴纳的部分");
    is_late(&candidate.open(&path).await, "2026-10-01", "社保记录缺少外地缴纳的部分");
}

/// What was in time at first can be mended later, but not turned into something that was not in time.
#[tokio::test]
async fn a_plea_in_time_does_not_open_another_violation() {
    let server = authority_at("2026-09-28 10:00:00").await;
    served_on(&server, "2026-09-28").await;
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
    let number = candidate.filed(&violation()).await;
    let other = violation().with(&[("violation", "violation-late")]);
    let changed = candidate.fills_in(&format!("/services/violation/{number}/edit"), &other, "submit").await;
    assert_eq!(changed.status, 422);
    changed.tells("已于 2026-09-08 截止");
    assert_eq!(submitted(&server).await, ["violation-0"]);
}

/// The form arrives in the last second, and its body is sent until the next day.
#[tokio::test]
async fn what_arrives_in_time_may_take_its_time() {
    let server = authority_at("2026-09-28 10:00:00").await;
    let path = rejected(&server, &server.signed_in("张小三").await).await;
    move_to(&server, "2026-10-28 23:59:59");
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
