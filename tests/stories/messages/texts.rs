//! 消息文字: texts of messages with placeholders, of the office and of a business.

use diesel::prelude::*;
use kaozheng::casework::messages;
use poem::http::StatusCode;

use crate::admin::{Office, body};

const OFFICE: &str = "/staff/admin/texts/submitted/office";
const BUSINESS: &str = "/staff/admin/texts/submitted/qualification";

impl Office {
    /// The text of the message about the application of a new candidate.
    async fn told(&self, passport: &str) -> String {
        let candidate = self.authority.candidate("张小三", passport).await;
        self.authority.apply(&candidate).await;
        let list = move |tx: &mut kaozheng::store::Tx| Ok(messages::list(tx, &candidate.id, None, 1)?);
        self.authority.write(list).await.expect("a message").remove(0).body
    }
}

#[tokio::test]
async fn text_is_checked_previewed_published_and_used() {
    let office = Office::open().await;
    let list = office.read("/staff/admin/messages").await;
    assert!(list.contains("申请已提交") && list.contains(OFFICE) && list.contains("草稿即将删除"), "{list}");
    let page = office.read(OFFICE).await;
    assert!(page.contains("可以使用 {业务}、{受理号}、{事项}") && page.contains(BUSINESS), "{page}");

    let long = "字".repeat(501);
    for (typed, told) in [
        ("您好 {姓名}", "不能使用 {姓名}"),
        ("{截止日期}", "不能使用 {截止日期}"),
        ("{业务", "花括号要成对"),
        (" ", "请填写内容"),
        (&*long, "按示例共 501 字，短信最多 500 字"),
    ] {
        for action in ["preview", "publish"] {
            let form = [("action", action), ("version", "0"), ("body", typed)];
            let page = office.refused(OFFICE, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
            assert!(page.contains(told), "{told} in {page}");
        }
    }
    let typed = "【示范考试院】{业务} {受理号} 已收到\r\n<b>";
    let preview = [("action", "preview"), ("version", "0"), ("body", typed)];
    let page = body(office.desk.post(OFFICE, &preview).await, StatusCode::OK).await;
    assert!(page.contains("例如：【示范考试院】考试退费 TF20261128000001Y 已收到 &lt;b&gt;"), "{page}");
    assert!(page.contains("37 字，短信 1 条"), "{page}");
    assert!(
        office.told("E0000001").await.starts_with("您的报考资格在线核查申请已提交"),
        "nothing is published"
    );

    office.save(OFFICE, &[("action", "publish"), ("version", "0"), ("body", typed)]).await;
    let told = office.told("E0000002").await;
    assert!(told.starts_with("【示范考试院】报考资格在线核查 ZG2026112300000"), "{told}");
    let late = [("action", "publish"), ("version", "0"), ("body", "我写的")];
    office.refused(OFFICE, &late, StatusCode::CONFLICT).await;

    // A business may have its own text, and give it up again.
    office.save(BUSINESS, &[("action", "publish"), ("version", "0"), ("body", "核查{受理号}已收到")]).await;
    assert!(office.told("E0000003").await.starts_with("核查ZG"));
    assert!(office.read(OFFICE).await.contains("核查{受理号}已收到"), "the office's page lists it");
    office.save(BUSINESS, &[("action", "publish"), ("version", "1"), ("body", "")]).await;
    assert!(office.told("E0000004").await.starts_with("【示范考试院】"));
    let page = office.read(&format!("{BUSINESS}/1")).await;
    assert!(page.contains("核查{受理号}已收到"), "{page}");
    assert_eq!(office.audited().await.iter().filter(|action| *action == "text").count(), 3);
    let templates = kaozheng::store::schema::sms_outbox::dsl::sms_outbox
        .order(kaozheng::store::schema::sms_outbox::message_id)
        .select(kaozheng::store::schema::sms_outbox::template);
    let templates: Vec<String> =
        office.authority.write(move |tx| Ok(templates.load(tx.conn)?)).await.expect("rows");
    assert_eq!(
        templates,
        ["submitted/office/0", "submitted/office/1", "submitted/qualification/1", "submitted/office/1"]
    );
}
