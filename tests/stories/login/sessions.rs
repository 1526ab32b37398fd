//! SharedResponses when a session's row cannot be saved, and expired sessions.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kaozheng::store::schema::sessions::dsl as s;
use kaozheng::store::{Conn, Error};

use super::{LoginScreen, now, scanned};
use crate::filing::{refund, start_demo};
use crate::server::{Answer, DESKTOP, PHONE, Server};

/// Runs a statement on the writer, in SQLite's or PostgreSQL's dialect.
async fn run(server: &Server, sqlite: String, postgres: String) {
    let ran = server.parts.store.write(move |tx| {
        match tx.conn {
            Conn::Sqlite(conn) => conn.batch_execute(&sqlite),
            Conn::Postgres(conn) => conn.batch_execute(&postgres),
        }?;
        Ok::<_, Error>(())
    });
    ran.await.expect("the statements");
}

/// Makes `INSERT`, `UPDATE` or `DELETE` fail on the sessions table.
async fn make_fail(server: &Server, action: &str) {
    let sqlite = format!(
        "CREATE TRIGGER no_{action} BEFORE {action} ON sessions BEGIN SELECT RAISE(FAIL, 'disk full'); END"
    );
    let postgres = format!(
        "CREATE FUNCTION fail_{action}() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'disk full'; END $$; \
         CREATE TRIGGER no_{action} BEFORE {action} ON sessions FOR EACH ROW EXECUTE FUNCTION fail_{action}()"
    );
    run(server, sqlite, postgres).await;
}

async fn undo_make_fail(server: &Server, action: &str) {
    let postgres = format!("DROP TRIGGER no_{action} ON sessions; DROP FUNCTION fail_{action}");
    run(server, format!("DROP TRIGGER no_{action}"), postgres).await;
}

#[tokio::test]
async fn completed_request_is_reported_when_the_session_cannot_be_saved() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    make_fail(&server, "UPDATE").await;
    server.advance(120);
    let number = candidate.file_for_number(&refund()).await;
    assert_eq!(candidate.open(&format!("/services/refund/{number}")).await.status, 200);
    undo_make_fail(&server, "UPDATE").await;
    server.advance(120);
    assert!(candidate.is_signed_in().await);
}

/// The row, or SQLite's only writer, is locked for longer than a request waits.
#[tokio::test]
async fn busy_database_does_not_delay_reads() {
    let server = Server::start().await;
    let candidate = server.signed_in("张小三").await;
    server.advance(120);
    let url = &server.parts.settings.database_url;
    let mut other = match url.strip_prefix("sqlite:") {
        Some(path) => Conn::Sqlite(diesel::Connection::establish(path).expect("a connection")),
        None => Conn::Postgres(diesel::Connection::establish(url).expect("a connection")),
    };
    let hold = match &other {
        Conn::Sqlite(_) => "BEGIN IMMEDIATE",
        Conn::Postgres(_) => "BEGIN; LOCK TABLE sessions IN EXCLUSIVE MODE",
    };
    other.batch_execute(hold).expect("a lock");
    let began = std::time::Instant::now();
    let page = candidate.open("/services").await;
    assert_eq!(page.status, 200);
    assert!(began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
    other.batch_execute("ROLLBACK").expect("the end of the lock");
    assert!(candidate.is_signed_in().await);
}

/// SQLite only: the database is read-only.
#[tokio::test]
async fn signed_in_candidate_reads_from_a_read_only_database() {
    let server = Server::start().await;
    let candidate = server.signed_in("张小三").await;
    if server.parts.settings.database_url.starts_with("postgres") {
        return;
    }
    run(&server, "PRAGMA query_only = ON".into(), String::new()).await;
    server.advance(120);
    for path in ["/", "/me", "/services", "/progress", "/me/devices"] {
        let page = candidate.open(path).await;
        assert!(page.status == 200 && !page.body.contains("考生登录"), "{path}: {}", page.body);
    }
    server.advance(31 * 60);
    assert_eq!(candidate.step("/me").await.status, 303, "an idle session expires");
}

fn says_session_not_ended(answer: &Answer) -> bool {
    answer.status == 503 && answer.body.contains("没有退出登录") && answer.body.contains("仍处于登录状态")
}

#[tokio::test]
async fn failed_sign_out_is_reported() {
    let server = Server::start().await;
    let phone = server.signed_in("张小三").await;
    let cookie = phone.cookie();
    make_fail(&server, "DELETE").await;
    let output = phone.submit_step("/logout", &[]).await;
    assert!(says_session_not_ended(&output), "{} {}", output.status, output.body);
    undo_make_fail(&server, "DELETE").await;
    assert_eq!(phone.submit_step("/logout", &[]).await.location, "/");
    let thief = server.visitor(DESKTOP);
    thief.plant(&cookie);
    assert!(!thief.is_signed_in().await && !phone.is_signed_in().await);
}

#[tokio::test]
async fn failed_sign_in_is_explained_when_the_session_cannot_be_saved() {
    let server = Server::start().await;
    let (screen, confirms, _) = scanned(&server).await;
    let number = screen.number().await;
    confirms.submit(&screen.path("number"), &[("number", &number)]).await;
    let phone = server.visitor(PHONE);
    let portal = phone.open("/login/portal").await;
    make_fail(&server, "INSERT").await;
    let output = phone.choose_person(&portal, "陳大文").await;
    assert!(output.status == 503 && output.body.contains("系统正忙"), "{} {}", output.status, output.body);
    let output = screen.reload().await;
    assert!(output.status == 503 && output.body.contains("系统正忙"), "{} {}", output.status, output.body);
    undo_make_fail(&server, "INSERT").await;
    assert!(!phone.is_signed_in().await && !screen.browser.is_signed_in().await);
    assert_eq!(screen.reload().await.location, "/services", "the approval is not lost");
    assert!(screen.browser.is_signed_in().await);
}

/// Waits until the last use of each session is stored, and until expired ones are removed.
pub async fn sessions_are_noted(server: &Server) {
    loop {
        let unnoted = server.parts.store.read(|tx| {
            let stale = s::used_at.lt(tx.now).or(s::expires_at.le(tx.now));
            Ok::<_, Error>(s::sessions.filter(stale).count().get_result::<i64>(tx.conn)?)
        });
        if unnoted.await.expect("the sessions") == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// The machine's clock is set back after a session was found expired.
#[tokio::test]
async fn expired_session_stays_expired_when_the_clock_is_set_back() {
    let server = Server::start().await;
    // Expired by inactivity, by age, and as found by the sweep alone.
    for (minutes, steps, sweep) in [(31, 1, false), (29, 25, false), (31, 1, true)] {
        let (phone, began) = (server.signed_in("张小三").await, now(&server));
        for _ in 1..steps {
            server.advance(minutes * 60);
            assert!(phone.is_signed_in().await || now(&server) - began >= chrono::Duration::hours(12));
            sessions_are_noted(&server).await;
        }
        server.advance(minutes * 60);
        match sweep {
            true => assert!(server.parts.sessions().sweep().await.expect("a sweep") > 0),
            false => {
                assert!(!phone.is_signed_in().await);
                sessions_are_noted(&server).await;
            }
        }
        let back = began - now(&server);
        server.advance(back.num_seconds());
        assert!(!phone.is_signed_in().await, "{minutes} minutes, {steps} times");
    }
}

#[tokio::test]
async fn expired_code_stays_expired_when_the_clock_is_set_back() {
    let server = Server::start().await;
    let (waited, phone) = (LoginScreen::open(&server, "/login").await, server.signed_in("张小三").await);
    let code = waited.code(&server);
    let (confirmed, confirms, _) = scanned(&server).await;
    let number = confirmed.number().await;
    server.advance(180);
    assert!(waited.wait("waiting-0").await.body.contains("二维码已过期"));
    assert!(confirms.open(&confirmed.confirm()).await.body.contains("二维码已过期"));
    server.advance(-180);
    assert_eq!(phone.step(&code).await.status, 410);
    confirms.submit(&confirmed.path("number"), &[("number", &number)]).await;
    for screen in [&waited, &confirmed] {
        assert!(screen.reload().await.body.contains("二维码已过期"));
        assert!(!screen.browser.is_signed_in().await);
    }
}
