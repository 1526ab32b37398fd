//! Manual chapter 6, 证书补发, told over HTTP: a new paper, a void number, and its own posting.

use diesel::prelude::*;
use kaozheng::store::schema::{certificates, voided_prints};

use crate::filing::{authority, mailing, reissue};
use crate::server::Server;

async fn prints(server: &Server) -> (String, Vec<String>) {
    let read = server.parts.store.read::<_, kaozheng::store::Error, _>(|tx| {
        let valid = certificates::table.find("certificate-00").select(certificates::print_number);
        let void = voided_prints::table.filter(voided_prints::certificate_id.eq("certificate-00"));
        Ok((valid.first(tx.conn)?, void.select(voided_prints::print_number).load(tx.conn)?))
    });
    read.await.expect("print numbers")
}

#[tokio::test]
async fn step_6_1_what_is_wanted_follows_the_reason() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let damaged = candidate.files(&reissue().with(&[("reason", "损毁")])).await;
    assert_eq!(damaged.status, 422);
    damaged.tells("请上传损毁证书照片");
    damaged.tells_nothing_of("请上传遗失声明");
    let foreign = candidate.files(&reissue().with(&[("certificate", "certificate-04")])).await;
    assert_eq!(foreign.status, 422);
    foreign.tells("请选择证书");
    server.signed_in("DUPONT MARIE").await.open("/services/reissue").await.tells("证书补发");
    server.signed_in("周明远").await.open("/services/reissue").await.tells("您名下还没有证书");
}

#[tokio::test]
async fn step_6_2_only_what_was_returned_can_be_changed() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.filed(&reissue()).await;
    let edit = format!("/services/reissue/{number}/edit");
    assert_eq!(candidate.open(&edit).await.status, 409);
    let reviewer = server.signed_in("周明远").await;
    reviewer.decides(&number, "return", &[("mark:loss_statement", "请写明证书管理号")]).await;
    candidate.open(&edit).await.tells("审核意见：请写明证书管理号");
    candidate.fills_in(&edit, &reissue(), "submit").await;
    candidate.open(&format!("/services/reissue/{number}")).await.tells("重新提交申请");
}

#[tokio::test]
async fn step_6_3_the_old_number_is_void_and_the_new_paper_is_posted() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let (old, _) = prints(&server).await;
    let number = candidate.filed(&reissue()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decides(&number, "approve:0", &[]).await;
    let list = candidate.open("/services/reissue").await;
    list.tells("制证中");
    list.tells_nothing_of("申请邮寄");
    let second = candidate.files(&reissue()).await;
    assert_eq!(second.status, 409, "what is being made is not made twice");
    let noted = [("print_number", "SF02999999"), ("issued_on", "2026-04-01")];
    reviewer.carries_out(&number, "fulfil", &noted, &[]).await.tells("已补发");
    assert_eq!(prints(&server).await, ("SF02999999".to_owned(), vec![old]));
    candidate.open("/services/reissue").await.tells("/certificates/certificate-00/mailing/notice");

    let notice = "/certificates/certificate-00/mailing/notice";
    let form = candidate.agrees(notice).await.location;
    let saved = candidate.fills_in(&form, &mailing(), "submit").await;
    candidate.open(&saved.location).await.number();
    candidate.open("/services/reissue").await.tells("查看邮寄信息");
    candidate.submit("/certificates/certificate-00/mailing/cancel", &[("confirm", "yes")]).await;
    candidate.open("/services/reissue").await.tells(notice);
}
