//! 更正登记: what was carried out is corrected, and the history keeps both. A posted certificate that comes back.

use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::{certificates, voided_prints};

use crate::filing::{Filing, mailing, receipt, refund, reissue, start_demo};
use crate::server::{Answer, Server, Visitor};

/// Amends a task such as `fulfil`. Each slot gets a PDF.
async fn amend(
    desk: &Visitor,
    number: &str,
    task: &str,
    noted: &[(&'static str, &str)],
    slots: &'static [&'static str],
) -> Answer {
    let case = format!("/staff/applications/{number}");
    let version = desk.open(&case).await.between("name=\"version\" value=\"", "\"").to_owned();
    let name = |name: &'static str| -> &'static str {
        if name == WHY.0 { Box::leak(format!("{name}_{task}").into_boxed_str()) } else { name }
    };
    let noted: Vec<_> = noted.iter().map(|(one, value)| (name(one), *value)).collect();
    let filing = Filing::new("", &noted, slots).with(&[("version", &version)]);
    let sent = desk.send_form(&format!("{case}/amend/{task}"), &filing, "amend").await;
    if sent.location.is_empty() { sent } else { desk.open(&sent.location).await }
}

const WHY: (&str, &str) = ("amend_reason", "录入时抄错");

#[tokio::test]
async fn transaction_number_is_corrected_with_a_trace() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    let finance = server.signed_in("钱文清").await;
    let number = candidate.file_for_number(&refund()).await;
    reviewer.decide_application(&number, "approve:0", &[]).await;
    let noted = [("paid_on", "2026-04-01"), ("transaction", "TX01")];
    finance.carry_out_task(&number, "fulfil", &noted, &[]).await.assert_shows("已退款");
    let right = [("paid_on", "2026-04-01"), ("transaction", "TX10"), WHY];

    assert_eq!(amend(&reviewer, &number, "fulfil", &right, &[]).await.status, 403, "the work of finance");
    for (wrong, why) in [
        (&[noted[0], noted[1], WHY][..], "没有改动"),
        (&right[..2], "请写明更正的原因"),
        (&[("paid_on", "2027-01-01"), right[1], WHY], "不能晚于今天"),
    ] {
        let refused = amend(&finance, &number, "fulfil", wrong, &[]).await;
        assert_eq!(refused.status, 422, "{wrong:?}");
        refused.assert_shows(why);
    }
    let done = amend(&finance, &number, "fulfil", &right, &[]).await;
    done.assert_shows("交易流水号：TX01 改为 TX10");
    done.assert_shows("录入时抄错");
    let own = candidate.open(&format!("/services/refund/{number}")).await;
    own.assert_shows("TX10");
    own.assert_shows("交易流水号：TX01 改为 TX10");
    own.assert_lacks("录入时抄错");
    assert_eq!(amend(&finance, &number, "fail", &[WHY], &[]).await.status, 404, "it was not carried out");
}

#[tokio::test]
async fn replaced_receipt_is_not_the_candidates_any_more() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    let finance = server.signed_in("钱文清").await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    let number = candidate.file_for_number(&receipt()).await;
    reviewer.decide_application(&number, "approve:0", &[]).await;
    let noted = [
        ("receipt_code", "44030126"),
        ("receipt_number", "0001234567"),
        ("check_code", "a1b2c3"),
        ("issued_on", "2026-04-01"),
    ];
    finance.carry_out_task(&number, "fulfil", &noted, &["receipt_file"]).await.assert_shows("已开具");
    let detail = format!("/services/receipt/{number}");
    let wrong = candidate.open(&detail).await.between("href=\"/files/", "\"").to_owned();

    let same = [&noted[..], &[WHY]].concat();
    amend(&finance, &number, "fulfil", &same, &["receipt_file"]).await.assert_shows("更换了电子票据");
    let page = candidate.open(&detail).await;
    let right = page.between("href=\"/files/", "\"").to_owned();
    assert!(right != wrong && !page.body.contains(&wrong), "only the new one is offered");
    assert_eq!(candidate.step(&format!("/files/{wrong}")).await.status, 404, "it may be another person's");
    assert_eq!(candidate.step(&format!("/files/{right}")).await.status, 200);
    let case = finance.open(&format!("/staff/applications/{number}")).await;
    case.assert_shows("已更换：");
    assert!(case.body.contains(&wrong), "staff can still look at it");
    assert_eq!(finance.step(&format!("/files/{wrong}")).await.status, 200);

    // The file stays when only a number is corrected.
    let more = [&noted[..1], &[("receipt_number", "0007654321")], &noted[2..], &[WHY]].concat();
    amend(&finance, &number, "fulfil", &more, &[]).await.assert_shows("票据号码：0001234567 改为 0007654321");
    let page = candidate.open(&detail).await;
    page.assert_shows("0007654321");
    assert!(page.body.contains(&right));
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
async fn print_number_of_a_reissue_is_corrected_and_the_wrong_one_is_free() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    let (old, _) = print_numbers(&server).await;
    let number = candidate.file_for_number(&reissue()).await;
    reviewer.decide_application(&number, "approve:0", &[]).await;
    let noted = [("print_number", "SF02999999"), ("issued_on", "2026-04-01")];
    reviewer.carry_out_task(&number, "fulfil", &noted, &[]).await.assert_shows("已补发");
    let taken = [("print_number", &*old), noted[1], WHY];
    let refused = amend(&reviewer, &number, "fulfil", &taken, &[]).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("已用于其他证书或已作废");
    let right = [("print_number", "SF02999998"), noted[1], WHY];
    amend(&reviewer, &number, "fulfil", &right, &[]).await.assert_shows("SF02999999 改为 SF02999998");
    assert_eq!(print_numbers(&server).await, ("SF02999998".to_owned(), vec![old.clone()]));
    // Only the date: the number in use is its own.
    let dated = [right[0], ("issued_on", "2026-03-31"), WHY];
    amend(&reviewer, &number, "fulfil", &dated, &[]).await.assert_shows("2026-03-31");

    // Another reissue has replaced the number since.
    let second = candidate.file_for_number(&reissue()).await;
    reviewer.decide_application(&second, "approve:0", &[]).await;
    let again = [("print_number", "SF02999997"), noted[1]];
    reviewer.carry_out_task(&second, "fulfil", &again, &[]).await.assert_shows("已补发");
    let late = [("print_number", "SF02999996"), noted[1], WHY];
    let refused = amend(&reviewer, &number, "fulfil", &late, &[]).await;
    refused.assert_shows("之后又换过印制号");
    assert_eq!(print_numbers(&server).await.0, "SF02999997");
}

const CERTIFICATE: &str = "/certificates/certificate-00";

/// 张小三 applies for the posting of a certificate, and the dispatcher takes it.
async fn requested(server: &Server) -> (Visitor, Visitor, String) {
    let candidate = server.signed_in("张小三").await;
    let form = candidate.agree_to_notice(&format!("{CERTIFICATE}/mailing/notice")).await.location;
    let saved = candidate.send_form(&form, &mailing(), "submit").await;
    let number = candidate.open(&saved.location).await.number();
    let dispatcher = server.signed_in("邮小川").await;
    dispatcher.submit(&format!("/staff/applications/{number}/take"), &[]).await;
    (candidate, dispatcher, number)
}

const POSTED: &[(&str, &str)] =
    &[("posted_by", "EMS 到付"), ("tracking_number", "EA123456789CN"), ("posted_on", "2026-04-01")];

#[tokio::test]
async fn certificate_that_came_back_is_posted_again() {
    let server = start_demo().await;
    let (candidate, dispatcher, number) = requested(&server).await;
    dispatcher.carry_out_task(&number, "approve", POSTED, &[]).await.assert_shows("已寄出");
    let right = [POSTED[0], ("tracking_number", "EA987654321CN"), POSTED[2], WHY];
    amend(&dispatcher, &number, "approve", &right, &[]).await.assert_shows("EA987654321CN");
    candidate.open(&format!("{CERTIFICATE}/mailing")).await.assert_shows("EA987654321CN");

    let back = [("came_back_because", "收件人电话无法接通"), ("came_back_on", "2026-04-01")];
    dispatcher.carry_out_task(&number, "come_back", &back, &[]).await.assert_shows("快递退回");
    let list = candidate.open("/certificates").await;
    list.assert_shows("可领取");
    let detail = candidate.open(&format!("/services/mailing/{number}")).await;
    detail.assert_shows("收件人电话无法接通");
    detail.assert_shows("您可以重新申请邮寄");
    let form = candidate.agree_to_notice(&format!("{CERTIFICATE}/mailing/notice")).await.location;
    let again = candidate.send_form(&form, &mailing(), "submit").await;
    candidate.open(&again.location).await.number();
}

#[tokio::test]
async fn certificate_is_collected_at_the_counter_instead() {
    let server = start_demo().await;
    let (candidate, dispatcher, number) = requested(&server).await;
    let collected = [("collected_by", "张小三"), ("collected_on", "2026-04-01")];
    dispatcher.carry_out_task(&number, "collect", &collected, &[]).await.assert_shows("已现场领取");
    let list = candidate.open("/certificates").await;
    list.assert_shows("已现场领取");
    list.assert_lacks(&format!("{CERTIFICATE}/mailing/notice"));
}
