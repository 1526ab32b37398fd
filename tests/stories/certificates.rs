//! 证书管理 over HTTP: posting a certificate, and races between candidate and dispatcher.

use diesel::prelude::*;
use kaozheng::store::schema::certificates;

use crate::filing::{mailing, start_demo};
use crate::server::{Answer, Server, Visitor};

const CERTIFICATE: &str = "/certificates/certificate-00";
const MAILING: &str = "/certificates/certificate-00/mailing";

async fn delivery(server: &Server) -> String {
    let row = certificates::table.find("certificate-00").select(certificates::delivery);
    let read = server.parts.store.read::<_, kaozheng::store::Error, _>(move |tx| Ok(row.first(tx.conn)?));
    read.await.expect("a certificate")
}

/// Figures 4.1.1 to 4.1.3.
async fn apply_for_posting(candidate: &Visitor) -> Answer {
    let agreed = candidate.agree_to_notice(&format!("{MAILING}/notice")).await;
    assert_eq!(agreed.location, format!("{MAILING}/edit"));
    let saved = candidate.send_form(&agreed.location, &mailing(), "submit").await;
    candidate.open(&saved.location).await
}

#[tokio::test]
async fn notice_precedes_the_form() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    for path in ["/edit", ""] {
        let asked = candidate.step(&format!("{MAILING}{path}")).await;
        let expected =
            if path.is_empty() { (404, "") } else { (303, "/certificates/certificate-00/mailing/notice") };
        assert_eq!((asked.status, asked.location.as_str()), expected, "{path}");
    }
    let sneaked = candidate.send_form(&format!("{MAILING}/edit"), &mailing(), "submit").await;
    assert_eq!(
        sneaked.location,
        format!("{MAILING}/notice"),
        "nothing is taken before the notice is agreed to"
    );
    let number = apply_for_posting(&candidate).await.number();
    assert!(number.starts_with("YJ20260401"), "{number}");
    assert_eq!(delivery(&server).await, "requested");
    let shown = candidate.open(MAILING).await;
    for expected in ["待邮寄", "广东省", "南山区", "东湖路****", "138****8000", "已阅读并同意须知"]
    {
        shown.assert_shows(expected);
    }
    shown.assert_lacks("302 房");
    candidate.open("/certificates").await.assert_shows("查看邮寄信息");
    candidate.open(&format!("/progress?number={number}")).await.assert_shows("证书邮寄");
}

#[tokio::test]
async fn invalid_addresses_are_shown_in_place() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let form = candidate.agree_to_notice(&format!("{MAILING}/notice")).await.location;
    let form = candidate.open(&form).await;
    form.assert_shows("<h2 class=\"titled\">收件人</h2>"); // visible once: the label below is for screen readers
    form.assert_shows("<label class=\"label\" for=\"i-recipient\">收件人</label>");
    form.assert_shows("<h2>收件地址</h2>");
    let table: &[(&str, &str, &str)] = &[
        ("recipient", "张3", "请按证件填写姓名"),
        ("phone", "1380013", "请填写 11 位手机号"),
        ("city", "北京市", "请选择市级"),
        ("district", "海淀区", "请选择区县"),
        ("street", "8 号", "请填写 5 到 120 个字的详细地址"),
        ("postcode", "51800", "请填写 6 位邮政编码"),
        ("carrier", "马车", "请选择快递公司"),
    ];
    for (name, value, expected) in table {
        let sent = candidate
            .send_form(&format!("{MAILING}/edit"), &mailing().with(&[(name, value)]), "submit")
            .await;
        assert_eq!(sent.status, 422, "{name}={value}");
        sent.assert_shows(expected);
        sent.assert_shows("您填写的内容已保留");
    }
}

#[tokio::test]
async fn posting_can_be_edited_until_it_is_packed() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = apply_for_posting(&candidate).await.number();
    let agreed = candidate.agree_to_notice(&format!("{MAILING}/notice")).await;
    assert_eq!(agreed.location, format!("{MAILING}/edit"));
    let moved = mailing().with(&[("street", "西山大道 99 号 5 楼")]);
    let saved = candidate.send_form(&agreed.location, &moved, "submit").await;
    assert_eq!(saved.location, format!("/services/mailing/{number}/submitted"));
    candidate.open(MAILING).await.assert_shows("西山大****");

    let dispatcher = server.signed_in("邮小川").await;
    let case = dispatcher.submit(&format!("/staff/applications/{number}/take"), &[]).await;
    case.assert_shows("西山大道 99 号 5 楼");
    let late = candidate.send_form(&format!("{MAILING}/edit"), &mailing(), "submit").await;
    assert_eq!(late.status, 409);
    late.assert_shows("邮寄员已开始打包，不能再修改");
    late.assert_shows("您填写的内容（没有保存）");
    for typed in ["东湖路 8 号 1 栋 302 房", "南山区", "EMS 到付"] {
        late.assert_shows(typed);
    }
    let late = candidate.submit(&format!("{MAILING}/cancel"), &[("confirm", "yes")]).await;
    assert_eq!(late.status, 409);
    late.assert_shows("邮寄员已开始打包，不能再撤销");
    candidate.open(MAILING).await.assert_shows("打包中");
}

#[tokio::test]
async fn posting_can_be_repeated_after_a_cancellation_and_not_cancelled_once_sent() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let first = apply_for_posting(&candidate).await.number();
    candidate.open(&format!("{MAILING}/cancel")).await.assert_shows("要撤销邮寄吗");
    candidate.submit(&format!("{MAILING}/cancel"), &[("confirm", "yes")]).await.assert_shows("已撤销");
    assert_eq!(delivery(&server).await, "ready");
    let second = apply_for_posting(&candidate).await.number();
    assert_ne!(first, second);

    let dispatcher = server.signed_in("邮小川").await;
    dispatcher.submit(&format!("/staff/applications/{second}/take"), &[]).await;
    let wrong = dispatcher.carry_out_task(&second, "approve", &[("posted_by", "EMS 到付")], &[]).await;
    assert_eq!(wrong.status, 422);
    wrong.assert_shows("请填写快递单号");
    let noted =
        [("posted_by", "EMS 到付"), ("tracking_number", "1234567890123"), ("posted_on", "2026-04-01")];
    dispatcher.carry_out_task(&second, "approve", &noted, &[]).await.assert_shows("已寄出");
    assert_eq!(delivery(&server).await, "posted");
    let shown = candidate.open(MAILING).await;
    shown.assert_shows("已寄出");
    shown.assert_shows("1234567890123");
    let late = candidate.submit(&format!("{MAILING}/cancel"), &[("confirm", "yes")]).await;
    assert_eq!(late.status, 409);
    dispatcher
        .carry_out_task(&second, "fulfil", &[("signed_on", "2026-04-01")], &[])
        .await
        .assert_shows("已签收");
    assert_eq!(delivery(&server).await, "delivered");
}

#[tokio::test]
async fn candidate_and_dispatcher_race_for_a_posting() {
    let server = start_demo().await;
    let (candidate, dispatcher) = (server.signed_in("张小三").await, server.signed_in("邮小川").await);
    let number = apply_for_posting(&candidate).await.number();
    let (cancel, take) = (format!("{MAILING}/cancel"), format!("/staff/applications/{number}/take"));
    let (cancelled, taken) =
        tokio::join!(candidate.submit(&cancel, &[("confirm", "yes")]), dispatcher.submit(&take, &[]));
    let outcomes = [cancelled.status, taken.status];
    assert!(outcomes.contains(&409) && outcomes.contains(&200), "{outcomes:?}");
    let expected = if cancelled.status == 200 { "ready" } else { "requested" };
    assert_eq!(delivery(&server).await, expected);
}

#[tokio::test]
async fn certificate_of_another_holder_is_not_found() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let detail = candidate.open(CERTIFICATE).await;
    for expected in ["张小三", "440***********2616", "二级建造师", "证书印制号", "可领取"] {
        detail.assert_shows(expected);
    }
    detail.assert_lacks("440300199003072616");
    apply_for_posting(&candidate).await;
    let stranger = server.signed_in("陳大文").await;
    for path in ["", "/links", "/mailing", "/mailing/notice", "/mailing/edit", "/mailing/cancel"] {
        assert_eq!(stranger.step(&format!("{CERTIFICATE}{path}")).await.status, 404, "{path}");
    }
    for path in ["/mailing/notice", "/mailing/edit", "/mailing/cancel"] {
        let sent = stranger.submit_step(&format!("{CERTIFICATE}{path}"), &[("action", "submit")]).await;
        assert_eq!(sent.status, 404, "{path}");
    }
    assert_eq!(delivery(&server).await, "requested");
}
