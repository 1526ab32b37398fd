//! Reissues: new print numbers, from a file or typed.

use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::{certificates, voided_prints};

use super::{approved, state};
use crate::filing::{reissue, start_demo};
use crate::server::{Server, Visitor};

const HEADER: &str = "受理号,新证书印制号,签发日期";

/// Reissues of 张小三 and 陳大文 in one batch of a reviewer.
async fn printed(server: &Server) -> (Visitor, String, String, String) {
    let first = approved(server, "张小三", &reissue()).await;
    let other = [("certificate", "certificate-04"), ("phone", "+85291234567")];
    let second = approved(server, "陳大文", &reissue().with(&other)).await;
    let reviewer = server.signed_in("阿力木").await;
    let batch = reviewer.make_batch("reissues", &[&first, &second]).await;
    (reviewer, batch, first, second)
}

async fn print_number(server: &Server, certificate: &str) -> String {
    let row = certificates::table.find(certificate.to_owned()).select(certificates::print_number);
    server.parts.store.read::<_, Error, _>(move |tx| Ok(row.first(tx.conn)?)).await.expect("a certificate")
}

#[tokio::test]
async fn print_number_of_another_certificate_is_refused() {
    let server = start_demo().await;
    let (reviewer, batch, first, second) = printed(&server).await;
    let void = server.parts.store.write::<_, Error, _>(|tx| {
        let row = (
            voided_prints::id.eq("void"),
            voided_prints::certificate_id.eq("certificate-06"),
            voided_prints::print_number.eq("SF00VOID01"),
            voided_prints::voided_on.eq(tx.today()),
        );
        diesel::insert_into(voided_prints::table).values(row).execute(tx.conn)?;
        Ok(())
    });
    void.await.expect("a void number");
    let (own, other) =
        (print_number(&server, "certificate-00").await, print_number(&server, "certificate-06").await);
    for taken in [&own, &other, &other.to_lowercase(), "SF00VOID01"] {
        let text = format!("{HEADER}\n{first},{taken},2026-04-01\n");
        let preview = reviewer.upload_result(&batch, "a.csv", text).await;
        preview.assert_shows("已用于其他证书或已作废");
        preview.assert_lacks("确认登记");
    }
    let text = format!("{HEADER}\n{first},SF02999998,2026-04-01\n{second},sf02999998,2026-04-01\n");
    let preview = reviewer.upload_result(&batch, "a.csv", text).await;
    preview.assert_shows("与第 2 行的新证书印制号相同");
    preview.assert_shows("将登记 1 件");
    assert_eq!(print_number(&server, "certificate-00").await, own);
}

#[tokio::test]
async fn number_that_is_used_after_the_preview_is_refused_when_applied() {
    let server = start_demo().await;
    let (reviewer, batch, first, second) = printed(&server).await;
    let text = format!("{HEADER}\n{first},SF02999998,2026-04-01\n{second},SF02999999,2026-04-01\n");
    let preview = reviewer.upload_result(&batch, "a.csv", text).await;
    preview.assert_shows("将登记 2 件");
    let used = server.parts.store.write::<_, Error, _>(|tx| {
        let row = diesel::update(certificates::table.find("certificate-06"));
        row.set(certificates::print_number.eq("SF02999998")).execute(tx.conn)?;
        Ok(())
    });
    used.await.expect("another certificate with this number");
    let page = reviewer.confirm_result(&preview).await;
    page.assert_shows("印制号 SF02999998 已用于其他证书或已作废");
    page.assert_shows("等待结果 1 件，已登记 1 件");
    assert_eq!(state(&server, &first).await.0, "approved");
    assert_eq!(print_number(&server, "certificate-04").await, "SF02999999");
}

#[tokio::test]
async fn numbers_can_be_typed_one_by_one() {
    let server = start_demo().await;
    let (reviewer, batch, first, second) = printed(&server).await;
    let form = reviewer.open(&format!("{batch}/typed")).await;
    form.assert_shows("新证书印制号");
    let (number, day) = (format!("print_number:{first}"), format!("issued_on:{first}"));
    let wrong = [(number.as_str(), "ab"), (day.as_str(), "2026-03-31")];
    let preview = reviewer.submit(&format!("{batch}/typed"), &wrong).await;
    preview.assert_shows("没有可以登记的行");
    preview.assert_shows("第 1 行");
    let right = [(number.as_str(), "sf 02999999"), (day.as_str(), "2026-04-01")];
    let preview = reviewer.submit(&format!("{batch}/typed"), &right).await;
    preview.assert_shows("SF02999999");
    preview.assert_shows("将登记 1 件");
    reviewer.confirm_result(&preview).await.assert_shows("等待结果 1 件，已登记 1 件");
    assert_eq!(state(&server, &first).await.1, "已补发");
    assert_eq!(state(&server, &second).await.0, "approved");
    assert_eq!(print_number(&server, "certificate-00").await, "SF02999999");
    let rest = reviewer.open(&format!("{batch}/typed")).await;
    rest.assert_lacks(&first);
    let nothing = reviewer.submit(&format!("{batch}/typed"), &[(&number, "SF02999990")]).await;
    nothing.assert_shows("已经登记过（已补发）");
}
