//! The contents of `kaozheng demo`.

use crate::server::Server;

/// Person, path of a list, and the states found there.
const SHOWN: &[(&str, &str, &[&str])] = &[
    ("张小三", "/services/qualification", &["审核通过", "审核退回", "审核不通过", "已撤销"]),
    (
        "陳大文",
        "/services/refund",
        &["待审核", "审核中", "审核退回", "审核通过", "已退款", "退款失败", "已撤销", "审核不通过"],
    ),
    ("欧阳嘉敏", "/services/reissue", &["待审核", "审核退回", "审核不通过", "审核通过", "已补发"]),
    ("林美玲", "/services/reissue", &["审核中", "已撤销"]),
    (
        "林美玲",
        "/services/receipt",
        &["待审核", "审核中", "审核退回", "审核通过", "已开具", "审核不通过", "已撤销"],
    ),
    (
        "欧阳嘉敏",
        "/services/integrity",
        &["待审核", "审核中", "审核退回", "审核不通过", "审核通过", "已撤销"],
    ),
    (
        "SCHMIDT ANNA",
        "/services/violation",
        &["待审核", "审核退回", "申诉成立", "部分成立", "申诉不成立", "已撤销"],
    ),
    ("林美玲", "/services/violation", &["审核中"]),
    ("SCHMIDT ANNA", "/services/correction", &["待审核", "审核不通过"]),
    ("林美玲", "/services/correction", &["审核通过"]),
    ("陳大文", "/services/correction", &["审核退回"]),
    ("SCHMIDT ANNA", "/progress", &["待邮寄", "打包中", "已寄出", "已签收"]),
    ("SCHMIDT ANNA", "/certificates", &["可领取", "已申请邮寄", "已寄出", "已签收"]),
];

async fn demo() -> Server {
    let server = Server::start().await;
    server.load_demo().await;
    server.load_applications().await;
    server
}

#[tokio::test]
async fn demo_has_every_business_in_every_state() {
    let server = demo().await;
    for (person, list, states) in SHOWN {
        let list = server.signed_in(person).await.open(list).await;
        states.iter().for_each(|state| list.assert_shows(&format!(">{state}</span>")));
    }
}

#[tokio::test]
async fn tasks_done_by_staff_leave_their_results() {
    let server = demo().await;
    let receipts = server.signed_in("林美玲").await;
    let list = receipts.open("/services/receipt").await;
    let issued = list.body.split("<article").find(|card| card.contains(">已开具<")).expect("a receipt");
    let path = issued.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("its page");
    let page = receipts.open(path).await;
    page.assert_shows("0012345678");
    let file = page.between("data-look=\"primary\" href=\"/files/", "\"");
    assert_eq!(receipts.open(&format!("/files/{file}")).await.headers["content-type"], "application/pdf");
    let records = server.signed_in("SCHMIDT ANNA").await.open("/services/violation").await;
    records.assert_shows("您已申诉，进度见下");
    records.assert_shows("申诉期限已于 ");
}
