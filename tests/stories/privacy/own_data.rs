//! 我的数据: what is held, and the download of it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use chrono::Duration;
use diesel::prelude::*;
use kaozheng::casework::own_data;
use kaozheng::store::Error;
use kaozheng::store::schema::data_exports::dsl as d;
use reqwest::Method;
use zip::ZipArchive;

use crate::filing::{refund, start_demo};
use crate::server::{Answer, Server, Visitor};

/// 我的数据 once nothing is being made.
async fn finished(visitor: &Visitor) -> Answer {
    for _ in 0..1_500 {
        let page = visitor.open("/me/data").await;
        if !page.body.contains("正在生成") {
            return page;
        }
        assert!(page.body.contains("http-equiv=\"refresh\""), "the page looks again: {}", page.body);
        tokio::task::yield_now().await;
    }
    panic!("it was never finished");
}

/// The path of the download on a page.
fn file(page: &Answer) -> String {
    format!("/me/data/export/{}", page.between("href=\"/me/data/export/", "\""))
}

async fn unpacked(visitor: &Visitor, path: &str) -> BTreeMap<String, Vec<u8>> {
    let answer = visitor.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/zip".parse().unwrap())
    );
    let length: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let bytes = answer.bytes().await.expect("a file");
    assert_eq!(bytes.len(), length);
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).expect("an entry");
        let (name, mut content) = (entry.name().expect("a name").into_owned(), Vec::new());
        entry.read_to_end(&mut content).expect("its content, with the right checksum");
        files.insert(name, content);
    }
    files
}

async fn pieces(server: &Server) -> usize {
    let folder = server.folder().join("own-data");
    std::fs::read_dir(folder).map_or(0, |files| files.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_downloaded_by_its_owner_for_a_day() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "approve:0", &[]).await;
    let copy = &[("purpose", "应聘示范建设集团"), ("until", "2026-04-20")];
    candidate.submit("/certificates/certificate-00/copies", copy).await.assert_shows("下载 PDF");
    let page = candidate.open("/me/data").await;
    for words in ["我们保存的信息", "张*三", "1 件", "信息修改", "申请删除", "生成下载文件"]
    {
        page.assert_shows(words);
    }

    candidate.submit_step("/me/data/export", &[]).await;
    candidate.submit_step("/me/data/export", &[]).await;
    let rows = server
        .parts
        .store
        .read::<_, Error, _>(|tx| Ok(d::data_exports.count().get_result::<i64>(tx.conn)?));
    assert_eq!(rows.await.expect("a count"), 1, "one at a time");
    let page = finished(&candidate).await;
    page.assert_lacks("生成下载文件");
    let path = file(&page);
    let files = unpacked(&candidate, &path).await;
    let text = |name: &str| String::from_utf8(files[name].clone()).expect("text");
    assert!(text("个人信息.json").contains("440300199003072616"));
    assert!(text("同意记录.json").contains("银行账户"));
    for words in ["一级建造师", "应聘示范建设集团", "查询记录"] {
        assert!(text("考试记录.json").contains(words), "{words}");
    }
    let application = text(&format!("申请/{number}/申请.json"));
    for words in ["退费原因", "重复缴费", "审核通过", "周明远", "材料/01-payment_proof.pdf", "材料.pdf"]
    {
        assert!(application.contains(words), "{words} is not in {application}");
    }
    assert_eq!(files[&format!("申请/{number}/材料/01-payment_proof.pdf")], crate::applicant::PDF);
    let seen: serde_json::Value = serde_json::from_slice(&files["谁查看过.json"]).expect("JSON");
    assert!(seen.as_array().expect("entries").iter().any(|entry| entry["工作人员"] == "周明远"));

    assert_eq!(server.signed_in("林美玲").await.step(&path).await.status, 404, "only the owner");
    assert_eq!(server.visitor(crate::server::PHONE).step(&path).await.status, 303);
    server.advance(15 * 60);
    assert!(candidate.step(&path).await.location.starts_with("/login/again"), "the sign-in is not recent");
    assert_eq!(pieces(&server).await, 1);
    server.advance(Duration::days(1).num_seconds());
    let candidate = server.signed_in("张小三").await;
    assert_eq!(candidate.step(&path).await.status, 404, "the day is over");
    own_data::sweep(&server.parts.store, &server.parts.files).await.expect("a sweep");
    assert_eq!(pieces(&server).await, 0);
    candidate.open("/me/data").await.assert_shows("生成下载文件");
}

#[tokio::test]
async fn interrupted_file_can_be_made_again() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    // Its process has ended without a word.
    let interrupted = server.parts.store.write::<_, Error, _>(|tx| {
        use kaozheng::store::schema::candidates::dsl as c;
        let id: String = c::candidates
            .filter(c::name.eq("张小三"))
            .select(c::id)
            .first::<kaozheng::store::CandidateId>(tx.conn)?
            .to_string();
        let row = (
            d::id.eq("made"),
            d::candidate_id.eq(id),
            d::status.eq("making"),
            d::pieces.eq(0),
            d::size.eq(0_i64),
        );
        let times = (d::requested_at.eq(tx.now), d::beat_at.eq(tx.now));
        diesel::insert_into(d::data_exports).values((row, times)).execute(tx.conn)?;
        Ok(())
    });
    interrupted.await.expect("a row");
    candidate.open("/me/data").await.assert_shows("正在生成");
    server.advance(61);
    candidate.open("/me/data").await.assert_shows("上一次没有生成");
    candidate.submit_step("/me/data/export", &[]).await;
    let page = finished(&candidate).await;
    assert!(unpacked(&candidate, &file(&page)).await.contains_key("说明.txt"));
}
