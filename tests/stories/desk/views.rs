//! The filters of the queue, their counts, and filters that a staff member saves.

use kaozheng::people::staff::Role;
use poem::http::StatusCode;

use super::authority::Authority;
use super::pages::{StaffBrowser, text};

const FILTER: [(&str, &str); 3] = [("status", "in_review"), ("kind", "qualification"), ("time", "3")];

async fn administrator(authority: &Authority, passport: &str) -> StaffBrowser {
    let name = format!("管理员{passport}");
    let member = authority.staff_member(&name, passport, Role::Administrator).await;
    authority.browser_of(&member).await
}

async fn save(desk: &StaffBrowser, name: &str) -> poem::test::TestResponse {
    desk.post("/staff/views", &[&FILTER[..], &[("name", name)]].concat()).await
}

#[tokio::test]
async fn options_of_the_filters_say_how_many_applications_they_show() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    for at in 0..3 {
        authority.apply(&authority.candidate("张小三", &format!("E000000{at}")).await).await;
    }
    authority.take_next(&reviewer).await;
    let desk = authority.browser_of(&reviewer).await;
    let page = text(desk.get("/staff/queue").await).await;
    for shown in
        ["待审核（2）", "审核中（1）", "我领取的（1）", "暂缓中（0）", "报考资格在线核查（2）", "已逾期（0）"]
    {
        assert!(page.contains(shown), "{shown} in\n{page}");
    }
    authority.pass_hours(10 * 24);
    let desk = authority.browser_of(&reviewer).await;
    let page = text(desk.get("/staff/queue?status=in_review").await).await;
    for shown in ["报考资格在线核查（1）", "已逾期（1）", "满 7 天（1）", "满 15 天（0）"]
    {
        assert!(page.contains(shown), "{shown} in\n{page}");
    }
    let page = text(desk.get("/staff/queue?exam=一级建造师+·+2027-05&time=overdue").await).await;
    assert!(
        page.contains("待审核（2）") && page.contains("审核中（1）"),
        "the other filters count too: {page}"
    );
    assert!(page.contains(r#"<option value="一级建造师 · 2027-05" selected>"#), "{page}");
}

#[tokio::test]
async fn view_is_saved_opened_and_deleted() {
    let authority = Authority::open().await;
    let desk = administrator(&authority, "S0000001").await;
    let saved = save(&desk, " 本周先办 ").await;
    let address = "/staff/queue?status=in_review&kind=qualification&time=3";
    saved.assert_status(StatusCode::SEE_OTHER);
    saved.assert_header("location", address);
    let page = text(desk.get(address).await).await;
    let link = r#"href="/staff/queue?status=in_review&amp;kind=qualification&amp;time=3" aria-current="page">本周先办"#;
    assert!(page.contains(link), "{page}");
    save(&desk, "本周先办").await.assert_status(StatusCode::SEE_OTHER);
    let page = text(desk.get("/staff/queue").await).await;
    assert_eq!(page.matches("action=\"/staff/views/").count(), 1, "the same name replaces it");

    let colleague = administrator(&authority, "S0000002").await;
    let delete = page.split_once("action=\"/staff/views/").expect("a button").1;
    let delete = format!("/staff/views/{}", delete.split_once('"').expect("an address").0);
    assert!(!text(colleague.get("/staff/queue").await).await.contains("本周先办"), "views are one's own");
    colleague.post(&delete, &[]).await.assert_status(StatusCode::SEE_OTHER);
    assert!(text(desk.get("/staff/queue").await).await.contains("本周先办"), "nobody else deletes it");
    desk.post(&delete, &[]).await.assert_status(StatusCode::SEE_OTHER);
    assert!(!text(desk.get("/staff/queue").await).await.contains("本周先办"));
}

#[tokio::test]
async fn name_of_a_view_that_is_refused_stays_in_the_form() {
    let authority = Authority::open().await;
    let desk = administrator(&authority, "S0000001").await;
    for name in ["", "  ", &"长".repeat(21)] {
        let refused = save(&desk, name).await;
        refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(refused).await;
        assert!(page.contains("1 到 20 个字") && page.contains(name.trim()), "{page}");
        assert!(page.contains(r#"name="time" value="3""#), "the filter stays");
    }
    for at in 0..20 {
        save(&desk, &format!("筛选 {at}")).await.assert_status(StatusCode::SEE_OTHER);
    }
    let full = save(&desk, "再来一个").await;
    full.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(full).await;
    assert!(page.contains("最多保存 20 个") && page.contains("再来一个"), "{page}");
    save(&desk, "筛选 7").await.assert_status(StatusCode::SEE_OTHER);
}
