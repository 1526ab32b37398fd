//! Receipts: a ZIP file of PDFs with a table.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{approved, state};
use crate::applicant::{PDF, portrait};
use crate::filing::{receipt, start_demo};
use crate::server::{Server, Visitor};

const HEADER: &str = "受理号,票据代码,票据号码,校验码,开票日期,文件名";

/// Receipts of 张小三 and 陳大文 in one batch.
async fn to_issue(server: &Server) -> (Visitor, String, String, String) {
    let first = of(server, "张小三", &[]).await;
    let of_chen = [
        ("sitting", "sitting-03-2"),
        ("registrations", "registration-12"),
        ("title", "陳大文"),
        ("email", "chen@example.com"),
    ];
    let second = of(server, "陳大文", &of_chen).await;
    let finance = server.signed_in("钱文清").await;
    let batch = finance.make_batch("receipts", &[&first, &second]).await;
    (finance, batch, first, second)
}

async fn of(server: &Server, person: &str, changes: &[(&'static str, &str)]) -> String {
    server.signed_in(person).await.agree_to_notice("/services/receipt/notice").await;
    // The notice is agreed to in the database, so that another session of the candidate may go on.
    approved(server, person, &receipt().with(changes)).await
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("its content");
    }
    zip.finish().expect("an archive").into_inner()
}

fn table(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn row(number: &str, receipt: &str, file: &str) -> String {
    format!("{number},44060125,{receipt},a1b2c3,2026-04-01,{file}")
}

#[tokio::test]
async fn each_receipt_reaches_its_candidate() {
    let server = start_demo().await;
    let (finance, batch, first, second) = to_issue(&server).await;
    let rows =
        table(&[row(&first, "0012345678", "张小三.pdf"), row(&second, "0012345679", "票据\\CHEN.PDF")]);
    let archive = zip(&[
        ("清单.csv", rows.as_bytes()),
        ("票据/张小三.pdf", PDF),
        ("票据/chen.pdf", PDF),
        ("__MACOSX/._chen.pdf", b"x"),
        ("notes.txt", b"x"),
    ]);
    let preview = finance.upload_result(&batch, "票据.zip", archive).await;
    preview.assert_shows("将登记 2 件");
    assert_eq!(state(&server, &first).await.0, "approved");
    finance.confirm_result(&preview).await.assert_shows("已登记 2 件");
    let candidate = server.signed_in("张小三").await;
    let page = candidate.open(&format!("/services/receipt/{first}")).await;
    page.assert_shows("0012345678");
    let file = page.between("data-look=\"primary\" href=\"/files/", "\"").to_owned();
    assert_eq!(candidate.open(&format!("/files/{file}")).await.headers["content-type"], "application/pdf");
    let stranger = server.signed_in("林美玲").await;
    assert_eq!(stranger.open(&format!("/files/{file}")).await.status, 404);
}

#[tokio::test]
async fn every_wrong_pdf_is_named() {
    let server = start_demo().await;
    let (finance, batch, first, second) = to_issue(&server).await;
    let large = vec![b'%'; (10 << 20) + 1];
    let picture = portrait();
    let cases: &[(&str, &[u8], &str)] = &[
        ("b.pdf", PDF, "ZIP 里没有“a.pdf”"),
        ("a.pdf", b"<html>", "请上传 PDF 文件"),
        ("a.pdf", &picture, "请上传 PDF 文件"),
        ("a.pdf", b"", "文件是空的"),
        ("a.pdf", &large, "ZIP 解开后太大（a.pdf）"),
    ];
    for (name, bytes, problem) in cases {
        let rows = table(&[row(&first, "0012345678", "a.pdf")]);
        let archive = zip(&[("a.csv", rows.as_bytes()), (name, bytes)]);
        let page = finance.upload_result(&batch, "a.zip", archive).await;
        page.assert_shows(problem);
        page.assert_lacks("确认登记");
    }
    let shared = table(&[row(&first, "0012345678", "a.pdf"), row(&second, "0012345679", "a.pdf")]);
    let preview =
        finance.upload_result(&batch, "a.zip", zip(&[("a.csv", shared.as_bytes()), ("a.pdf", PDF)])).await;
    preview.assert_shows("与第 2 行是同一个 PDF");
    let repeated = table(&[row(&first, "0012345678", "a.pdf"), row(&second, "0012345678", "b.pdf")]);
    let archive = zip(&[("a.csv", repeated.as_bytes()), ("a.pdf", PDF), ("b.pdf", PDF)]);
    finance.upload_result(&batch, "a.zip", archive).await.assert_shows("与第 2 行的票据号码相同");
    let unnamed = table(&[row(&first, "0012345678", "")]);
    let archive = zip(&[("a.csv", unnamed.as_bytes()), ("a.pdf", PDF)]);
    finance.upload_result(&batch, "a.zip", archive).await.assert_shows("没有填写文件名");
    let before = table(&[row(&first, "0012345678", "a.pdf").replace("2026-04-01", "2026-03-31")]);
    let archive = zip(&[("a.csv", before.as_bytes()), ("a.pdf", PDF)]);
    finance.upload_result(&batch, "a.zip", archive).await.assert_shows("开票日期不能早于审核通过的日期");
}

#[tokio::test]
async fn unusable_archive_is_told_in_place() {
    let server = start_demo().await;
    let (finance, batch, first, _) = to_issue(&server).await;
    let rows = table(&[row(&first, "0012345678", "a.pdf")]);
    let bomb = vec![0; 60 << 20];
    let many: Vec<(String, &[u8])> = (0..4100).map(|at| (format!("{at}.txt"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"not a zip".to_vec(), "ZIP 文件打不开"),
        (zip(&[("a.pdf", PDF)]), "现在有 0 份"),
        (zip(&[("a.csv", rows.as_bytes()), ("b.csv", rows.as_bytes())]), "现在有 2 份"),
        (zip(&[("a.csv", rows.as_bytes()), ("x/a.pdf", PDF), ("y/A.PDF", PDF)]), "两个叫“A.PDF”的文件"),
        (zip(&[("a.csv", rows.as_bytes()), ("zero.bin", &bomb)]), "ZIP 解开后太大"),
        (zip(&many), "ZIP 里的文件太多"),
        (zip(&[("a.csv", b"\xe5\x8f\x97\n1")]), "还缺这些栏"),
    ];
    for (archive, problem) in cases {
        let page = finance.upload_result(&batch, "a.zip", archive).await;
        assert_eq!(page.status, 422, "{problem}");
        page.assert_shows(problem);
    }
    assert_eq!(state(&server, &first).await.0, "approved");
}
