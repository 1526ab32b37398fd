//! 批量查询: a list of certificates from a file.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use chrono::Duration;
use diesel::prelude::*;
use kaozheng::cli::housekeeping::sweep_once;
use kaozheng::store::Error;
use kaozheng::store::schema::{certificate_inquiries, lookup_lists};
use reqwest::multipart::{Form, Part};
use sha2::{Digest, Sha256};

use super::*;
use crate::filing::start_demo;
use crate::statements::Statements;

const LIST: &str = "/lookup/batch";

/// A row with every state and every kind of mistake, and what its line of the result says.
const ROWS: &[([&str; 3], &str, &str)] = &[
    (["张 小三", "4403 0019 9003 0726 16", MANAGEMENT], "有效", "二级建造师"),
    (["张小三", DOCUMENT, "sf０２000010"], "有效", "市政公用工程"),
    (["陳大文", "H1234567899", "SF07900004"], "已作废", "2026-01-31"),
    (["欧阳嘉敏", "", ""], "填写有误", "没有填写证件号码；没有填写证书管理号"),
    (["张小四", DOCUMENT, MANAGEMENT], "查无记录", ""),
    ([NAME, "440300198504013310", MANAGEMENT], "查无记录", ""),
    ([NAME, DOCUMENT, "SF02999999"], "查无记录", ""),
    ([NAME, DOCUMENT, "SF07000004"], "查无记录", ""),
    ([NAME, "440300199003072617", MANAGEMENT], "填写有误", "证件号码有误"),
    (["张小三", DOCUMENT, MANAGEMENT], "填写有误", "与第 2 行相同"),
    (["=cmd|'/c calc'!A1", "19AV12345", "@SUM(1)"], "查无记录", ""),
];

fn csv_of(rows: &[[&str; 3]]) -> Vec<u8> {
    let mut text = "姓名,证件号码,证书管理号\n".to_owned();
    for row in rows {
        text += &format!("{}\n", row.join(","));
    }
    text.into_bytes()
}

fn all_rows() -> Vec<[&'static str; 3]> {
    ROWS.iter().map(|(row, ..)| *row).collect()
}

fn zero_bits(text: &str) -> u32 {
    let hash = Sha256::digest(text);
    u32::from_be_bytes(*hash.first_chunk().expect("32 bytes")).leading_zeros()
}

/// Solves the challenge of the form, as its script does.
fn solved(form: &Answer) -> (String, String) {
    let challenge = form.between("name=\"challenge\" value=\"", "\"").to_owned();
    let bits: u32 = form.between("data-proof=\"", "\"").parse().expect("a number");
    let mut numbers = (0_u64..).map(|number| number.to_string());
    let proof = numbers.find(|number| zero_bits(&format!("{challenge}.{number}")) >= bits).expect("a proof");
    (challenge, proof)
}

/// Sends a list. `fields` are further fields of the form.
async fn send(visitor: &Visitor, path: &str, bytes: Vec<u8>, fields: &[(&'static str, &str)]) -> Answer {
    let part = Part::bytes(bytes).file_name("名单.csv");
    let form = fields.iter().fold(Form::new(), |form, (name, value)| form.text(*name, (*value).to_owned()));
    visitor.send(visitor.request(Method::POST, path).multipart(form.part("file", part))).await
}

async fn send_solved(visitor: &Visitor, path: &str, bytes: Vec<u8>) -> Answer {
    let (challenge, proof) = solved(&visitor.open(path).await);
    send(visitor, path, bytes, &[("challenge", &challenge), ("proof", &proof)]).await
}

async fn look_up(server: &Server) {
    server.parts.lookup.look_up_lists(&server.parts.store).await;
}

/// The lines of a result's CSV, each with its cells.
fn lines(file: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
    reader.records().map(|line| line.expect("a line").iter().map(str::to_owned).collect()).collect()
}

async fn count(server: &Server) -> (i64, Vec<String>) {
    let read = |tx: &mut kaozheng::store::Tx| {
        let lists = lookup_lists::table.select(lookup_lists::content).load(tx.conn)?;
        let asked = certificate_inquiries::table
            .filter(certificate_inquiries::way.eq("list"))
            .count()
            .get_result(tx.conn)?;
        Ok::<_, Error>((asked, lists))
    };
    server.parts.store.read(read).await.expect("rows")
}

#[tokio::test]
async fn list_says_the_state_of_each_row_and_is_gone_after_a_day() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let sent = send_solved(&visitor, LIST, csv_of(&all_rows())).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    look_up(&server).await;
    let page = visitor.open(&sent.location).await;
    for part in ["批量查询结果", "有效", "二级建造师 · 二级 · 建筑工程", "440***********2616", "下载 XLSX"]
    {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    assert!(!page.body.contains(DOCUMENT), "numbers are masked on the screen");
    assert!(page.headers["x-robots-tag"].to_str().expect("text").contains("noindex"));
    let file = visitor.open(&format!("{}/csv", sent.location)).await;
    let found = lines(file.body.trim_start_matches('\u{feff}'));
    assert_eq!(found.len(), ROWS.len() + 1);
    for (line, (row, state, words)) in found[1..].iter().zip(ROWS) {
        assert_eq!(line[3], *state, "{row:?}");
        assert!(line.concat().contains(words), "{words} in {line:?}");
    }
    // Every kind of wrong has the same cells behind what was sent.
    let nothing: Vec<&[String]> =
        found.iter().filter(|line| line[3] == "查无记录").map(|line| &line[3..]).collect();
    assert_eq!(nothing.len(), 5);
    assert!(nothing.windows(2).all(|two| two[0] == two[1]));
    let formula = found.last().expect("a line");
    assert_eq!((&*formula[0], &*formula[2]), ("'=cmd|'/c calc'!A1", "'@SUM(1)"));
    let book = visitor.request(Method::GET, &format!("{}/xlsx", sent.location)).send().await.expect("a file");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes().await.expect("bytes"))).expect("a workbook");
    let sheet = book.worksheet_range_at(0).expect("a sheet").expect("rows");
    assert_eq!(sheet.get((1, 3)), Some(&Data::String("有效".into())));
    assert_eq!(sheet.get((11, 0)), Some(&Data::String("=cmd|'/c calc'!A1".into())), "a text, no formula");
    let (asked, stored) = count(&server).await;
    assert_eq!((asked, stored.len()), (3, 1), "the three certificates that were found");
    assert!(!stored[0].contains("张"), "sealed");
    // Shown for a day less the time until housekeeping comes by.
    server.advance(Duration::minutes(23 * 60 + 29).num_seconds());
    assert_eq!(visitor.open(&sent.location).await.status, 200);
    server.advance(60);
    for path in [sent.location.clone(), format!("{}/csv", sent.location), format!("{LIST}/none")] {
        assert_eq!(visitor.open(&path).await.status, 404, "{path}");
    }
    sweep_once(&server.parts).await.expect("housekeeping");
    assert!(count(&server).await.1.is_empty(), "nothing of the list is left");
}

#[tokio::test]
async fn list_without_a_proof_waits_for_its_turn() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let first = send(&visitor, LIST, csv_of(&all_rows()), &[]).await;
    let second = send(&visitor, LIST, csv_of(&all_rows()), &[]).await;
    look_up(&server).await;
    for (list, time) in [(&first, "09:31:00"), (&second, "09:31:10")] {
        let page = visitor.open(&list.location).await;
        assert!(page.body.contains("正在排队") && page.body.contains(time), "{}", page.body);
        assert!(page.body.contains("http-equiv=\"refresh\""), "it updates itself without scripts");
    }
    server.advance(60);
    look_up(&server).await;
    assert!(visitor.open(&first.location).await.body.contains("批量查询结果"));
    let waits = visitor.open(&second.location).await;
    assert!(waits.body.contains("正在排队"));
    assert_eq!(visitor.open(&format!("{}/csv", second.location)).await.status, 404, "not yet");
    server.advance(10);
    look_up(&server).await;
    assert!(visitor.open(&second.location).await.body.contains("批量查询结果"));
}

/// A process notes every chunk of rows. One that has been silent for a minute has died.
#[tokio::test]
async fn list_whose_process_died_is_looked_up_by_another() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let sent = send(&visitor, LIST, csv_of(&all_rows()), &[]).await;
    server.advance(60);
    let claim = |tx: &mut kaozheng::store::Tx| {
        let change = (lookup_lists::beat_at.eq(tx.now), lookup_lists::done.eq(7));
        Ok::<_, Error>(diesel::update(lookup_lists::table).set(change).execute(tx.conn)?)
    };
    server.parts.store.write(claim).await.expect("a change");
    look_up(&server).await;
    assert!(visitor.open(&sent.location).await.body.contains("已查 7 行，共 11 行"));
    server.advance(61);
    look_up(&server).await;
    assert!(visitor.open(&sent.location).await.body.contains("批量查询结果"));
}

#[tokio::test]
async fn proof_counts_once_and_rows_are_limited() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let (challenge, proof) = solved(&visitor.open(LIST).await);
    let fields = [("challenge", challenge.as_str()), ("proof", proof.as_str())];
    let few = csv_of(&all_rows());
    assert_eq!(send(&visitor, LIST, few.clone(), &fields).await.status, 303);
    let again = send(&visitor, LIST, few.clone(), &fields).await;
    assert!(again.status == 409 && again.body.contains("请重新选择文件，再上传一次"), "{}", again.body);
    let forged = send(&visitor, LIST, few, &[("challenge", "1.a.b"), ("proof", "1")]).await;
    assert_eq!(forged.status, 409);
    // 25 at least for each of the three above.
    let many: Vec<String> = (0..500).map(|at| format!("E{at:08}")).collect();
    let many: Vec<[&str; 3]> = many.iter().map(|number| ["甲乙", number.as_str(), "1"]).collect();
    for expected in [303, 303, 429] {
        let sent = send(&visitor, LIST, csv_of(&many), &[]).await;
        assert_eq!(sent.status, expected);
        if expected == 429 {
            assert!(sent.body.contains("09:40:00 之后再上传"), "{}", sent.body);
            assert_eq!(sent.headers["retry-after"], "600");
        }
    }
    // One document is counted with its single lookups.
    let guesses: Vec<String> = (0..30).map(|at| format!("SF0300{at:04}")).collect();
    let guesses: Vec<[&str; 3]> =
        guesses.iter().map(|number| ["林美玲", "12345678", number.as_str()]).collect();
    let other = server.visitor(PHONE);
    let (challenge, proof) = solved(&other.open(LIST).await);
    let part = Part::bytes(csv_of(&guesses)).file_name("名单.csv");
    let form = Form::new().text("challenge", challenge).text("proof", proof).part("file", part);
    let request = other.request(Method::POST, LIST).header("x-forwarded-for", "10.9.0.1");
    let sent = other.send(request.multipart(form)).await;
    look_up(&server).await;
    let file = other.open(&format!("{}/csv", sent.location)).await;
    assert_eq!(file.body.matches("查询太频繁").count(), 10);
    assert_eq!(file.body.matches("查无记录").count(), 20);
}

#[tokio::test]
async fn file_that_is_no_list_is_refused_with_the_reason() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let many = csv_of(&vec![["甲", "H12345678", "1"]; 501]);
    let cases: Vec<(Vec<u8>, &str, &str)> = vec![
        (Vec::new(), "文件是空的", "the file is empty"),
        (b"%PDF-1.7".to_vec(), "这是 PDF", "this is a PDF"),
        ("姓名,证件号码\n甲,1\n".into(), "没有找到：证书管理号", "Not found: Certificate number"),
        ("姓名,证件号码,管理号\n".into(), "没有要查的行", "no rows below the header"),
        (many, "一次最多 500 行", "at most 500 rows"),
        (vec![b'a'; 600 << 10], "文件超过 512 KB", "more than 512 KB"),
    ];
    for (bytes, chinese, english) in cases {
        let refused = send(&visitor, LIST, bytes.clone(), &[]).await;
        assert!(refused.status == 422 && refused.body.contains(chinese), "{chinese}: {}", refused.body);
        let refused = send(&visitor, "/en/lookup/batch", bytes, &[]).await;
        assert!(refused.status == 422 && refused.body.contains(english), "{english}: {}", refused.body);
        assert!(["请", "您", "查询"].iter().all(|word| !refused.body.contains(word)), "{}", refused.body);
    }
    let without = visitor.submit_step(LIST, &[("key", "")]).await;
    assert!(without.status == 422 && without.body.contains("请选择文件"));
    let wrong = send(&visitor, LIST, csv_of(&all_rows()), &[("key", "kzk_none")]).await;
    assert!(
        wrong.status == 422 && wrong.body.contains("密钥不对") && wrong.body.contains("value=\"kzk_none\"")
    );
}

#[tokio::test]
async fn workbook_and_english_pages_give_the_same_answers() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (at, label) in (0..).zip(["Certificate number", "Remark", "Name", "Document number"]) {
        sheet.write_string(0, at, label).expect("a cell");
    }
    for (line, document) in (1..).zip([DOCUMENT, "440300199003072617"]) {
        for (at, cell) in (0..).zip([PRINT, "x", NAME, document]) {
            sheet.write_string(line, at, cell).expect("a cell");
        }
    }
    sheet.write_number(3, 3, 440_300_199_003_072_616_f64).expect("a cell");
    let sent = send_solved(&visitor, "/en/lookup/batch", book.save_to_buffer().expect("a workbook")).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    look_up(&server).await;
    let page = visitor.open(&sent.location).await;
    for part in
        ["<html lang=\"en\"", "Valid", "Not looked up", "check digit", "stored as a number", "Download CSV"]
    {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    for path in ["/en/lookup/batch".to_owned(), sent.location.clone()] {
        let page = visitor.open(&path).await;
        assert!(
            ["查询", "姓名", "请", "您", "返回"].iter().all(|word| !page.body.contains(word)),
            "{}",
            page.body
        );
    }
    let template = visitor.open("/lookup/batch/template.csv").await;
    assert_eq!(template.body.trim(), "\u{feff}姓名,证件号码,证书管理号");
    assert!(visitor.open("/lookup").await.body.contains("href=\"/lookup/batch\""));
}

/// Neither their number nor their duration tells what is wrong with the rows.
#[tokio::test]
async fn each_row_takes_one_statement_whatever_is_wrong_with_it() {
    let (server, statements) = Statements::of_server(start_demo()).await;
    let visitor = server.visitor(PHONE);
    let numbers: Vec<String> = (0..499).map(|at| format!("E{at:08}")).collect();
    let mut rows: Vec<[&str; 3]> = numbers.iter().map(|number| ["甲乙", number.as_str(), "1"]).collect();
    rows.push([NAME, DOCUMENT, PRINT]);
    let sent = send(&visitor, LIST, csv_of(&rows), &[]).await;
    server.advance(60);
    statements.take();
    let began = std::time::Instant::now();
    look_up(&server).await;
    assert!(
        began.elapsed() >= std::time::Duration::from_millis(3 * 500),
        "as long as 500 misses of one person"
    );
    if statements.are_of_sqlite() {
        let taken = statements.take();
        assert_eq!(taken.iter().filter(|sql| sql.contains("person_hash")).count(), 500);
    }
    let page = visitor.open(&sent.location).await;
    assert!(page.body.contains("500 行") && page.body.contains("499 行"), "{}", page.body);
}
