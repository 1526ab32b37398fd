//! 失信人员资格审核 over HTTP: who may apply and who may not.

use crate::filing::{integrity, start_demo};

#[tokio::test]
async fn candidate_without_a_record_reads_why_nothing_is_offered() {
    let server = start_demo().await;
    let list = server.signed_in("陳大文").await.open("/services/integrity").await;
    list.assert_shows("您没有失信记录");
    list.assert_lacks("/services/integrity/new");
    server.signed_in("张小三").await.open("/services/integrity").await.assert_shows("提供虚假材料");
}

#[tokio::test]
async fn application_is_returned_and_approved() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let short = candidate.file_application(&integrity().with(&[("statement", "知道错了")])).await;
    assert_eq!(short.status, 422);
    short.assert_shows("情况说明请至少写 20 个字");
    let number = candidate.file_for_number(&integrity()).await;
    assert!(number.starts_with("SX20260401"), "{number}");
    let second = candidate.file_application(&integrity()).await;
    assert_eq!(second.status, 422, "one for a record and a sitting");
    second.assert_shows(&number);
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:pledge", "请本人签名")]).await;
    let edit = format!("/services/integrity/{number}/edit");
    candidate.open(&edit).await.assert_shows("审核意见：请本人签名");
    candidate.send_form(&edit, &integrity(), "submit").await;
    reviewer.decide_application(&number, "approve:0", &[("note", "已核实")]).await;
    let detail = candidate.open(&format!("/services/integrity/{number}")).await;
    detail.assert_shows("审核通过");
    detail.assert_shows("已核实");
}
