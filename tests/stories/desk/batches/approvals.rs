//! 批量通过: several applications at once, shown first and decided one by one.

use kaozheng::business;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::store::Error;

use super::{audited, events, state};
use crate::filing::{refund, reissue, start_demo};
use crate::server::{Answer, Server, Visitor};

/// Refunds of 张小三 and 陳大文 that wait.
async fn waiting(server: &Server) -> (String, String) {
    let first = server.signed_in("张小三").await.file_for_number(&refund()).await;
    let of_chen =
        [("registration", "registration-05"), ("subjects", "registration-05-0"), ("phone", "+85291234567")];
    (first, server.signed_in("陳大文").await.file_for_number(&refund().with(&of_chen)).await)
}

/// Chooses applications on the page, with the versions that it shows.
async fn choose(reviewer: &Visitor, numbers: &[&String]) -> Answer {
    let page = reviewer.open("/staff/approvals").await;
    let value = |number: &&String| {
        let rest = page.body.split_once(&format!("value=\"{number}:")).expect("it is listed").1;
        format!("{number}:{}", rest.split('"').next().expect("a version"))
    };
    let chosen: Vec<String> = numbers.iter().map(value).collect();
    let form: Vec<(&str, &str)> = chosen.iter().map(|value| ("chosen", value.as_str())).collect();
    reviewer.submit("/staff/approvals", &form).await
}

async fn confirm(reviewer: &Visitor, preview: &Answer) -> Answer {
    let fields = preview.hidden_fields();
    let form: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    reviewer.submit("/staff/approvals/confirm", &form).await
}

async fn set_rule(server: &Server, slug: &'static str, value: i32) {
    let set = server
        .parts
        .store
        .write::<_, Error, _>(move |tx| rules::set(tx, Rule::BulkApproval, business::ALL.find(slug), value));
    set.await.expect("a rule");
}

#[tokio::test]
async fn approval_is_shown_before_it_is_made() {
    let server = start_demo().await;
    let (first, second) = waiting(&server).await;
    let reviewer = server.signed_in("周明远").await;
    let preview = choose(&reviewer, &[&first, &second]).await;
    preview.assert_shows("将通过 2 件");
    preview.assert_shows("合计金额");
    preview.assert_shows("退费原因：重复缴费");
    assert_eq!(state(&server, &first).await.0, "submitted");
    assert_eq!(audited(&server, "open", &first).await, 1, "its content is shown");
    let done = confirm(&reviewer, &preview).await;
    done.assert_shows("2 件已办理");
    for number in [&first, &second] {
        assert_eq!(state(&server, number).await.0, "approved");
        assert_eq!(audited(&server, "approve_in_bulk", number).await, 1);
    }
    confirm(&reviewer, &preview).await.assert_shows("0 件已办理，2 件没有办理");
    assert_eq!(events(&server, &first, "approve").await, 1);
    server
        .signed_in("张小三")
        .await
        .open(&format!("/services/refund/{first}"))
        .await
        .assert_shows("审核通过");
}

#[tokio::test]
async fn what_changed_after_it_was_shown_is_left_out() {
    let server = start_demo().await;
    let (first, second) = waiting(&server).await;
    let reviewer = server.signed_in("周明远").await;
    let preview = choose(&reviewer, &[&first, &second]).await;
    let candidate = server.signed_in("张小三").await;
    candidate.submit(&format!("/services/refund/{first}/withdraw"), &[("confirm", "yes")]).await;
    let done = confirm(&reviewer, &preview).await;
    done.assert_shows("1 件已办理，1 件没有办理");
    done.assert_shows("刚才有变动，现在是“已撤销”");
    assert_eq!(
        (state(&server, &first).await.0, state(&server, &second).await.0),
        ("withdrawn".into(), "approved".into())
    );
}

#[tokio::test]
async fn excluded_applications_are_named_with_the_reason() {
    let server = start_demo().await;
    let (first, second) = waiting(&server).await;
    let (reviewer, colleague) = (server.signed_in("周明远").await, server.signed_in("阿力木").await);
    let page = reviewer.open("/staff/approvals").await;
    page.assert_shows(&second);
    colleague.submit(&format!("/staff/applications/{first}/take"), &[]).await;
    std::fs::remove_dir_all(server.folder().join("uploads")).expect("the uploads");
    let form = [("chosen", format!("{first}:1")), ("chosen", format!("{second}:1"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let preview = reviewer.submit("/staff/approvals", &form).await;
    preview.assert_shows("将通过 0 件");
    preview.assert_shows("刚才有变动，现在是“审核中”");
    preview.assert_shows("有 1 份材料打不开，请单独办理");
    preview.assert_lacks("确认通过");
    reviewer.open("/staff/approvals").await.assert_lacks(&first);
    let forced = reviewer.submit("/staff/approvals/confirm", &form).await;
    forced.assert_shows("0 件已办理，2 件没有办理");
    assert_eq!(state(&server, &second).await.0, "submitted");
}

#[tokio::test]
async fn office_decides_which_business_is_approved_in_bulk() {
    let server = start_demo().await;
    let (first, _) = waiting(&server).await;
    let lost = server.signed_in("张小三").await.file_for_number(&reissue()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.open("/staff/approvals").await.assert_lacks(&lost);
    set_rule(&server, "reissue", 1).await;
    reviewer.open("/staff/approvals").await.assert_shows(&lost);
    set_rule(&server, "refund", 0).await;
    reviewer.open("/staff/approvals").await.assert_lacks(&first);
    let chosen = format!("{first}:1");
    let preview = reviewer.submit("/staff/approvals", &[("chosen", &chosen)]).await;
    preview.assert_shows("将通过 0 件");
    preview.assert_lacks(&first);
    reviewer.submit("/staff/approvals/confirm", &[("chosen", &chosen)]).await.assert_lacks(&first);
    assert_eq!(state(&server, &first).await.0, "submitted");
    set_rule(&server, "violation", 1).await;
    reviewer.open("/staff/approvals").await.assert_lacks("违纪申诉");
}

#[tokio::test]
async fn number_of_applications_and_roles_are_limited() {
    let server = start_demo().await;
    let (first, _) = waiting(&server).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.submit("/staff/approvals", &[]).await.assert_shows("请先选择申请");
    let numbers: Vec<String> = (1..=101)
        .map(|at| {
            kaozheng::casework::number::format("TF", &"2026-04-01".parse().expect("a day"), at).to_string()
                + ":1"
        })
        .collect();
    let form: Vec<(&str, &str)> = numbers.iter().map(|value| ("chosen", value.as_str())).collect();
    let many = reviewer.submit("/staff/approvals", &form).await;
    assert_eq!(many.status, 422);
    many.assert_shows("一次最多通过 100 件");
    for person in ["钱文清", "邮小川"] {
        let other = server.signed_in(person).await;
        other.open("/staff/approvals").await.assert_lacks(&first);
        let chosen = format!("{first}:1");
        other.submit("/staff/approvals/confirm", &[("chosen", &chosen)]).await.assert_lacks(&first);
    }
    assert_eq!(state(&server, &first).await.0, "submitted");
}
