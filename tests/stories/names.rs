//! Names in every spelling: lookup, import and correction, and the hashes of names after an update.

use kaozheng::people::document::DocumentType;
use kaozheng::people::holder_hash::holder;
use kaozheng::store::Vault;

use crate::filing::{correction, refund, start_demo};
use crate::imports::Installation;
use crate::process::{Process, free_base, host_of, kaozheng};
use crate::server::{PHONE, Server, Visitor};

const HEADER: &str =
    "证书管理号,证书印制号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关";

/// A name as the authority writes it, and how people type it.
const NAMES: &[(&str, &[&str])] = &[
    ("O’NEIL JOHN", &["O'NEIL JOHN", "o‘neil john", "O′Neil  John"]),
    ("买买提-艾力", &["买买提－艾力", "买买提—艾力", "买买提·艾力", "买买提 • 艾力"]),
    ("JOSÉ GARCÍA", &["jose\u{301} garci\u{301}a", "José\u{a0}García"]),
    ("NGUYỄN VĂN AN", &["Nguyễn Văn An", "NGUYE\u{302}\u{303}N VA\u{306}N AN"]),
    ("王\u{e863}", &["王䶮", "王 䶮"]),
    ("李\u{f979}", &["李凉"]),
    ("⻢⻰", &["马龙"]),
    ("张", &["张 "]),
    ("GARCÍA, JOSÉ", &["García,José"]),
    ("X Æ A-12", &["x æ a–12"]),
    (LONG, &[LONG]),
];

const LONG: &str = "WOLFESCHLEGELSTEINHAUSENBERGERDORFF HUBERT BLAINE LONGLASTNAME JUNIOR";

fn number(at: usize) -> String {
    format!("P{:07}", at + 1)
}

fn certificates() -> String {
    let row = |(at, (name, _)): (usize, &(&str, &[&str]))| {
        let number = number(at);
        format!("M{at},Q{at},\"{name}\",护照,{number},02,202304,二级,建筑工程,2023-06-01,2023-07-01,考试院\n")
    };
    format!("{HEADER}\n{}", NAMES.iter().enumerate().map(row).collect::<String>())
}

async fn finds(visitor: &Visitor, name: &str, document: &str, certificate: &str) -> bool {
    let form = [("name", name), ("document", document), ("number", certificate)];
    let answer = visitor.submit("/lookup/02", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_ne!(answer.body.contains("查询结果"), answer.body.contains("没有查到符合的证书"));
    answer.body.contains("查询结果")
}

fn person_hashes(installation: &Installation) -> Vec<String> {
    installation.rows("SELECT id || ' ' || person_hash AS line FROM certificates ORDER BY id")
}

async fn demo_with_certificates() -> (Server, Installation) {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    installation.file("c.csv", certificates());
    let counts = format!("{} new, 0 changed, 0 unchanged, 0 refused", NAMES.len());
    assert_eq!(installation.import("certificates", "c.csv"), counts);
    (server, installation)
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_is_found_by_every_spelling_of_its_name() {
    let (server, installation) = demo_with_certificates().await;
    let visitor = server.visitor(PHONE);
    for (at, (name, spellings)) in NAMES.iter().enumerate() {
        for typed in spellings.iter().chain([name]) {
            assert!(finds(&visitor, typed, &number(at), &format!("M{at}")).await, "{typed}");
        }
        assert!(!finds(&visitor, "JOSE GARCIA", &number(at), &format!("M{at}")).await, "{name}");
    }
    // The name is shown as the authority writes it.
    let stored = installation.rows("SELECT holder_name AS line FROM certificates WHERE number LIKE 'M%'");
    for (name, _) in NAMES {
        assert!(stored.contains(&(*name).to_owned()), "{name}");
    }
}

/// The hashes of an older program are of no use, as if the column had just been added.
#[tokio::test(flavor = "multi_thread")]
async fn migrate_computes_the_hashes_of_an_older_program() {
    let (server, installation) = demo_with_certificates().await;
    let (visitor, before) = (server.visitor(PHONE), person_hashes(&installation));
    installation.execute("UPDATE certificates SET person_hash = ''");
    assert!(!finds(&visitor, NAMES[0].0, &number(0), "M0").await);
    let told = format!("{} certificates have a new hash of their holder's name.", before.len());
    assert!(installation.run(&["migrate"]).stdout.contains(&told));
    assert_eq!(person_hashes(&installation), before);
    assert!(finds(&visitor, NAMES[0].1[0], &number(0), "M0").await);
    assert!(!installation.run(&["migrate"]).stdout.contains("certificates"), "nothing is left");
}

/// More certificates than one transaction computes, a part of which was done before an interruption.
#[test]
fn interrupted_computation_continues() {
    let installation = Installation::with_exams();
    assert!(installation.run(&["sample", "certificates", "--count", "5000", "--output", "c.csv"]).success);
    installation.import("certificates", "c.csv");
    let before = person_hashes(&installation);
    installation.execute("UPDATE certificates SET person_hash = '' WHERE number LIKE '%1'");
    let left = person_hashes(&installation).iter().filter(|row| row.ends_with(' ')).count();
    assert!((100..4_900).contains(&left), "{left}");
    installation.execute("UPDATE certificates SET person_hash = '' WHERE number LIKE '%2'");
    installation.execute("UPDATE certificates SET person_hash = '' WHERE number LIKE '%3'");
    assert!(installation.run(&["migrate"]).success);
    assert_eq!(person_hashes(&installation), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_computes_what_is_left_before_it_listens() {
    let installation = Installation::with_exams();
    assert!(installation.run(&["sample", "certificates", "--count", "2500", "--output", "c.csv"]).success);
    installation.import("certificates", "c.csv");
    let before = person_hashes(&installation);
    installation.execute("UPDATE certificates SET person_hash = ''");
    let base = free_base();
    let mut command = kaozheng("serve");
    command.envs(crate::commands::serve_settings(installation.url(), &installation.path("files")));
    command.env("KAOZHENG_LISTEN", host_of(&base));
    let process = Process::start(base, command).await;
    assert_eq!(person_hashes(&installation), before);
    assert!(process.stop());
}

/// A correction of the document without the certificates: they show the former number, by which they are found.
#[tokio::test(flavor = "multi_thread")]
async fn hashes_of_corrected_people_are_computed_from_what_is_printed() {
    for scope in ["今后考试", "已发证书"] {
        let server = start_demo().await;
        let installation = Installation::at(&server.parts.settings.database_url);
        assert!(installation.run(&["export", "certificates", "--output", "old"]).success);
        let candidate = server.signed_in("张小三").await;
        candidate.agree_to_notice("/services/correction/notice").await;
        let number = candidate.file_for_number(&correction().with(&[("scope", scope)])).await;
        let administrator = server.signed_in("周明远").await;
        administrator.decide_application(&number, "approve:0", &[]).await.assert_shows("已办理：通过");
        let (hashes, rows) = (person_hashes(&installation), installation.all_rows());
        installation.execute(
            "UPDATE certificates SET person_hash = ''; \
             UPDATE former_values SET field = 'lookup_hash' WHERE field = 'person_hash';",
        );
        assert!(installation.run(&["migrate"]).success);
        assert_eq!(person_hashes(&installation), hashes, "{scope}");
        let output = installation.import("certificates", "old");
        assert!(output.starts_with("0 new, 0 changed, "), "{scope}: {output}");
        assert_eq!(installation.all_rows(), rows, "{scope}");
    }
}

/// The hashes that an older program exported contain names in another form.
#[test]
fn export_of_an_older_program_is_imported() {
    let installation = Installation::with_exams();
    installation.file("c.csv", certificates());
    installation.import("certificates", "c.csv");
    let before = installation.all_rows();
    let exported = installation.run(&["export", "certificates"]).stdout;
    assert_eq!(exported.matches(".2.").count(), NAMES.len());
    installation.file("old.csv", exported.replace(".2.", "."));
    let output = installation.import("certificates", "old.csv");
    assert_eq!(output, format!("0 new, 0 changed, {} unchanged, 0 refused", NAMES.len()));
    assert_eq!(installation.all_rows(), before);
}

/// The name of a registration was corrected; an older file brings the former name in another spelling.
#[test]
fn older_spelling_of_a_replaced_name_does_not_undo_a_correction() {
    let installation = Installation::with_exams();
    let import = |name: &str| {
        let header = "准考证号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,科目";
        let row = format!("T1,{name},护照,P0000001,01,202303,一级,建筑工程,建设工程经济");
        installation.file("r.csv", format!("{header}\n{row}\n"));
        installation.import("registrations", "r.csv")
    };
    import("O’NEIL JOHN");
    installation.execute(
        "INSERT INTO former_values (record_id, field, value) \
         SELECT id, 'holder_name', holder_name FROM registrations; \
         UPDATE registrations SET holder_name = 'O’NEIL JACK';",
    );
    assert_eq!(import("o'neil  john"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(installation.rows("SELECT holder_name AS line FROM registrations"), ["O’NEIL JACK"]);
    assert_eq!(import("O’NEIL JIM"), "0 new, 1 changed, 0 unchanged, 0 refused");
}

/// Two rows that name one person in two spellings do not contradict each other.
#[test]
fn spellings_of_one_name_in_a_file_are_one_record() {
    let installation = Installation::with_exams();
    let row = |name: &str| {
        format!("M1,Q1,{name},护照,P0000001,01,202303,一级,建筑工程,2023-06-01,2023-07-01,考试院\n")
    };
    installation.file("same.csv", format!("{HEADER}\n{}{}", row("O’NEIL"), row("O'Neil")));
    assert_eq!(installation.import("certificates", "same.csv"), "1 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(installation.rows("SELECT holder_name AS line FROM certificates"), ["O’NEIL"]);
    installation.file("other.csv", format!("{HEADER}\n{}{}", row("O’NEIL"), row("O’NEILL")));
    let refused = installation.import_refused("certificates", "other.csv");
    assert!(refused[0][3].contains("内容却不同"), "{refused:?}");
}

/// The hash is of the document's kind as well, which the public does not enter.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_document_is_found() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    let documents = [
        (DocumentType::Resident, "11010519491231002X"),
        (DocumentType::HkMacaoPermit, "H12345678"),
        (DocumentType::TaiwanPermit, "12345678"),
        (DocumentType::Passport, "H12345678"),
    ];
    let row = |(at, (kind, number)): (usize, &(DocumentType, &str))| {
        let kind = kind.label();
        format!("K{at},L{at},陈大文,{kind},{number},02,202304,二级,建筑工程,2023-06-01,2023-07-01,考试院\n")
    };
    let rows: String = documents.iter().enumerate().map(row).collect();
    installation.file("c.csv", format!("{HEADER}\n{rows}"));
    installation.import("certificates", "c.csv");
    let visitor = server.visitor(PHONE);
    for (at, (kind, number)) in documents.iter().enumerate() {
        assert!(finds(&visitor, "陈大文", number, &format!("K{at}")).await, "{kind:?}");
        let hash = holder(&Vault::from_key(&[7; 32]), *kind, number);
        let own = format!("SELECT holder_hash AS line FROM certificates WHERE number = 'K{at}'");
        assert_eq!(installation.rows(&own), [hash]);
    }
}

#[tokio::test]
async fn account_holder_may_have_any_name() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    Installation::at(&server.parts.settings.database_url)
        .execute("UPDATE candidates SET name = 'NGUYỄN VĂN AN' WHERE name = '张小三'");
    let to = |holder: &str| refund().with(&[("refund_to", "银行账户"), ("account_holder", holder)]);
    let own = candidate.file_application(&to("Nguyễn Văn An")).await;
    own.assert_lacks("开户人必须是您本人");
    own.assert_lacks("请按证件填写姓名");
    candidate.file_application(&to("NGUYEN VAN AN")).await.assert_shows("开户人必须是您本人");
    candidate.file_application(&to("6222021001")).await.assert_shows("请按证件填写姓名");
}
