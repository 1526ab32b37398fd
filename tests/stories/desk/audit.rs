//! Every response that shows personal data leaves an audit entry.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kaozheng::casework::lifecycle::Status;
use kaozheng::people::staff::Role;
use kaozheng::store::Conn;
use kaozheng::store::schema::audit_entries::dsl as a;
use poem::http::StatusCode;

use super::authority::Authority;
use super::pages::text;
use crate::filing::{refund, start_demo};
use crate::server::Server;

impl Authority {
    /// Actions and targets of a staff member's audit entries.
    async fn audited_by(&self, staff: &str) -> Vec<(String, String)> {
        let staff = staff.to_owned();
        let rows = a::audit_entries.filter(a::staff_id.eq(staff)).order(a::id);
        self.write(move |tx| Ok(rows.select((a::action, a::target)).load(tx.conn)?)).await.expect("the audit")
    }
}

#[tokio::test]
async fn every_view_of_an_application_is_audited() {
    let authority = Authority::open().await;
    let taker = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.take_next(&taker).await;
    let case = format!("/staff/applications/{number}");
    let opened = ("open".to_owned(), number.to_string());
    let posts: &[(&str, &[(&str, &str)])] = &[
        ("decide", &[("version", "2")]),
        ("decide", &[("version", "2"), ("action", "approve")]),
        ("decide", &[("version", "1"), ("action", "approve")]),
        ("decide", &[("version", "2"), ("action", "approve"), ("confirmed", "yes")]),
        ("put-back", &[("version", "1")]),
    ];
    for (at, (step, form)) in posts.iter().enumerate() {
        let who = authority.reviewer(&format!("审核员{at}"), &format!("S00001{at:02}")).await;
        let page = text(authority.browser_of(&who).await.post(&format!("{case}/{step}"), form).await).await;
        assert!(page.contains("张小三"), "{step} {form:?} shows the case");
        assert!(authority.audited_by(&who.id).await.contains(&opened), "{step} {form:?}");
    }
    for (at, path) in ["", "/decide", "/put-back", "/hand-over", "/tasks/fulfil", "/done"].iter().enumerate()
    {
        let who = authority.reviewer(&format!("复核员{at}"), &format!("S00002{at:02}")).await;
        authority.browser_of(&who).await.get(&format!("{case}{path}")).await;
        assert!(authority.audited_by(&who.id).await.contains(&opened), "GET {path}");
    }
    assert_eq!(authority.application(&number).await.status, Status::InReview);
}

#[tokio::test]
async fn views_within_a_minute_share_an_entry() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let desk = authority.browser_of(&reviewer).await;
    let count =
        async || authority.audited_by(&reviewer.id).await.iter().filter(|(act, _)| act == "open").count();
    for _ in 0..3 {
        desk.get(&format!("/staff/applications/{number}")).await.assert_status_is_ok();
    }
    assert_eq!(count().await, 1);
    authority.clock.advance(chrono::TimeDelta::seconds(61));
    desk.get(&format!("/staff/applications/{number}")).await.assert_status_is_ok();
    assert_eq!(count().await, 2);
}

#[tokio::test]
async fn names_in_the_queue_and_beside_an_application_are_audited() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let first = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let second = authority.apply(&authority.candidate("李四", "E0000002").await).await;
    let (desk, colleague) =
        (authority.browser_of(&reviewer).await, authority.reviewer("赵审核", "S0000002").await);
    desk.get("/staff/queue").await.assert_status_is_ok();
    let listed = ("list".to_owned(), format!("{first} {second}"));
    assert_eq!(authority.audited_by(&reviewer.id).await, std::slice::from_ref(&listed));
    desk.get("/staff/queue?status=decided").await.assert_status_is_ok();
    assert_eq!(authority.audited_by(&reviewer.id).await.len(), 1, "an empty list shows nobody");
    let beside = authority.browser_of(&colleague).await.get(&format!("/staff/applications/{first}")).await;
    beside.assert_status_is_ok();
    assert!(authority.audited_by(&colleague.id).await.contains(&listed), "the short queue shows names too");
}

#[tokio::test]
async fn refused_view_is_audited() {
    let authority = Authority::open().await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let finance = authority.staff_member("钱财务", "S0000003", Role::Finance).await;
    let desk = authority.browser_of(&finance).await;
    let case = format!("/staff/applications/{number}");
    desk.get(&case).await.assert_status(StatusCode::FORBIDDEN);
    assert_eq!(authority.audited_by(&finance.id).await, [("refused".to_owned(), number.to_string())]);
    for step in ["take", "decide", "tasks/fulfil", "put-back", "hand-over"] {
        let refused = desk.post(&format!("{case}/{step}"), &[("version", "1")]).await.0.status();
        assert!(refused.is_client_error(), "{step}: {refused}");
    }
    let traces = authority.audited_by(&finance.id).await;
    assert!(traces.iter().all(|(action, _)| action == "refused"), "{traces:?}");
}

#[tokio::test]
async fn view_that_cannot_be_audited_is_not_shown() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let desk = authority.browser_of(&reviewer).await;
    authority
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

async fn audited_files(server: &Server) -> Vec<(Option<String>, String, String)> {
    let rows = a::audit_entries.filter(a::action.eq_any(["file", "refused"])).order(a::id);
    let rows = rows.select((a::staff_id, a::action, a::target));
    let read = server.parts.store.read::<_, kaozheng::store::Error, _>(move |tx| Ok(rows.load(tx.conn)?));
    read.await.expect("the audit")
}

#[tokio::test]
async fn opened_files_and_thumbnails_are_audited() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let page = candidate.open(&format!("/services/refund/{number}")).await;
    let id = page.between("href=\"/files/", "\"").to_owned();
    let path = format!("/files/{id}");
    assert_eq!(candidate.open(&path).await.status, 200);
    assert_eq!(audited_files(&server).await, [], "one's own file is nobody's look");

    let target = format!("{number}/{id}");
    assert_eq!(server.signed_in("周明远").await.open(&path).await.status, 200);
    let noted = audited_files(&server).await;
    assert_eq!((noted.len(), &*noted[0].1, &noted[0].2), (1, "file", &target));
    server.advance(120);
    server.signed_in("周明远").await.open(&format!("{path}?thumb=1")).await;
    assert_eq!(audited_files(&server).await.len(), 2);
    assert_eq!(server.signed_in("邮小川").await.open(&path).await.status, 404, "not a dispatcher's work");
    let noted = audited_files(&server).await;
    assert_eq!((noted.len(), &*noted[2].1, &noted[2].2), (3, "refused", &target));
}
