//! Who sees which part of an application: by need, and the full document number by a press that is on record.

use diesel::prelude::*;
use kaozheng::business::ALL;
use kaozheng::casework::lifecycle::Status;
use kaozheng::casework::sight::Sight;
use kaozheng::people::staff::{Duty, Kinds, Role};
use kaozheng::store::schema::audit_entries::dsl as a;

use crate::filing::{mailing, refund, start_demo};
use crate::server::Server;

/// The document number of 张小三, in full and masked.
const NUMBER: &str = "440300199003072616";
const MASKED: &str = "440***********2616";

async fn audited(server: &Server, action: &'static str) -> Vec<String> {
    let rows = a::audit_entries.filter(a::action.eq(action)).order(a::id).select(a::target);
    let read = server.parts.store.read::<_, kaozheng::store::Error, _>(move |tx| Ok(rows.load(tx.conn)?));
    read.await.expect("the audit")
}

#[tokio::test]
async fn finance_sees_the_sum_of_an_approved_refund_and_nothing_else_of_the_person() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let file = candidate
        .open(&format!("/services/refund/{number}"))
        .await
        .between("href=\"/files/", "\"")
        .to_owned();
    let (case, finance) = (format!("/staff/applications/{number}"), server.signed_in("钱文清").await);
    let hidden = [NUMBER, MASKED, "13800138000", "重复缴费", "张小三", "缴费凭证", "该考生有", "失信与违纪"];
    let before = finance.open(&case).await;
    for words in hidden.iter().chain(&["¥61.00", "原支付渠道"]) {
        before.assert_lacks(words);
    }
    server
        .signed_in("周明远")
        .await
        .decide_application(&number, "approve:0", &[])
        .await
        .assert_shows("已办理：通过");
    let due = finance.open(&case).await;
    for words in ["张*三", "¥61.00", "原支付渠道", "登记已退款"] {
        due.assert_shows(words);
    }
    for words in hidden {
        due.assert_lacks(words);
    }
    assert_eq!(finance.open(&format!("/files/{file}")).await.status, 404, "no materials");
    assert_eq!(audited(&server, "refused").await, [format!("{number}/{file}")]);
}

#[tokio::test]
async fn dispatcher_sees_the_address_and_nothing_else_of_the_person() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let agreed = candidate.agree_to_notice("/certificates/certificate-00/mailing/notice").await;
    candidate.send_form(&agreed.location, &mailing(), "submit").await;
    let number = candidate.open("/progress").await.between("YJ", "<").chars().take(15).collect::<String>();
    let dispatcher = server.signed_in("邮小川").await;
    let page = dispatcher.open(&format!("/staff/applications/YJ{number}")).await;
    for words in ["收件人", "13800138000", "广东省", "东湖路", "张*三"] {
        page.assert_shows(words);
    }
    for words in [NUMBER, MASKED, "登记手机号", "该考生有", "失信与违纪"] {
        page.assert_lacks(words);
    }
}

#[test]
fn each_task_reads_what_it_needs() {
    let reads = |slug: &str, role, status| -> Vec<&str> {
        let business = ALL.find(slug).expect("a business");
        let sight = Sight::of(Duty { role, kinds: Kinds::default() }, business, status);
        let questions =
            business.questions().filter(|question| sight.question(question)).map(|question| question.name);
        questions
            .chain(business.materials.iter().filter(|one| sight.material(one)).map(|one| one.slot))
            .collect()
    };
    let account =
        ["registration", "subjects", "amount", "refund_to", "account_holder", "bank", "branch", "account"];
    assert_eq!(reads("refund", Role::Finance, Status::Approved), account);
    assert_eq!(reads("refund", Role::Finance, Status::InReview), [""; 0]);
    let receipt = [
        "sitting",
        "registrations",
        "amount",
        "title_type",
        "title",
        "credit_code",
        "receive_by",
        "email",
        "phone",
        "remark",
    ];
    assert_eq!(reads("receipt", Role::Finance, Status::Approved), receipt);
    for role in [Role::Dispatcher, Role::Finance] {
        for slug in ["qualification", "reissue", "integrity", "violation", "correction", "appeal"] {
            assert_eq!(reads(slug, role, Status::Approved), [""; 0], "{slug}");
        }
    }
    for business in ALL.iter() {
        let all = business.questions().count() + business.materials.len();
        assert_eq!(
            reads(business.slug, Role::Administrator, Status::Submitted).len(),
            all,
            "{}",
            business.slug
        );
    }
}

#[tokio::test]
async fn full_number_is_uncovered_by_a_press_on_record() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let (case, reviewer) = (format!("/staff/applications/{number}"), server.signed_in("周明远").await);
    let free = reviewer.open(&case).await;
    free.assert_shows(MASKED);
    free.assert_lacks("显示完整号码");
    let path = format!("{case}/uncover");
    assert_eq!(reviewer.submit_step(&path, &[]).await.status, 409, "nobody has taken it");

    reviewer.submit(&format!("{case}/take"), &[]).await.assert_shows("显示完整号码");
    let pressed = reviewer.submit(&path, &[("note", "正在核对")]).await;
    pressed.assert_shows(NUMBER);
    pressed.assert_shows("正在核对");
    assert_eq!(audited(&server, "uncover").await, std::slice::from_ref(&number));
    for again in [&case, &path] {
        let page = reviewer.open(again).await;
        page.assert_lacks(NUMBER);
        page.assert_shows(MASKED);
    }
    let colleague = server.signed_in("阿力木·吐尔逊").await;
    let refused = colleague.submit_step(&path, &[]).await;
    assert_eq!(refused.status, 409);
    refused.assert_lacks(NUMBER);
    server.signed_in("何静").await.submit(&path, &[]).await.assert_shows(NUMBER);
    assert_eq!(audited(&server, "uncover").await.len(), 2);
}

#[tokio::test]
async fn reviewer_sees_records_of_misconduct_beside_the_case() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let page = server.signed_in("周明远").await.open(&format!("/staff/applications/{number}")).await;
    page.assert_shows("失信与违纪");
    page.assert_shows("该考生有");
    let violation = candidate.open("/services/violation").await;
    match violation.told().contains("您没有违纪记录") {
        true => page.assert_shows("没有失信和违纪记录"),
        false => page.assert_shows("违纪："),
    }
}
