//! Manual chapter 6, 证书补发, told over HTTP: a new paper, a void number, and its own posting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use kaozheng::exams::held;
use kaozheng::store::schema::{certificates, voided_prints};
use kaozheng::store::{Conn, Error, Tx};

use crate::filing::{authority, mailing, reissue};
use crate::server::Server;

/// A reissue that waits for the number of its new paper.
async fn being_made(server: &Server, who: &str, certificate: &str) -> String {
    let candidate = server.signed_in(who).await;
    let number = candidate.filed(&reissue().with(&[("certificate", certificate)])).await;
    server.signed_in("周明远").await.decides(&number, "approve:0", &[]).await;
    number
}

async fn prints(server: &Server) -> (String, Vec<String>) {
    let read = server.parts.store.read::<_, Error, _>(|tx| {
        let valid = certificates::table.find("certificate-00").select(certificates::print_number);
        let void = voided_prints::table.filter(voided_prints::certificate_id.eq("certificate-00"));
        Ok((valid.first(tx.conn)?, void.select(voided_prints::print_number).load(tx.conn)?))
    });
    read.await.expect("print numbers")
}

#[tokio::test]
async fn step_6_1_what_is_wanted_follows_the_reason() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let damaged = candidate.files(&reissue().with(&[("reason", "损毁")])).await;
    assert_eq!(damaged.status, 422);
    damaged.tells("请上传损毁证书照片");
    damaged.tells_nothing_of("请上传遗失声明");
    let foreign = candidate.files(&reissue().with(&[("certificate", "certificate-04")])).await;
    assert_eq!(foreign.status, 422);
    foreign.tells("请选择证书");
    server.signed_in("DUPONT MARIE").await.open("/services/reissue").await.tells("证书补发");
    server.signed_in("周明远").await.open("/services/reissue").await.tells("您名下还没有证书");
}

#[tokio::test]
async fn step_6_2_only_what_was_returned_can_be_changed() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.filed(&reissue()).await;
    let edit = format!("/services/reissue/{number}/edit");
    assert_eq!(candidate.open(&edit).await.status, 409);
    let reviewer = server.signed_in("周明远").await;
    reviewer.decides(&number, "return", &[("mark:loss_statement", "请写明证书管理号")]).await;
    candidate.open(&edit).await.tells("审核意见：请写明证书管理号");
    candidate.fills_in(&edit, &reissue(), "submit").await;
    candidate.open(&format!("/services/reissue/{number}")).await.tells("重新提交申请");
}

#[tokio::test]
async fn step_6_3_the_old_number_is_void_and_the_new_paper_is_posted() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let (old, _) = prints(&server).await;
    let number = candidate.filed(&reissue()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decides(&number, "approve:0", &[]).await;
    let list = candidate.open("/services/reissue").await;
    list.tells("制证中");
    list.tells_nothing_of("申请邮寄");
    let second = candidate.files(&reissue()).await;
    assert_eq!(second.status, 409, "what is being made is not made twice");
    let noted = [("print_number", "SF02999999"), ("issued_on", "2026-04-01")];
    reviewer.carries_out(&number, "fulfil", &noted, &[]).await.tells("已补发");
    assert_eq!(prints(&server).await, ("SF02999999".to_owned(), vec![old]));
    candidate.open("/services/reissue").await.tells("/certificates/certificate-00/mailing/notice");

    let notice = "/certificates/certificate-00/mailing/notice";
    let form = candidate.agrees(notice).await.location;
    let saved = candidate.fills_in(&form, &mailing(), "submit").await;
    candidate.open(&saved.location).await.number();
    candidate.open("/services/reissue").await.tells("查看邮寄信息");
    candidate.submit("/certificates/certificate-00/mailing/cancel", &[("confirm", "yes")]).await;
    candidate.open("/services/reissue").await.tells(notice);
}

#[tokio::test]
async fn step_6_3_a_number_that_a_certificate_has_or_had_is_refused_in_place() {
    let server = authority().await;
    let (number, reviewer) =
        (being_made(&server, "张小三", "certificate-00").await, server.signed_in("周明远").await);
    let of_others = server.parts.store.write::<_, Error, _>(|tx| {
        let other = certificates::table.find("certificate-04");
        let numbers: (String, String) =
            other.select((certificates::print_number, certificates::management_number)).first(tx.conn)?;
        diesel::insert_into(voided_prints::table)
            .values((
                voided_prints::id.eq("void"),
                voided_prints::certificate_id.eq("certificate-04"),
                voided_prints::print_number.eq("SF00VOID01"),
                voided_prints::voided_on.eq(tx.today()),
            ))
            .execute(tx.conn)?;
        Ok(numbers)
    });
    let (print, management) = of_others.await.expect("numbers");
    let (own, _) = prints(&server).await;
    for taken in [print.as_str(), &print.to_lowercase(), "SF00VOID01", &management, &own] {
        let noted = [("print_number", taken), ("issued_on", "2026-03-30")];
        let page = reviewer.carries_out(&number, "fulfil", &noted, &[]).await;
        assert_eq!(page.status, 422, "{taken}");
        page.tells("已用于其他证书或已作废，请与新证书核对");
        page.tells(&format!("value=\"{}\"", taken.to_uppercase()));
        page.tells("value=\"2026-03-30\"");
    }
    assert_eq!(prints(&server).await, (own, Vec::new()), "nothing has changed");
    let noted = [("print_number", "SF02999999"), ("issued_on", "2026-03-30")];
    reviewer.carries_out(&number, "fulfil", &noted, &[]).await.tells("已补发");
}

/// Whoever asks second waits until the first one has given the number away, and is told so.
#[tokio::test]
async fn step_6_3_one_number_given_to_two_certificates_at_once_goes_to_one() {
    let server = authority().await;
    let store = server.parts.store.clone();
    let answered = Arc::new(AtomicBool::new(false));
    let (asked, mut has_asked) = tokio::sync::mpsc::channel(1);
    let first = {
        let answered = answered.clone();
        store.write::<_, Error, _>(move |tx| {
            assert!(held::is_unused(tx, NEW)?);
            asked.blocking_send(()).expect("somebody else");
            wait_for_the_other(tx, &answered);
            held::reissue(tx, "certificate-00", NEW, tx.today())
        })
    };
    let second = async {
        has_asked.recv().await.expect("the first has asked");
        let ask = move |tx: &mut Tx| {
            let unused = held::is_unused(tx, NEW)?;
            answered.store(true, Ordering::Relaxed);
            Ok(unused)
        };
        store.write::<_, Error, _>(ask).await
    };
    let (given, unused) = tokio::join!(first, second);
    given.expect("a new paper");
    assert!(!unused.expect("an answer"), "it is taken by now");
}

const NEW: &str = "SF02999999";

/// Until the other one has an answer, which it should not have yet, or waits. SQLite has one writer.
fn wait_for_the_other(tx: &mut Tx, answered: &AtomicBool) {
    let waiting = "SELECT count(*) AS count FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                   WHERE NOT granted AND locktype = 'advisory' AND datname = current_database()";
    let Conn::Postgres(conn) = tx.conn else { return };
    while !answered.load(Ordering::Relaxed) {
        let waits: Count = diesel::sql_query(waiting).get_result(conn).expect("the locks");
        if waits.count > 0 {
            return;
        }
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}
