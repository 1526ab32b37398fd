//! The privacy notice and the consents, by purpose.

use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::{candidates, consents::dsl as c};

use crate::filing::{Filing, refund, start_demo};
use crate::server::{Answer, PHONE, Server, Visitor};

const ALL: [&str; 4] = ["identity", "portrait", "account", "materials"];

/// The demo's candidate who has not agreed, at the page to which the sign-in leads.
async fn undecided(server: &Server, wanted: &str) -> (Visitor, Answer) {
    let visitor = server.visitor(PHONE);
    let portal = visitor.open(&format!("/login/portal?next={wanted}")).await;
    let mut form = portal.hidden_fields();
    form.push(("person".to_owned(), portal.button_value("石卫国")));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let mut answer = visitor.submit_step("/sandbox/authorize", &form).await;
    while answer.status == 303 || answer.status == 302 {
        answer = visitor.step(&answer.location.clone()).await;
    }
    (visitor, answer)
}

async fn answer(visitor: &Visitor, page: &Answer, general: bool, purposes: &[&str]) -> Answer {
    let (_, form) = page.body.split_once("action=\"/me/consent\"").expect("the form");
    let (_, version) = form.split_once("name=\"version\" value=\"").expect("a version");
    let (_, next) = form.split_once("name=\"next\" value=\"").expect("a page");
    let (_, need) = form.split_once("name=\"need\" value=\"").expect("purposes");
    let value = |text: &str| text.split('"').next().unwrap_or_default().replace("&amp;", "&");
    let (version, next, need) = (value(version), value(next), value(need));
    let mut sent = vec![("version", &*version), ("next", &*next), ("need", &*need)];
    sent.extend(general.then_some(("general", "yes")));
    sent.extend(purposes.iter().map(|purpose| ("purpose", *purpose)));
    visitor.submit_step("/me/consent", &sent).await
}

/// Purpose, version, and whether it was given, of every step.
async fn steps(server: &Server) -> Vec<(String, i32, bool)> {
    let rows = c::consents.order((c::at, c::id)).select((c::purpose, c::version, c::given));
    let undecided = candidates::table.filter(candidates::name.eq("石卫国")).select(candidates::id);
    let by = rows.filter(c::candidate_id.eq_any(undecided));
    server.parts.store.read::<_, Error, _>(move |tx| Ok(by.load(tx.conn)?)).await.expect("consents")
}

#[tokio::test]
async fn nothing_opens_before_the_consent_which_leads_back_to_the_page() {
    let server = start_demo().await;
    server.visitor(PHONE).step("/privacy").await.assert_shows("敏感个人信息");
    let (visitor, page) = undecided(&server, "/services/qualification").await;
    page.assert_shows("我已阅读并同意个人信息处理规则");
    for closed in ["/", "/me", "/me/data", "/me/devices", "/me/views", "/progress", "/certificates"] {
        let turned = visitor.step(closed).await.location;
        assert!(turned.starts_with("/me/consent?next="), "{closed} leads to {turned}");
    }
    assert_eq!(visitor.submit_step("/me/data/withdraw", &[("purpose", "identity")]).await.status, 403);
    for open in ["/privacy", "/lookup", "/services"] {
        assert_eq!(visitor.step(open).await.status, 200, "{open}");
    }
    let refused = answer(&visitor, &page, false, &ALL).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("请选择同意");
    assert!(refused.body.matches(" checked").count() >= 4, "what was chosen is kept: {}", refused.body);
    assert!(steps(&server).await.is_empty(), "nothing is kept of a refusal");
    let no = visitor.submit("/me/consent", &[("action", "refuse")]).await;
    no.assert_shows("不能使用需要登录的服务");
    assert!(no.body.contains("action=\"/logout\""));

    let agreed = answer(&visitor, &page, true, &["identity"]).await;
    assert_eq!((agreed.status, &*agreed.location), (303, "/services/qualification"));
    let kept = [("general".to_owned(), 0, true), ("identity".to_owned(), 0, true)];
    assert_eq!(steps(&server).await, kept);
    let foreign = visitor.submit_step("/me/consent", &[("next", "//evil.example"), ("need", "identity")]);
    assert_ne!(foreign.await.location, "//evil.example");
    assert_eq!(
        server.signed_in("周明远").await.step("/staff/queue").await.status,
        200,
        "staff are not asked"
    );
}

#[tokio::test]
async fn service_asks_for_the_purposes_that_it_needs_and_no_other() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    for purpose in ["portrait", "account"] {
        candidate.submit("/me/data/withdraw", &[("purpose", purpose)]).await;
    }
    candidate.step("/me/data").await.assert_shows("没有同意");

    let asked = candidate.step("/services/qualification/new").await.location;
    assert!(asked.starts_with("/me/consent?need=portrait&next="), "{asked}");
    let page = candidate.step(&asked).await;
    page.assert_shows("同意处理证件照");
    page.assert_lacks("银行账户");
    let refused = answer(&candidate, &page, false, &[]).await;
    assert_eq!(refused.status, 422);
    refused.assert_shows("办理这项业务需要您同意每一项");

    // A refund needs no portrait, and an account only if the money goes there.
    assert_eq!(candidate.step("/services/refund/new").await.status, 200);
    let number = candidate.file_for_number(&refund()).await;
    candidate.submit(&format!("/services/refund/{number}/withdraw"), &[]).await;
    let to_account = refund().with(&[
        ("refund_to", "银行账户"),
        ("account_holder", "张小三"),
        ("bank", "中国工商银行"),
        ("branch", "东湖支行"),
        ("account", "6222021001116245702"),
    ]);
    let to_account = Filing { slots: &["payment_proof", "bank_card"], ..to_account };
    let sent = candidate.send_form("/services/refund/new", &to_account, "review").await;
    assert_eq!(sent.location, "/services/refund/review", "{}", sent.body);
    let asked = candidate.step(&sent.location).await.location;
    assert!(asked.starts_with("/me/consent?need=account&next="), "{asked}");
    let seen = candidate.submit_step("/services/refund/review", &[("seen", "x")]).await;
    assert!(!seen.location.contains("submitted"), "{}", seen.location);
    let agreed = answer(&candidate, &candidate.step(&asked).await, false, &["account"]).await;
    assert_eq!(agreed.location, "/services/refund/review");
    candidate.step(&agreed.location).await.assert_shows("核对");
}

#[tokio::test]
async fn new_version_is_asked_for_again_and_a_consent_can_be_withdrawn() {
    let server = start_demo().await;
    let (candidate, page) = undecided(&server, "/me/data").await;
    answer(&candidate, &page, true, &["identity", "materials"]).await;
    let office = server.signed_in("何静").await;
    let text = "/staff/admin/texts/privacy/office";
    office.step("/staff/admin/texts").await.assert_shows("个人信息处理规则");
    let publish = [("action", "publish"), ("version", "0"), ("body", "新的规则")];
    assert_eq!(office.submit_step(text, &publish).await.status, 303);

    candidate.step("/privacy").await.assert_shows("新的规则");
    candidate.step("/privacy/0").await.assert_shows("敏感个人信息");
    assert_eq!(candidate.step("/privacy/2").await.status, 404);
    // What was being typed is not lost.
    let draft = candidate.send_form("/services/refund/new", &refund(), "draft").await;
    assert!(!draft.location.contains("consent"), "{}", draft.location);
    let asked = candidate.step("/me/data").await.location;
    assert_eq!(asked, "/me/consent?next=%2Fme%2Fdata");
    let outdated = answer(&candidate, &page, true, &["identity"]).await;
    assert_eq!(outdated.status, 422);
    outdated.assert_shows("规则刚刚更新");
    let agreed = answer(&candidate, &candidate.step(&asked).await, true, &["identity"]).await;
    assert_eq!(agreed.location, "/me/data");
    let last = steps(&server).await.split_off(3);
    let ended = ("materials".to_owned(), 1, false);
    assert_eq!(last, [("general".to_owned(), 1, true), ("identity".to_owned(), 1, true), ended]);

    server.advance(60);
    candidate.submit_step("/me/data/withdraw", &[("purpose", "general")]).await;
    let turned = candidate.step("/me").await.location;
    assert_eq!(turned, "/me/consent?next=%2Fme");
    let last = steps(&server).await.split_off(6);
    assert_eq!(last, [("general".to_owned(), 1, false), ("identity".to_owned(), 1, false)]);
}
