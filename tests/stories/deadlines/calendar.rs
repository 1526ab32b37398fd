//! A year of holidays is imported: what that changes, and who is told.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::{applications, holiday_years};

use super::{authority_at, move_to, served_on};
use crate::filing::{refund, reissue, violation};
use crate::imports::Office;
use crate::server::Server;

const Y2027: &str = r#"{
    "$schema": "https://raw.githubusercontent.com/NateScarlet/holiday-cn/master/schema.json",
    "year": 2027,
    "papers": ["https://www.gov.cn/"],
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": true},
        {"name": "元旦", "date": "2027-01-02", "isOffDay": true},
        {"name": "元旦", "date": "2027-01-03", "isOffDay": true},
        {"name": "春节", "date": "2027-02-05", "isOffDay": true}
    ]
}"#;

async fn due_on(server: &Server, number: &str) -> Option<NaiveDate> {
    let number = number.to_owned();
    let row = server.parts.store.read::<_, Error, _>(move |tx| {
        let row = applications::table.filter(applications::number.eq(number));
        Ok(row.select(applications::due_on).first(tx.conn)?)
    });
    row.await.expect("an application")
}

/// As a program stored it that knew no holidays.
async fn stored_due(server: &Server, number: &str, day: NaiveDate) {
    let number = number.to_owned();
    let change = server.parts.store.write::<_, Error, _>(move |tx| {
        let row = applications::table.filter(applications::number.eq(number));
        diesel::update(row).set(applications::due_on.eq(Some(day))).execute(tx.conn)?;
        Ok(())
    });
    change.await.expect("a due day");
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn office(server: &Server) -> Office {
    Office::at(&server.parts.settings.database_url)
}

const Y2026: &str = include_str!("../../../assets/vendor/holiday-cn/2026.json");

#[tokio::test]
async fn a_promise_goes_by_the_calendar_and_the_desk_by_the_promise() {
    let server = authority_at("2026-09-28 10:00:00").await;
    let number = server.signed_in("张小三").await.filed(&refund()).await;
    assert_eq!(due_on(&server, &number).await, Some(day("2026-10-10")));
    let queue = "/staff/queue?kind=refund";
    move_to(&server, "2026-10-08 09:00:00");
    server.signed_in("周明远").await.open(queue).await.tells_nothing_of("将逾期");
    move_to(&server, "2026-10-09 09:00:00");
    server.signed_in("周明远").await.open(queue).await.tells("将逾期");
    move_to(&server, "2026-10-11 00:00:00");
    server.signed_in("周明远").await.open(queue).await.tells("已逾期");
}

#[tokio::test]
async fn staff_are_told_of_dates_in_an_unknown_year_until_it_is_imported() {
    let server = authority_at("2026-12-28 10:00:00").await;
    let number = server.signed_in("张小三").await.filed(&refund()).await;
    assert_eq!(due_on(&server, &number).await, Some(day("2027-01-07")));
    let told = "2027 年放假安排尚未公布或导入，2027-01-07 等日期按最晚计";
    let pages = ["/staff/queue".to_owned(), format!("/staff/applications/{number}")];
    let reviewer = server.signed_in("周明远").await;
    for page in &pages {
        reviewer.open(page).await.tells(told);
    }
    let office = office(&server);
    office.file("2027.json", Y2027);
    assert!(office.run(&["import", "holidays", "2027.json"]).success);
    for page in &pages {
        reviewer.open(page).await.tells_nothing_of("按最晚计");
    }
    assert_eq!(due_on(&server, &number).await, Some(day("2027-01-07")), "what was told stays");
    let later = server.signed_in("张小三").await.filed(&reissue()).await;
    assert_eq!(due_on(&server, &later).await, Some(day("2027-01-05")));
}

/// A running site goes by what is imported without a restart.
#[tokio::test]
async fn an_import_gives_more_time_and_never_less() {
    let server = authority_at("2026-09-28 10:00:00").await;
    served_on(&server, "2026-09-28").await;
    let candidate = server.signed_in("张小三").await;
    let (pleaded, returned) = (candidate.filed(&violation()).await, candidate.filed(&refund()).await);
    let reviewer = server.signed_in("周明远").await;
    reviewer.decides(&returned, "return", &[("mark:payment_proof", "照片不清晰，请重新上传")]).await;
    for number in [&pleaded, &returned] {
        assert_eq!(due_on(&server, number).await, Some(day("2026-10-10")));
    }
    let office = office(&server);
    let more = r#""days": [{"name": "国庆节", "date": "2026-10-08", "isOffDay": true},"#;
    office.file("more.json", Y2026.replacen("\"days\": [", more, 1));
    let tried = office.run(&["import", "holidays", "more.json", "--dry-run"]);
    assert!(
        tried.told.contains("holidays 2026: changed, 34 days off and 6 make-up workdays"),
        "{}",
        tried.told
    );
    assert!(tried.told.contains("2 open applications") && tried.told.contains("dry run"), "{}", tried.told);
    assert_eq!(due_on(&server, &pleaded).await, Some(day("2026-10-10")));

    assert!(office.run(&["import", "holidays", "more.json"]).told.contains("2 open applications"));
    for number in [&pleaded, &returned] {
        assert_eq!(due_on(&server, number).await, Some(day("2026-10-12")), "Sunday the 11th is no workday");
    }
    candidate.open(&format!("/services/refund/{returned}")).await.tells("请在 2026-10-12 前修改");

    office.file("less.json", Y2026);
    let less = office.run(&["import", "holidays", "less.json"]);
    assert!(less.told.contains("changed") && less.told.contains("0 open applications"), "{}", less.told);
    assert_eq!(due_on(&server, &pleaded).await, Some(day("2026-10-12")), "what was told stays");
}

/// What the list said when the notice was served holds; a notice served after the import goes by it.
#[tokio::test]
async fn an_import_takes_no_day_from_a_plea() {
    let server = authority_at("2026-12-28 10:00:00").await;
    let list = async |served: &str| {
        served_on(&server, served).await;
        server.signed_in("张小三").await.open("/services/violation").await
    };
    list("2026-12-28").await.tells("2027-01-07 截止申诉");
    let office = office(&server);
    office.file("2027.json", Y2027);
    assert!(office.run(&["import", "holidays", "2027.json"]).success);
    imported_at(&server, "2026-12-29").await;
    list("2026-12-28").await.tells("2027-01-07 截止申诉");
    list("2026-12-30").await.tells("2027-01-07 截止申诉");
    imported_at(&server, "2026-12-01").await;
    list("2026-12-28").await.tells("2027-01-05 截止申诉");
}

/// The command goes by the clock of the machine.
async fn imported_at(server: &Server, day: &str) {
    let at = format!("{day}T04:00:00").parse::<NaiveDateTime>().expect("a time");
    let change = server.parts.store.write::<_, Error, _>(move |tx| {
        diesel::update(holiday_years::table).set(holiday_years::imported_at.eq(at)).execute(tx.conn)?;
        Ok(())
    });
    change.await.expect("a time of import");
}

#[tokio::test]
async fn what_an_older_program_promised_is_counted_again() {
    let server = authority_at("2026-09-28 10:00:00").await;
    let number = server.signed_in("张小三").await.filed(&refund()).await;
    stored_due(&server, &number, day("2026-10-05")).await;
    let told = office(&server).run(&["migrate"]).told;
    assert!(told.contains("1 open applications have a later due day"), "{told}");
    assert_eq!(due_on(&server, &number).await, Some(day("2026-10-10")));
    assert!(!office(&server).run(&["migrate"]).told.contains("later due day"));
}

#[tokio::test]
async fn a_year_is_imported_once_and_only_whole() {
    let server = Server::start().await;
    let office = office(&server);
    office.file("2027.json", Y2027);
    let import = |file: &str| office.run(&["import", "holidays", file]);
    assert!(office.run(&["import", "holidays", "2027.json", "--dry-run"]).told.contains("2027: new, 4 days"));
    assert!(import("2027.json").told.contains("holidays 2027: new, 4 days off and 0 make-up workdays"));
    assert!(import("2027.json").told.contains("unchanged"));
    let bad = [
        Y2027.replace("2027-01-02", "2027-01-01"),
        Y2027.replace("2027-01-02", "2028-01-02"),
        Y2027.replace("\"元旦\", \"date\": \"2027-01-02\"", "\"<script>\", \"date\": \"2027-01-02\""),
        r#"{"year": 2027, "papers": [], "days": []}"#.to_owned(),
        "姓名,证件号码\n".to_owned(),
        "x".repeat(2 << 20),
    ];
    for text in bad {
        office.file("bad.json", &text);
        let said = import("bad.json");
        assert!(!said.success && said.complained.contains("bad.json"), "{}{}", said.told, said.complained);
    }
    let kept = server.parts.store.read::<_, Error, _>(|tx| {
        Ok(holiday_years::table.select((holiday_years::year, holiday_years::days)).load(tx.conn)?)
    });
    let kept: Vec<(i32, String)> = kept.await.expect("the years");
    assert_eq!(kept.len(), 1);
    assert!(kept[0].0 == 2027 && kept[0].1.matches("isOffDay").count() == 4, "{kept:?}");
}
