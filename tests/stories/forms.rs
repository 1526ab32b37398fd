//! Forms of every business: going back, applying twice, two windows, and what a returned form shows.

use diesel::prelude::*;
use kaozheng::store::schema::applications;
use reqwest::Method;

use crate::filing::{
    Filing, correction, integrity, qualification, receipt, refund, reissue, start_demo, violation,
};
use crate::server::{Answer, Server, Visitor};

/// Every business with 核对信息.
fn kinds() -> [Filing; 7] {
    [qualification(), refund(), receipt(), violation(), correction(), reissue(), integrity()]
}

/// Agrees to the notice of a business that has one.
async fn agree(candidate: &Visitor, filing: &Filing) {
    if ["receipt", "correction"].contains(&filing.business) {
        candidate.agree_to_notice(&format!("/services/{}/notice", filing.business)).await;
    }
}

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> String {
    let fields = page.hidden_fields();
    fields.into_iter().find(|(known, _)| known == name).expect("a hidden field").1
}

/// The same answers, sent by the page that is open.
fn from_page(filing: &Filing, page: &Answer) -> Filing {
    filing.with(&[("window", &hidden(page, "window")), ("seen", &hidden(page, "seen"))])
}

async fn drafts(server: &Server) -> i64 {
    let rows = server.parts.store.read::<_, kaozheng::store::Error, _>(|tx| {
        let drafts = applications::table.filter(applications::status.eq("draft"));
        Ok(drafts.count().get_result(tx.conn)?)
    });
    rows.await.expect("a count")
}

#[tokio::test]
async fn steps_of_a_submitted_form_lead_to_what_was_submitted() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    for filing in kinds() {
        let list = format!("/services/{}", filing.business);
        let (new, review) = (format!("{list}/new"), format!("{list}/review"));
        agree(&candidate, &filing).await;
        let unsaved = candidate.open_new_form(filing.business).await;
        let sent = candidate.send_form(&new, &from_page(&filing, &unsaved), "review").await;
        assert_eq!(sent.location, review, "{}", sent.body);
        let saved = candidate.open(&new).await;
        let seen = hidden(&candidate.open(&review).await, "seen");
        let number = candidate.submit(&review, &[("seen", &seen)]).await.number();

        let submitted = format!("{list}/{number}/submitted");
        for back in [&new, &review] {
            assert_eq!(candidate.step(back).await.location, submitted, "{back}");
        }
        assert_eq!(candidate.submit_step(&review, &[("seen", &seen)]).await.location, submitted);
        for page in [&unsaved, &saved] {
            let again = candidate.send_form(&new, &from_page(&filing, page), "review").await;
            assert_eq!(again.location, submitted, "{}", again.body);
        }
        assert_eq!(drafts(&server).await, 0, "no step has begun a draft");
        let next = candidate.open_new_form(filing.business).await;
        assert!(next.status == 200 && !next.url.ends_with("/submitted"), "{}", next.url);
        next.assert_lacks("处需要更正");
    }
}

#[tokio::test]
async fn review_without_a_draft_leads_to_the_list() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    for filing in kinds() {
        let list = format!("/services/{}", filing.business);
        assert_eq!(candidate.step(&format!("{list}/review")).await.location, list);
        let sent = candidate.submit_step(&format!("{list}/review"), &[("seen", "")]).await;
        assert_eq!(sent.location, list);
    }
}

#[tokio::test]
async fn address_of_a_form_opens_a_new_one_the_day_after_a_submission() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.file_for_number(&refund()).await;
    server.advance(25 * 60 * 60);
    let candidate = server.signed_in("张小三").await;
    let page = candidate.open("/services/refund/new").await;
    assert!(page.url.ends_with("/services/refund/new"), "{}", page.url);
}

#[tokio::test]
async fn what_is_applied_for_is_marked_before_anything_is_filled_in() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    for filing in kinds() {
        agree(&candidate, &filing).await;
        candidate.open_new_form(filing.business).await.assert_lacks("已有申请");
        let number = candidate.file_for_number(&filing).await;
        let detail = format!("/services/{}/{number}", filing.business);
        agree(&candidate, &filing).await;
        let page = candidate.open_new_form(filing.business).await;
        page.assert_shows(&format!("href=\"{detail}\""));
        match filing.business {
            "correction" => page.assert_shows("已有一件正在办理的信息修改申请"),
            _ => page.assert_shows(&format!("已有申请 {number}，查看")),
        }
        let second = candidate.file_application(&filing).await;
        assert_eq!(second.status, 422, "{}", second.body);
        second.assert_shows("已有一件正在办理的");
    }
}

#[tokio::test]
async fn mark_ends_with_the_application() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let edit = candidate.open(&format!("/services/refund/{number}/edit")).await;
    edit.assert_lacks("已有申请");
    candidate.submit(&format!("/services/refund/{number}/withdraw"), &[("confirm", "yes")]).await;
    candidate.open_new_form("refund").await.assert_lacks("已有申请");
    candidate.file_for_number(&refund()).await;
}

const NEW: &str = "/services/refund/new";

/// Two windows with the same form. The first saves its answers; the second has typed others.
async fn two_windows(candidate: &Visitor) -> (Filing, Filing) {
    let (one, two) = (candidate.open(NEW).await, candidate.open(NEW).await);
    let first = Filing { slots: &[], ..from_page(&refund(), &one) };
    let changes = [("phone", "13900139000"), ("reason", "考试取消或延期")];
    let second = from_page(&refund(), &two).with(&changes);
    candidate.send_form(NEW, &first, "draft").await;
    (first, second)
}

#[tokio::test]
async fn second_window_chooses_between_both_answers() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let (_, second) = two_windows(&candidate).await;
    let conflict = candidate.send_form(NEW, &second, "review").await;
    assert_eq!(conflict.status, 409);
    for shown in ["另一个窗口改过", "13800138000", "13900139000", "重复缴费", "考试取消或延期", "材料.pdf"]
    {
        conflict.assert_shows(shown);
    }
    for same in ["keep.registration", "keep.subjects", "keep.amount", "keep.refund_to"] {
        conflict.assert_lacks(same);
    }
    let kept = candidate.open(NEW).await;
    kept.assert_shows("13800138000");
    kept.assert_lacks("13900139000");

    let mut form = reqwest::multipart::Form::new().text("action", "merge");
    for (name, value) in conflict.hidden_fields() {
        form = form.text(name, value);
    }
    for (name, choice) in [("phone", "saved"), ("reason", "typed"), ("payment_proof", "typed")] {
        form = form.text(format!("keep.{name}"), choice);
    }
    let merged = candidate.upload_and_see(NEW, form).await;
    merged.assert_shows("13800138000");
    merged.assert_lacks("13900139000");
    merged.assert_shows("value=\"考试取消或延期\" checked");
    merged.assert_shows("材料.pdf");
}

#[tokio::test]
async fn window_does_not_conflict_with_itself_or_with_the_same_answers() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let (first, second) = two_windows(&candidate).await;
    for (phone, action) in
        [("13700137000", "choose"), ("13600136000", "check:phone"), ("13500135000", "draft")]
    {
        let sent = candidate.send_form(NEW, &first.with(&[("phone", phone)]), action).await;
        assert_eq!(sent.status, 303, "{action}: {}", sent.body);
    }
    candidate.open(NEW).await.assert_shows("13500135000");
    let same = second.with(&[("phone", "13500135000"), ("reason", "重复缴费")]);
    let sent = candidate.send_form(NEW, &Filing { slots: &[], ..same }, "draft").await;
    assert_eq!(sent.location, "/services/refund");
}

#[tokio::test]
async fn conflict_replaces_the_page_when_scripts_asked_for_a_part_of_it() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let (_, second) = two_windows(&candidate).await;
    let mut form = reqwest::multipart::Form::new().text("action", "check:phone");
    for (name, value) in second.answers {
        form = form.text(name, value);
    }
    let request = candidate.request(Method::POST, NEW).header("HX-Request", "true");
    let answer = candidate.send(request.header("HX-Target", "f-phone").multipart(form)).await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.headers["hx-retarget"], "#main");
    answer.assert_shows("另一个窗口改过");
}

#[tokio::test]
async fn edits_in_two_windows_do_not_undo_each_other() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let edit = format!("/services/refund/{number}/edit");
    let (one, two) = (candidate.open(&edit).await, candidate.open(&edit).await);
    let first = from_page(&refund(), &one).with(&[("phone", "13900139000")]);
    let submitted = format!("/services/refund/{number}/submitted");
    assert_eq!(candidate.send_form(&edit, &first, "submit").await.location, submitted);
    assert_eq!(candidate.send_form(&edit, &first, "submit").await.location, submitted, "a double tap");
    let second = from_page(&refund(), &two).with(&[("reason", "考试取消或延期")]);
    let conflict = candidate.send_form(&edit, &second, "submit").await;
    assert_eq!(conflict.status, 409);
    conflict.assert_shows("13900139000");
    candidate.open(&edit).await.assert_shows("13900139000");
}

#[tokio::test]
async fn change_without_scripts_is_answered_by_a_redirect() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    for action in ["choose", "upload"] {
        let sent = candidate.send_form(NEW, &refund(), action).await;
        assert_eq!((sent.status, sent.location.as_str()), (303, NEW), "{action}");
    }
    let page = candidate.open(NEW).await;
    page.assert_shows("¥61.00");
    let id = page.between("value=\"remove:", "\"").to_owned();
    let sent = candidate.send_form(NEW, &Filing { slots: &[], ..refund() }, &format!("remove:{id}")).await;
    assert_eq!((sent.status, sent.location.as_str()), (303, NEW));
}

#[tokio::test]
async fn question_is_shown_once_it_can_be_answered() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let new = "/services/qualification/new";
    candidate.open(new).await.assert_lacks("f-level");
    let empty = candidate.send_form(new, &Filing::new("qualification", &[], &[]), "review").await;
    empty.assert_shows("请选择考试");
    for premature in ["请选择级别", "请选择专业", "请选择科目", "f-level"] {
        empty.assert_lacks(premature);
    }
    candidate.send_form(new, &qualification(), "choose").await;
    candidate.open(new).await.assert_shows("f-subjects");
}

/// Whether the part of a label is open, and what its heading says is left.
fn part<'a>(page: &'a Answer, label: &str) -> (bool, &'a str) {
    let (before, after) = page.body.split_once(&format!("<strong>{label}</strong>")).expect("a part");
    let (_, opening) = before.rsplit_once("<details").expect("a part");
    let state = after.split_once("</span>").expect("a state").0;
    (
        opening.split('>').next().unwrap_or_default().contains(" open"),
        state.rsplit('>').next().unwrap_or_default(),
    )
}

#[tokio::test]
async fn long_form_is_filled_in_part_by_part_in_any_order() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let new = "/services/qualification/new";
    let empty = candidate.open(new).await;
    empty.assert_shows("2/4");
    assert_eq!(part(&empty, "报考"), (true, "还差 2 项"));
    assert!(!part(&empty, "学历与从业").0);
    let education = [
        ("education", "本科"),
        ("school", "示范大学"),
        ("major", "土木工程"),
        ("graduated_on", "2014-06-30"),
        ("employer", "示范建设工程有限公司"),
        ("years", "6"),
        ("began_work_on", "2014-07-15"),
    ];
    let sent = candidate.send_form(new, &Filing::new("qualification", &education, &[]), "next:3").await;
    assert_eq!(sent.location, format!("{new}?part=3"));
    let page = candidate.open(&sent.location).await;
    assert_eq!(part(&page, "学历与从业"), (false, "已完成"));
    assert!(part(&page, "承诺与材料").0 && !part(&page, "报考").0, "the part that was asked for is open");
    let wrong = Filing::new("qualification", &education, &[]).with(&[("years", "51")]);
    let wrong = candidate.send_form(new, &wrong, "review").await;
    assert_eq!((wrong.status, part(&wrong, "学历与从业")), (422, (true, "还差 1 项")));
    candidate.send_form(new, &qualification(), "review").await;
    let review = candidate.open("/services/qualification/review").await;
    review.assert_shows(&format!("{new}?part=2#f-employer"));
    for page in ["part=9", "part=x", "part="] {
        assert_eq!(candidate.open(&format!("{new}?{page}")).await.status, 200, "{page}");
    }
}

#[tokio::test]
async fn parts_have_every_question_of_their_form_once() {
    for business in kaozheng::business::ALL.iter().filter(|business| !business.parts.is_empty()) {
        let of_parts = business.parts.iter().flat_map(|part| part.sections);
        let of_parts: Vec<_> = of_parts.flat_map(|section| section.questions).map(|one| one.name).collect();
        let all: Vec<_> = business.questions().map(|question| question.name).collect();
        assert_eq!(of_parts, all, "{}", business.slug);
        assert_eq!(business.parts.iter().filter(|part| part.has_materials).count(), 1, "{}", business.slug);
    }
}

#[tokio::test]
async fn returned_form_begins_with_what_is_marked() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&qualification()).await;
    let reviewer = server.signed_in("周明远").await;
    let marks = [("mark:years", "与社保记录相差 1 年"), ("mark:diploma", "照片反光")];
    reviewer.decide_application(&number, "return", &marks).await;
    let edit = format!("/services/qualification/{number}/edit");
    let page = candidate.open(&edit).await;
    let (first, rest) = page.body.split_once("<details class=\"rest\">").expect("a folded part");
    for marked in ["id=\"f-years\"", "id=\"f-diploma\""] {
        assert!(first.contains(marked) && !rest.contains(marked), "{marked}");
    }
    for other in ["id=\"f-school\"", "id=\"f-portrait\""] {
        assert!(!first.contains(other) && rest.contains(other), "{other}");
    }
    let wrong = from_page(&qualification(), &page).with(&[("school", "")]);
    let wrong = candidate.send_form(&edit, &wrong, "submit").await;
    assert_eq!(wrong.status, 422);
    let (first, _) = wrong.body.split_once("<details class=\"rest\">").expect("a folded part");
    assert!(first.contains("id=\"f-school\""), "what is wrong is not folded");
    let whole = from_page(&qualification(), &page).with(&[("years", "5")]);
    let sent = candidate.send_form(&edit, &whole, "submit").await;
    assert_eq!(sent.location, format!("/services/qualification/{number}/submitted"), "{}", sent.body);
    let again = candidate.step(&edit).await;
    assert_eq!(again.location, format!("/services/qualification/{number}"), "the step is over");
}
