//! Every answer that shows a person's data leaves an entry in the audit.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kaozheng::casework::lifecycle::Status;
use kaozheng::people::staff::Role;
use kaozheng::store::Conn;
use kaozheng::store::schema::audit_entries::dsl as a;
use poem::http::StatusCode;

use super::http::text;
use super::office::Office;
use crate::filing::{authority, refund};
use crate::server::Server;

impl Office {
    /// Actions and targets of one member of staff.
    async fn traces_of(&self, staff: &str) -> Vec<(String, String)> {
        let staff = staff.to_owned();
        let rows = a::audit_entries.filter(a::staff_id.eq(staff)).order(a::id);
        self.write(move |tx| Ok(rows.select((a::action, a::target)).load(tx.conn)?)).await.expect("the audit")
    }
}

#[tokio::test]
async fn whatever_shows_a_case_notes_who_looked() {
    let office = Office::open().await;
    let taker = office.reviewer("王审核", "S0000001").await;
    let number = office.applies(&office.candidate("张小三", "E0000001").await).await;
    office.takes_next(&taker).await;
    let case = format!("/staff/applications/{number}");
    let opened = ("open".to_owned(), number.clone());
    let posts: &[(&str, &[(&str, &str)])] = &[
        ("decide", &[("version", "2")]),
        ("decide", &[("version", "2"), ("action", "approve")]),
        ("decide", &[("version", "1"), ("action", "approve")]),
        ("decide", &[("version", "2"), ("action", "approve"), ("confirmed", "yes")]),
        ("put-back", &[("version", "1")]),
    ];
    for (at, (step, form)) in posts.iter().enumerate() {
        let who = office.reviewer(&format!("审核员{at}"), &format!("S00001{at:02}")).await;
        let page = text(office.desk_of(&who).await.post(&format!("{case}/{step}"), form).await).await;
        assert!(page.contains("张小三"), "{step} {form:?} shows the case");
        assert!(office.traces_of(&who.id).await.contains(&opened), "{step} {form:?}");
    }
    for (at, path) in ["", "/decide", "/put-back", "/hand-over", "/tasks/fulfil", "/done"].iter().enumerate()
    {
        let who = office.reviewer(&format!("复核员{at}"), &format!("S00002{at:02}")).await;
        office.desk_of(&who).await.get(&format!("{case}{path}")).await;
        assert!(office.traces_of(&who.id).await.contains(&opened), "GET {path}");
    }
    assert_eq!(office.application(&number).await.status, Status::InReview);
}

#[tokio::test]
async fn looks_within_a_minute_share_an_entry() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let number = office.applies(&office.candidate("张小三", "E0000001").await).await;
    let desk = office.desk_of(&reviewer).await;
    let count = async || office.traces_of(&reviewer.id).await.iter().filter(|(act, _)| act == "open").count();
    for _ in 0..3 {
        desk.get(&format!("/staff/applications/{number}")).await.assert_status_is_ok();
    }
    assert_eq!(count().await, 1);
    office.clock.advance(chrono::TimeDelta::seconds(61));
    desk.get(&format!("/staff/applications/{number}")).await.assert_status_is_ok();
    assert_eq!(count().await, 2);
}

#[tokio::test]
async fn names_in_the_queue_and_beside_a_case_are_noted() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let first = office.applies(&office.candidate("张小三", "E0000001").await).await;
    let second = office.applies(&office.candidate("李四", "E0000002").await).await;
    let (desk, colleague) = (office.desk_of(&reviewer).await, office.reviewer("赵审核", "S0000002").await);
    desk.get("/staff/queue").await.assert_status_is_ok();
    let listed = ("list".to_owned(), format!("{first} {second}"));
    assert_eq!(office.traces_of(&reviewer.id).await, std::slice::from_ref(&listed));
    desk.get("/staff/queue?status=decided").await.assert_status_is_ok();
    assert_eq!(office.traces_of(&reviewer.id).await.len(), 1, "an empty list shows nobody");
    let beside = office.desk_of(&colleague).await.get(&format!("/staff/applications/{first}")).await;
    beside.assert_status_is_ok();
    assert!(office.traces_of(&colleague.id).await.contains(&listed), "the short queue shows names too");
}

#[tokio::test]
async fn who_tries_a_case_without_the_role_is_noted() {
    let office = Office::open().await;
    let number = office.applies(&office.candidate("张小三", "E0000001").await).await;
    let finance = office.member("钱财务", "S0000003", Role::Finance).await;
    let desk = office.desk_of(&finance).await;
    let case = format!("/staff/applications/{number}");
    desk.get(&case).await.assert_status(StatusCode::FORBIDDEN);
    assert_eq!(office.traces_of(&finance.id).await, [("refused".to_owned(), number.clone())]);
    for step in ["take", "decide", "tasks/fulfil", "put-back", "hand-over"] {
        let refused = desk.post(&format!("{case}/{step}"), &[("version", "1")]).await.0.status();
        assert!(refused.is_client_error(), "{step}: {refused}");
    }
    let traces = office.traces_of(&finance.id).await;
    assert!(traces.iter().all(|(action, _)| action == "refused"), "{traces:?}");
}

#[tokio::test]
async fn what_cannot_be_noted_is_not_shown() {
    let office = Office::open().await;
    let reviewer = office.reviewer("王审核", "S0000001").await;
    let number = office.applies(&office.candidate("张小三", "E0000001").await).await;
    let desk = office.desk_of(&reviewer).await;
    office
        .write(|tx| {
            let gone = "ALTER TABLE audit_entries RENAME TO audit_entries_gone";
            match tx.conn {
                Conn::Sqlite(conn) => conn.batch_execute(gone)?,
                Conn::Postgres(conn) => conn.batch_execute(gone)?,
            }
            Ok(())
        })
        .await
        .expect("no audit any more");
    for path in [format!("/staff/applications/{number}"), "/staff/queue".to_owned()] {
        let refused = desk.get(&path).await;
        refused.assert_status(StatusCode::SERVICE_UNAVAILABLE);
        let page = text(refused).await;
        assert!(page.contains("查看记录没有写成功") && !page.contains("张"), "{path}: {page}");
    }
}

async fn files_noted(server: &Server) -> Vec<(Option<String>, String, String)> {
    let rows = a::audit_entries.filter(a::action.eq_any(["file", "refused"])).order(a::id);
    let rows = rows.select((a::staff_id, a::action, a::target));
    let read = server.parts.store.read::<_, kaozheng::store::Error, _>(move |tx| Ok(rows.load(tx.conn)?));
    read.await.expect("the audit")
}

#[tokio::test]
async fn files_and_thumbnails_that_staff_open_are_noted() {
    let server = authority().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.filed(&refund()).await;
    let page = candidate.open(&format!("/services/refund/{number}")).await;
    let id = page.between("href=\"/files/", "\"").to_owned();
    let path = format!("/files/{id}");
    assert_eq!(candidate.open(&path).await.status, 200);
    assert_eq!(files_noted(&server).await, [], "one's own file is nobody's look");

    let target = format!("{number}/{id}");
    assert_eq!(server.signed_in("周明远").await.open(&path).await.status, 200);
    let noted = files_noted(&server).await;
    assert_eq!((noted.len(), &*noted[0].1, &noted[0].2), (1, "file", &target));
    server.advance(120);
    server.signed_in("周明远").await.open(&format!("{path}?thumb=1")).await;
    assert_eq!(files_noted(&server).await.len(), 2);
    assert_eq!(server.signed_in("邮小川").await.open(&path).await.status, 404, "not a dispatcher's work");
    let noted = files_noted(&server).await;
    assert_eq!((noted.len(), &*noted[2].1, &noted[2].2), (3, "refused", &target));
}
