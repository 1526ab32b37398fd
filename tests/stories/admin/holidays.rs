//! 放假安排: a year is examined before it is saved.

use kaozheng::casework::calendar::Calendar;
use kaozheng::store::Tx;
use poem::http::StatusCode;

use super::Office;

const PAGE: &str = "/staff/admin/holidays";
const YEAR: &str =
    r#"{"year": 2026, "days": [{"name": "临时假日", "date": "2026-11-25", "isOffDay": true}]}"#;

#[tokio::test]
async fn year_is_shown_before_it_is_saved_and_postpones_what_is_open() {
    let office = Office::open().await;
    let number = office.authority.apply(&office.authority.candidate("张小三", "E0000001").await).await;
    let due = office.authority.application(&number).await.due_on;
    assert!(office.read(PAGE).await.contains("还不知道 2027 年的安排"));

    let page = super::body(office.desk.post(PAGE, &[("pasted", YEAR)]).await, StatusCode::OK).await;
    assert!(
        page.contains("替换这一年") && page.contains("1 件办理中的申请") && page.contains("临时假日"),
        "{page}"
    );
    assert_eq!(office.authority.application(&number).await.due_on, due, "nothing is saved yet");

    office.save(&format!("{PAGE}/save"), &[("pasted", YEAR)]).await;
    assert!(office.authority.application(&number).await.due_on > due);
    let is_off = |tx: &mut Tx| Ok(!Calendar::load(tx)?.is_working("2026-11-25".parse().expect("a day")));
    assert!(office.authority.write(is_off).await.expect("a calendar"));
    assert!(office.read(&format!("{PAGE}/2026")).await.contains("临时假日"));
    assert_eq!(office.audited().await, ["holidays"]);
}

#[tokio::test]
async fn what_is_no_arrangement_is_refused_in_chinese_and_kept() {
    let office = Office::open().await;
    let table = [
        ("", "请选择文件"),
        ("hello", "不是放假安排的 JSON"),
        (r#"{"year": 2027, "days": []}"#, "2027 年的安排还没有公布"),
        (r#"{"year": 1900, "days": [{"name": "x", "date": "1900-01-01", "isOffDay": true}]}"#, "年份 1900"),
    ];
    for (pasted, told) in table {
        let page = office.refused(PAGE, &[("pasted", pasted)], StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(told), "{told} is not in {page}");
        assert!(pasted.is_empty() || page.contains(&pasted.replace('"', "&quot;")), "{page}");
    }
}
