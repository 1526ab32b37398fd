//! The result file of a bank: every row is checked, shown and applied once.

use super::{events, state, two_refunds};
use crate::filing::{Filing, refund, start_demo};
use crate::server::{Answer, Server, Visitor};

const HEADER: &str = "批次号,受理号,金额（元）,结果,退款日期,交易流水号,失败原因,银行备注";

/// A batch of two refunds, and its path.
async fn batch_of_two(server: &Server, finance: &Visitor) -> (String, String, String) {
    let (first, second) = two_refunds(server).await;
    let batch = finance.make_batch("refunds", &[&first, &second]).await;
    (batch, first, second)
}

async fn upload(finance: &Visitor, batch: &str, rows: &[String]) -> Answer {
    let text = format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"));
    finance.upload_result(batch, "银行返回.csv", text).await
}

#[tokio::test]
async fn result_is_shown_before_it_takes_effect_and_applied_once() {
    let server = start_demo().await;
    let finance = server.signed_in("钱文清").await;
    let (batch, first, second) = batch_of_two(&server, &finance).await;
    let rows = [
        format!("PTF20260401001,{first},61.00,成功,2026-04-01,TX2026040100001,,批量"),
        format!(",{},,失败,,,账号与户名不符,", second.to_lowercase()),
    ];
    let preview = upload(&finance, &batch, &rows).await;
    preview.assert_shows("将登记 2 件");
    preview.assert_shows("已退款 1 件，合计 ¥61.00");
    preview.assert_shows("退款失败 1 件");
    assert_eq!(state(&server, &first).await.0, "approved", "nothing has happened yet");

    let page = finance.confirm_result(&preview).await;
    page.assert_shows("已登记 1 件，未办成 1 件");
    assert_eq!(state(&server, &first).await.1, "已退款");
    assert_eq!(state(&server, &second).await.1, "退款失败");
    let own = server.signed_in("张小三").await.open(&format!("/services/refund/{first}")).await;
    own.assert_shows("TX2026040100001");
    let failed = server.signed_in("陳大文").await.open(&format!("/services/refund/{second}")).await;
    failed.assert_shows("账号与户名不符");

    finance.confirm_result(&preview).await.assert_shows("已登记 1 件");
    let again = upload(&finance, &batch, &rows).await;
    again.assert_shows("没有可以登记的行");
    again.assert_shows("已经登记过（已退款）");
    again.assert_shows("已经登记过（退款失败）");
    again.assert_lacks("确认登记");
    assert_eq!((events(&server, &first, "fulfil").await, events(&server, &second, "fail").await), (1, 1));
}

#[tokio::test]
async fn every_wrong_row_is_named_with_its_line() {
    let server = start_demo().await;
    let finance = server.signed_in("钱文清").await;
    let (batch, first, second) = batch_of_two(&server, &finance).await;
    let third = Filing { slots: &["payment_proof"], ..refund() }
        .with(&[("registration", "registration-16"), ("subjects", "registration-16-0")]);
    let third = super::approved(&server, "陳大文", &third).await;
    finance.make_batch("refunds", &[&third]).await;
    let table: [(String, &str); 5] = [
        (format!(",{third},,成功,2026-04-01,TX001,,"), "这一批里没有这个受理号"),
        (format!("PTF20260401002,{first},,成功,2026-04-01,TX002,,"), "这一行属于另一批"),
        (",TF20260401000001A,,成功,2026-04-01,TX003,,".into(), "受理号有误"),
        (",,,成功,2026-04-01,TX004,,".into(), "没有受理号"),
        (format!(",{first},62.00,成功,2026-04-01,TX005,,"), "金额是 ¥62.00，应当是 ¥61.00"),
    ];
    for (row, problem) in table {
        let preview = upload(&finance, &batch, std::slice::from_ref(&row)).await;
        preview.assert_shows(problem);
        preview.assert_shows("第 2 行");
        preview.assert_shows("没有可以登记的行");
    }
    let own: &[(&str, &str)] = &[
        ("成功,1999-01-01,TX1234,", "退款日期不能早于审核通过的日期（2026-04-01）"),
        ("成功,2026-03-31,TX1234,", "退款日期不能早于审核通过的日期"),
        ("成功,2026-04-02,TX1234,", "退款日期不能晚于今天"),
        ("成功,2026-13-01,TX1234,", "退款日期：日期有误"),
        ("成功,,TX1234,", "请填写退款日期"),
        ("成功,2026-04-01,,", "请填写交易流水号"),
        ("失败,,,", "请填写失败原因"),
        ("处理中,2026-04-01,TX1234,", "结果“处理中”不明"),
        (",2026-04-01,TX1234,", "没有结果"),
    ];
    for (cells, problem) in own {
        let preview = upload(&finance, &batch, &[format!(",{second},,{cells},")]).await;
        preview.assert_shows(problem);
        preview.assert_lacks("确认登记");
    }
    let twice = [(); 2].map(|()| format!(",{second},,成功,2026-04-01,TX1234,,"));
    let preview = upload(&finance, &batch, &twice).await;
    preview.assert_shows("与第 2 行的受理号相同");
    preview.assert_shows("将登记 1 件");
    for number in [&first, &second, &third] {
        assert_eq!(state(&server, number).await.0, "approved");
    }
}

#[tokio::test]
async fn unusable_file_is_told_in_place() {
    let server = start_demo().await;
    let finance = server.signed_in("钱文清").await;
    let (batch, ..) = batch_of_two(&server, &finance).await;
    let many = format!("{HEADER}\n{}", ",x,,成功,2026-04-01,TX1,,\n".repeat(2001));
    let table: &[(&[u8], &str)] = &[
        (b"", "请先选择文件"),
        (b"%PDF-1.7", "文件打不开"),
        (b"PK\x03\x04broken", "文件打不开"),
        ("受理号,结果\nTF1,成功\n".as_bytes(), "还缺这些栏：退款日期、交易流水号、失败原因"),
        (HEADER.as_bytes(), "文件里只有表头"),
        (many.as_bytes(), "一个文件最多 2000 行"),
        (b"\x00\x01\x02\x03\x04", "第一行应当是表头"),
    ];
    for (bytes, problem) in table {
        let name = if bytes.is_empty() { "" } else { "结果.csv" };
        let page = finance.upload_result(&batch, name, *bytes).await;
        assert_eq!(page.status, 422, "{problem}");
        page.assert_shows(problem);
    }
    let doubled = format!("{HEADER},受理号\n");
    finance.upload_result(&batch, "结果.csv", doubled).await.assert_shows("出现了两次");
}

#[tokio::test]
async fn gb18030_and_workbooks_are_read_too() {
    let server = start_demo().await;
    let finance = server.signed_in("钱文清").await;
    let (batch, first, second) = batch_of_two(&server, &finance).await;
    let text = format!("{HEADER}\n,{first},61,成功,2026/4/1,'TX20260401,,已处理\n");
    let preview =
        finance.upload_result(&batch, "a.csv", encoding_rs::GB18030.encode(&text).0.into_owned()).await;
    preview.assert_shows("将登记 1 件");

    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (at, label) in HEADER.split(',').enumerate() {
        sheet.write(0, at as u16, label).expect("a cell");
    }
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 4, 1).expect("a day");
    let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(1, 1, &second).expect("a cell");
    sheet.write(1, 2, 63.0).expect("a cell");
    sheet.write(1, 3, "成功").expect("a cell");
    sheet.write_datetime_with_format(1, 4, &day, &format).expect("a cell");
    sheet.write(1, 5, 20_260_401_001_f64).expect("a cell");
    let preview = finance.upload_result(&batch, "a.xlsx", book.save_to_buffer().expect("a workbook")).await;
    preview.assert_shows("将登记 1 件");
    preview.assert_shows("20260401001");
    finance.confirm_result(&preview).await.assert_shows("已登记 1 件");
    assert_eq!(state(&server, &first).await.0, "approved", "the earlier file was never confirmed");
}

#[tokio::test]
async fn two_clerks_who_apply_one_file_pay_once() {
    let server = start_demo().await;
    let (finance, manager) = (server.signed_in("钱文清").await, server.signed_in("何静").await);
    let (batch, first, second) = batch_of_two(&server, &finance).await;
    let rows = [&first, &second].map(|number| format!(",{number},,成功,2026-04-01,TX-{},,", &number[10..]));
    let (one, other) = (upload(&finance, &batch, &rows).await, upload(&manager, &batch, &rows).await);
    one.assert_shows("将登记 2 件");
    other.assert_shows("将登记 2 件");
    let (one, other) = tokio::join!(finance.confirm_result(&one), manager.confirm_result(&other));
    for page in [one, other] {
        assert_eq!(page.status, 200);
    }
    for number in [&first, &second] {
        assert_eq!(events(&server, number, "fulfil").await, 1);
    }
    finance.open(&batch).await.assert_shows("已登记 2 件");
}

#[tokio::test]
async fn refund_in_a_batch_is_paid_by_hand_only_after_it_was_taken_out() {
    let server = start_demo().await;
    let finance = server.signed_in("钱文清").await;
    let (batch, first, second) = batch_of_two(&server, &finance).await;
    let rows = [&first, &second].map(|number| format!(",{number},,成功,2026-04-01,TX-{},,", &number[10..]));
    let preview = upload(&finance, &batch, &rows).await;
    let noted = [("paid_on", "2026-04-01"), ("transaction", "BY-HAND-1")];
    let refused = finance.carry_out_task(&first, "fulfil", &noted, &[]).await;
    assert_eq!(refused.status, 409);
    refused.assert_shows("这件申请在批次 PTF20260401001 里等待结果");
    finance.submit(&format!("{batch}/drop"), &[("number", &first)]).await.assert_shows("已移出 1 件");
    finance.carry_out_task(&first, "fulfil", &noted, &[]).await.assert_shows("已退款");
    let page = finance.confirm_result(&preview).await;
    page.assert_shows("已登记 1 件，已移出 1 件");
    assert_eq!(events(&server, &first, "fulfil").await, 1);
    assert_eq!(state(&server, &second).await.1, "已退款");
    let own = server.signed_in("张小三").await.open(&format!("/services/refund/{first}")).await;
    own.assert_shows("BY-HAND-1");
    upload(&finance, &batch, &rows[..1]).await.assert_lacks("确认登记");
}

#[tokio::test]
async fn result_belongs_to_who_uploaded_it_and_lasts_half_a_day() {
    let server = start_demo().await;
    let (finance, manager) = (server.signed_in("钱文清").await, server.signed_in("何静").await);
    let (batch, first, _) = batch_of_two(&server, &finance).await;
    let preview = upload(&finance, &batch, &[format!(",{first},,成功,2026-04-01,TX1234,,")]).await;
    let path = preview.url.split_once("/staff/").map(|(_, rest)| format!("/staff/{rest}")).expect("a path");
    assert_eq!(manager.open(&path).await.status, 404);
    assert_eq!(manager.submit(&path, &[("confirm", "yes")]).await.status, 404);
    finance.open(&path).await.assert_shows("将登记 1 件");
    server.advance(13 * 3600);
    let later = server.signed_in("钱文清").await;
    assert_eq!(later.submit(&path, &[("confirm", "yes")]).await.status, 404);
    assert_eq!(state(&server, &first).await.0, "approved");
}
