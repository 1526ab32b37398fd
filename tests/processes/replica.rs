//! 证书查询 on a streaming replica of PostgreSQL.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use kaozheng::demo::sandbox::people::PEOPLE;
use kaozheng::exams::certificate::Annulment;
use kaozheng::exams::held;
use kaozheng::settings::ReplicaSettings;
use kaozheng::store::{Clock, Conn, Error};

use crate::postgres::Postgres;
use crate::server::{Answer, PHONE, Server};

const BOUND: Duration = Duration::from_secs(3);
const HOLDER: &str = "欧阳嘉敏";
const CERTIFICATE: &str = "certificate-36";
const NUMBER: &str = "CX06202600036";

struct Site {
    primary: Postgres,
    replica: Postgres,
    server: Server,
}

impl Site {
    async fn start() -> Site {
        let primary = Postgres::start();
        let replica = primary.replica();
        let url = |server: &Postgres| server.url("127.0.0.1", server.port, "");
        let server = Server::start_with(Clock::system(), |settings| {
            settings.database_url = url(&primary);
            settings.replica = Some(ReplicaSettings { url: url(&replica), bound: BOUND });
        });
        let server = server.await;
        server.load_demo().await;
        let parts = server.parts.clone();
        tokio::spawn(async move {
            loop {
                // It fails while the primary is away.
                let _ = parts.lookup.exchange(&parts.store).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Site { primary, replica, server }
    }

    /// Whether public pages see the certificate as annulled.
    async fn is_annulled(&self) -> bool {
        let seen = self.server.parts.store.read_public(|tx| held::by_id(tx, CERTIFICATE)).await;
        seen.expect("an answer").expect("a certificate").annulment().is_some()
    }

    /// The page of 证书查询.
    async fn look_up(&self) -> Answer {
        let person = PEOPLE.iter().find(|person| person.name == HOLDER).expect("a person");
        let form = [("name", person.name), ("document", person.document_number), ("number", NUMBER)];
        self.server.visitor(PHONE).submit("/lookup/06", &form).await
    }

    async fn annul(&self, decision: Option<&'static str>) {
        let annul = move |tx: &mut kaozheng::store::Tx| {
            let on = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
            held::annul(tx, CERTIFICATE, decision.map(|decision| Annulment { on, decision }))
        };
        self.server.parts.store.write::<_, Error, _>(annul).await.expect("a decision");
    }

    /// Stops or continues what the replica gets from the primary.
    fn replay(&self, function: &str) {
        let mut conn =
            Conn::establish(&self.replica.url("127.0.0.1", self.replica.port, "")).expect("a connection");
        conn.batch_execute(&format!("SELECT {function}()")).expect("an answer");
    }

    async fn wait_until_annulled(&self, expected: bool, within: Duration) {
        let begun = Instant::now();
        while self.is_annulled().await != expected {
            assert!(begun.elapsed() < within, "not after {:?}", begun.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn annulled_certificate_is_not_valid_longer_than_the_bound() {
    let site = Site::start().await;
    // The replica answers as soon as it has a beat. Until then, and whenever it does not answer, the primary does.
    let mut answered_by_replica = false;
    for _ in 0..10 {
        site.replay("pg_wal_replay_pause");
        site.annul(Some("示人社撤〔2026〕1号")).await;
        let annulled = Instant::now();
        while !site.is_annulled().await {
            answered_by_replica = true;
            // What was asked before the bound may be answered a moment after it.
            assert!(annulled.elapsed() < BOUND, "valid {:?} after the decision", annulled.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(site.look_up().await.body.contains("已撤销"), "the primary goes on answering");
        site.replay("pg_wal_replay_resume");
        site.annul(None).await;
        site.wait_until_annulled(false, Duration::from_secs(20)).await;
        if answered_by_replica {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(answered_by_replica, "the replica was never asked");

    site.replica.down();
    site.annul(Some("示人社撤〔2026〕1号")).await;
    let asked = Instant::now();
    assert!(site.look_up().await.body.contains("已撤销"), "the primary answers while the replica is down");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    site.replica.up(&[]);
    site.annul(None).await;
    site.wait_until_annulled(false, Duration::from_secs(20)).await;
    drop(site.primary);
}
