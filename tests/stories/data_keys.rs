//! `kaozheng keys rotate`: the data key is replaced while people use the site.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use diesel::prelude::*;
use kaozheng::demo::data::{ORGANISATION_KEY, load_demo};
use kaozheng::demo::sandbox::people::PEOPLE;
use kaozheng::exams::certificate::person_hashes;
use kaozheng::files::storage;
use kaozheng::lookup::finding::{self, Finding};
use kaozheng::store::hash_columns::{self, HASH_COLUMNS};
use kaozheng::store::schema::{candidates, data_keys as keys};
use kaozheng::store::sealed_columns::{SEALED_COLUMNS, SealedValue};
use kaozheng::store::vault::generation_of;
use kaozheng::store::{Clock, Error, Ids, Store, Tx, Vault, data_keys};
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::timeout;

use crate::backups::Site;
use crate::commands::{migrate, text};
use crate::database::{KEY, database};
use crate::s3::files_below;
use crate::server::{PHONE, Server, Visitor};

const NEW: &str = "0808080808080808080808080808080808080808080808080808080808080808";
/// For the national algorithms.
const NATIONAL: &str = "sm4:0909090909090909090909090909090909090909090909090909090909090909";

const LINKS: &str = "/certificates/certificate-00/links";
/// Number of 张小三's certificate of 二级建造师.
const PRINT: &str = "SF02000000";

/// The demo's site, whose processes have both keys.
async fn site() -> (Server, Site) {
    let server = Server::start_with_keys(vault(&[KEY, NEW]), Clock::system(), |_| {}).await;
    server.load_demo().await;
    server.load_applications().await;
    let site = Site {
        url: server.parts.settings.database_url.clone(),
        files: server.folder().to_owned(),
        key: format!("{KEY},{NEW}"),
        bucket: None,
    };
    (server, site)
}

fn vault(keys: &[&str]) -> Vault {
    Vault::parse(&keys.join(",")).expect("keys")
}

fn rotate(site: &Site) -> Output {
    site.command("keys").arg("rotate").output().expect("an end")
}

fn rotate_successfully(site: &Site) -> String {
    let output = rotate(site);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The same site, for commands and processes with other keys.
fn with_keys(site: &Site, keys: &[&str]) -> Site {
    Site { url: site.url.clone(), files: site.files.clone(), key: keys.join(","), bucket: None }
}

/// Looks up 张小三's certificate, without the limits of the page.
async fn is_found(server: &Server) -> bool {
    let person = PEOPLE.iter().find(|person| person.name == "张小三").expect("a person");
    let find = |tx: &mut Tx| {
        let hashes = person_hashes(tx.vault, person.name, person.document_number, tx.today());
        finding::find(tx, "02", hashes, PRINT)
    };
    let found = server.parts.store.read_public(find).await.expect("an answer");
    matches!(found, Some((_, Finding::Found(_))))
}

async fn read<T: Send + 'static>(
    server: &Server,
    query: impl Fn(&mut Tx) -> Result<T, Error> + Clone + Send + 'static,
) -> T {
    server.parts.store.read::<_, Error, _>(move |tx| query(tx)).await.expect("an answer")
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

/// Every stored hash.
async fn hashes(server: &Server) -> Vec<String> {
    read(server, |tx| {
        let mut all = Vec::new();
        for column in HASH_COLUMNS {
            let (table, name) = (column.table, column.column);
            // Other values of this table are no hashes.
            let only = if table == "former_values" { "field = 'person_hash' AND " } else { "" };
            let query = format!("SELECT {name} AS value FROM {table} WHERE {only}{name} <> ''");
            let rows: Vec<Stored> = kaozheng::either!(tx.conn, conn => diesel::sql_query(&query).load(conn))?;
            all.extend(rows.into_iter().map(|row| row.value));
        }
        Ok(all)
    })
    .await
}

/// Every sealed value.
async fn sealed(server: &Server) -> Vec<String> {
    read(server, |tx| {
        let mut all = Vec::new();
        for column in SEALED_COLUMNS {
            all.extend(column.page(tx, &SealedValue::default(), 10_000)?.into_iter().map(|row| row.sealed));
        }
        Ok(all)
    })
    .await
}

async fn people(server: &Server) -> i64 {
    read(server, |tx| Ok(candidates::table.count().get_result(tx.conn)?)).await
}

/// What people do with hashes: they sign in, open their certificates and a link, and look up a certificate with a name
/// and as an organisation.
async fn assert_everybody_is_found(server: &Server, link: &str) {
    let before = people(server).await;
    for name in ["张小三", "欧阳嘉敏"] {
        let person = server.signed_in(name).await;
        person.open("/certificates").await.assert_shows("二级建造师");
        person.open("/applications").await;
    }
    assert_eq!(people(server).await, before, "nobody became a second person");
    assert!(is_found(server).await);
    let employer = server.visitor(PHONE);
    assert_eq!(employer.step(link).await.status, 200, "the link");
    assert_organisation_is_known(server).await;
    let reviewer = server.signed_in("周明远").await;
    let found = reviewer.submit("/staff/search", &[("words", "张小三"), ("action", "search")]).await;
    found.assert_shows("张*三");
}

async fn assert_organisation_is_known(server: &Server) {
    let request = reqwest::Client::new().post(format!("{}/api/v1/verifications", server.base));
    let body = serde_json::json!({ "items": [] });
    let answer = request.bearer_auth(ORGANISATION_KEY).json(&body).send().await.expect("an answer");
    assert_ne!(answer.status(), 401, "the organisation's key");
}

async fn make_link(candidate: &Visitor) -> String {
    let page = candidate.submit(LINKS, &[("days", "7")]).await;
    let path = page.between("href=\"/v/", "\"");
    format!("/v/{path}")
}

#[tokio::test(flavor = "multi_thread")]
async fn data_key_is_replaced_while_people_use_the_site() {
    let (server, site) = site().await;
    let link = make_link(&server.signed_in("张小三").await).await;
    let before = people(&server).await;
    assert!(hashes(&server).await.iter().all(|hash| generation_of(hash) == 1));

    let (rotating, turned) = (with_keys(&site, &[KEY, NEW]), with_keys(&site, &[NEW]));
    let command = spawn_blocking(move || rotate_successfully(&rotating));
    let mut lookups = 0;
    while !command.is_finished() || lookups < 20 {
        assert!(is_found(&server).await, "lookup {lookups}");
        lookups += 1;
        if lookups % 5 == 0 {
            server.signed_in("石卫国").await.open("/certificates").await;
        }
    }
    let printed = command.await.expect("an end");
    assert!(printed.contains("Data key 2 (AES-256-GCM, HMAC-SHA256) seals from now on"), "{printed}");
    assert!(printed.contains("Done."), "{printed}");

    let hashes = hashes(&server).await;
    assert!(hashes.len() > 100 && hashes.iter().all(|hash| generation_of(hash) == 2));
    let sealed = sealed(&server).await;
    assert!(sealed.len() > 100 && sealed.iter().all(|value| value.starts_with("v2:")));
    let files = files_below(&server.folder().join("uploads"));
    let seals: Vec<u8> = files.iter().map(|file| std::fs::read(file).expect("a file")[0]).collect();
    assert!(seals.len() > 3 && seals.iter().all(|generation| *generation == 2), "{seals:?}");
    assert!(people(&server).await <= before + 1, "石卫国 signed in once for the first time");

    assert_everybody_is_found(&server, &link).await;
    turned.assert_whole();
    let audit = turned.command("audit").arg("verify").output().expect("an end");
    assert!(audit.status.success(), "{}", text(&audit.stdout));
    assert!(refused(&with_keys(&site, &[KEY]), "verify-store").contains("one that it needs is missing"));
    assert!(refused_rotation(&turned).contains("has no new key"));

    // What a process sealed with the old key and stored after the turn.
    let (late, now) = (vault(&[KEY]), server.parts.store.clock.now());
    let key = storage::key(&Ids::seeded(1).next(now), now);
    let sealed = late.seal_bytes(&format!("file {key}"), b"late".to_vec());
    let path = server.folder().join(&key);
    std::fs::create_dir_all(path.parent().expect("a day")).expect("a folder");
    std::fs::write(&path, sealed).expect("a file");
    std::fs::write(&files[0], b"damaged").expect("a file");
    std::fs::write(&files[1], b"").expect("a file");
    let printed = rotate_successfully(&site);
    assert!(printed.contains("0 values and 2 files are damaged"), "{printed}");
    assert_eq!(std::fs::read(&path).expect("a file")[0], 2);
}

fn refused(site: &Site, command: &str) -> String {
    let output = site.command(command).output().expect("an end");
    assert!(!output.status.success());
    text(&output.stderr)
}

fn refused_rotation(site: &Site) -> String {
    let output = rotate(site);
    assert!(!output.status.success());
    text(&output.stderr)
}

/// Begins to turn and replaces the hashes up to `end`.
async fn turn_to(server: &Server, end: &'static str) {
    let store = &server.parts.store;
    store.write(data_keys::prepare).await.expect("an announced key");
    store.write(data_keys::begin).await.expect("a begun turn");
    let step = |tx: &mut Tx| data_keys::step(tx, 2, Some(end), |tx| hash_columns::replace(tx, "", Some(end)));
    store.write(step).await.expect("a step");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_found_while_half_of_the_hashes_are_replaced() {
    let (server, site) = site().await;
    let link = make_link(&server.signed_in("张小三").await).await;
    turn_to(&server, "W").await;
    let hashes = hashes(&server).await;
    let replaced = hashes.iter().filter(|hash| generation_of(hash) == 2).count();
    assert!(replaced > 20 && hashes.len() - replaced > 20, "{replaced} of {}", hashes.len());
    assert_everybody_is_found(&server, &link).await;
    // Somebody new, records that are imported again, and a correction.
    server.signed_in("石卫国").await;
    assert_import_changes_nothing(&site).await;

    rotate_successfully(&site);
    assert_everybody_is_found(&server, &link).await;
    with_keys(&site, &[NEW]).assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn turn_that_is_killed_is_continued() {
    let (server, site) = site().await;
    let link = make_link(&server.signed_in("张小三").await).await;
    let mut command = site.command("keys");
    let mut child = command.arg("rotate").stdout(Stdio::piped()).spawn().expect("a command");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let first = lines.next().expect("a line").expect("text");
    assert!(first.contains("seals from now on"), "{first}");
    child.kill().expect("an end");
    child.wait().expect("an end");
    assert_everybody_is_found(&server, &link).await;
    rotate_successfully(&site);
    assert_everybody_is_found(&server, &link).await;
    with_keys(&site, &[NEW]).assert_whole();
}

/// Exports the certificates and imports them again.
async fn assert_import_changes_nothing(site: &Site) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("certificates.csv");
    export(site, &file);
    let import = site.command("import").args(["certificates"]).arg(&file).output().expect("an end");
    let printed = text(&import.stdout);
    assert!(import.status.success() && printed.contains("0 new, 0 changed"), "{printed}");
}

fn export(site: &Site, file: &Path) {
    let export =
        site.command("export").arg("certificates").arg("--output").arg(file).output().expect("an end");
    assert!(export.status.success(), "{}", text(&export.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_before_are_imported_after_the_key_was_replaced() {
    let (_server, site) = site().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("certificates.csv");
    export(&site, &file);
    rotate_successfully(&site);
    let import = with_keys(&site, &[NEW]).command("import").arg("certificates").arg(&file).output();
    let printed = text(&import.expect("an end").stdout);
    assert!(printed.contains("0 new, 0 changed"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn second_replacement_turns_to_the_national_algorithms() {
    let (database, folder) = (database(), tempfile::tempdir().expect("a folder"));
    let site = Site {
        url: database.url.clone(),
        files: folder.path().to_owned(),
        key: format!("{KEY},{NEW}"),
        bucket: None,
    };
    migrate(&site.url);
    let store = Store::open(&site.url, vault(&[KEY, NEW]), Clock::system(), Ids::random());
    let store = store.await.expect("a store").attach(&kaozheng::business::ALL);
    load_demo(&store).await.expect("the demo's data");
    rotate_successfully(&site);
    drop(store);
    let national = with_keys(&site, &[NEW, NATIONAL]);
    // The connections of the dropped store end in their own time.
    let printed = timeout(Duration::from_secs(60), async {
        loop {
            let output = rotate(&national);
            if output.status.success() {
                return text(&output.stdout);
            }
            yield_now().await;
        }
    });
    let printed = printed.await.expect("a turn in time");
    assert!(printed.contains("Data key 3 (SM4-GCM, HMAC-SM3)"), "{printed}");
    with_keys(&site, &[NATIONAL]).assert_whole();
    let store = Store::open(&site.url, vault(&[NATIONAL]), Clock::system(), Ids::random());
    let store = store.await.expect("a store").attach(&kaozheng::business::ALL);
    store.check_key().await.expect("the key");
    let person = PEOPLE.iter().find(|person| person.name == "张小三").expect("a person");
    let find = |tx: &mut Tx| {
        let holder =
            kaozheng::people::holder_hash::holder(tx.vault, person.document_type, person.document_number);
        let found = candidates::table.filter(candidates::document_hash.eq(holder));
        Ok::<_, Error>(found.select(candidates::name).first::<String>(tx.conn)?)
    };
    assert_eq!(store.read(find).await.expect("the candidate"), "张小三");
}

#[tokio::test(flavor = "multi_thread")]
async fn key_is_not_replaced_while_a_process_lacks_the_new_one() {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    let site = Site {
        url: server.parts.settings.database_url.clone(),
        files: server.folder().to_owned(),
        key: format!("{KEY},{NEW}"),
        bucket: None,
    };
    assert!(refused_rotation(&site).contains("does not have the new data key"));
    let generations = read(&server, |tx| Ok(keys::table.count().get_result::<i64>(tx.conn)?)).await;
    assert_eq!(generations, 1, "the announcement is taken back");
    server.signed_in("张小三").await.open("/certificates").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_without_the_new_key_neither_starts_nor_answers() {
    let (server, site) = site().await;
    turn_to(&server, "W").await;
    let open = |keys: &'static [&'static str]| {
        let url = site.url.clone();
        async move {
            let store =
                Store::open(&url, vault(keys), Clock::system(), Ids::random()).await.expect("a store");
            store.check_key().await
        }
    };
    assert!(open(&[KEY]).await.is_err());
    assert!(matches!(open(&[NEW]).await, Err(Error::WrongKey)), "the old one is needed until all is sealed");
    assert!(matches!(open(&[KEY, NATIONAL]).await, Err(Error::WrongKey)));
    open(&[NEW, KEY]).await.expect("both keys, in any order");
}
