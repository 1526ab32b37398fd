//! 失信人员资格审核 over HTTP: who may apply and who may not.

use crate::filing::{Filing, start_demo};

fn integrity() -> Filing {
    let answers = [
        ("record", "integrity-0"),
        ("sitting", "sitting-01-2"),
        ("level", "一级"),
        ("specialty", "建筑工程"),
        ("subjects", "建设工程经济"),
        ("statement", "当时对年限的算法理解有误，已向单位说明并承诺不再发生。"),
        ("phone", "13800138000"),
        ("education", "本科"),
        ("school", "示范大学"),
        ("major", "土木工程"),
        ("graduated_on", "2014-06-30"),
        ("employer", "示范建设工程有限公司"),
        ("years", "6"),
        ("began_work_on", "2014-07-15"),
    ];
    Filing::new("integrity", &answers, &["id_front", "id_back", "diploma", "work_proof", "pledge"])
}

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
    assert_eq!(second.status, 409, "one for a record and a sitting");
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
