//! 报考资格在线核查 over HTTP: invalid input, access, and concurrent changes.

mod published;
mod uploads;

use diesel::prelude::*;
use kaozheng::casework::Refusal;
use kaozheng::casework::assignment;
use kaozheng::casework::business::Application;
use kaozheng::casework::decision::{self, Verdict};
use kaozheng::casework::history::Mark;
use kaozheng::people::staff::{self, Role, StaffMember};
use kaozheng::store::schema::{applications, attachments};
use kaozheng::store::{CandidateId, Tx};
use reqwest::Method;

use crate::applicant::{LIST, PDF, file, form, jpeg, scan, with_files};
use crate::filing::{qualification, start_demo};
use crate::server::{Server, Visitor};

const NEW: &str = "/services/qualification/new";

async fn candidate(server: &Server) -> (Visitor, String) {
    let visitor = server.signed_in("张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    (visitor, sitting)
}

/// A reviewer of the application. The reviewer of a check may not decide the appeal against it.
fn reviewer(tx: &mut Tx, of: &Application) -> StaffMember {
    let roster = staff::list(tx).expect("a roster");
    let mut reviewers = roster.into_iter().filter(|member| member.role.does(Role::Reviewer));
    let found = if of.business.slug == "appeal" { reviewers.next_back() } else { reviewers.next() };
    let member = found.expect("a reviewer");
    StaffMember {
        id: member.id,
        name: member.name,
        role: member.role,
        kinds: member.kinds,
        candidate: CandidateId::default(),
    }
}

/// Assigns an application to a reviewer and decides it.
async fn decide(server: &Server, number: &str, verdict: Verdict) {
    let number = number.to_owned().into();
    let decided = server.parts.store.write::<_, Refusal, _>(move |tx| {
        let waiting = Application::by_number(tx, &number)?;
        let staff = reviewer(tx, &waiting);
        assignment::take(tx, &staff, &waiting)?;
        let taken = Application::by_number(tx, &number)?;
        decision::decide(tx, &staff, &taken, taken.version, verdict)
    });
    decided.await.expect("a decision");
}

fn marks() -> Verdict {
    Verdict::Return(vec![Mark { name: "years".into(), reason: "与社保记录相差 1 年".into() }])
}

async fn count_of(server: &Server, status: &'static str) -> i64 {
    let rows = server.parts.store.read::<_, kaozheng::store::Error, _>(move |tx| {
        let rows = applications::table.filter(applications::status.eq(status));
        Ok(rows.count().get_result(tx.conn)?)
    });
    rows.await.expect("a count")
}

#[tokio::test]
async fn submission_is_confirmed_and_stored() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    assert!(number.starts_with("ZG20260401000001") && number.len() == 17, "{number}");
    let detail = visitor.open(&format!("{LIST}/{number}")).await;
    for expected in
        ["待审核", "2026-04-09", "一级建造师", "示范建设工程有限公司", "6 年", "毕业证.pdf", "张*三"]
    {
        assert!(detail.body.contains(expected), "{expected} is not in\n{}", detail.body);
    }
    for personal in ["440300199003072616", "13800138000"] {
        assert!(!detail.body.contains(personal), "{personal} is not masked");
    }
    assert_eq!(count_of(&server, "submitted").await, 1);
    let list = visitor.open(LIST).await;
    assert!(list.body.contains(&number) && list.body.contains("/withdraw") && !list.body.contains("/edit"));
}

#[tokio::test]
async fn invalid_answers_are_shown_in_place_and_the_others_kept() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let table: &[(&str, &str, &str)] = &[
        ("phone", "1380013", "请填写 11 位手机号"),
        ("years", "51", "从事专业工作年限请填写 0 到 50 之间的整数"),
        ("years", "六", "从事专业工作年限请填写 0 到 50 之间的整数"),
        ("years", "20", "您 2014 年参加工作"),
        ("graduated_on", "2999-01-01", "毕业时间不能晚于今天"),
        ("graduated_on", "2014-02-30", "毕业时间请填写年月日，例如 2016-06-30"),
        ("school", "", "请填写毕业院校"),
        ("education", "幼儿园", "请选择学历"),
        ("specialty", "不存在的专业", "请选择专业"),
        ("subjects", "<script>alert(1)</script>", "请选择科目"),
        ("area", "'; DROP TABLE applications; --", "请选择考区"),
        ("sitting", "01HOSTILE", "请选择考试"),
        ("promise", "", "请阅读并勾选承诺"),
    ];
    for (name, value, expected) in table {
        let chosen = if *name == "sitting" { *value } else { sitting.as_str() };
        let sent = visitor.upload(NEW, form(chosen, "review", &[(name, value)])).await;
        assert_eq!(sent.status, 422, "{name}={value}");
        assert!(sent.told().contains(expected), "{expected} is not told of {name}={value}\n{}", sent.body);
        assert!(sent.body.contains("您填写的内容已保留") && sent.body.contains("示范建设工程有限公司"));
        assert!(!sent.body.contains("<script>alert"));
    }
    assert_eq!(count_of(&server, "submitted").await, 0);
    assert_eq!(count_of(&server, "draft").await, 1);
}

/// If htmx cannot place an error in the requested fragment, it shows it above the page, which stays.
#[tokio::test]
async fn failed_fragment_leaves_the_form_on_screen() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let ask = |action: &str, target: &'static str| {
        let request =
            visitor.request(Method::POST, NEW).header("HX-Request", "true").header("HX-Target", target);
        visitor.send(request.multipart(form(&sitting, action, &[])))
    };
    let tile = ask("upload", "f-diploma").await;
    assert!(tile.status == 200 && tile.body.starts_with("<fieldset") && !tile.body.contains("<main"));
    let field = ask("check:years", "f-years").await;
    assert!(field.body.starts_with("<div class=\"field\"") && !field.body.contains("<main"));
    let failed = ask("fly", "f-diploma").await;
    assert_eq!(failed.headers["hx-retarget"], "#notice");
    assert!(
        failed.status == 400
            && failed.body.contains("您填写的内容仍在本页")
            && !failed.body.contains("<main")
    );
}

#[tokio::test]
async fn double_submit_creates_one_application() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    visitor.upload(NEW, with_files(form(&sitting, "review", &[]))).await;
    let review = visitor.open(&format!("{LIST}/review")).await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
    let submit = || async { visitor.submit(&format!("{LIST}/review"), &[("seen", &seen)]).await };
    let (one, two) = tokio::join!(submit(), submit());
    assert!(one.body.contains("提交成功") && two.body.contains("提交成功"), "{}\n{}", one.body, two.body);
    assert_eq!(one.url, two.url);
    assert_eq!(count_of(&server, "submitted").await, 1);
}

#[tokio::test]
async fn change_in_another_window_requires_a_new_check() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    visitor.upload(NEW, with_files(form(&sitting, "review", &[]))).await;
    let review = visitor.open(&format!("{LIST}/review")).await;
    let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
    server.advance(5);
    let mut again = form(&sitting, "draft", &[("employer", "另一家公司")]);
    for slot in ["id_front", "id_back", "diploma", "work_proof", "portrait"] {
        let page = visitor.open(NEW).await;
        let id = page.between(&format!("name=\"material.{slot}\" value=\""), "\"").to_owned();
        again = again.text(format!("material.{slot}"), id);
    }
    visitor.upload(NEW, again).await;
    let answer = visitor.submit(&format!("{LIST}/review"), &[("seen", &seen)]).await;
    assert!(
        answer.body.contains("内容在别的窗口改过") && answer.body.contains("另一家公司"),
        "{}",
        answer.body
    );
    assert_eq!(count_of(&server, "submitted").await, 0);
}

#[tokio::test]
async fn one_open_application_per_sitting() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let first = visitor.apply_for_number(&sitting).await;
    let second = visitor.file_application(&qualification()).await;
    assert_eq!(second.status, 422);
    second.assert_shows(&format!("已有一件正在办理的报考资格在线核查申请 {first}"));
    visitor.submit(&format!("{LIST}/{first}/withdraw"), &[("confirm", "yes")]).await;
    let third = visitor.apply(&sitting).await;
    assert!(third.body.contains("提交成功"), "after a withdrawal one may apply again");
}

#[tokio::test]
async fn only_a_returned_application_can_be_edited() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    let edit = format!("{LIST}/{number}/edit");
    assert_eq!(visitor.step(&edit).await.location, format!("{LIST}/{number}"));
    decide(&server, &number, marks()).await;
    let page = visitor.open(&edit).await;
    assert!(page.body.contains("审核意见：与社保记录相差 1 年") && page.body.contains("#f-years"));
    let wrong = visitor.upload(&edit, form(&sitting, "submit", &[("years", "")])).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("审核意见：与社保记录相差 1 年"), "the mark stays");
    let kept = visitor.open(&edit).await;
    assert!(kept.body.contains("请上传") || kept.body.contains("示范大学"));
    let whole = with_files(form(&sitting, "submit", &[("years", "5")]));
    let sent = visitor.upload(&edit, whole).await;
    assert_eq!(sent.location, format!("{LIST}/{number}/submitted"));
    let detail = visitor.open(&format!("{LIST}/{number}")).await;
    assert!(detail.body.contains("重新提交申请") && detail.body.contains("5 年"), "{}", detail.body);
}

#[tokio::test]
async fn loser_of_a_race_is_told() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    let ask = visitor.open(&format!("{LIST}/{number}/withdraw")).await;
    assert!(ask.body.contains("要撤销这件申请吗"));
    decide(&server, &number, Verdict::Approve(0, String::new())).await;
    let late = visitor.submit(&format!("{LIST}/{number}/withdraw"), &[("confirm", "yes")]).await;
    assert_eq!(late.status, 409);
    late.assert_shows("这件申请的状态是“审核通过”，不能再撤销");
    assert_eq!(count_of(&server, "approved").await, 1);
}

#[tokio::test]
async fn appeal_is_possible_once_and_in_time() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    let path = format!("{LIST}/{number}/appeal");
    assert_eq!(visitor.open(&path).await.status, 409, "nothing to appeal against yet");
    decide(&server, &number, Verdict::Reject("年限不足".into())).await;
    let appeal = [("action", "submit"), ("reason", "社保记录缺少在外地缴纳的部分"), ("phone", "13800138000")];
    let made = visitor.submit(&path, &appeal).await;
    assert!(made.body.contains("提交成功") && made.body.contains("SS20260401"), "{}", made.body);
    let again = visitor.submit(&path, &appeal).await;
    assert_eq!(again.url, made.url, "a second tap finds the first appeal");
    let shown = visitor.open(&path).await;
    assert!(shown.body.contains("申诉详情") && shown.body.contains("年限不足"), "{}", shown.body);
}

#[tokio::test]
async fn late_appeal_is_refused_with_its_deadline() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    decide(&server, &number, Verdict::Reject("年限不足".into())).await;
    server.advance(36 * 24 * 60 * 60);
    let visitor = server.signed_in("张小三").await;
    let detail = visitor.open(&format!("{LIST}/{number}")).await;
    detail.assert_shows("申诉期限已于 2026-05-06 截止");
    let late = visitor.open(&format!("{LIST}/{number}/appeal")).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("2026-05-06"));
}

/// Requests every address of an application and its files as another candidate and as a guest.
#[tokio::test]
async fn application_of_another_candidate_is_not_found() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    let detail = visitor.open(&format!("{LIST}/{number}")).await;
    let id = detail.between("href=\"/files/", "\"").to_owned();
    let own = format!("{LIST}/{number}");
    let get = ["", "/submitted", "/edit", "/withdraw", "/appeal", "/slip"].map(|tail| format!("{own}{tail}"));
    let files = [format!("/files/{id}"), format!("/files/{id}?thumb=1")];
    let stranger = server.signed_in("陳大文").await;
    for path in get.iter().chain(&files) {
        assert_eq!(stranger.step(path).await.status, 404, "{path}");
        let outside = server.visitor(crate::server::PHONE).step(path).await;
        assert!(outside.location.starts_with("/login?next="), "{path}");
    }
    for tail in ["edit", "withdraw", "appeal"] {
        let path = format!("{own}/{tail}");
        let sent = stranger.submit_step(&path, &[("action", "submit"), ("confirm", "yes")]).await;
        assert_eq!(sent.status, 404, "{path}");
    }
    // A file of another candidate is not found in one's own form either.
    let theirs = stranger.sitting_of("一级建造师").await;
    let stolen = form(&theirs, "upload", &[]).text("material.id_front", id.clone());
    let page = stranger.upload_and_see(NEW, stolen).await;
    assert!(!page.body.contains(&id), "{}", page.body);
    let search = stranger.open(&format!("/progress?number={number}")).await;
    assert!(search.body.contains("没有符合条件的申请"));
    let staff = server.signed_in("周明远").await;
    assert_eq!(staff.step(&files[0]).await.status, 200, "a reviewer reads what was submitted");
    assert_eq!(count_of(&server, "submitted").await, 1);
}

#[tokio::test]
async fn expired_session_loses_no_input() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    visitor.upload(NEW, file(form(&sitting, "upload", &[]), "id_front", "正面.jpg", scan())).await;
    server.advance(31 * 60);
    let late = visitor.upload(NEW, form(&sitting, "review", &[])).await;
    assert_eq!(late.status, 401);
    assert!(late.body.contains("登录已超时") && late.body.contains("target=\"_blank\""));
    let again = server.signed_in("张小三").await;
    let page = again.open(NEW).await;
    assert!(page.body.contains("正面.jpg") && page.body.contains("示范建设工程有限公司"), "{}", page.body);
}

#[tokio::test]
async fn cross_site_form_is_refused() {
    let server = start_demo().await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    let path = format!("{LIST}/{number}/withdraw");
    let forged = visitor
        .request(Method::POST, &path)
        .header("sec-fetch-site", "cross-site")
        .form(&[("confirm", "yes")]);
    assert_eq!(visitor.send(forged).await.status, 403);
    assert_eq!(count_of(&server, "submitted").await, 1);
}

#[tokio::test]
async fn malformed_addresses_are_not_found() {
    let server = start_demo().await;
    let (visitor, _) = candidate(&server).await;
    let odd = [
        "/services/none",
        "/services/qualification/ABC",
        "/services/qualification/ZG20260401000001",
        "/services/qualification/%00",
        "/services/appeal/new",
        "/files/abc",
        "/files/%00",
        "/announcements/%00",
        "/progress?kind=%00",
        "/%ff%fe",
        "/progress?page=x",
        "/services/qualification?page=99999999999999999999",
    ];
    for path in odd {
        let answer = visitor.step(path).await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(answer.body.contains("返回首页"), "{path}");
    }
    assert_eq!(visitor.step("/progress?kind=none&status=none&number=none&page=-1").await.status, 200);
    assert_eq!(visitor.send(visitor.request(Method::DELETE, "/me")).await.status, 405);
}
