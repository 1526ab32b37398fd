//! Identity: an account of the portal is bound to one candidate, and a document number alone opens
//! nothing.

mod cases;
mod documents;
mod notices;

use diesel::prelude::*;
use kaozheng::people::document::{Document, DocumentType};
use kaozheng::people::staff::{self as roster, Role};
use kaozheng::settings::Settings;
use kaozheng::store::schema::{
    candidates::dsl as c, identity_cases::dsl as i, portal_accounts::dsl as p, security_events::dsl as e,
};
use kaozheng::store::{Error, Tx};
use serde_json::{Value, json};

use super::LoginScreen;
use super::dialects::portal::{Site, json_of};
use crate::server::{Answer, DESKTOP, PHONE, Visitor};

/// Userinfo of an account.
fn account(sub: &str, name: &str, passport: &str) -> Value {
    json!({
        "sub": sub, "level": "L2", "user_type": "person", "name": name, "id_type": "passport",
        "id_number": passport, "phone": "13800138000",
    })
}

/// The account with changed claims; `null` removes one.
fn with(mut account: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        account[*name] = value.clone();
    }
    account
}

/// Signs a new visitor in with an account.
async fn sign_in_with(site: &Site, account: &Value) -> (Visitor, Answer) {
    let visitor = site.server.visitor(PHONE);
    let answer = sign_in_as(site, &visitor, account).await;
    (visitor, answer)
}

async fn sign_in_as(site: &Site, visitor: &Visitor, account: &Value) -> Answer {
    site.set_response("/userinfo", json_of(account.clone()));
    let token = json_of(json!({ "access_token": "a", "token_type": "Bearer" }));
    site.sign_in(visitor, |_| token).await
}

async fn assert_signed_in(site: &Site, account: &Value) -> Visitor {
    let (visitor, answer) = sign_in_with(site, account).await;
    assert_eq!(answer.location, "/me", "{account}: {}", answer.body);
    assert!(visitor.is_signed_in().await, "{account}");
    visitor
}

/// Asserts that nobody is signed in, and that the page gives the reason and the remedy without offering
/// another try.
async fn assert_stopped(site: &Site, account: &Value, words: &str) {
    let (visitor, answer) = sign_in_with(site, account).await;
    assert!(answer.status == 403 && answer.body.contains(words), "{account}: {}", answer.body);
    for useless in ["再试一次", "重新登录"] {
        assert!(!answer.body.contains(useless), "{account}: {}", answer.body);
    }
    assert!(!visitor.is_signed_in().await, "{account}");
}

const STOPPED: &str = "登录已暂停，等待核对身份";

async fn read<T: Send + 'static>(
    site: &Site,
    query: impl FnOnce(&mut Tx) -> Result<T, Error> + Clone + Send + 'static,
) -> T {
    site.server.parts.store.read(query).await.expect("an answer")
}

/// Numbers of candidates, bound accounts and identity cases.
async fn counts(site: &Site) -> [i64; 3] {
    read(site, |tx| {
        Ok([
            c::candidates.count().get_result(tx.conn)?,
            p::portal_accounts.count().get_result(tx.conn)?,
            i::identity_cases.count().get_result(tx.conn)?,
        ])
    })
    .await
}

async fn join_roster(site: &Site, name: &'static str, passport: &'static str, role: Role) {
    let add = move |tx: &mut Tx| {
        let document = Document::parse(DocumentType::Passport, passport, tx.today()).expect("a passport");
        roster::add(tx, name, &document, role)
    };
    site.server.parts.store.write(add).await.expect("a roster");
}

/// Signs a staff member in.
async fn staff_browser(site: &Site, name: &'static str, passport: &'static str, role: Role) -> Visitor {
    join_roster(site, name, passport, role).await;
    assert_signed_in(site, &account(&format!("staff-{passport}"), name, passport)).await
}

fn unverified(account: Value) -> Value {
    with(account, &[("level", json!("L0"))])
}

/// A site whose settings do not say which accounts are verified.
async fn site_without_levels() -> Site {
    Site::start(|settings: &mut Settings| settings.portal.rules.verified = None).await
}

const LOW: &str = "请先完成实名认证";

/// The form of a name is no reason to refuse anybody. Another spelling is the same name: at a site without levels,
/// another name would be stopped.
#[tokio::test]
async fn any_name_signs_in_also_in_another_spelling() {
    let site = site_without_levels().await;
    let long = "WOLFESCHLEGELSTEINHAUSENBERGERDORFF HUBERT BLAINE LONGLASTNAME";
    let table = [
        ("NGUYỄN VĂN AN", "nguye\u{302}\u{303}n va\u{306}n an"),
        ("O", "o"),
        ("张", "张 "),
        ("García, José", "GARCÍA,JOSÉ"),
        ("O’NEIL JOHN", "O'Neil John"),
        ("买买提•艾力", "买买提-艾力"),
        ("王\u{e863}", "王䶮"),
        ("X Æ A-12", "x æ a–12"),
        ("Иван Петров", "ИВАН ПЕТРОВ"),
        (long, long),
    ];
    for (n, (name, spelling)) in table.into_iter().enumerate() {
        let first = account(&format!("a{n}"), name, &format!("E20000{n:02}"));
        assert_signed_in(&site, &first).await;
        let again = with(first.clone(), &[("name", json!(spelling))]);
        assert_signed_in(&site, &again).await;
        let names: Vec<String> = read(&site, |tx| Ok(c::candidates.select(c::name).load(tx.conn)?)).await;
        assert!(names.contains(&name.to_owned()), "{name} is shown as the portal writes it: {names:?}");
    }
    assert_eq!(counts(&site).await, [10, 10, 0]);
}

/// Every rule for a bound account: the claims of the next sign-in, and whether it is admitted.
#[tokio::test]
async fn account_opens_only_its_own_candidate() {
    let other_sub = ("sub", json!("another"));
    let other_name = ("name", json!("LI SI"));
    let other_number = ("id_number", json!("E9999999"));
    let no_sub = ("sub", json!(null));
    let site = Site::start(|_| {}).await;
    let table: [(&[(&str, Value)], bool); 7] = [
        (&[], true),
        (&[("name", json!("zhang  san"))], true),
        (std::slice::from_ref(&other_name), true),
        (&[("sub", json!("another-3"))], true),
        (&[other_sub.clone(), other_name.clone()], false),
        (std::slice::from_ref(&other_number), false),
        (std::slice::from_ref(&no_sub), true),
    ];
    assert_rules(&site, &table).await;
    let site = site_without_levels().await;
    let table: [(&[(&str, Value)], bool); 6] = [
        (&[], true),
        (&[("name", json!("zhang  san"))], true),
        (std::slice::from_ref(&other_name), false),
        (std::slice::from_ref(&other_sub), false),
        (std::slice::from_ref(&other_number), false),
        (std::slice::from_ref(&no_sub), false),
    ];
    assert_rules(&site, &table).await;
}

/// Signs in each row's account, and then again with the changed claims.
async fn assert_rules(site: &Site, table: &[(&[(&str, Value)], bool)]) {
    let first = |n: usize| account(&format!("a{n}"), "ZHANG SAN", &format!("E100000{n}"));
    let mut cases = 0;
    for (n, (changes, lets_in)) in table.iter().enumerate() {
        assert_signed_in(site, &first(n)).await;
        let again = with(first(n), changes);
        if *lets_in {
            assert_signed_in(site, &again).await;
        } else {
            assert_stopped(site, &again, STOPPED).await;
            cases += 1;
        }
        let [candidates, _, found] = counts(site).await;
        assert_eq!((candidates, found), (n as i64 + 1, cases), "{again}: no second account");
    }
    let names: Vec<String> = read(site, |tx| Ok(c::candidates.select(c::name).load(tx.conn)?)).await;
    assert!(names.iter().all(|name| name == "ZHANG SAN"), "a record was renamed: {names:?}");
    let stopped = e::security_events.filter(e::kind.eq("identity_stopped"));
    let events: Vec<(Option<String>, String)> =
        read(site, move |tx| Ok(stopped.select((e::candidate_id, e::details)).load(tx.conn)?)).await;
    assert_eq!(events.len() as i64, cases);
    for (candidate, details) in events {
        assert!(candidate.is_some() && !details.contains("ZHANG") && !details.contains("E1000"), "{details}");
    }
}

/// An account below the level that the portal's profile demands never signs in: neither a new one, nor one that has
/// signed in before.
#[tokio::test]
async fn account_below_the_level_never_signs_in() {
    let site = Site::start(|_| {}).await;
    assert_stopped(&site, &unverified(account("a", "ZHANG SAN", "E1000001")), LOW).await;
    assert_eq!(counts(&site).await, [0, 0, 0]);
    assert_signed_in(&site, &account("a", "ZHANG SAN", "E1000001")).await;
    let (_, answer) = sign_in_with(&site, &unverified(account("a", "ZHANG SAN", "E1000001"))).await;
    assert!(answer.status == 403 && answer.body.contains("L2（实名认证）"), "the level: {}", answer.body);
    assert!(answer.body.contains("/static/manage/realname\">去提升认证等级</a>"), "where: {}", answer.body);
    assert_eq!(counts(&site).await, [1, 1, 0]);
}

#[tokio::test]
async fn without_the_setting_no_account_is_verified() {
    let site = site_without_levels().await;
    let first = account("a", "ZHANG SAN", "E1000001");
    assert_signed_in(&site, &first).await;
    assert_signed_in(&site, &first).await;
    for changes in [("sub", json!("b")), ("name", json!("LI SI")), ("sub", json!(null))] {
        assert_stopped(&site, &with(first.clone(), &[changes]), STOPPED).await;
    }
    let nameless = with(account("a", "LI SI", "E1000002"), &[("sub", json!(null))]);
    assert_stopped(&site, &nameless, "无法确认您的账号").await;
    assert_eq!(counts(&site).await[0], 1);
}

/// A candidate without a bound account is bound at the next sign-in, by name and number.
#[tokio::test]
async fn candidate_without_an_account_gets_the_first_verified_one() {
    let site = Site::start(|_| {}).await;
    let enrol = |tx: &mut Tx| {
        let document = Document::parse(DocumentType::Passport, "E1000001", tx.today()).expect("a passport");
        let identity =
            kaozheng::people::candidate::Identity { name: "ZHANG SAN".into(), document, phone: None };
        kaozheng::people::candidate::enrol(tx, &identity)
    };
    site.server.parts.store.write(enrol).await.expect("a candidate");
    assert_stopped(&site, &unverified(account("a", "ZHANG SAN", "E1000001")), LOW).await;
    assert_stopped(&site, &account("a", "LI SI", "E1000001"), STOPPED).await;
    assert_signed_in(&site, &account("b", "ZHANG SAN", "E1000001")).await;
    assert_eq!(counts(&site).await, [1, 1, 1]);
}

/// Two accounts state one new number at the same time. One becomes its holder.
#[tokio::test]
async fn simultaneous_first_sign_ins_create_one_candidate() {
    let site = site_without_levels().await;
    site.set_response("/userinfo", json_of(account("a", "ZHANG SAN", "E1000001")));
    let token = json_of(json!({ "access_token": "a", "token_type": "Bearer" }));
    let visitors: Vec<Visitor> = (0..6).map(|_| site.server.visitor(PHONE)).collect();
    let all = visitors.iter().map(|visitor| site.sign_in(visitor, |_| token.clone()));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.location, "/me", "{}", answer.body);
    }
    assert_eq!(counts(&site).await, [1, 1, 0]);
}

#[tokio::test]
async fn second_account_with_a_new_number_is_stopped() {
    use kaozheng::people::candidate::Identity;
    use kaozheng::people::identity::{self, Account, Arrival, Assurance, SignInOutcome};
    let site = Site::start(|_| {}).await;
    let arrival = |n: usize, tx: &Tx| Arrival {
        identity: Identity {
            name: "ZHANG SAN".into(),
            document: Document::parse(DocumentType::Passport, "E1000001", tx.today()).expect("a passport"),
            phone: None,
        },
        account: Account {
            portal: "https://portal.example".into(),
            subject: Some(format!("s{n}")),
            assurance: Assurance::Unknown,
        },
    };
    let all = (0..8).map(|n| {
        let store = site.server.parts.store.clone();
        async move {
            let entry = store.write(move |tx| identity::sign_in(tx, &arrival(n, tx))).await;
            matches!(entry.expect("no failure"), SignInOutcome::Admitted(_))
        }
    });
    let entered = futures_util::future::join_all(all).await.into_iter().filter(|entered| *entered).count();
    assert_eq!(entered, 1);
    assert_eq!(counts(&site).await, [1, 1, 7]);
}

/// The screen opens only if a verified account has the name on the roster.
#[tokio::test]
async fn number_on_the_roster_does_not_open_the_desk_alone() {
    let site = Site::start(|_| {}).await;
    join_roster(&site, "HE JING", "E2000001", Role::Administrator).await;
    assert_stopped(&site, &unverified(account("x", "HE JING", "E2000001")), LOW).await;
    let married = assert_signed_in(&site, &account("a", "HE JINGYI", "E2000001")).await;
    assert_eq!(married.step("/staff/queue").await.status, 403);
    let home = married.open("/").await;
    assert!(home.body.contains("没有进入审核台") && !home.body.contains("您是工作人员"), "{}", home.body);
    let closed = e::security_events.filter(e::kind.eq("desk_closed")).count();
    assert_eq!(read(&site, move |tx| Ok(closed.get_result::<i64>(tx.conn)?)).await, 1);

    join_roster(&site, "LIN FENG", "E2000002", Role::Reviewer).await;
    let known = assert_signed_in(&site, &account("b", "LIN FENG", "E2000002")).await;
    assert_eq!(known.step("/staff/queue").await.status, 200);
    assert_stopped(&site, &unverified(account("b", "LIN FENG", "E2000002")), LOW).await;
}

/// A screen gets the permissions of the phone that confirmed it.
#[tokio::test]
async fn screen_gets_no_more_than_the_confirming_phone() {
    let site = Site::start(|_| {}).await;
    join_roster(&site, "LIN FENG", "E2000002", Role::Reviewer).await;
    for (name, desk_status) in [("LIN FENG", 200), ("LIN FENGYI", 403)] {
        let account = account("b", name, "E2000002");
        let phone = assert_signed_in(&site, &account).await;
        let screen = LoginScreen::open(&site.server, "/login?next=/services").await;
        phone.open(&screen.code(&site.server)).await;
        phone.submit(&screen.path("number"), &[("number", &screen.number().await)]).await;
        assert_eq!(screen.reload().await.location, "/services");
        assert_eq!(screen.browser.step("/staff/queue").await.status, desk_status, "{name}");
    }
}
