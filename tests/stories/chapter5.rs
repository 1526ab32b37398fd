//! Manual chapter 5, 考试退费, told over HTTP: sums, accounts, and what cannot be refunded twice.

use crate::filing::{authority, refund};
use crate::server::Server;

const ACCOUNT: &[(&str, &str)] = &[
    ("refund_to", "银行账户"),
    ("account_holder", "张小三"),
    ("bank", "中国工商银行"),
    ("branch", "东湖支行"),
    ("account", "6222 0210 0111 6245 702"),
];

async fn refunded(server: &Server, number: &str) {
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decides(number, "approve:0", &[]).await.tells("已办理：通过");
    let noted = [("paid_on", "2026-04-01"), ("transaction", "TX20260401001")];
    finance.carries_out(number, "fulfil", &noted, &[]).await.tells("已退款");
}

#[tokio::test]
async fn step_5_1_the_sum_is_the_servers() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let forged = refund().with(&[("amount", "999999")]);
    let shown = candidate.fills_in("/services/refund/new", &forged, "choose").await;
    shown.tells("¥61.00");
    shown.tells_nothing_of("9999");
    let number = candidate.filed(&forged).await;
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.tells("¥61.00");
    detail.tells_nothing_of("9999");
}

#[tokio::test]
async fn step_5_1_wrong_answers_are_told_in_place() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let to_account = refund().with(ACCOUNT);
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("reason", "疾病")], "请填写具体说明"),
        (&[("subjects", "registration-00-0")], "请选择退费科目"),
        (&[("account_holder", "李四")], "开户人必须是您本人"),
        (&[("account", "6222021001")], "请填写 12 到 19 位数字的银行账号"),
        (&[("bank", "")], "请填写开户银行"),
    ];
    for (changes, told) in table {
        let sent = candidate.files(&to_account.with(changes)).await;
        assert_eq!(sent.status, 422, "{changes:?}");
        sent.tells(told);
    }
    let sent = candidate.files(&to_account).await;
    assert_eq!(sent.status, 422);
    sent.tells("请上传银行卡照片");
    sent.tells_nothing_of("请再核对一遍");
    let odd = candidate.files(&to_account.with(&[("account", "6222021001116245703")])).await;
    odd.tells("请再核对一遍；存折账号等确认无误的可以继续");
    odd.tells_nothing_of("处需要更正</h2><ul><li><a href=\"#f-account\"");
}

#[tokio::test]
async fn step_5_2_it_can_be_changed_until_a_reviewer_takes_it() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.filed(&refund()).await;
    let edit = format!("/services/refund/{number}/edit");
    let two = [("subjects", "registration-03-1")];
    let mut more = refund();
    more.answers.extend(two.map(|(name, value)| (name, value.to_owned())));
    let saved = candidate.fills_in(&edit, &more, "submit").await;
    assert_eq!(saved.location, format!("/services/refund/{number}/submitted"));
    candidate.open(&format!("/services/refund/{number}")).await.tells("¥122.00");
    let reviewer = server.signed_in("周明远").await;
    reviewer.submit(&format!("/staff/applications/{number}/take"), &[]).await;
    assert_eq!(candidate.open(&edit).await.status, 409);
    let late = candidate.fills_in(&edit, &refund(), "submit").await;
    assert_eq!(late.status, 409);
    late.tells("已被处理，请刷新");
}

#[tokio::test]
async fn step_5_3_what_was_refunded_is_not_refunded_again() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.filed(&refund()).await;
    let second = candidate.files(&refund().with(&[("subjects", "registration-03-1")])).await;
    assert_eq!(second.status, 409);
    second.tells(&number);
    refunded(&server, &number).await;
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.tells("已退款");
    detail.tells("TX20260401001");
    let again = candidate.files(&refund()).await;
    assert_eq!(again.status, 422);
    again.tells("请选择退费科目");
    candidate.filed(&refund().with(&[("subjects", "registration-03-1")])).await;
}

#[tokio::test]
async fn step_5_3_a_refund_that_fails_is_mended_and_tried_again() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let mut filing = refund().with(ACCOUNT);
    filing.slots = &["payment_proof", "bank_card"];
    let number = candidate.filed(&filing).await;
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decides(&number, "approve:0", &[]).await;
    candidate.open("/services/refund").await.tells("待退款");
    let task = format!("/staff/applications/{number}/tasks/fulfil");
    let noted = [("version", "3"), ("paid_on", "2026-04-01"), ("transaction", "TX01")];
    let refused = reviewer.submit(&task, &noted).await;
    assert_eq!(refused.status, 403, "paying is not the work of a reviewer");
    finance.open("/staff/queue?status=todo").await.tells(&number);
    let case = finance.open(&format!("/staff/applications/{number}")).await.body;
    let place = |text: &str| case.find(text).unwrap_or_else(|| panic!("no {text} in\n{case}"));
    assert!(place("6222021001116245702") < place("<h2>登记已退款</h2>"), "the account stands first");
    assert!(
        place("<h2>登记退款失败</h2>") < place("<h2>办理过程</h2>"),
        "what is to be done before what was"
    );
    finance
        .carries_out(&number, "fail", &[("failure", "账号与户名不符，银行退回")], &[])
        .await
        .tells("退款失败");
    candidate.open("/").await.tells("考试退费退款失败，待您处理");
    let edit = format!("/services/refund/{number}/edit");
    candidate.open(&edit).await.tells("审核意见：账号与户名不符，银行退回");
    let mended = filing.with(&[("account", "6222021001116245710")]);
    candidate.fills_in(&edit, &mended, "submit").await;
    candidate.open(&format!("/services/refund/{number}")).await.tells("待审核");
    refunded(&server, &number).await;
    let detail = candidate.open(&format!("/services/refund/{number}")).await;
    detail.tells("****5710");
    detail.tells_nothing_of("6222021001116245710");
}

#[tokio::test]
async fn step_5_1_too_near_to_the_exam_nothing_is_offered_and_the_reason_is_told() {
    let server = authority().await;
    server.advance(110 * 24 * 60 * 60);
    let candidate = server.signed_in("张小三").await;
    let list = candidate.open("/services/refund").await;
    list.tells("离开考还有 15 天以上的报名可以申请");
    list.tells_nothing_of("/services/refund/new");
    let late = candidate.files(&refund()).await;
    assert_eq!(late.status, 422);
    server.signed_in("DUPONT MARIE").await.open("/services/refund").await.tells("您没有可以退费的报名");
}

/// No account was asked for, so none is marked: the way of paying is.
#[tokio::test]
async fn step_5_3_a_refund_to_where_it_was_paid_from_fails_and_asks_for_no_account() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.filed(&refund()).await;
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decides(&number, "approve:0", &[]).await;
    finance.carries_out(&number, "fail", &[("failure", "原支付卡已注销")], &[]).await.tells("退款失败");
    let (path, edit) = (format!("/services/refund/{number}"), format!("/services/refund/{number}/edit"));
    for page in ["/", "/services/refund", &path, &edit] {
        let page = candidate.open(page).await;
        page.tells("退款方式");
        page.tells_nothing_of("银行账号");
    }
    let form = candidate.open(&edit).await;
    form.tells("href=\"#f-refund_to\"");
    form.tells("审核意见：原支付卡已注销");
    let same = candidate.fills_in(&edit, &refund(), "submit").await;
    assert_eq!(same.location, format!("{path}/submitted"), "the way it was paid can be tried again");

    reviewer.decides(&number, "approve:0", &[]).await;
    finance.carries_out(&number, "fail", &[("failure", "原支付卡已注销")], &[]).await;
    let mut to_account = refund().with(ACCOUNT);
    to_account.slots = &["payment_proof", "bank_card"];
    let other = candidate.fills_in(&edit, &to_account, "submit").await;
    assert_eq!(other.location, format!("{path}/submitted"), "{}", other.body);
    candidate.open(&path).await.tells("****5702");
}

/// The account was wrong; the candidate chooses the way of paying instead, which hides the account.
#[tokio::test]
async fn step_5_3_a_mark_on_what_is_hidden_leads_to_what_hides_it() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let mut filing = refund().with(ACCOUNT);
    filing.slots = &["payment_proof", "bank_card"];
    let number = candidate.filed(&filing).await;
    let (reviewer, finance) = (server.signed_in("周明远").await, server.signed_in("钱文清").await);
    reviewer.decides(&number, "approve:0", &[]).await;
    finance.carries_out(&number, "fail", &[("failure", "账号与户名不符，银行退回")], &[]).await;
    let edit = format!("/services/refund/{number}/edit");
    candidate.open(&edit).await.tells("href=\"#f-account\"");
    candidate.fills_in(&edit, &refund(), "draft").await;
    let form = candidate.open(&edit).await;
    form.tells("href=\"#f-refund_to\"");
    form.tells_nothing_of("#f-account");
    form.tells_nothing_of("银行账号");
}
