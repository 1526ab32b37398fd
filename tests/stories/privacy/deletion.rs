//! 申请删除: what blocks it, who decides it, and what it removes.

use diesel::prelude::*;
use kaozheng::people::candidate::Candidate;
use kaozheng::store::schema::{attachments as f, audit_entries as e, candidates as c, files_to_delete as d};
use kaozheng::store::{CandidateId, Error};

use crate::filing::{refund, start_demo};
use crate::server::Server;

const PAGE: &str = "/me/data/deletion";
const ASKED: &[(&str, &str)] = &[("reason", "不再报考"), ("understood", "yes")];

async fn candidate(server: &Server) -> Candidate {
    let load = server.parts.store.read::<_, Error, _>(|tx| {
        let id: CandidateId = c::table.filter(c::name.eq("张小三")).select(c::id).first(tx.conn)?;
        Ok(Candidate::load(tx, &id)?.expect("a candidate"))
    });
    load.await.expect("an answer")
}

/// Actions of the audit about a request, and whether each names the candidate.
async fn audited(server: &Server) -> Vec<(String, bool)> {
    let rows =
        e::table.filter(e::action.eq_any(["deletion", "erase", "refuse_deletion"])).order((e::day, e::seq));
    let rows = rows.select((e::action, e::candidate_id.is_not_null()));
    let read = server.parts.store.read::<_, Error, _>(move |tx| {
        let rows: Vec<(String, Option<bool>)> =
            rows.select((e::action, e::candidate_id.is_not_null().nullable())).load(tx.conn)?;
        Ok(rows.into_iter().map(|(action, known)| (action, known == Some(true))).collect())
    });
    read.await.expect("entries")
}

#[tokio::test]
async fn deletion_is_asked_for_decided_and_carried_out() {
    let server = start_demo().await;
    let (visitor, office) = (server.signed_in("张小三").await, server.signed_in("何静").await);
    let copy = &[("purpose", "应聘示范建设集团"), ("until", "2026-04-20")];
    visitor.submit("/certificates/certificate-00/copies", copy).await.assert_shows("下载 PDF");
    let number = visitor.file_for_number(&refund()).await;
    let page = visitor.open(PAGE).await;
    for words in ["现在不能申请删除", "考试退费（待审核）", "必须保存、不能删除", "证书终身有效"]
    {
        page.assert_shows(words);
    }
    assert_eq!(visitor.submit(PAGE, ASKED).await.status, 409, "a running application blocks it");

    visitor.submit(&format!("/services/refund/{number}/withdraw"), &[]).await;
    let unread = visitor.submit(PAGE, &[("reason", "不再报考")]).await;
    assert_eq!(unread.status, 422);
    assert!(
        unread.body.contains("不再报考</textarea>") && unread.body.contains("请先阅读"),
        "{}",
        unread.body
    );
    visitor.submit(PAGE, ASKED).await.assert_shows("等待处理");
    visitor.submit(&format!("{PAGE}/take-back"), &[]).await.assert_shows("确认");
    visitor.submit(PAGE, ASKED).await.assert_shows("等待处理");

    let list = office.open("/staff/admin/deletions").await;
    list.assert_shows("张*三");
    let request = format!("/staff/admin/deletions/{}", list.between("href=\"/staff/admin/deletions/", "\""));
    office.open(&request).await.assert_shows("不再报考");
    assert_eq!(office.submit(&request, &[("decision", "refuse")]).await.status, 422, "without a reason");
    let no = [("decision", "refuse"), ("answer", "有争议未决")];
    office.submit(&request, &no).await.assert_shows("已保存");
    assert_eq!(office.submit(&request, &no).await.status, 409, "it is decided");
    visitor.open(PAGE).await.assert_shows("答复：有争议未决");
    let views = visitor.open("/me/views").await;
    views.assert_shows("查看删除申请");
    let id = request.rsplit('/').next().expect("an id");
    assert!(!views.body.contains(id), "an internal id: {}", views.body);

    visitor.submit(PAGE, ASKED).await.assert_shows("等待处理");
    let list = office.open("/staff/admin/deletions").await;
    let request = format!("/staff/admin/deletions/{}", list.between("href=\"/staff/admin/deletions/", "\""));
    let another = visitor.file_for_number(&refund()).await;
    let early = office.submit(&request, &[("decision", "approve")]).await;
    assert_eq!(early.status, 409, "an application runs again");
    assert_eq!(candidate(&server).await.phone, "13800138000", "nothing is removed");
    visitor.submit(&format!("/services/refund/{another}/withdraw"), &[]).await;
    office.submit(&request, &[("decision", "approve")]).await.assert_shows("已同意");

    let left = candidate(&server).await;
    assert_eq!((&*left.phone, left.profile.born_on, left.consents.is_given()), ("", None, false));
    assert_eq!(left.name, "张小三", "certificates name the holder");
    let files = server.parts.store.read::<_, Error, _>(|tx| {
        let kept: i64 = f::table.filter(f::removed_at.is_null()).count().get_result(tx.conn)?;
        Ok((kept, d::table.count().get_result::<i64>(tx.conn)?))
    });
    assert_eq!(files.await.expect("counts"), (0, 2), "both files are deleted with the next sweep");
    assert_eq!(visitor.step("/me").await.location, "/login?next=%2Fme", "every device is signed out");
    let visitor = server.signed_in("张小三").await;
    visitor.open(PAGE).await.assert_shows("信息已删除");
    visitor.open("/certificates/certificate-00/copies").await.assert_shows("已撤销");
    visitor.open(&format!("/services/refund/{number}")).await.assert_shows("材料已按保存期限删除");
    let expected =
        ["deletion", "refuse_deletion", "deletion", "erase"].map(|action| (action.to_owned(), true));
    let mut found = audited(&server).await;
    found.dedup();
    assert_eq!(found, expected);
}
