//! Importing a year of holidays: which deadlines move, and who is told.

use chrono::NaiveDate;
use diesel::prelude::*;
use kaozheng::store::schema::{applications, holiday_years};
use kaozheng::store::{Error, Timestamp};

use super::{serve_violation_notice, server_at, set_time};
use crate::filing::{refund, reissue, violation};
use crate::imports::Installation;
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

/// Stores a due day as an older program did, which knew no holidays.
async fn set_due_on(server: &Server, number: &str, day: NaiveDate) {
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

fn installation(server: &Server) -> Installation {
    Installation::at(&server.parts.settings.database_url)
}

const Y2026: &str = include_str!("../../../assets/vendor/holiday-cn/2026.json");

#[tokio::test]
async fn due_day_follows_the_calendar_and_the_desk_shows_it() {
    let server = server_at("2026-09-28 10:00:00").await;
    let number = server.signed_in("张小三").await.file_for_number(&refund()).await;
    assert_eq!(due_on(&server, &number).await, Some(day("2026-10-10")));
    let queue = "/staff/queue?kind=refund";
    set_time(&server, "2026-10-08 09:00:00");
    server.signed_in("周明远").await.open(queue).await.assert_lacks("将逾期");
    set_time(&server, "2026-10-09 09:00:00");
    server.signed_in("周明远").await.open(queue).await.assert_shows("将逾期");
    set_time(&server, "2026-10-11 00:00:00");
    server.signed_in("周明远").await.open(queue).await.assert_shows("已逾期");
}

#[tokio::test]
async fn staff_are_warned_of_an_unknown_year_until_it_is_imported() {
    let server = server_at("2026-12-28 10:00:00").await;
    let number = server.signed_in("张小三").await.file_for_number(&refund()).await;
    assert_eq!(due_on(&server, &number).await, Some(day("2027-01-07")));
    let output = "2027 年放假安排尚未公布或导入，2027-01-07 等日期按最晚计";
    let pages = ["/staff/queue".to_owned(), format!("/staff/applications/{number}")];
    let reviewer = server.signed_in("周明远").await;
    for page in &pages {
        reviewer.open(page).await.assert_shows(output);
    }
    let installation = installation(&server);
    installation.file("2027.json", Y2027);
    assert!(installation.run(&["import", "holidays", "2027.json"]).success);
    for page in &pages {
        reviewer.open(page).await.assert_lacks("按最晚计");
    }
    assert_eq!(due_on(&server, &number).await, Some(day("2027-01-07")), "what was told stays");
    let later = server.signed_in("张小三").await.file_for_number(&reissue()).await;
    assert_eq!(due_on(&server, &later).await, Some(day("2027-01-05")));
}

/// A running site uses an imported year without a restart.
#[tokio::test]
async fn import_extends_deadlines_and_never_shortens_them() {
    let server = server_at("2026-09-28 10:00:00").await;
    serve_violation_notice(&server, "2026-09-28").await;
    let candidate = server.signed_in("张小三").await;
    let (pleaded, returned) =
        (candidate.file_for_number(&violation()).await, candidate.file_for_number(&refund()).await);
    let reviewer = server.signed_in("周明远").await;
    reviewer
        .decide_application(&returned, "return", &[("mark:payment_proof", "照片不清晰，请重新上传")])
        .await;
    for number in [&pleaded, &returned] {
        assert_eq!(due_on(&server, number).await, Some(day("2026-10-10")));
    }
    let installation = installation(&server);
    let more = r#""days": [{"name": "国庆节", "date": "2026-10-08", "isOffDay": true},"#;
    installation.file("more.json", Y2026.replacen("\"days\": [", more, 1));
    let tried = installation.run(&["import", "holidays", "more.json", "--dry-run"]);
    assert!(
        tried.stdout.contains("holidays 2026: changed, 34 days off and 6 make-up workdays"),
        "{}",
        tried.stdout
    );
    assert!(
        tried.stdout.contains("2 open applications") && tried.stdout.contains("dry run"),
        "{}",
        tried.stdout
    );
    assert_eq!(due_on(&server, &pleaded).await, Some(day("2026-10-10")));

    assert!(installation.run(&["import", "holidays", "more.json"]).stdout.contains("2 open applications"));
    for number in [&pleaded, &returned] {
        assert_eq!(due_on(&server, number).await, Some(day("2026-10-12")), "Sunday the 11th is no workday");
    }
    candidate.open(&format!("/services/refund/{returned}")).await.assert_shows("请在 2026-10-12 前修改");

    installation.file("less.json", Y2026);
    let less = installation.run(&["import", "holidays", "less.json"]);
    assert!(
        less.stdout.contains("changed") && less.stdout.contains("0 open applications"),
        "{}",
        less.stdout
    );
    assert_eq!(due_on(&server, &pleaded).await, Some(day("2026-10-12")), "what was told stays");
}

/// The deadline shown when a notice was served remains. A notice served after the import follows the
/// new calendar.
#[tokio::test]
async fn import_shortens_no_time_to_appeal() {
    let server = server_at("2026-12-28 10:00:00").await;
    let list = async |served: &str| {
        serve_violation_notice(&server, served).await;
        server.signed_in("张小三").await.open("/services/violation").await
    };
    list("2026-12-28").await.assert_shows("2027-01-07 截止申诉");
    let installation = installation(&server);
    installation.file("2027.json", Y2027);
    assert!(installation.run(&["import", "holidays", "2027.json"]).success);
    import_on(&server, "2026-12-29").await;
    list("2026-12-28").await.assert_shows("2027-01-07 截止申诉");
    list("2026-12-30").await.assert_shows("2027-01-07 截止申诉");
    import_on(&server, "2026-12-01").await;
    list("2026-12-28").await.assert_shows("2027-01-05 截止申诉");
}

/// The command uses the machine's clock, so the server's clock is set by hand.
async fn import_on(server: &Server, day: &str) {
    let at = format!("{day}T04:00:00").parse::<Timestamp>().expect("a time");
    let change = server.parts.store.write::<_, Error, _>(move |tx| {
        diesel::update(holiday_years::table).set(holiday_years::imported_at.eq(at)).execute(tx.conn)?;
        Ok(())
    });
    change.await.expect("a time of import");
}

#[tokio::test]
async fn due_days_of_an_older_program_are_recalculated() {
    let server = server_at("2026-09-28 10:00:00").await;
    let number = server.signed_in("张小三").await.file_for_number(&refund()).await;
    set_due_on(&server, &number, day("2026-10-05")).await;
    let output = installation(&server).run(&["migrate"]).stdout;
    assert!(output.contains("1 open applications have a later due day"), "{output}");
    assert_eq!(due_on(&server, &number).await, Some(day("2026-10-10")));
    assert!(!installation(&server).run(&["migrate"]).stdout.contains("later due day"));
}

#[tokio::test]
async fn year_is_imported_once_and_only_if_complete() {
    let server = Server::start().await;
    let installation = installation(&server);
    installation.file("2027.json", Y2027);
    let import = |file: &str| installation.run(&["import", "holidays", file]);
    assert!(
        installation
            .run(&["import", "holidays", "2027.json", "--dry-run"])
            .stdout
            .contains("2027: new, 4 days")
    );
    assert!(import("2027.json").stdout.contains("holidays 2027: new, 4 days off and 0 make-up workdays"));
    assert!(import("2027.json").stdout.contains("unchanged"));
    let bad = [
        Y2027.replace("2027-01-02", "2027-01-01"),
        Y2027.replace("2027-01-02", "2028-01-02"),
        Y2027.replace("\"元旦\", \"date\": \"2027-01-02\"", "\"<script>\", \"date\": \"2027-01-02\""),
        r#"{"year": 2027, "papers": [], "days": []}"#.to_owned(),
        "姓名,证件号码\n".to_owned(),
        "x".repeat(2 << 20),
    ];
    for text in bad {
        installation.file("bad.json", &text);
        let said = import("bad.json");
        assert!(!said.success && said.stderr.contains("bad.json"), "{}{}", said.stdout, said.stderr);
    }
    let kept = server.parts.store.read::<_, Error, _>(|tx| {
        Ok(holiday_years::table.select((holiday_years::year, holiday_years::days)).load(tx.conn)?)
    });
    let kept: Vec<(i32, String)> = kept.await.expect("the years");
    assert_eq!(kept.len(), 1);
    assert!(kept[0].0 == 2027 && kept[0].1.matches("isOffDay").count() == 4, "{kept:?}");
}
