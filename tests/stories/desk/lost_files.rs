//! Materials whose files are missing or damaged are shown before a decision.

use std::path::PathBuf;

use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::attachments::dsl as f;

use crate::applicant::LIST;
use crate::filing::start_demo;
use crate::server::{Server, Visitor};

/// The id and the path of a file of the first application.
async fn stored(server: &Server, slot: &'static str) -> (String, PathBuf) {
    let row = f::attachments.filter(f::slot.eq(slot)).select((f::id, f::storage_key));
    let read = server.parts.store.read::<_, Error, _>(move |tx| Ok(row.first(tx.conn)?));
    let (id, key): (String, String) = read.await.expect("a file");
    (id, server.folder().join(key))
}

async fn server_with_application() -> (Server, Visitor, String) {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let sitting = candidate.sitting_of("一级建造师").await;
    let number = candidate.apply_for_number(&sitting).await;
    (server, candidate, number)
}

/// Damages a file on disk.
fn damage(path: &PathBuf, how: &str) {
    match how {
        "removed" => std::fs::remove_file(path).expect("a file"),
        "cut short" => std::fs::write(path, b"half").expect("a file"),
        _ => {
            let mut bytes = std::fs::read(path).expect("a file");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(path, bytes).expect("a file");
        }
    }
}

#[tokio::test]
async fn reviewer_sees_unreadable_materials_before_deciding() {
    for how in ["removed", "cut short", "altered"] {
        let (server, _, number) = server_with_application().await;
        let (id, path) = stored(&server, "diploma").await;
        damage(&path, how);
        let reviewer = server.signed_in("周明远").await;
        let case = format!("/staff/applications/{number}");
        let page = reviewer.submit(&format!("{case}/take"), &[]).await;
        page.assert_shows("有 1 份材料打不开（学历证书），请退回让考生重新上传。");
        page.assert_shows("毕业证.pdf（打不开）");
        let version = page.between("name=\"version\" value=\"", "\"").to_owned();

        let approve = [("action", "approve:0"), ("version", &*version)];
        let decide = format!("{case}/decide");
        let asked = reviewer.submit(&decide, &approve).await;
        asked.assert_shows("有 1 份材料打不开（学历证书）");
        let blind = [&approve[..], &[("confirmed", "yes")]].concat();
        let asked = reviewer.submit(&decide, &blind).await;
        asked.assert_shows("有 1 份材料打不开（学历证书）");
        reviewer.open(&case).await.assert_shows("审核中");
        let seen = [&blind[..], &[("lost", &*id)]].concat();
        reviewer.submit(&decide, &seen).await.assert_shows("已办理：通过");
    }
}

#[tokio::test]
async fn missing_file_is_explained() {
    for how in ["removed", "cut short", "altered"] {
        let (server, candidate, number) = server_with_application().await;
        let (id, path) = stored(&server, "id_front").await;
        damage(&path, how);
        let answer = candidate.open(&format!("/files/{id}")).await;
        assert_eq!(answer.status, 410, "{how}");
        answer.assert_shows("这份文件打不开");
        answer.assert_shows("重新上传");
        let thumb = candidate.open(&format!("/files/{id}?thumb=1")).await;
        assert_eq!(thumb.status, 200, "the small picture is still there");
        let staff = server.signed_in("周明远").await.open(&format!("/files/{id}")).await;
        assert_eq!(staff.status, 410);
        staff.assert_shows("请退回这件申请");
        server
            .signed_in("周明远")
            .await
            .open(&format!("/staff/applications/{number}"))
            .await
            .assert_shows("身份证件正面");
    }
}

#[tokio::test]
async fn candidate_is_told_and_uploads_again() {
    let (server, candidate, number) = server_with_application().await;
    let (_, path) = stored(&server, "id_front").await;
    damage(&path, "removed");
    let own = format!("{LIST}/{number}");
    let page = candidate.open(&own).await;
    page.assert_shows("有 1 份材料打不开：身份证件正面");
    page.assert_shows("审核员会看到这一情况");
    page.assert_lacks("去重新上传");
    let reviewer = server.signed_in("周明远").await;
    reviewer
        .decide_application(&number, "return", &[("mark:id_front", "请重新上传")])
        .await
        .assert_shows("已退回");
    let page = candidate.open(&own).await;
    page.assert_shows("去重新上传");
    let form = candidate.open(&format!("{own}/edit")).await;
    form.assert_shows("这份文件打不开");
    candidate.open(&format!("{own}/edit?check")).await.assert_shows("身份证件正面打不开，请重新上传");
}

#[tokio::test]
async fn large_damaged_file_is_remembered_once_opened() {
    let (server, candidate, number) = server_with_application().await;
    let (id, path) = stored(&server, "work_proof").await;
    // Treats the file as larger than what is checked at once.
    let (large, wanted) = (2 << 20, id.clone());
    let mut bytes = std::fs::read(&path).expect("a file");
    bytes.resize(usize::try_from(large).expect("a size") + 29, 0);
    std::fs::write(&path, bytes).expect("a file");
    let grown = server.parts.store.write::<_, Error, _>(move |tx| {
        diesel::update(f::attachments.find(wanted)).set(f::size.eq(large)).execute(tx.conn)?;
        Ok(())
    });
    grown.await.expect("a larger file");
    let reviewer = server.signed_in("周明远").await;
    let case = format!("/staff/applications/{number}");
    reviewer.open(&case).await.assert_lacks("打不开");
    assert_eq!(reviewer.open(&format!("/files/{id}")).await.status, 410);
    reviewer.open(&case).await.assert_shows("有 1 份材料打不开（工作年限证明）");
    candidate.open(&format!("{LIST}/{number}")).await.assert_shows("有 1 份材料打不开：工作年限证明");
}

#[tokio::test]
async fn restored_file_is_no_longer_reported() {
    let (server, candidate, number) = server_with_application().await;
    let (_, path) = stored(&server, "id_back").await;
    let kept = std::fs::read(&path).expect("a file");
    damage(&path, "removed");
    let own = format!("{LIST}/{number}");
    candidate.open(&own).await.assert_shows("有 1 份材料打不开");
    std::fs::write(&path, kept).expect("a restored file");
    candidate.open(&own).await.assert_lacks("打不开");
}

#[tokio::test]
async fn missing_row_is_reported_too() {
    let (server, _, number) = server_with_application().await;
    let (id, _) = stored(&server, "diploma").await;
    let removed = server.parts.store.write::<_, Error, _>(move |tx| {
        diesel::delete(f::attachments.find(id)).execute(tx.conn)?;
        Ok(())
    });
    removed.await.expect("a lost row");
    let page = server.signed_in("周明远").await.open(&format!("/staff/applications/{number}")).await;
    page.assert_shows("有 1 份材料打不开（学历证书）");
    page.assert_shows("文件记录已丢失");
}
