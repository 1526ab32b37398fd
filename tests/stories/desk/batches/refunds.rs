//! Refunds: the file for the bank, and who may have it.

use encoding_rs::GB18030;

use super::{audited, state, two_refunds};
use crate::filing::start_demo;

/// The bytes of a file.
async fn bytes(visitor: &crate::server::Visitor, path: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let answer = visitor.request(reqwest::Method::GET, path).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    (answer.headers().clone(), answer.bytes().await.expect("a body").to_vec())
}

#[tokio::test]
async fn file_for_the_bank_has_accounts_as_text_and_no_formulas() {
    let server = start_demo().await;
    let (first, second) = two_refunds(&server).await;
    let finance = server.signed_in("钱文清").await;
    finance.open("/staff/batches").await.assert_shows("批量退款");
    let list = finance.open("/staff/batches/refunds").await;
    list.assert_shows(&first);
    list.assert_shows("张*三");
    let batch = finance.make_batch("refunds", &[&first, &second]).await;
    let page = finance.open(&batch).await;
    page.assert_shows("等待结果 2 件");
    page.assert_shows("合计金额");

    let (headers, utf8) = bytes(&finance, &format!("{batch}/file")).await;
    let text = String::from_utf8(utf8).expect("UTF-8");
    assert!(text.starts_with('\u{feff}'), "spreadsheets know UTF-8 by its mark");
    assert!(text.contains("6222021001116245702\t"), "an account is a text: {text}");
    assert!(text.contains("'=SUM(A1:A9)") && !text.contains(",=SUM"), "{text}");
    assert!(text.contains(",61.00,") && text.contains(&second) && text.contains("'+85291234567"), "{text}");
    assert_eq!(headers["cache-control"], "private, no-store");
    let disposition = headers["content-disposition"].to_str().expect("text");
    assert!(
        disposition.starts_with("attachment; filename=\"PTF20260401001.csv\"; filename*=UTF-8''%E6%89%B9")
    );

    let (_, gb18030) = bytes(&finance, &format!("{batch}/file?encoding=gb18030")).await;
    assert_eq!(GB18030.decode(&gb18030).0, text.trim_start_matches('\u{feff}'));
    for number in [&first, &second] {
        assert_eq!(audited(&server, "export_refund", number).await, 2, "one entry for each file");
    }
}

#[tokio::test]
async fn refund_is_in_one_open_batch() {
    let server = start_demo().await;
    let (first, second) = two_refunds(&server).await;
    let (finance, manager) = (server.signed_in("钱文清").await, server.signed_in("何静").await);
    let batch = finance.make_batch("refunds", &[&first]).await;
    let list = manager.open("/staff/batches/refunds").await;
    list.assert_lacks(&first);
    list.assert_shows(&second);
    let again = manager.submit("/staff/batches/refunds", &[("number", &first)]).await;
    assert_eq!(again.status, 409);
    again.assert_shows("没有可以做成批次的");
    let none = manager.submit("/staff/batches/refunds", &[]).await;
    assert_eq!(none.status, 409);
    none.assert_shows("请先选择申请");

    finance.open(&format!("{batch}/drop")).await.assert_shows("以免重复");
    finance.submit(&format!("{batch}/drop"), &[("number", &first)]).await.assert_shows("已移出 1 件");
    manager.open("/staff/batches/refunds").await.assert_shows(&first);
    assert_eq!(audited(&server, "unbatch", &first).await, 1);
}

#[tokio::test]
async fn two_clerks_who_make_a_batch_at_once_share_no_refund() {
    let server = start_demo().await;
    let (first, second) = two_refunds(&server).await;
    let (finance, manager) = (server.signed_in("钱文清").await, server.signed_in("何静").await);
    let form = [("number", first.as_str()), ("number", second.as_str())];
    let path = "/staff/batches/refunds";
    let (one, other) = tokio::join!(finance.submit_step(path, &form), manager.submit_step(path, &form));
    let made: Vec<_> = [&one, &other].into_iter().filter(|made| made.status == 303).collect();
    assert_eq!(made.len(), 1, "{} {}", one.body, other.body);
    manager.open(&made[0].location).await.assert_shows("等待结果 2 件");
}

#[tokio::test]
async fn other_roles_and_candidates_see_no_batch() {
    let server = start_demo().await;
    let (first, _) = two_refunds(&server).await;
    let finance = server.signed_in("钱文清").await;
    let batch = finance.make_batch("refunds", &[&first]).await;
    let file = format!("{batch}/file");
    for person in ["周明远", "邮小川", "张小三"] {
        let other = server.signed_in(person).await;
        for path in
            ["/staff/batches/refunds", &batch, &file, &format!("{batch}/typed"), &format!("{batch}/drop")]
        {
            let page = other.open(path).await;
            assert_eq!(page.status, 403, "{person} {path}");
            page.assert_lacks(&first);
        }
        assert_eq!(other.submit(&format!("{batch}/drop"), &[("number", &first)]).await.status, 403);
    }
    assert_eq!(finance.open("/staff/batch/none").await.status, 404);
    assert_eq!(finance.open("/staff/batches/none").await.status, 404);
    assert_eq!(finance.open(&format!("{batch}/labels/a4")).await.status, 404, "a refund has no label");
    assert_eq!(audited(&server, "export_refund", &first).await, 0);
    assert_eq!(state(&server, &first).await.0, "approved");
}
