//! 考试: exams, sittings and fees at the desk.

use kaozheng::exams::{self, Sitting};
use kaozheng::store::Tx;
use poem::http::StatusCode;

use super::{Office, hidden};

const EXAM: &str = "/staff/admin/exams/exam-1";
const SITTING: &str = "/staff/admin/exams/exam-1/sittings/sitting-1";

impl Office {
    async fn sitting(&self, id: &'static str) -> Sitting {
        let found = self.authority.write(move |tx: &mut Tx| Ok(Sitting::find(tx, id)?)).await;
        found.expect("no failure").expect("a sitting")
    }
}

#[tokio::test]
async fn exam_is_added_with_its_sitting_and_subjects() {
    let office = Office::open().await;
    let exam = [("code", "gjs"), ("name", "高级经济师"), ("category", "专业技术")];
    let path = office.save("/staff/admin/exams/new", &exam).await;
    let path = path.split('?').next().expect("an address");
    let taken = office.refused("/staff/admin/exams/new", &exam, StatusCode::CONFLICT).await;
    assert!(taken.contains("已用于高级经济师") && taken.contains("value=\"gjs\""), "{taken}");

    let sitting = [
        ("action", "sitting"),
        ("month", "2027-06"),
        ("check_opens_on", "2026-12-01"),
        ("check_closes_on", "2027-03-31"),
        ("held_on", "2027-06-19"),
    ];
    office.save(path, &sitting).await;
    office.refused(path, &sitting, StatusCode::CONFLICT).await;
    let subject = [
        ("action", "subject"),
        ("level", "高级"),
        ("specialty", "工商管理"),
        ("subject", "实务"),
        ("fee", "61.5"),
    ];
    office.save(path, &subject).await;
    let page = office.read(path).await;
    assert!(page.contains("2027-06") && page.contains("¥61.50"), "{page}");

    let wrong =
        [("action", "subject"), ("level", "高级"), ("specialty", ""), ("subject", "论文"), ("fee", "六十")];
    let page = office.refused(path, &wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("value=\"六十\"") && page.contains("value=\"论文\""), "{page}");
    assert_eq!(office.audited().await, ["exam_add", "sitting_add", "subject_add"]);
}

#[tokio::test]
async fn days_of_a_sitting_are_changed_once() {
    let office = Office::open().await;
    let seen = hidden(&office.read(SITTING).await, "seen");
    let days = [
        ("check_opens_on", "2026-11-01"),
        ("check_closes_on", "2027-03-15"),
        ("held_on", "2027-05-15"),
        ("seen", &*seen),
    ];
    office.save(SITTING, &days).await;
    assert_eq!(office.sitting("sitting-1").await.check_closes_on.to_string(), "2027-03-15");
    let late = office.refused(SITTING, &days, StatusCode::CONFLICT).await;
    assert!(late.contains("另一位管理员"), "{late}");

    let seen = hidden(&office.read(SITTING).await, "seen");
    let wrong = [
        ("check_opens_on", "2026-11-01"),
        ("check_closes_on", "2027-06-01"),
        ("held_on", "2027-05-15"),
        ("seen", &*seen),
    ];
    let page = office.refused(SITTING, &wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("考试日期早于核查截止日期") && page.contains("value=\"2027-06-01\""), "{page}");
    let elsewhere = "/staff/admin/exams/nothing/sittings/sitting-1";
    assert_eq!(office.desk.get(elsewhere).await.0.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn fee_and_name_are_changed() {
    let office = Office::open().await;
    let path = format!("{EXAM}/subjects/subject-1");
    let seen = hidden(&office.read(&path).await, "seen");
    office.save(&path, &[("fee", "70"), ("seen", &seen)]).await;
    let fees =
        office.authority.write(|tx: &mut Tx| Ok(exams::subjects(tx, "exam-1")?)).await.expect("subjects");
    assert_eq!(fees[0].fee, 7000);
    let late = office.refused(&path, &[("fee", "80"), ("seen", &seen)], StatusCode::CONFLICT).await;
    assert!(late.contains("value=\"80\""), "{late}");

    let name = [
        ("action", "exam"),
        ("name", "一级建造师（新）"),
        ("category", "专业技术"),
        ("seen_name", "一级建造师"),
        ("seen_category", "专业技术"),
    ];
    office.save(EXAM, &name).await;
    assert_eq!(office.sitting("sitting-1").await.exam, "一级建造师（新）");
}
