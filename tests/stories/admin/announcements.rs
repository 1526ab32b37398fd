//! 通知公告: written, published at a time, changed and taken down.

use kaozheng::people::staff::{Kinds, Role, StaffMember};
use poem::http::StatusCode;

use super::{Office, hidden};

const LIST: &str = "/staff/admin/announcements";

#[tokio::test]
async fn announcement_appears_at_its_time_and_is_taken_down() {
    let office = Office::open().await;
    let written = [
        ("title", "报名时间"),
        ("body", "请带：\r\n- 身份证\r\n- <b>照片</b>"),
        ("day", "2026-11-23"),
        ("time", "10：00"),
    ];
    office.save(&format!("{LIST}/new"), &written).await;
    let visitor = office.authority.browser_of(&guest(&office).await).await;
    let home = async || visitor.get("/").await.0.into_body().into_string().await.expect("a page");
    assert!(!home().await.contains("报名时间"), "it is not ten yet");
    assert!(office.read(LIST).await.contains("待发布"));
    office.authority.pass_hours(1);
    // The session of the desk has ended meanwhile.
    let desk = office.authority.browser_of(&office.administrator).await;
    let office = Office { desk, ..office };
    assert!(home().await.contains("报名时间"));

    let list = office.read(LIST).await;
    let path = list
        .split("href=\"/staff/admin/announcements/")
        .skip(1)
        .find(|link| !link.starts_with("new"))
        .expect("a link");
    let id = path.split('"').next().expect("an id");
    let path = &format!("{LIST}/{id}");
    let page = office.read(path).await;
    assert!(
        page.contains("<li>身份证</li>") && page.contains("&lt;b&gt;照片"),
        "a list, and no HTML: {page}"
    );
    let version = hidden(&page, "version");
    let changed = [
        ("title", "报名时间（更正）"),
        ("body", "见附件"),
        ("day", "2026-11-23"),
        ("time", "10:00"),
        ("version", &*version),
    ];
    office.save(path, &changed).await;
    let late = office.refused(path, &changed, StatusCode::CONFLICT).await;
    assert!(late.contains("另一位管理员"), "{late}");

    let version = hidden(&office.read(&format!("{path}/take-down")).await, "version");
    office.save(&format!("{path}/take-down"), &[("version", &version)]).await;
    assert!(!home().await.contains("报名时间"));
    assert_eq!(visitor.get(&format!("/announcements/{id}")).await.0.status(), StatusCode::NOT_FOUND);
    let done = ["announcement_add", "announcement_change", "announcement_take_down"];
    assert_eq!(office.audited().await, done);
}

#[tokio::test]
async fn incomplete_announcement_is_refused_and_kept() {
    let office = Office::open().await;
    let wrong = [
        ("title", "题".repeat(61)),
        ("body", "正文".into()),
        ("day", "2026-02-30".into()),
        ("time", "25:00".into()),
    ];
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = office.refused(&format!("{LIST}/new"), &wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("有 3 处需要更正") && page.contains("正文</textarea>"), "{page}");
    assert!(office.read(LIST).await.contains("还没有公告"));
}

/// A candidate who is signed in.
async fn guest(office: &Office) -> StaffMember {
    let candidate = office.authority.candidate("张小三", "E0000001").await.id;
    StaffMember {
        id: "nobody".into(),
        name: "张小三".into(),
        role: Role::Reviewer,
        kinds: Kinds::default(),
        candidate,
    }
}
