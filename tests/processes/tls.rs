//! TLS to PostgreSQL: which server certificates are accepted.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use kaozheng::store::{Clock, Error, Ids, Store, Vault};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

use crate::postgres::{PASSWORD, Postgres};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("an authority")
}

/// Restarts `server` with a certificate for `names` that expires in the year `until`.
fn certify(server: &Postgres, authority: &Authority, names: &[&str], until: i32) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("parameters");
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    let certificate = server.put("server.pem", &certificate.pem());
    let key = server.put("server.key", &key.serialize_pem());
    server.down();
    server.up(&["ssl=on", &format!("ssl_cert_file={certificate}"), &format!("ssl_key_file={key}")]);
}

async fn open(server: &Postgres, host: &str, query: &str) -> Result<Store, Error> {
    let url = server.url(host, server.port, query);
    Store::open(&url, Vault::from_key(&[7; 32]), Clock::system(), Ids::random()).await
}

/// Whether the connection is encrypted according to the server, or the reason of its failure.
async fn encrypted(store: &Store) -> Result<bool, String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        ssl: bool,
    }
    let asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let asked =
        store.read(move |tx| Ok::<_, Error>(diesel::sql_query(asked).get_result::<Row>(tx.conn)?.ssl));
    asked.await.map_err(|error| error.to_string())
}

async fn encrypted_connection(server: &Postgres, host: &str, query: &str) -> Result<bool, String> {
    // One query comes first, because an unreachable server is waited for.
    let store = open(server, host, query).await.map_err(|error| error.to_string())?;
    store.is_ready().await.map_err(|error| error.to_string())?;
    encrypted(&store).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_verified_server_is_accepted() {
    let (server, ours, other) = (Postgres::start(), authority("ours"), authority("another"));
    let (root, wrong) = (server.put("root.pem", &ours.pem()), server.put("other.pem", &other.pem()));
    let full = format!("sslmode=verify-full&sslrootcert={root}");
    let ca = format!("sslmode=verify-ca&sslrootcert={root}");

    certify(&server, &ours, &["localhost", "127.0.0.1"], 2100);
    for (host, query) in [
        ("localhost", &*full),
        ("127.0.0.1", &full),
        ("localhost", "sslmode=require"),
        ("localhost", "sslmode=prefer"),
    ] {
        assert_eq!(encrypted_connection(&server, host, query).await, Ok(true), "{query}");
    }
    assert_eq!(encrypted_connection(&server, "localhost", "sslmode=disable").await, Ok(false));
    for mode in ["require", "verify-ca", "verify-full"] {
        let query = format!("sslmode={mode}&sslrootcert={wrong}");
        let why = encrypted_connection(&server, "localhost", &query).await.expect_err("another authority");
        assert!(why.contains("UnknownIssuer") && !why.contains(PASSWORD), "{mode}: {why}");
    }

    certify(&server, &ours, &["db.example.gov.cn"], 2100);
    let why = encrypted_connection(&server, "localhost", &full).await.expect_err("another name");
    assert!(why.contains("not valid for name"), "{why}");
    assert_eq!(encrypted_connection(&server, "localhost", &ca).await, Ok(true));

    certify(&server, &ours, &["localhost"], 2020);
    for query in [&ca, &full] {
        let why = encrypted_connection(&server, "localhost", query)
            .await
            .expect_err("a certificate that has ended");
        assert!(why.contains("expired"), "{why}");
    }

    server.down();
    server.up(&[]);
    for query in ["sslmode=require", &ca, &full] {
        let why = encrypted_connection(&server, "localhost", query).await.expect_err("a server without TLS");
        assert!(why.contains("the server offers no TLS"), "{why}");
    }
    assert_eq!(encrypted_connection(&server, "localhost", "sslmode=prefer").await, Ok(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_is_found_again_over_tls() {
    let (server, ours) = (Postgres::start(), authority("ours"));
    let root = server.put("root.pem", &ours.pem());
    certify(&server, &ours, &["localhost"], 2100);
    let store = open(&server, "localhost", &format!("sslmode=verify-full&sslrootcert={root}"))
        .await
        .expect("a store");
    store.migrate().await.expect("migrations");
    assert_eq!(encrypted(&store).await, Ok(true));
    tokio::task::block_in_place(|| server.restart());
    assert_eq!(encrypted(&store).await, Ok(true));
    tokio::task::block_in_place(|| server.down());
    let why = encrypted(&store).await.expect_err("no server");
    assert!(why.contains(&format!("localhost port {}", server.port)) && why.contains("refused"), "{why}");
}

#[tokio::test]
async fn settings_that_cannot_be_verified_stop_the_start() {
    let server = Postgres::start();
    for (query, word) in [
        ("sslmode=verify-fully", "verify-fully"),
        ("sslmode=verify-full&sslrootcert=/nowhere/root.pem", "/nowhere/root.pem"),
        ("sslmode=verify-full&sslrootcert=/dev/null", "no certificate"),
        ("sslmode=require&sslcert=/me.pem", "sslcert"),
    ] {
        let why = open(&server, "localhost", query).await.err().expect("an error").to_string();
        assert!(why.contains(word) && why.contains("DATABASE_URL") && !why.contains(PASSWORD), "{why}");
    }
}
