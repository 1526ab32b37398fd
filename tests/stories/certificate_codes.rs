//! 电子证书: files with a signed code, and their verification over HTTP and on the command line.

use diesel::prelude::*;
use kaozheng::exams::code::keys::PublicKeys;
use kaozheng::exams::code::status::StatusList;
use kaozheng::exams::code::{text, token};
use kaozheng::store::schema::{certificate_copies, certificates};
use kaozheng::store::{Clock, Error};
use reqwest::Method;
use reqwest::multipart::{Form, Part};

use crate::commands::{kaozheng, text as printed};
use crate::filing::{refund, start_demo};
use crate::server::{Answer, PHONE, Server, Visitor};

const COPIES: &str = "/certificates/certificate-00/copies";
const RARE: &str = "李\u{20089}\u{2B740}";

async fn make(candidate: &Visitor, purpose: &str, until: &str) -> Answer {
    candidate.submit(COPIES, &[("purpose", purpose), ("until", until)]).await
}

/// The newest copy's address, and its PDF.
async fn newest(candidate: &Visitor) -> (String, Vec<u8>) {
    let page = candidate.open(COPIES).await;
    let path = format!("{COPIES}/{}", page.between(&format!("href=\"{COPIES}/"), "\""));
    (path.clone(), bytes(candidate, &path).await)
}

async fn bytes(visitor: &Visitor, path: &str) -> Vec<u8> {
    let answer = visitor.request(Method::GET, path).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.bytes().await.expect("a body").to_vec()
}

fn code_in(pdf: &[u8]) -> String {
    let found = kaozheng::files::qr_codes::texts(pdf, "KZ1:");
    found.into_iter().find(|text| text.starts_with("KZ1:")).expect("a code in the file")
}

/// The code with one other character.
fn changed(code: &str) -> String {
    let (before, after) = code.split_at(code.len() / 2);
    let other = if after.starts_with('0') { "1" } else { "0" };
    [before, other, &after[1..]].concat()
}

async fn check(visitor: &Visitor, code: &str) -> Answer {
    visitor.submit("/verify", &[("code", code), ("action", "check")]).await
}

async fn change(
    server: &Server,
    work: impl Fn(&mut kaozheng::store::Tx) -> Result<usize, Error> + Clone + Send + 'static,
) {
    server.parts.store.write::<_, Error, _>(move |tx| work(tx)).await.expect("a change");
}

#[tokio::test]
async fn a_holder_makes_files_that_anybody_verifies_until_they_end() {
    let server = start_demo().await;
    let (candidate, employer) = (server.signed_in("张小三").await, server.visitor(PHONE));
    candidate.open("/certificates/certificate-00").await.assert_shows(COPIES);
    for (purpose, until, expected) in [
        ("", "2026-05-01", "请填写用途"),
        ("应聘", "2026-03-31", "2026-04-01 到 2026-06-30"),
        ("应聘", "2026-07-01", "2026-04-01 到 2026-06-30"),
        ("应聘", "明天", "2026-04-01 到 2026-06-30"),
    ] {
        let refused = make(&candidate, purpose, until).await;
        assert_eq!(refused.status, 422, "{purpose} {until}");
        refused.assert_shows(expected);
    }
    let name = certificates::table.find("certificate-00");
    change(&server, move |tx| {
        Ok(diesel::update(name).set(certificates::holder_name.eq(RARE)).execute(tx.conn)?)
    })
    .await;
    assert_eq!(make(&candidate, "应聘 示范建设集团", "2026-06-30").await.status, 200);
    let (path, pdf) = newest(&candidate).await;
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 200_000, "{} bytes", pdf.len());
    let code = code_in(&pdf);

    let valid = check(&employer, &code).await;
    for words in ["有效", RARE, "二级建造师", "应聘 示范建设集团", "2026-07-01 00:00"] {
        valid.assert_shows(words);
    }
    check(&employer, &text::link("https://exam.example/verify", &code)).await.assert_shows(RARE);
    let form = Form::new().part("file", Part::bytes(pdf.clone()).file_name("a.pdf")).text("code", "");
    let sent = employer.send(employer.request(Method::POST, "/en/verify").multipart(form)).await;
    assert_eq!(sent.status, 200);
    sent.assert_shows("Only for");
    let report = employer.request(Method::POST, "/verify").form(&[("code", &*code), ("action", "report")]);
    let report = report.send().await.expect("an answer").bytes().await.expect("a file");
    assert!(report.starts_with(b"%PDF-"));

    let refused = check(&employer, &changed(&code)).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("无法证实，请勿采信");
    refused.assert_lacks(RARE);
    check(&employer, "KZ 没有").await.assert_shows("没有找到证书码");

    server.parts.lookup.exchange(&server.parts.store).await.expect("counts");
    candidate.open(COPIES).await.assert_shows("向本站核实 4 次");
    let other = server.signed_in("林美玲").await;
    for path in [COPIES, &path] {
        assert_eq!(other.step(path).await.status, 404, "{path}");
    }
    other.submit(&format!("{path}/revoke"), &[("confirm", "yes")]).await;
    check(&employer, &code).await.assert_shows("没有被撤销");

    for purpose in ["投标", "注册"] {
        make(&candidate, purpose, "2026-04-01").await;
    }
    candidate.open(COPIES).await.assert_shows("最多三份");
    assert_eq!(make(&candidate, "第四份", "2026-04-02").await.status, 409);
    server.advance(24 * 3600);
    let candidate = server.signed_in("张小三").await;
    assert_eq!(make(&candidate, "第四份", "2026-04-30").await.status, 200, "two have expired");
    candidate.submit(&format!("{path}/revoke"), &[("confirm", "yes")]).await.assert_shows("已撤销");
    assert_eq!(candidate.step(&path).await.status, 409);
    check(&employer, &code).await.assert_shows("已失效，请勿采信");

    let (_, fourth) = newest(&candidate).await;
    let fourth = code_in(&fourth);
    check(&employer, &fourth).await.assert_shows("没有被撤销");
    let row = certificates::table.find("certificate-00");
    change(&server, move |tx| {
        Ok(diesel::update(row).set(certificates::print_number.eq("SF9")).execute(tx.conn)?)
    })
    .await;
    check(&employer, &fourth).await.assert_shows("已失效，请勿采信");
    server.advance(60 * 24 * 3600);
    check(&employer, &fourth).await.assert_shows("已过期");
    let stored = certificate_copies::table.select(certificate_copies::code);
    let stored = server.parts.store.read::<_, Error, _>(move |tx| Ok(stored.load::<String>(tx.conn)?)).await;
    assert!(stored.expect("rows").iter().all(|code| code.starts_with("v1:")), "codes are sealed");
}

#[tokio::test]
async fn keys_and_list_let_the_command_verify_without_a_database() {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    let candidate = server.signed_in("张小三").await;
    assert_eq!(candidate.step("/.well-known/certificate-status").await.status, 404, "no code yet");
    let today = kaozheng::store::clock::china_date(server.parts.store.clock.now()).to_string();
    make(&candidate, "应聘", &today).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (path, pdf) = newest(&candidate).await;
    let fetched = [
        ("c.pdf", pdf.clone()),
        ("keys", bytes(&candidate, "/.well-known/certificate-keys.json").await),
        ("status", bytes(&candidate, "/.well-known/certificate-status").await),
    ];
    for (name, bytes) in fetched {
        std::fs::write(file(name), bytes).expect("a file");
    }
    let verify = |what: &str, status: &str| {
        kaozheng(&["verify", what, "--keys", &file("keys"), "--status", &file(status)], &[])
    };
    let code = code_in(&pdf);
    for what in [file("c.pdf"), code.clone(), text::link("https://exam.example/verify", &code)] {
        let output = verify(&what, "status");
        assert!(output.status.success(), "{}", printed(&output.stderr));
        assert!(
            printed(&output.stdout).contains("VALID for 应聘") && printed(&output.stdout).contains("张小三")
        );
    }
    let unlisted = kaozheng(&["verify", &code, "--keys", &file("keys")], &[]);
    assert!(unlisted.status.success() && printed(&unlisted.stdout).contains("not known without --status"));
    let forged = verify(&changed(&code), "status");
    assert!(!forged.status.success(), "{}", printed(&forged.stdout));

    // A retired key still verifies, and the list is signed by the new one.
    let store = &server.parts.store;
    let keys = store.read::<_, Error, _>(PublicKeys::load).await.expect("keys");
    let old = store.read::<_, Error, _>(kaozheng::exams::code::keys::list).await.expect("keys").remove(0).id;
    let rotated = store.write::<_, Error, _>(move |tx| {
        kaozheng::exams::code::keys::make(tx)?;
        kaozheng::exams::code::keys::retire(tx, &old)
    });
    assert!(rotated.await.expect("a new key"));
    candidate.submit(&format!("{path}/revoke"), &[("confirm", "yes")]).await;
    let list = store.read::<_, Error, _>(move |tx| {
        let key = kaozheng::exams::code::keys::newest(tx)?.expect("a key");
        let uri = "https://unused.example";
        Ok(kaozheng::exams::copy::status_list(tx, uri)?.sign(&key))
    });
    let list = list.await.expect("a list");
    assert!(
        StatusList::verify(&list, &keys, store.clock.now()).is_err(),
        "the new key is not in the old set"
    );
    let claims = token::verify(&text::read(&code).expect("a token"), &keys).expect("the old key");
    let uri = claims.status.uri.clone();
    let signed = store.read::<_, Error, _>(move |tx| {
        let key = kaozheng::exams::code::keys::newest(tx)?.expect("a key");
        Ok(kaozheng::exams::copy::status_list(tx, &uri)?.sign(&key))
    });
    std::fs::write(file("status"), signed.await.expect("a list")).expect("a file");
    std::fs::write(file("keys"), bytes(&candidate, "/.well-known/certificate-keys.json").await)
        .expect("a file");
    let revoked = verify(&file("c.pdf"), "status");
    assert!(!revoked.status.success());
    assert!(printed(&revoked.stderr).contains("not valid any more"), "{}", printed(&revoked.stderr));
}

#[tokio::test]
async fn slips_and_lookup_results_are_files_too() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let slip = bytes(&candidate, &format!("/services/refund/{number}/slip/file")).await;
    assert!(slip.starts_with(b"%PDF-") && slip.len() < 200_000);
    let other = server.signed_in("林美玲").await;
    assert_eq!(other.step(&format!("/services/refund/{number}/slip/file")).await.status, 404);
    let employer = server.visitor(PHONE);
    let typed = [("name", "张小三"), ("document", "440300199003072616"), ("number", "SF02000000")];
    employer.submit("/lookup/02", &typed).await.assert_shows("下载核验报告");
    for path in ["/lookup/02", "/en/lookup/02"] {
        let asked =
            employer.request(Method::POST, path).form(&[typed.as_slice(), &[("action", "report")]].concat());
        let report = asked.send().await.expect("an answer").bytes().await.expect("a file");
        assert!(report.starts_with(b"%PDF-") && report.len() < 200_000, "{path}");
    }
}
