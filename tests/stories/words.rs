//! Words that are the same wherever a candidate, a reviewer or a visitor reads them.

use kaozheng::store::Clock;

use crate::applicant::{LIST, form, with_files};
use crate::filing::{receipt, refund, start_demo};
use crate::server::{PHONE, Server};

#[tokio::test]
async fn rejected_appeal_has_one_name_everywhere() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.apply_for_number(&candidate.sitting_of("一级建造师").await).await;
    let (first, second) = (server.signed_in("周明远").await, server.signed_in("阿力木·吐尔逊").await);
    first.decide_application(&number, "reject", &[("note", "从事专业工作年限不足。")]).await;
    let appeal = [("action", "submit"), ("reason", "社保记录缺少在外地缴纳的部分"), ("phone", "13800138000")];
    let appeal = candidate.submit(&format!("{LIST}/{number}/appeal"), &appeal).await.number();
    candidate.open(&format!("{LIST}/{number}")).await.assert_shows("您已申诉：申诉待审核");
    second.decide_application(&appeal, "reject", &[("note", "与社保记录一致")]).await;
    let own = format!("/services/appeal/{appeal}");
    for path in [&own, &format!("{own}/slip"), "/services/appeal", "/progress?kind=appeal"] {
        let page = candidate.open(path).await;
        assert!(page.between("<main", "</main>").contains("申诉不通过"), "{path}");
        // The other word is in the list of states to filter by, and nowhere else.
        let states = page.body.matches(">审核不通过</option>").count();
        assert_eq!(page.body.matches(">审核不通过<").count(), states, "{path}: {}", page.body);
    }
    for path in ["/", LIST, &format!("{LIST}/{number}")] {
        candidate.open(path).await.assert_shows("申诉不通过");
    }
    for path in ["/staff/queue?status=decided&kind=appeal", &format!("/staff/applications/{appeal}")] {
        second.open(path).await.assert_shows("申诉不通过");
    }
}

#[tokio::test]
async fn slip_names_the_state_at_the_time_of_printing() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let slip = candidate.open(&format!("/services/refund/{number}/slip")).await;
    slip.assert_shows("打印时的状态");
    slip.assert_shows("待审核");
    slip.assert_lacks("办理结果");
    slip.assert_lacks("不代表审核结果");
}

#[tokio::test]
async fn check_code_of_a_receipt_keeps_its_case() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    let number = candidate.file_for_number(&receipt()).await;
    server.signed_in("周明远").await.decide_application(&number, "approve:0", &[]).await;
    let noted = [
        ("receipt_code", "44030126"),
        ("receipt_number", "００ 01234567"),
        ("check_code", "a1B2 c3ｄ"),
        ("issued_on", "2026-04-01"),
    ];
    server.signed_in("钱文清").await.carry_out_task(&number, "fulfil", &noted, &["receipt_file"]).await;
    let detail = candidate.open(&format!("/services/receipt/{number}")).await;
    detail.assert_shows("a1B2c3d");
    detail.assert_shows("0001234567");
}

#[tokio::test]
async fn years_are_understood_in_any_width_and_with_their_unit() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let sitting = candidate.sitting_of("一级建造师").await;
    for typed in ["８", "8年", "８ 年", " 8 年"] {
        let sent = with_files(form(&sitting, "review", &[("years", typed)]));
        let sent = candidate.upload(&format!("{LIST}/new"), sent).await;
        assert_eq!(sent.location, format!("{LIST}/review"), "{typed}: {}", sent.body);
        candidate.open(&sent.location).await.assert_shows("8 年");
    }
}

#[tokio::test]
async fn refused_edit_says_what_happened_and_keeps_what_was_typed() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.apply_for_number(&candidate.sitting_of("一级建造师").await).await;
    let edit = format!("{LIST}/{number}/edit");
    assert_eq!(candidate.step(&edit).await.location, format!("{LIST}/{number}"));
    let sitting = "sitting-01-2";
    let early = candidate.upload(&edit, form(sitting, "submit", &[("employer", "另一家<公司>")])).await;
    assert_eq!(early.status, 409);
    early.assert_shows("这件申请已提交，在审核退回前不能修改");
    let reviewer = server.signed_in("周明远").await;
    reviewer.submit(&format!("/staff/applications/{number}/take"), &[]).await;
    let late = candidate.upload(&edit, form(sitting, "submit", &[("employer", "另一家<公司>")])).await;
    assert_eq!(late.status, 409);
    late.assert_shows("审核员已开始审核，不能再修改");
    late.assert_shows("另一家&lt;公司&gt;");
    // htmx keeps the form, so the notice does not repeat it.
    let part = candidate.request(reqwest::Method::POST, &edit).header("HX-Request", "true");
    let part = part.header("HX-Target", "f-employer").multipart(form(sitting, "check:employer", &[]));
    let part = candidate.send(part).await;
    assert_eq!((part.status, part.headers["hx-retarget"].to_str().unwrap()), (409, "#notice"));
    // Not even the withdrawn application can be edited.
    let withdrawn = candidate.file_for_number(&refund()).await;
    let own = format!("/services/refund/{withdrawn}");
    candidate.submit(&format!("{own}/withdraw"), &[("confirm", "yes")]).await;
    let gone = candidate.send_form(&format!("{own}/edit"), &refund(), "submit").await;
    gone.assert_shows("这件申请的状态是“已撤销”，不能再修改");
}

#[tokio::test]
async fn pages_about_an_application_name_the_office() {
    let clock = Clock::manual("2026-04-01T01:30:00".parse().expect("a time"));
    let server = Server::start_with(clock, |settings| {
        settings.office.phone = "0755-1234567".into();
        settings.office.hours = "工作日 9:00–17:00".into();
    });
    let server = server.await;
    server.load_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let own = format!("/services/refund/{number}");
    let help = |page: &str| page.contains("0755-1234567") && page.contains("工作日 9:00–17:00");
    assert!(help(candidate.open(&own).await.between("<main", "</main>")));
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:payment_proof", "看不清金额")]).await;
    for path in [own.clone(), format!("{own}/edit")] {
        assert!(help(candidate.open(&path).await.between("<main", "</main>")), "{path}");
    }
}

#[tokio::test]
async fn addresses_of_filters_have_no_empty_parameters() {
    let server = start_demo().await;
    let staff = server.signed_in("周明远").await;
    let table = [
        ("/progress?kind=&status=&period=&number=", "/progress"),
        ("/progress?kind=refund&status=&period=year&number=", "/progress?kind=refund&period=year"),
        ("/staff/queue?status=submitted&kind=&q=", "/staff/queue?status=submitted"),
        ("/staff/queue?status=&kind=&q=%E4%B8%80", "/staff/queue?q=%E4%B8%80"),
        ("/lookup?q=", "/lookup"),
        ("/en/lookup?q=", "/en/lookup"),
    ];
    for (address, tidy) in table {
        for answer in [staff.step(address).await, staff.fetch(address).await] {
            assert_eq!((answer.status, answer.location.as_str()), (303, tidy), "{address}");
        }
        assert_eq!(staff.step(tidy).await.status, 200, "{tidy}");
    }
    staff.open("/progress").await.assert_lacks("name=\"page\"");
}

#[tokio::test]
async fn blank_lookup_is_answered_by_the_page_and_not_by_the_browser() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for path in ["/lookup/02", "/en/lookup/02"] {
        let page = visitor.open(path).await;
        let form = page.between("<form id=\"form\"", ">");
        assert!(form.contains("novalidate"), "{form}");
        let blank = visitor.submit(path, &[("name", " "), ("document", "440300199003072616")]).await;
        assert_eq!(blank.status, 422);
        assert!(blank.body.contains("f-name-error") && blank.body.contains("440300199003072616"));
    }
}

#[tokio::test]
async fn switch_of_large_type_names_what_it_does() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    visitor.open("/").await.assert_shows(">长者模式</button>");
    let on = visitor.submit("/senior", &[("next", "/services")]).await;
    on.assert_shows(">退出长者模式</button>");
    visitor.open("/en/lookup").await.assert_shows(">Leave large type</button>");
    visitor.submit("/senior", &[("next", "/")]).await.assert_shows(">长者模式</button>");
}
