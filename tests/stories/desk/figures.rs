//! 统计: the figures of a period, whose they are, and the files of their tables.

use kaozheng::people::staff::{Role, StaffMember};
use poem::http::StatusCode;

use super::authority::Authority;
use super::pages::{StaffBrowser, text};
use super::{APPROVE, Outcome};

/// A table as a CSV file.
async fn csv(desk: &StaffBrowser, table: &str, period: &str) -> String {
    let file = desk.get(&format!("/staff/figures/{table}?{period}")).await;
    file.assert_status_is_ok();
    file.assert_header("content-type", "text/csv; charset=utf-8");
    text(file).await
}

impl Authority {
    async fn decided(
        &self,
        reviewer: &StaffMember,
        passport: &str,
        after_hours: i64,
        verdict: &[(&str, &str)],
    ) {
        let number = self.apply(&self.candidate("张小三", passport).await).await;
        self.take_next(reviewer).await.expect("the application");
        self.pass_hours(after_hours);
        assert!(matches!(self.decide(reviewer, &number, verdict).await, Outcome::Done));
    }
}

/// Three decisions by one reviewer, one by another, and two that wait. It is Tuesday, 2026-12-08.
async fn after_two_weeks() -> (Authority, StaffMember, StaffMember) {
    let authority = Authority::open().await;
    let wang = authority.reviewer("王审核", "S0000001").await;
    let zhao = authority.reviewer("赵审核", "S0000002").await;
    authority.decided(&wang, "E0000001", 1, APPROVE).await;
    authority.decided(&wang, "E0000002", 24, &[("action", "reject"), ("note", "从业年限不足")]).await;
    let asked = [("action", "return"), ("mark:years", "请核对年限"), ("confirmed", "yes")];
    authority.decided(&wang, "E0000003", 3 * 24, &asked).await;
    authority.decided(&zhao, "E0000004", 3 * 24, APPROVE).await;
    authority.apply(&authority.candidate("张小三", "E0000005").await).await;
    authority.apply(&authority.candidate("张小三", "E0000006").await).await;
    authority.take_next(&zhao).await.expect("an application");
    authority.pass_hours(8 * 24);
    (authority, wang, zhao)
}

#[tokio::test]
async fn administrator_sees_the_figures_of_a_period() {
    let (authority, ..) = after_two_weeks().await;
    let administrator = authority.staff_member("管理员", "S0000003", Role::Administrator).await;
    let desk = authority.browser_of(&administrator).await;
    let period = "from=2026-11-01&to=2026-12-31";
    let page = text(desk.get(&format!("/staff/figures?{period}")).await).await;
    for shown in ["期间办理", "各业务待办", "每日办理", "王审核", "赵审核", "一级建造师 · ", "role=\"img\""]
    {
        assert!(page.contains(shown), "{shown} in\n{page}");
    }
    assert!(!page.contains("张"), "no data of candidates");
    let kinds = csv(&desk, "kind", period).await;
    let expected = "报考资格在线核查,2,2,4,2,1,1,25.0%,25.0%,1,";
    assert!(kinds.starts_with('\u{feff}') && kinds.contains(expected), "{kinds}");
    let staff = csv(&desk, "staff", period).await;
    assert!(staff.contains("王审核,0,0,3,1,1,1,33.3%,33.3%,1,"), "{staff}");
    assert!(staff.contains("赵审核,1,1,1,1,0,0,0.0%,0.0%,"), "{staff}");
    let days = csv(&desk, "day", period).await;
    assert!(days.contains("2026-11-23,2,1,1,0,0\r\n") || days.contains("2026-11-23,2,1,1,0,0\n"), "{days}");
    let exams = csv(&desk, "exam", period).await;
    assert!(exams.contains("一级建造师 · 2027-05,2,2,4,"), "{exams}");
    let exports = authority.audited().await.into_iter().filter(|(action, _)| action == "export_figures");
    let exports: Vec<_> = exports.map(|(_, target)| target).collect();
    assert_eq!(exports[0], "kind 2026-11-01 2026-12-31");
    assert_eq!(exports.len(), 4, "every export is on record");
}

#[tokio::test]
async fn decisions_outside_of_the_period_do_not_count() {
    let (authority, ..) = after_two_weeks().await;
    let administrator = authority.staff_member("管理员", "S0000003", Role::Administrator).await;
    let desk = authority.browser_of(&administrator).await;
    let one_day = csv(&desk, "kind", "from=2026-11-23&to=2026-11-23").await;
    assert!(
        one_day.contains("报考资格在线核查,2,2,1,1,0,0,0.0%,0.0%,0,0"),
        "what waits is that of now: {one_day}"
    );
    let this_month = text(desk.get("/staff/figures").await).await;
    assert!(this_month.contains("value=\"2026-12-01\"") && this_month.contains("整月"), "{this_month}");
    for typed in ["from=2026-12-24&to=2026-12-01", "from=2020-01-01&to=2026-12-01", "from=gestern"] {
        let refused = desk.get(&format!("/staff/figures?{typed}")).await;
        refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text(refused).await.contains("period-error"), "{typed}");
        desk.get(&format!("/staff/figures/kind?{typed}")).await.assert_status(StatusCode::BAD_REQUEST);
    }
    desk.get("/staff/figures/names").await.assert_status(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn reviewer_sees_their_own_figures_and_finance_none() {
    let (authority, wang, zhao) = after_two_weeks().await;
    let period = "from=2026-11-01&to=2026-12-31";
    let own = authority.browser_of(&wang).await;
    let page = text(own.get(&format!("/staff/figures?{period}")).await).await;
    assert!(page.contains("我的办理") && !page.contains("赵审核"), "{page}");
    assert!(csv(&own, "kind", period).await.contains("报考资格在线核查,0,0,3,1,1,1,"));
    own.get(&format!("/staff/figures/staff?{period}")).await.assert_status(StatusCode::NOT_FOUND);
    let colleague = authority.browser_of(&zhao).await;
    assert!(csv(&colleague, "kind", period).await.contains("报考资格在线核查,1,1,1,1,0,0,"));

    let finance = authority.staff_member("钱财务", "S0000004", Role::Finance).await;
    let finance = authority.browser_of(&finance).await;
    finance.get("/staff/figures").await.assert_status(StatusCode::FORBIDDEN);
    finance.get("/staff/figures/kind").await.assert_status(StatusCode::FORBIDDEN);
    assert!(!text(finance.get("/staff/queue").await).await.contains("/staff/figures"), "no link either");
}
