//! Databases full of certificates, filled past everything that makes filling slow.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use kaozheng::exams::certificate::person_hash;
use kaozheng::people::document::{DocumentType, check_character};
use kaozheng::people::holder_hash::HolderHash;
use kaozheng::store::schema::{certificates::dsl as c, exams::dsl as x, lookup_counts::dsl as l};
use kaozheng::store::{Clock, Ids, Store, Vault};
use rand::RngExt;
use rand::rngs::SmallRng;

use crate::postgres;
use crate::process::KEY;

/// Rows of one statement.
const CHUNK: u32 = 20_000;

/// Exams among which the certificates are spread.
const EXAMS: u32 = 12;

/// Somebody with a certificate.
#[derive(Clone)]
pub struct Person {
    pub exam: u32,
    pub name: String,
    pub document: String,
    pub number: String,
}

/// The holder of one of the certificates.
pub fn person(number: u32) -> Person {
    let pick = |letters: &'static str, at: u32| {
        letters.chars().nth(at as usize % letters.chars().count()).expect("a letter")
    };
    let family = pick("赵钱孙李周吴郑王冯陈", number);
    let given = [pick("明晓文志海春国建", number / 10), pick("华强丽敏军芳伟静平", number / 80)];
    Person {
        exam: number % EXAMS,
        name: [family, given[0], given[1]].iter().collect(),
        document: resident(number),
        number: format!("20240444030001{number:08}"),
    }
}

/// A valid number of 居民身份证: a thousand people are born each day.
fn resident(number: u32) -> String {
    let first = chrono::NaiveDate::from_ymd_opt(1960, 1, 1).expect("a day");
    let born = first + chrono::Duration::days(i64::from(number / 1000));
    let body = format!("440300{}{:03}", born.format("%Y%m%d"), number % 1000);
    let check = check_character(&body);
    format!("{body}{check}")
}

#[derive(Insertable)]
#[diesel(table_name = kaozheng::store::schema::certificates, treat_none_as_default_value = false)]
struct Row {
    id: String,
    holder_hash: String,
    holder_name: String,
    exam_id: String,
    sitting_month: &'static str,
    level: &'static str,
    specialty: &'static str,
    number: String,
    print_number: String,
    approved_on: chrono::NaiveDate,
    issued_on: chrono::NaiveDate,
    issuing_body: &'static str,
    delivery: &'static str,
    person_hash: String,
    document_mask: String,
    gender: &'static str,
}

fn row(vault: &Vault, number: u32) -> Row {
    let Person { exam, name, document, number: own } = person(number);
    let holder = HolderHash::of(vault, DocumentType::Resident, &document);
    let day = chrono::NaiveDate::from_ymd_opt(2024, 9, 1 + number % 28).expect("a day");
    Row {
        id: format!("certificate-{number:09}"),
        person_hash: person_hash(vault, &name, &holder),
        holder_hash: holder.stored(vault),
        holder_name: name,
        exam_id: format!("exam-{exam:02}"),
        sitting_month: "202404",
        level: "一级",
        specialty: "建筑工程",
        number: own,
        print_number: format!("SF{number:010}"),
        approved_on: day,
        issued_on: day,
        issuing_body: "示范市考试院",
        delivery: "ready",
        document_mask: kaozheng::people::mask::number(&document),
        gender: "male",
    }
}

#[derive(Insertable)]
#[diesel(table_name = kaozheng::store::schema::exams)]
struct Exam {
    id: String,
    code: String,
    name: &'static str,
    category: &'static str,
}

fn exams() -> Vec<Exam> {
    let exam = |number| Exam {
        id: format!("exam-{number:02}"),
        code: format!("{number:02}"),
        name: "一级建造师",
        category: "职业资格",
    };
    (0..EXAMS).map(exam).collect()
}

async fn migrate(url: &str) {
    let vault = Vault::from_key(&KEY);
    let store = Store::open(url, vault, Clock::system(), Ids::random()).await.expect("a store");
    store.migrate().await.expect("migrations");
}

/// A file of so many certificates; the one of an earlier run if it is there.
pub async fn sqlite(folder: &Path, count: u32) -> String {
    let file = folder.join(format!("{count}.db"));
    let url = format!("sqlite:{}", file.display());
    if file.exists() {
        migrate(&url).await;
        forget_earlier_runs(&file);
        return url;
    }
    let filling = folder.join("filling.db");
    // Of a run that was stopped; there may be none.
    let _ = std::fs::remove_file(&filling);
    migrate(&format!("sqlite:{}", filling.display())).await;
    let mut conn = SqliteConnection::establish(&filling.display().to_string()).expect("a database");
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")
        .expect("pragmas");
    diesel::insert_into(x::exams).values(&exams()).execute(&mut conn).expect("exams");
    let indexes = indexes(&mut conn);
    drop_indexes(&mut conn, &indexes);
    let vault = Vault::from_key(&KEY);
    for first in (0..count).step_by(CHUNK as usize) {
        let mut rows = (first..count.min(first + CHUNK)).map(|number| row(&vault, number));
        let insert = |conn: &mut SqliteConnection| {
            rows.try_for_each(|row| diesel::insert_into(c::certificates).values(row).execute(conn).map(drop))
        };
        conn.transaction(insert).expect("certificates");
    }
    for index in &indexes {
        conn.batch_execute(&index.sql).expect("an index");
    }
    // No ANALYZE: with its samples (STAT4) SQLite would plan a statement anew for each lookup.
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("a finished database");
    drop(conn);
    std::fs::rename(filling, file).expect("a file");
    url
}

/// Who asked often in the last ten minutes may not ask for more.
fn forget_earlier_runs(file: &Path) {
    let mut conn = SqliteConnection::establish(&file.display().to_string()).expect("a database");
    conn.batch_execute("PRAGMA busy_timeout = 5000").expect("pragmas");
    diesel::delete(l::lookup_counts).execute(&mut conn).expect("no counts");
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    sql: String,
}

/// Those that can be made again: to fill a table and index it then is far faster.
fn indexes(conn: &mut SqliteConnection) -> Vec<Index> {
    diesel::sql_query(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'certificates' AND sql <> ''",
    )
    .load(conn)
    .expect("indexes")
}

fn drop_indexes(conn: &mut SqliteConnection, indexes: &[Index]) {
    for index in indexes {
        conn.batch_execute(&format!("DROP INDEX {}", index.name)).expect("no index");
    }
}

/// A PostgreSQL database of so many certificates.
pub async fn postgres(count: u32) -> String {
    let url = postgres::create("kaozheng_lookup");
    migrate(&url).await;
    let mut conn = PgConnection::establish(&url).expect("a database");
    diesel::insert_into(x::exams).values(&exams()).execute(&mut conn).expect("exams");
    let vault = Vault::from_key(&KEY);
    for first in (0..count).step_by(CHUNK as usize) {
        let rows: Vec<Row> = (first..count.min(first + CHUNK)).map(|number| row(&vault, number)).collect();
        diesel::copy_from(c::certificates).from_insertable(rows).execute(&mut conn).expect("certificates");
    }
    conn.batch_execute("VACUUM ANALYZE").expect("statistics");
    url
}

/// A lookup that finds one of the certificates, from a network of its own.
pub fn request(random: &mut SmallRng, count: u32) -> Vec<u8> {
    let Person { exam, name, document, number } = person(random.random_range(0..count));
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("name", &name), ("document", &document), ("number", &number)])
        .finish();
    let from: u32 = random.random_range(0..1 << 24);
    let [_, b, c, d] = from.to_be_bytes();
    format!(
        "POST /lookup/{exam:02} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 10.{b}.{c}.{d}\r\n\
         User-Agent: Mozilla/5.0 (Linux; Android 14; Pixel 8)\r\nAccept: text/html\r\n\
         Accept-Encoding: gzip, deflate, br\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
