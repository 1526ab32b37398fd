//! Permits after an update from a program that hashed their count of renewals: every stored hash is computed anew.

use kaozheng::exams::certificate::person_hash;
use kaozheng::people::candidate::{self, Candidate, Identity};
use kaozheng::people::document::{Document, DocumentType};
use kaozheng::people::holder_hash::{HolderHash, holder};
use kaozheng::people::identity::{self, Account, Arrival, Assurance, SignInOutcome};
use kaozheng::store::{CandidateId, Error, Tx, Vault};

use crate::filing::start_demo;
use crate::imports::Installation;
use crate::server::{PHONE, Server};

const HEADER: &str =
    "证书管理号,证书印制号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关";
const PERMIT: &str = "港澳居民来往内地通行证";

fn vault() -> Vault {
    Vault::from_key(&[7; 32])
}

/// The hash that the older program made of a number.
fn former(number: &str) -> String {
    vault().blind("document", &format!("hk_macao_permit:{number}"))
}

fn present(number: &str) -> String {
    holder(&vault(), DocumentType::HkMacaoPermit, number)
}

/// The document of a hash that no key has replaced.
fn document(hash: &str) -> HolderHash {
    HolderHash::from_stored(hash).expect("a hash of the first key")
}

fn certificate(at: usize, number: &str) -> String {
    format!(
        "M{at:04},Q{at:04},陈大文,{PERMIT},{number},02,202304,二级,建筑工程,2023-06-01,2023-07-01,考试院\n"
    )
}

fn import_certificates(installation: &Installation, numbers: &[String]) {
    let rows: String = numbers.iter().enumerate().map(|(at, number)| certificate(at, number)).collect();
    installation.file("c.csv", format!("{HEADER}\n{rows}"));
    installation.import("certificates", "c.csv");
}

fn import_sittings(installation: &Installation) {
    if !installation.path("exams.csv").exists() {
        assert!(installation.run(&["sample", "exams", "--output", "exams.csv"]).success);
    }
    installation.import("exams", "exams.csv");
}

fn import_registration(installation: &Installation, ticket: &str, number: &str) {
    let header = "准考证号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,科目";
    let row = format!("{ticket},陈大文,{PERMIT},{number},02,202303,二级,机电工程,建设工程施工管理");
    import_sittings(installation);
    installation.file("r.csv", format!("{header}\n{row}\n"));
    installation.import("registrations", "r.csv");
}

/// Makes everything of a permit as the older program stored it: under the number with its count of renewals.
fn age(installation: &Installation, number: &str) {
    let (old, new) = (former(number), present(number));
    for table in ["registrations", "certificates", "violations", "integrity_records"] {
        installation
            .execute(&format!("UPDATE {table} SET holder_hash = '{old}' WHERE holder_hash = '{new}'"));
    }
    for table in ["candidates", "staff"] {
        installation
            .execute(&format!("UPDATE {table} SET document_hash = '{old}' WHERE document_hash = '{new}'"));
    }
    let (was, is) =
        (person_hash(&vault(), "陈大文", &document(&old)), person_hash(&vault(), "陈大文", &document(&new)));
    for (table, column) in [("certificates", "person_hash"), ("former_values", "value")] {
        installation.execute(&format!("UPDATE {table} SET {column} = '{was}' WHERE {column} = '{is}'"));
    }
    forget_renewal(installation);
}

/// As after the migration of a database with people.
fn forget_renewal(installation: &Installation) {
    installation.execute(
        "DELETE FROM meta WHERE key LIKE 'permit_hashes.%'; \
         INSERT INTO meta (key, value) VALUES ('permit_hashes.former', 'possible');",
    );
}

fn all_hashes(installation: &Installation) -> Vec<String> {
    installation.rows(
        "SELECT 'c ' || number || ' ' || holder_hash || ' ' || person_hash AS line FROM certificates \
         UNION ALL SELECT 'r ' || ticket_number || ' ' || holder_hash FROM registrations \
         UNION ALL SELECT 'p ' || id || ' ' || document_hash FROM candidates \
         UNION ALL SELECT 's ' || id || ' ' || document_hash FROM staff ORDER BY 1",
    )
}

async fn write<T: Send + 'static>(
    server: &Server,
    work: impl FnOnce(&mut Tx) -> Result<T, Error> + Clone + Send + 'static,
) -> T {
    server.parts.store.write(work).await.expect("a result")
}

fn identity(number: &str, tx: &Tx) -> Identity {
    let document = Document::parse(DocumentType::HkMacaoPermit, number, tx.today()).expect("a permit");
    Identity { name: "陈大文".into(), document, phone: None }
}

async fn enrol(server: &Server, number: &'static str) -> CandidateId {
    write(server, move |tx| candidate::enrol(tx, &identity(number, tx))).await
}

/// Signs in as the login pages do. `None` if the sign-in was stopped.
async fn sign_in(server: &Server, sub: &'static str, number: &'static str) -> Option<CandidateId> {
    write(server, move |tx| {
        let account = Account {
            portal: "https://portal.example".into(),
            subject: Some(sub.into()),
            assurance: Assurance::Verified,
        };
        let arrival = Arrival { identity: identity(number, tx), account };
        kaozheng::exams::permit_hashes::renew_of_document(tx, &arrival.identity.document)?;
        Ok(match identity::sign_in(tx, &arrival)? {
            SignInOutcome::Admitted(person) => Some(person.candidate),
            _ => None,
        })
    })
    .await
}

async fn finds(server: &Server, document: &str, certificate: &str) -> bool {
    let form = [("name", "陈大文"), ("document", document), ("number", certificate)];
    let answer = server.visitor(PHONE).submit("/lookup/02", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.contains("查询结果")
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_is_found_by_every_number_of_its_permit() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    let numbers = ["H2234567801", "H32345678", "HA1234567", "MA123456712"];
    import_certificates(&installation, &numbers.map(str::to_owned));
    for (at, number) in numbers.iter().enumerate() {
        let lifelong = &number[..9];
        for typed in [lifelong.to_owned(), format!("{lifelong}00"), format!(" {}07", lifelong.to_lowercase())]
        {
            assert!(finds(&server, &typed, &format!("M{at:04}")).await, "{typed}");
        }
        let wrong = [format!("{}0", &number[..8]), format!("{lifelong}1"), format!("{lifelong}011")];
        for typed in wrong.iter().filter(|typed| **typed != lifelong) {
            assert!(!finds(&server, typed, &format!("M{at:04}")).await, "{typed}");
        }
    }
}

/// Candidates, staff and certificates are known to the program, and through them every record of the same people.
#[tokio::test(flavor = "multi_thread")]
async fn migrate_renews_the_hashes_of_an_older_program() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    import_certificates(&installation, &["H2234567801", "M0000000100", "H42345678"].map(str::to_owned));
    import_registration(&installation, "T1", "H2234567801");
    import_registration(&installation, "T2", "H5234567802");
    let id = enrol(&server, "H5234567801").await;
    let added = installation.run(&[
        "staff",
        "add",
        "--name",
        "陈大文",
        "--document-type",
        "hk_macao_permit",
        "--document-number",
        "H6234567801",
        "--role",
        "reviewer",
    ]);
    assert!(added.success, "{}", added.stderr);
    let before = all_hashes(&installation);
    // The registration has another count of renewals than the candidate.
    for number in ["H2234567801", "M0000000100", "H6234567801"] {
        age(&installation, number);
    }
    installation.execute(&format!(
        "UPDATE registrations SET holder_hash = '{}' WHERE ticket_number = 'T2'; \
         UPDATE candidates SET document_hash = '{}' WHERE id = '{id}';",
        former("H5234567802"),
        former("H5234567801"),
    ));
    assert_ne!(all_hashes(&installation), before);
    assert!(!finds(&server, "H22345678", "M0000").await);
    let said = installation.run(&["migrate"]);
    assert!(said.success && said.stdout.contains("count of renewals"), "{}{}", said.stdout, said.stderr);
    assert_eq!(all_hashes(&installation), before);
    assert!(finds(&server, "H22345678", "M0000").await && finds(&server, "M0000000155", "M0001").await);
    assert!(!installation.run(&["migrate"]).stdout.contains("count of renewals"), "nothing is left");
    // Programs of the former version find the candidate meanwhile.
    let hash = former("H5234567801");
    let kept = format!("SELECT candidate_id AS line FROM former_documents WHERE document_hash = '{hash}'");
    assert_eq!(installation.rows(&kept), [id.to_string()]);
}

/// More certificates than one transaction, a part of which was done before an interruption.
#[test]
fn interrupted_renewal_continues() {
    let installation = Installation::with_exams();
    let numbers: Vec<String> = (0..110).map(|at| format!("H{at:08}01")).collect();
    import_certificates(&installation, &numbers);
    let before = all_hashes(&installation);
    let ids = installation.rows("SELECT id AS line FROM certificates ORDER BY id");
    let done = installation
        .rows(&format!("SELECT number AS line FROM certificates WHERE id <= '{}' ORDER BY id", ids[49]));
    for (at, number) in numbers.iter().enumerate() {
        if !done.contains(&format!("M{at:04}")) {
            age(&installation, number);
        }
    }
    installation.execute(&format!(
        "INSERT INTO meta (key, value) VALUES ('permit_hashes.certificates', '{}')",
        ids[49]
    ));
    assert!(installation.run(&["migrate"]).success);
    assert_eq!(all_hashes(&installation), before);
}

/// Nobody knows the number of a registration until its holder signs in, perhaps with a renewed permit.
#[tokio::test(flavor = "multi_thread")]
async fn records_of_unknown_people_wait_for_their_holder() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    import_registration(&installation, "T1", "H7234567801");
    let before = all_hashes(&installation);
    age(&installation, "H7234567801");
    assert!(installation.run(&["migrate"]).success);
    assert_ne!(all_hashes(&installation), before);
    for number in ["H7234567802", "H72345678"] {
        let id = sign_in(&server, "a", number).await.expect("a candidate");
        let person = write(&server, move |tx| Candidate::load(tx, &id)).await.expect("a candidate");
        assert_eq!((person.holder.first(), &*person.document_number), (&*present("H72345678"), number));
        let own = "SELECT holder_hash AS line FROM registrations WHERE ticket_number = 'T1'";
        assert_eq!(installation.rows(own), [present("H72345678")]);
    }
}

/// A file that names the number finds the records of the older program, also those that have no number of their own.
#[test]
fn file_of_an_older_program_is_imported_once() {
    let installation = Installation::with_exams();
    let violation = format!(
        "证件类型,证件号码,考试代码,考试年月,科目,发生时间,地点,违纪事实,适用条款,拟处理决定,告知送达日期\n\
         {PERMIT},H7234567801,02,202303,建设工程施工管理,2023/3/24 9:10,第一考点,看手机,第七条,成绩无效,2023-04-01\n"
    );
    installation.file("v.csv", violation);
    installation.import("violations", "v.csv");
    let before = installation.all_rows();
    age(&installation, "H7234567801");
    assert_ne!(installation.all_rows(), before);
    assert_eq!(installation.import("violations", "v.csv"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(installation.all_rows(), before);
}

/// Two candidates who were one person: neither is lost, and both see the records of the permit.
#[tokio::test(flavor = "multi_thread")]
async fn candidates_of_one_permit_are_not_merged() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    let first = sign_in(&server, "a", "H82345678").await.expect("a candidate");
    let second = sign_in(&server, "b", "H9234567801").await.expect("a candidate");
    import_registration(&installation, "T1", "H8234567801");
    // The older program took the first one's permit with a count of renewals for another document.
    let sealed = vault().seal("candidates.document_number", "H8234567801");
    installation.execute(&format!(
        "UPDATE candidates SET document_hash = '{}', document_number = '{sealed}' WHERE id = '{second}'",
        former("H8234567801"),
    ));
    forget_renewal(&installation);
    let candidates = "SELECT CAST(count(*) AS TEXT) AS line FROM candidates";
    let before = installation.rows(candidates);
    for told in [true, false] {
        let said = installation.run(&["migrate"]);
        assert!(said.success, "{}", said.stderr);
        assert_eq!(said.stdout.contains("1 candidates or staff share a permit"), told, "{}", said.stdout);
    }
    assert_eq!(installation.rows(candidates), before);
    let event = "SELECT candidate_id AS line FROM security_events WHERE kind = 'permit_shared'";
    assert_eq!(installation.rows(event), [second.to_string()]);
    for (sub, number, expected) in [
        ("a", "H82345678", &first),
        ("b", "H8234567801", &second),
        ("b", "H8234567802", &second),
        ("a", "H8234567802", &first),
        ("c", "H8234567802", &first),
    ] {
        let id = sign_in(&server, sub, number).await.unwrap_or_else(|| panic!("{sub} {number} is stopped"));
        assert_eq!(id, *expected, "{sub} {number}");
        let person = write(&server, move |tx| Candidate::load(tx, &id)).await.expect("a candidate");
        assert_eq!(person.holder.first(), present("H82345678"));
        assert_eq!(person.document_number, number, "the newest number is shown");
    }
    // A change of the second one's document would take the records from the first one.
    let refused = write(&server, move |tx| {
        let before = Candidate::load(tx, &second)?.expect("a candidate");
        let mut after = before.clone();
        (after.document_type, after.document_number) = (DocumentType::Passport, "K1234567".into());
        after.holder = HolderHash::of(tx.vault, DocumentType::Passport, "K1234567");
        let refusal = candidate::correct(tx, &before, &after);
        Ok(matches!(refusal, Err(kaozheng::people::Refusal::DocumentShared)))
    });
    assert!(refused.await);
}

/// Two rows of the roster: the start does not fail, and the row with the present hash is the one that commands change.
#[test]
fn roster_rows_of_one_permit_are_not_merged() {
    let installation = Installation::new();
    let member = |command: &'static str, number: &'static str| {
        let name: &[&str] = if command == "add" { &["--name", "陈大文"] } else { &[] };
        let mut args =
            vec!["staff", command, "--document-type", "hk_macao_permit", "--document-number", number];
        args.extend(name);
        let said = installation.run(&args);
        assert!(said.success, "{}", said.stderr);
    };
    member("add", "H8234567801");
    age(&installation, "H8234567801");
    member("add", "H82345678");
    assert_eq!(installation.rows("SELECT id AS line FROM staff").len(), 2);
    for told in [true, false] {
        let said = installation.run(&["migrate"]);
        assert!(said.success, "{}", said.stderr);
        assert_eq!(said.stdout.contains("1 candidates or staff share a permit"), told, "{}", said.stdout);
    }
    member("remove", "H8234567802");
    let active = installation.rows("SELECT document_hash AS line FROM staff WHERE active");
    assert_eq!(active, [former("H8234567801")]);
}

/// An export names people by hashes. Those of the older program lead to the present ones.
#[test]
fn export_of_an_older_program_changes_nothing() {
    let installation = Installation::with_exams();
    import_certificates(&installation, &["H2234567801", "M0000000100"].map(str::to_owned));
    import_registration(&installation, "T1", "H2234567801");
    for number in ["H2234567801", "M0000000100"] {
        age(&installation, number);
    }
    for kind in ["certificates", "registrations"] {
        assert!(installation.run(&["export", kind, "--output", kind]).success);
    }
    assert!(installation.run(&["migrate"]).success);
    let before = installation.all_rows();
    for kind in ["certificates", "registrations"] {
        let counts = installation.import(kind, kind);
        assert!(counts.starts_with("0 new, 0 changed, "), "{kind}: {counts}");
    }
    assert_eq!(installation.all_rows(), before);
}

/// The name on a certificate was corrected under the older program. A file from before does not undo it.
#[test]
fn corrections_survive_the_renewal() {
    let installation = Installation::with_exams();
    import_certificates(&installation, &["H2234567801".to_owned()]);
    let corrected = person_hash(&vault(), "陈大明", &document(&present("H22345678")));
    installation.execute(&format!(
        "INSERT INTO former_values (record_id, field, value) SELECT id, 'holder_name', holder_name FROM certificates; \
         INSERT INTO former_values (record_id, field, value) SELECT id, 'person_hash', person_hash FROM certificates; \
         UPDATE certificates SET holder_name = '陈大明', person_hash = '{corrected}';"
    ));
    let before = all_hashes(&installation);
    age(&installation, "H2234567801");
    let old = person_hash(&vault(), "陈大明", &document(&former("H2234567801")));
    installation.execute(&format!("UPDATE certificates SET person_hash = '{old}'"));
    assert!(installation.run(&["migrate"]).success);
    assert_eq!(all_hashes(&installation), before);
    assert_eq!(installation.import("certificates", "c.csv"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(all_hashes(&installation), before);
}

/// A digit that the mask hides was corrected, so that the hash alone tells a file from before.
#[test]
fn corrected_number_survives_the_renewal() {
    let installation = Installation::with_exams();
    let (wrong, right) = ("H2234567801", "H2235567801");
    import_certificates(&installation, &[wrong.to_owned()]);
    let sealed = vault().seal("candidates.document_number", right);
    let [was, is] = [wrong, right].map(|number| person_hash(&vault(), "陈大文", &document(&former(number))));
    installation.execute(&format!(
        "INSERT INTO candidates (id, document_type, document_number, document_hash, name, phone, created_at, signed_in_at) \
         VALUES ('c', 'hk_macao_permit', '{sealed}', '{right}', '陈大文', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00'); \
         INSERT INTO former_documents (document_hash, candidate_id, replaced_at) \
         VALUES ('{wrong}', 'c', '2026-01-01 00:00:00'); \
         INSERT INTO former_values (record_id, field, value) SELECT id, 'person_hash', '{was}' FROM certificates; \
         UPDATE certificates SET holder_hash = '{right}', person_hash = '{is}';",
        right = former(right),
        wrong = former(wrong),
    ));
    forget_renewal(&installation);
    assert!(installation.run(&["migrate"]).success);
    let hashes = "SELECT holder_hash || person_hash AS line FROM certificates";
    let expected = present(right) + &person_hash(&vault(), "陈大文", &document(&present(right)));
    assert_eq!(installation.rows(hashes), std::slice::from_ref(&expected));
    assert_eq!(installation.import("certificates", "c.csv"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(installation.rows(hashes), [expected]);
    let found = format!(
        "SELECT candidate_id AS line FROM former_documents WHERE document_hash = '{}'",
        present(wrong)
    );
    assert_eq!(installation.rows(&found), ["c"]);
}
