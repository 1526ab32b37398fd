//! Documents that change: a renewed permit is the same document, any other change is decided by an administrator.

use kaozheng::people::candidate::Candidate;

use super::cases::{administrator, decide_successfully, only_case};
use super::*;

fn with_document(sub: &str, id_type: &str, number: &str) -> Value {
    with(account(sub, "CHAN TAI MAN", number), &[("id_type", json!(id_type))])
}

/// Type, number and name of every candidate who is no administrator.
async fn on_record(site: &Site) -> Vec<(String, String, String)> {
    read(site, |tx| {
        let ids = c::candidates.filter(c::name.ne("HE JING")).order(c::id).select(c::id);
        let ids: Vec<kaozheng::store::CandidateId> = ids.load(tx.conn)?;
        let mut found = Vec::new();
        for id in ids {
            let person = Candidate::load(tx, &id)?.expect("a candidate");
            found.push((person.document_type.code().to_owned(), person.document_number, person.name));
        }
        Ok(found)
    })
    .await
}

async fn events(site: &Site, kind: &'static str) -> i64 {
    let own = e::security_events.filter(e::kind.eq(kind)).count();
    read(site, move |tx| Ok(own.get_result(tx.conn)?)).await
}

/// Numbers that follow each other at the portal, each of the same document.
#[tokio::test]
async fn another_number_of_one_document_is_the_same_person() {
    let site = Site::start(|_| {}).await;
    let table: [(&str, &[&str], &str); 4] = [
        ("hk_macao_permit", &["H1234567801", "H1234567802", "H12345678", "h 1234567810"], "H1234567810"),
        ("hk_macao_permit", &["M87654321", "Ｍ8765432100", "M8765432100"], "M8765432100"),
        ("hk_macao_permit", &["HA1234567", "HA123456700", "HA123456701"], "HA123456701"),
        ("other", &["军字第12345678号", "军字第 12345678 号", "军字第1234-5678号"], "军字第1234-5678号"),
    ];
    for (at, (id_type, numbers, newest)) in table.into_iter().enumerate() {
        for number in numbers {
            assert_signed_in(&site, &with_document(&format!("a{at}"), id_type, number)).await;
            assert_eq!(counts(&site).await, [at as i64 + 1, at as i64 + 1, 0], "{number}");
        }
        let shown = on_record(&site).await;
        let expected = (id_type.to_owned(), newest.to_owned(), "CHAN TAI MAN".to_owned());
        assert!(shown.contains(&expected), "{shown:?}");
    }
    // The first number of each, and spellings that are stored alike, change nothing.
    assert_eq!(events(&site, "identity_renewed").await, 3 + 1 + 2 + 1);
    let second = with_document("second", "hk_macao_permit", "H1234567811");
    assert_signed_in(&site, &second).await;
    assert_eq!(counts(&site).await, [4, 5, 0], "a second account of the first permit");
}

/// A number of another document is another number, also if it begins alike or is of another type.
#[tokio::test]
async fn another_document_of_a_known_account_is_stopped() {
    let site = Site::start(|_| {}).await;
    let table = [
        (("hk_macao_permit", "H1234567801"), ("hk_macao_permit", "H1234567901")),
        (("hk_macao_permit", "M1234567801"), ("hk_macao_permit", "H1234567801")),
        (("hk_macao_permit", "HA1234567"), ("hk_macao_permit", "MA1234567")),
        (("passport", "E1234567801"), ("passport", "E1234567802")),
        (("passport", "K12345678"), ("hk_macao_permit", "H22345678")),
        (("hk_macao_permit", "H33345678"), ("passport", "H33345678")),
        (("other", "军字第12345678号"), ("resident", "11010519491231002X")),
        (("other", "A123456(7)"), ("other", "A123456(8)")),
    ];
    for (at, (first, next)) in table.into_iter().enumerate() {
        let account = |(id_type, number)| with_document(&format!("a{at}"), id_type, number);
        assert_signed_in(&site, &account(first)).await;
        assert_stopped(&site, &account(next), STOPPED).await;
        assert_signed_in(&site, &account(first)).await;
        let stopped = at as i64 + 1;
        assert_eq!(counts(&site).await, [stopped, stopped, stopped]);
        assert_eq!(events(&site, "identity_stopped").await, stopped);
    }
}

/// After the decision, the person signs in with the document of either type.
#[tokio::test]
async fn joined_document_of_another_type_opens_the_same_history() {
    let site = Site::start(|_| {}).await;
    let permit = |number| with_document("a", "hk_macao_permit", number);
    assert_signed_in(&site, &permit("H1234567801")).await;
    let passport = with_document("a", "passport", "K0000001");
    assert_stopped(&site, &passport, STOPPED).await;
    let administrator = administrator(&site).await;
    decide_successfully(&administrator, &only_case(&administrator).await, "join").await;
    for account in [&passport, &permit("H1234567802"), &permit("H12345678")] {
        assert_signed_in(&site, account).await;
    }
    let expected = ("passport".to_owned(), "K0000001".to_owned(), "CHAN TAI MAN".to_owned());
    assert_eq!(on_record(&site).await, [expected], "an older document does not replace the present one");
    assert_eq!(counts(&site).await, [2, 2, 1]);
    assert_eq!(events(&site, "identity_joined").await, 1);
}

/// What an account may change by itself leaves a trace.
#[tokio::test]
async fn every_change_has_an_entry() {
    let site = Site::start(|_| {}).await;
    let first = with_document("a", "hk_macao_permit", "H1234567801");
    assert_signed_in(&site, &first).await;
    for (changes, kind) in [
        (("id_number", json!("H1234567802")), "identity_renewed"),
        (("name", json!("CHAN SIU MAN")), "identity_renamed"),
        (("sub", json!("b")), "identity_another_account"),
    ] {
        assert_eq!(events(&site, kind).await, 0);
        assert_signed_in(&site, &with(first.clone(), &[changes])).await;
        assert_eq!(events(&site, kind).await, 1, "{kind}");
    }
    let details = e::security_events.select(e::details);
    let details: Vec<String> = read(&site, move |tx| Ok(details.load(tx.conn)?)).await;
    assert!(details.iter().all(|text| !text.contains("H1234") && !text.contains("CHAN")), "{details:?}");
}

#[tokio::test]
async fn staff_member_with_a_renewed_permit_enters_the_desk() {
    let site = Site::start(|_| {}).await;
    let add = |tx: &mut Tx| {
        let permit = Document::parse(DocumentType::HkMacaoPermit, "H1234567801", tx.today());
        roster::add(tx, "CHAN TAI MAN", &permit.expect("a permit"), Role::Reviewer)
    };
    site.server.parts.store.write(add).await.expect("a roster");
    for number in ["H1234567802", "H12345678", "H1234567801"] {
        let member = assert_signed_in(&site, &with_document("a", "hk_macao_permit", number)).await;
        assert_eq!(member.step("/staff/queue").await.status, 200, "{number}");
    }
    let again = |tx: &mut Tx| {
        let permit = Document::parse(DocumentType::HkMacaoPermit, "H12345678", tx.today()).expect("a permit");
        roster::add(tx, "CHAN TAI MAN", &permit, Role::Finance)?;
        Ok::<_, Error>(roster::list(tx)?.len())
    };
    assert_eq!(site.server.parts.store.write(again).await.expect("a roster"), 1, "one row");
}
