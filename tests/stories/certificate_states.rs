//! Certificates that are electronic only and certificates that are annulled: for the public, for their holders and at
//! the desk.

use diesel::prelude::*;
use kaozheng::demo::sandbox::people::PEOPLE;
use kaozheng::store::Error;
use kaozheng::store::schema::{audit_entries, integrity_records};

use crate::filing::{mailing, reissue, start_demo};
use crate::server::{Answer, PHONE, Server};

/// The demo's person with an electronic and an annulled certificate.
const HOLDER: &str = "欧阳嘉敏";
const ADMINISTRATOR: &str = "何静";
const ELECTRONIC: &str = "/certificates/certificate-36";
const ANNULLED: &str = "/certificates/certificate-37";

async fn look_up(server: &Server, path: &str, holder: &str, number: &str) -> Answer {
    let person = PEOPLE.iter().find(|person| person.name == holder).expect("a person");
    let form = [("name", person.name), ("document", person.document_number), ("number", number)];
    server.visitor(PHONE).submit(path, &form).await
}

/// Targets of the audit entries of an action.
async fn audited(server: &Server, action: &'static str) -> Vec<String> {
    let read = server.parts.store.read::<_, Error, _>(move |tx| {
        let entries = audit_entries::table.filter(audit_entries::action.eq(action));
        Ok(entries.order(audit_entries::id).select(audit_entries::target).load(tx.conn)?)
    });
    read.await.expect("the audit")
}

#[tokio::test]
async fn electronic_certificate_is_looked_up_by_its_query_number() {
    let server = start_demo().await;
    for number in ["CX06202600036", "cx０６ 2026 00036"] {
        let found = look_up(&server, "/lookup/06", HOLDER, number).await;
        assert_eq!(found.status, 200);
        for shown in ["有效", "查询编号", "CX06202600036"] {
            found.assert_shows(shown);
        }
        for absent in ["证书管理号", "证书印制号"] {
            found.assert_lacks(absent);
        }
    }
    let english = look_up(&server, "/en/lookup/06", HOLDER, "CX06202600036").await;
    english.assert_shows("Query no.");
    look_up(&server, "/lookup/06", HOLDER, "").await.assert_shows("请填写证书管理号、查询编号或证书印制号");
}

#[tokio::test]
async fn electronic_certificate_has_nothing_to_post_or_to_reissue() {
    let server = start_demo().await;
    let holder = server.signed_in(HOLDER).await;
    let page = holder.open(ELECTRONIC).await;
    page.assert_shows("电子证书与纸质证书具有同等效力");
    page.assert_lacks("申请邮寄");
    holder.open("/certificates").await.assert_shows("电子证书");

    let form = holder.agree_to_notice(&format!("{ELECTRONIC}/mailing/notice")).await.location;
    let path = if form.is_empty() { format!("{ELECTRONIC}/mailing/edit") } else { form };
    let refused = holder.send_form(&path, &mailing(), "submit").await;
    refused.assert_shows("是电子证书，没有纸质证书，不能申请邮寄");

    holder.open("/services/reissue/new").await.assert_lacks("certificate-36");
    let chosen = holder.file_application(&reissue().with(&[("certificate", "certificate-36")])).await;
    assert_eq!(chosen.status, 422);
    server
        .parts
        .store
        .write::<_, Error, _>(|tx| {
            use kaozheng::store::schema::certificates::dsl as c;
            Ok(diesel::update(c::certificates)
                .set((c::print_number.eq(""), c::query_number.eq(c::number)))
                .execute(tx.conn)?)
        })
        .await
        .expect("electronic certificates");
    holder.open("/services/reissue").await.assert_shows("不需要补发。电子证书与纸质证书具有同等效力");
}

#[tokio::test]
async fn annulled_certificate_is_told_to_everybody_who_asks() {
    let server = start_demo().await;
    let found = look_up(&server, "/lookup/07", HOLDER, "SF07000037").await;
    assert_eq!(found.status, 200);
    for shown in ["已撤销", "请勿采信", "撤销决定文号", "示考撤〔2026〕7号", "2026-03-02"]
    {
        found.assert_shows(shown);
    }
    found.assert_lacks(">有效<");
    let english = look_up(&server, "/en/lookup/07", HOLDER, "SF07000037").await;
    english.assert_shows("ANNULLED");
    english.assert_lacks("VALID");

    let holder = server.signed_in(HOLDER).await;
    let page = holder.open(ANNULLED).await;
    for shown in ["证书已撤销", "示考撤〔2026〕7号", "行政复议"] {
        page.assert_shows(shown);
    }
    page.assert_lacks("申请邮寄");
    let made = holder.submit(&format!("{ANNULLED}/links"), &[("days", "7")]).await;
    let link = made.between("/v/", "\"").to_owned();
    server.visitor(PHONE).open(&format!("/v/{link}")).await.assert_shows("已撤销");
    let chosen = holder.file_application(&reissue().with(&[("certificate", "certificate-37")])).await;
    assert_eq!(chosen.status, 422);
}

#[tokio::test]
async fn administrator_annuls_a_certificate_and_takes_it_back() {
    let server = start_demo().await;
    let desk = server.signed_in(ADMINISTRATOR).await;
    desk.submit("/staff/certificates", &[("number", "SF0200000")]).await.assert_shows("没有这个编号的证书");
    let found = desk.submit("/staff/certificates", &[("number", " sf02000000")]).await;
    found.assert_shows("张*三");
    let path = "/staff/certificates/certificate-00";
    assert!(found.body.contains(path), "{}", found.body);
    let decision = ("decision", "示考撤〔2026〕9号");
    let complete = [("action", "annul"), decision, ("on", "2026-03-31"), ("checked", "yes")];
    for (field, wrong, words) in [
        ("decision", " ", "请填写决定书文号"),
        ("on", "", "请填写决定日期"),
        ("on", "2026-04-02", "决定日期不能晚于今天"),
        ("on", "1999-01-01", "决定日期不能早于批准日期"),
        ("checked", "", "请先核对，再勾选"),
    ] {
        let form = complete.map(|(name, value)| (name, if name == field { wrong } else { value }));
        let refused = desk.submit(path, &form).await;
        assert_eq!(refused.status, 422, "{field} {wrong}");
        refused.assert_shows(words);
        if field != "decision" {
            assert!(refused.body.contains(decision.1), "what was typed is kept");
        }
    }
    look_up(&server, "/lookup/02", "张小三", "SF02000000").await.assert_lacks("已撤销");

    assert_eq!(desk.submit_step(path, &complete).await.status, 303);
    desk.open(path).await.assert_shows("恢复为有效");
    look_up(&server, "/lookup/02", "张小三", "SF02000000").await.assert_shows("示考撤〔2026〕9号");
    assert_eq!(desk.submit(path, &complete).await.status, 409, "another administrator was faster");

    let restored = desk.submit_step(path, &[("action", "restore"), ("checked", "yes")]).await;
    assert_eq!(restored.status, 303);
    look_up(&server, "/lookup/02", "张小三", "SF02000000").await.assert_lacks("已撤销");
    for action in ["annul", "restore"] {
        assert_eq!(audited(&server, action).await.len(), 1, "{action}");
    }
    assert!(!audited(&server, "certificate").await.is_empty());
}

#[tokio::test]
async fn certificates_at_the_desk_are_for_administrators() {
    let server = start_demo().await;
    for who in ["周明远", "钱文清", "邮小川", "张小三"] {
        let visitor = server.signed_in(who).await;
        for path in ["/staff/certificates", "/staff/certificates/certificate-00"] {
            assert_eq!(visitor.open(path).await.status, 403, "{who} {path}");
            let sent = visitor.submit(path, &[("number", "SF02000000"), ("action", "annul")]).await;
            assert_eq!(sent.status, 403, "{who} {path}");
            sent.assert_lacks("张");
        }
    }
}

#[tokio::test]
async fn annulled_certificate_is_not_reissued_any_more() {
    let server = start_demo().await;
    let number = server.signed_in("张小三").await.file_for_number(&reissue()).await;
    let complete = [("action", "annul"), ("decision", "9号"), ("on", "2026-03-31"), ("checked", "yes")];
    let path = "/staff/certificates/certificate-00";
    server.signed_in(ADMINISTRATOR).await.submit_step(path, &complete).await;
    let refused = server.signed_in("周明远").await.decide_application(&number, "approve:0", &[]).await;
    assert_eq!(refused.status, 400);
    refused.assert_shows("这本证书已撤销");
}

#[tokio::test]
async fn record_without_an_end_is_told_as_such() {
    let server = start_demo().await;
    let holder = server.signed_in("SCHMIDT ANNA").await;
    let page = holder.open("/services/integrity").await;
    for shown in ["组织作弊", "起，长期", "不适用告知承诺制"] {
        page.assert_shows(shown);
    }
    holder.open("/services/qualification").await.assert_shows("可以报考，不适用告知承诺制");
    let five = server.signed_in(HOLDER).await.open("/services/integrity").await;
    five.assert_shows("（5 年）");
}

#[tokio::test]
async fn record_whose_time_is_over_asks_for_nothing() {
    let server = start_demo().await;
    server
        .parts
        .store
        .write::<_, Error, _>(|tx| {
            let ended = integrity_records::ends_on.eq(Some(tx.today().pred_opt().expect("a day")));
            Ok(diesel::update(integrity_records::table).set(ended).execute(tx.conn)?)
        })
        .await
        .expect("records that have ended");
    let holder = server.signed_in("张小三").await;
    holder.open("/services/integrity").await.assert_shows("已过记录期限");
    holder.open("/services/qualification").await.assert_lacks("不适用告知承诺制");
}
