//! 证书补发 over HTTP: the new paper, the void print number, and its own posting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use kaozheng::exams::held;
use kaozheng::store::schema::{certificates, voided_prints};
use kaozheng::store::{Conn, Error, Tx};

use crate::filing::{mailing, reissue, start_demo};
use crate::server::Server;

/// An approved reissue that waits for its new print number.
async fn approved_reissue(server: &Server, who: &str, certificate: &str) -> String {
    let candidate = server.signed_in(who).await;
    let number = candidate.file_for_number(&reissue().with(&[("certificate", certificate)])).await;
    server.signed_in("周明远").await.decide_application(&number, "approve:0", &[]).await;
    number
}

async fn print_numbers(server: &Server) -> (String, Vec<String>) {
    let read = server.parts.store.read::<_, Error, _>(|tx| {
        let valid = certificates::table.find("certificate-00").select(certificates::print_number);
        let void = voided_prints::table.filter(voided_prints::certificate_id.eq("certificate-00"));
        Ok((valid.first(tx.conn)?, void.select(voided_prints::print_number).load(tx.conn)?))
    });
    read.await.expect("print numbers")
}

#[tokio::test]
async fn required_materials_depend_on_the_reason() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let damaged = candidate.file_application(&reissue().with(&[("reason", "损毁")])).await;
    assert_eq!(damaged.status, 422);
    damaged.assert_shows("请上传损毁证书照片");
    damaged.assert_lacks("请上传遗失声明");
    let foreign = candidate.file_application(&reissue().with(&[("certificate", "certificate-04")])).await;
    assert_eq!(foreign.status, 422);
    foreign.assert_shows("请选择证书");
    server.signed_in("DUPONT MARIE").await.open("/services/reissue").await.assert_shows("证书补发");
    server.signed_in("周明远").await.open("/services/reissue").await.assert_shows("您名下还没有证书");
}

#[tokio::test]
async fn only_a_returned_reissue_can_be_edited() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&reissue()).await;
    let edit = format!("/services/reissue/{number}/edit");
    assert_eq!(candidate.step(&edit).await.location, format!("/services/reissue/{number}"));
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:loss_statement", "请写明证书管理号")]).await;
    candidate.open(&edit).await.assert_shows("审核意见：请写明证书管理号");
    candidate.send_form(&edit, &reissue(), "submit").await;
    candidate.open(&format!("/services/reissue/{number}")).await.assert_shows("重新提交申请");
}

#[tokio::test]
async fn old_print_number_is_void_and_the_new_paper_is_posted() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let (old, _) = print_numbers(&server).await;
    let number = candidate.file_for_number(&reissue()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "approve:0", &[]).await;
    let list = candidate.open("/services/reissue").await;
    list.assert_shows("制证中");
    list.assert_lacks("申请邮寄");
    let second = candidate.file_application(&reissue()).await;
    assert_eq!(second.status, 422, "what is being made is not made twice");
    let noted = [("print_number", "SF02999999"), ("issued_on", "2026-04-01")];
    reviewer.carry_out_task(&number, "fulfil", &noted, &[]).await.assert_shows("已补发");
    assert_eq!(print_numbers(&server).await, ("SF02999999".to_owned(), vec![old]));
    candidate.open("/services/reissue").await.assert_shows("/certificates/certificate-00/mailing/notice");

    let notice = "/certificates/certificate-00/mailing/notice";
    let form = candidate.agree_to_notice(notice).await.location;
    let saved = candidate.send_form(&form, &mailing(), "submit").await;
    candidate.open(&saved.location).await.number();
    candidate.open("/services/reissue").await.assert_shows("查看邮寄信息");
    candidate.submit("/certificates/certificate-00/mailing/cancel", &[("confirm", "yes")]).await;
    candidate.open("/services/reissue").await.assert_shows(notice);
}

#[tokio::test]
async fn print_number_in_use_is_refused_in_place() {
    let server = start_demo().await;
    let (number, reviewer) =
        (approved_reissue(&server, "张小三", "certificate-00").await, server.signed_in("周明远").await);
    let of_others = server.parts.store.write::<_, Error, _>(|tx| {
        let other = certificates::table.find("certificate-04");
        let numbers: (String, String) =
            other.select((certificates::print_number, certificates::number)).first(tx.conn)?;
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
    let (own, _) = print_numbers(&server).await;
    for taken in [print.as_str(), &print.to_lowercase(), "SF00VOID01", &management, &own] {
        let noted = [("print_number", taken), ("issued_on", "2026-04-01")];
        let page = reviewer.carry_out_task(&number, "fulfil", &noted, &[]).await;
        assert_eq!(page.status, 422, "{taken}");
        page.assert_shows("已用于其他证书或已作废，请与新证书核对");
        page.assert_shows(&format!("value=\"{}\"", taken.to_uppercase()));
        page.assert_shows("value=\"2026-04-01\"");
    }
    assert_eq!(print_numbers(&server).await, (own, Vec::new()), "nothing has changed");
    let noted = [("print_number", "SF02999999"), ("issued_on", "2026-04-01")];
    reviewer.carry_out_task(&number, "fulfil", &noted, &[]).await.assert_shows("已补发");
}

/// The second request waits until the first has assigned the number, and is refused.
#[tokio::test]
async fn print_number_given_twice_at_once_goes_to_one_certificate() {
    let server = start_demo().await;
    let store = server.parts.store.clone();
    let answered = Arc::new(AtomicBool::new(false));
    let (asked, mut has_asked) = tokio::sync::mpsc::channel(1);
    let first = {
        let answered = answered.clone();
        store.write::<_, Error, _>(move |tx| {
            assert!(held::is_unused(tx, NEW)?);
            asked.blocking_send(()).expect("somebody else");
            wait_until_the_other_is_blocked(tx, &answered);
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

/// Returns once the other request waits for the lock on PostgreSQL, or has its answer, which would be a
/// defect. SQLite has one writer, so nothing is awaited.
fn wait_until_the_other_is_blocked(tx: &mut Tx, answered: &AtomicBool) {
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
