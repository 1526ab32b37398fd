//! Identity cases: an administrator decides a stopped sign-in after seeing both sides.

use kaozheng::store::schema::{audit_entries::dsl as a, former_documents::dsl as f};

use super::*;

const LIST: &str = "/staff/identities";

fn zhang() -> Value {
    account("a", "ZHANG SAN", "E1000001")
}

pub(super) async fn administrator(site: &Site) -> Visitor {
    staff_browser(site, "HE JING", "E2000001", Role::Administrator).await
}

/// The path of the only case on the list.
pub(super) async fn only_case(administrator: &Visitor) -> String {
    let list = administrator.open(LIST).await;
    assert_eq!(list.body.matches("href=\"/staff/identities/").count(), 1, "{}", list.body);
    format!("{LIST}/{}", list.between("href=\"/staff/identities/", "\""))
}

async fn decide(visitor: &Visitor, case: &str, decision: &str) -> Answer {
    let form = [("decision", decision), ("reason", "已当面核对身份证件")];
    visitor.submit_step(case, &form).await
}

pub(super) async fn decide_successfully(visitor: &Visitor, case: &str, decision: &str) {
    let answer = decide(visitor, case, decision).await;
    assert_eq!((answer.status, answer.location.as_str()), (303, case), "{}", answer.body);
}

#[tokio::test]
async fn repeated_attempts_are_one_case_with_both_sides() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    let other = with(account("b", "LI SI", "E1000001"), &[("phone", json!("13900139000"))]);
    for _ in 0..10 {
        assert_stopped(&site, &other, STOPPED).await;
    }
    let administrator = administrator(&site).await;
    let desk = administrator.open("/staff/queue").await;
    assert!(desk.body.contains("身份核对") && desk.body.contains("1 件待核对"), "{}", desk.body);
    let case = only_case(&administrator).await;
    let page = administrator.open(&case).await;
    for expected in ["ZHANG SAN", "LI SI", "13800138000", "13900139000", "共 10 次", "待核对"] {
        assert!(page.body.contains(expected), "{expected} is not in {}", page.body);
    }
    let seen = a::audit_entries.filter(a::action.eq("identity")).count();
    assert_eq!(read(&site, move |tx| Ok(seen.get_result::<i64>(tx.conn)?)).await, 1);
    let sealed = i::identity_cases.select((i::name, i::document_number, i::phone));
    let (name, number, phone): (String, String, String) =
        read(&site, move |tx| Ok(sealed.first(tx.conn)?)).await;
    for text in [name, number, phone] {
        assert!(text.starts_with("v1:"), "{text}");
    }
}

#[tokio::test]
async fn numbers_are_masked_until_a_press_on_record() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    assert_stopped(&site, &account("b", "LI SI", "E1000001"), STOPPED).await;
    let administrator = administrator(&site).await;
    let case = only_case(&administrator).await;
    administrator.open(&case).await.assert_lacks("E1000001");
    let presses = || {
        read(&site, |tx| {
            let entries = a::audit_entries.filter(a::action.eq("uncover")).count();
            Ok(entries.get_result::<i64>(tx.conn)?)
        })
    };
    assert_eq!(presses().await, 0);
    let pressed = administrator.submit_step(&case, &[("decision", "uncover"), ("reason", "正在核对")]).await;
    assert_eq!((pressed.status, pressed.body.matches("E1000001").count()), (200, 2), "{}", pressed.body);
    pressed.assert_shows("正在核对");
    pressed.assert_lacks("显示完整号码");
    assert_eq!(presses().await, 1);

    decide_successfully(&administrator, &case, "separate").await;
    let decided = administrator.submit_step(&case, &[("decision", "uncover")]).await;
    decided.assert_lacks("E1000001");
    decided.assert_lacks("显示完整号码");
    assert_eq!(presses().await, 1, "nothing was shown in full");
}

/// An update changes the form of names in the keys of cases. A known case stays the same case.
#[tokio::test]
async fn keys_of_an_older_program_are_computed_anew() {
    use kaozheng::people::identity::case::renew_keys;
    use kaozheng::store::schema::meta::dsl as m;
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    let other = account("b", "O’NEIL JOHN", "E1000001");
    assert_stopped(&site, &other, STOPPED).await;
    let age = |tx: &mut Tx| {
        diesel::update(i::identity_cases).set(i::key_hash.eq("of another form")).execute(tx.conn)?;
        diesel::delete(m::meta.find("identity_case_keys")).execute(tx.conn)?;
        renew_keys(tx)
    };
    site.server.parts.store.write::<_, Error, _>(age).await.expect("new keys");
    assert_stopped(&site, &with(other, &[("name", json!("o'neil john"))]), STOPPED).await;
    let attempts = i::identity_cases.select(i::attempts);
    assert_eq!(read(&site, move |tx| Ok(attempts.load::<i32>(tx.conn)?)).await, [2]);
    // A second call does nothing.
    let touch = |tx: &mut Tx| {
        diesel::update(i::identity_cases).set(i::key_hash.eq("x")).execute(tx.conn)?;
        renew_keys(tx)?;
        Ok::<String, Error>(i::identity_cases.select(i::key_hash).first(tx.conn)?)
    };
    assert_eq!(site.server.parts.store.write(touch).await.expect("a key"), "x");
}

#[tokio::test]
async fn only_administrators_see_cases() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    assert_stopped(&site, &account("b", "LI SI", "E1000001"), STOPPED).await;
    let case = only_case(&administrator(&site).await).await;
    let reviewer = staff_browser(&site, "LIN FENG", "E2000002", Role::Reviewer).await;
    let candidate = assert_signed_in(&site, &zhang()).await;
    for visitor in [&reviewer, &candidate] {
        for path in [LIST, &case] {
            let answer = visitor.step(path).await;
            assert!(answer.status == 403 && !answer.body.contains("LI SI"), "{path}");
        }
        assert_eq!(decide(visitor, &case, "join").await.status, 403);
    }
    assert!(!reviewer.open("/staff/queue").await.body.contains("身份核对"));
    assert_stopped(&site, &account("b", "LI SI", "E1000001"), STOPPED).await;
}

/// A second account of the same person: both sign in, and the record keeps its name.
#[tokio::test]
async fn joined_account_signs_in_as_the_candidate() {
    let site = site_without_levels().await;
    let phone = assert_signed_in(&site, &zhang()).await;
    for other in [account("b", "ZHANG SAN", "E1000001"), account("c", "ZHANG SANFENG", "E1000001")] {
        assert_stopped(&site, &other, STOPPED).await;
    }
    let administrator = administrator(&site).await;
    let list = administrator.open(LIST).await;
    let cases = list.body.split("href=\"/staff/identities/").skip(1);
    let cases: Vec<String> =
        cases.map(|rest| format!("{LIST}/{}", rest.split('"').next().unwrap_or_default())).collect();
    assert_eq!(cases.len(), 2);
    for case in &cases {
        decide_successfully(&administrator, case, "join").await;
        assert!(administrator.open(case).await.body.contains("已认定为同一人"));
        assert_eq!(decide(&administrator, case, "separate").await.status, 409, "decided once");
    }
    assert_signed_in(&site, &account("b", "ZHANG SAN", "E1000001")).await;
    assert_signed_in(&site, &account("c", "ZHANG SANFENG", "E1000001")).await;
    assert_signed_in(&site, &zhang()).await;
    let names: Vec<String> =
        read(&site, |tx| Ok(c::candidates.filter(c::name.like("ZHANG%")).select(c::name).load(tx.conn)?))
            .await;
    assert_eq!(names, ["ZHANG SAN"]);
    assert!(phone.open("/").await.body.contains("另一个政务服务平台账号以您的身份登录"));
}

#[tokio::test]
async fn separated_account_stays_out_and_is_told() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    let other = account("b", "LI SI", "E1000001");
    assert_stopped(&site, &other, STOPPED).await;
    let administrator = administrator(&site).await;
    let case = only_case(&administrator).await;
    decide_successfully(&administrator, &case, "separate").await;
    assert_stopped(&site, &other, "不是同一人").await;
    let page = administrator.open(&case).await;
    assert!(page.body.contains("已认定不是同一人") && page.body.contains("共 2 次"), "{}", page.body);
    assert_signed_in(&site, &zhang()).await;
}

/// A renewed document: the account belongs to the same person, whose records move to the new number.
#[tokio::test]
async fn new_number_of_a_known_account_moves_its_records() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    let renewed = account("a", "ZHANG SAN", "E7777777");
    assert_stopped(&site, &renewed, STOPPED).await;
    let administrator = administrator(&site).await;
    decide_successfully(&administrator, &only_case(&administrator).await, "join").await;
    let visitor = assert_signed_in(&site, &renewed).await;
    let masked = kaozheng::people::mask::number("E7777777");
    assert!(visitor.open("/me").await.body.contains(&masked));
    assert_signed_in(&site, &zhang()).await;
    let former = f::former_documents.count();
    assert_eq!(read(&site, move |tx| Ok(former.get_result::<i64>(tx.conn)?)).await, 1);
    assert_eq!(counts(&site).await[0], 2, "the candidate and the administrator");
}

#[tokio::test]
async fn number_of_another_candidate_is_never_joined() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    assert_signed_in(&site, &account("b", "LI SI", "E1000002")).await;
    let moved = account("a", "LI SI", "E1000002");
    assert_stopped(&site, &moved, STOPPED).await;
    let administrator = administrator(&site).await;
    let case = only_case(&administrator).await;
    assert!(administrator.open(&case).await.body.contains("号码已登记给"));
    let refused = decide(&administrator, &case, "join").await;
    assert!(refused.status == 409 && refused.body.contains("另一位考生"), "{}", refused.body);
    // After the separation, the account is unbound and signs in as the holder of its number.
    decide_successfully(&administrator, &case, "separate").await;
    let visitor = assert_signed_in(&site, &moved).await;
    let masked = kaozheng::people::mask::name("LI SI");
    assert!(visitor.open("/me").await.body.contains(&masked));
    assert_stopped(&site, &zhang(), STOPPED).await;
}

#[tokio::test]
async fn released_account_enrols_with_a_new_number() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    let moved = account("a", "WANG WU", "E5555555");
    assert_stopped(&site, &moved, STOPPED).await;
    let administrator = administrator(&site).await;
    decide_successfully(&administrator, &only_case(&administrator).await, "separate").await;
    assert_signed_in(&site, &moved).await;
    assert_eq!(counts(&site).await[0], 3);
}

#[tokio::test]
async fn administrator_cannot_decide_their_own_case() {
    let site = Site::start(|_| {}).await;
    let own = administrator(&site).await;
    assert_stopped(&site, &account("b", "LI SI", "E2000001"), STOPPED).await;
    let case = only_case(&own).await;
    assert!(own.open(&case).await.body.contains("涉及您本人"));
    for decision in ["join", "separate"] {
        assert_eq!(decide(&own, &case, decision).await.status, 409);
    }
    // Nor a case about an account that states their number.
    assert_signed_in(&site, &zhang()).await;
    assert_stopped(&site, &account("a", "HE JING", "E2000001"), STOPPED).await;
    let open: Vec<String> = read(&site, |tx| Ok(i::identity_cases.select(i::id).load(tx.conn)?)).await;
    assert_eq!(open.len(), 2);
    for id in open {
        assert_eq!(decide(&own, &format!("{LIST}/{id}"), "separate").await.status, 409);
    }
    let other = staff_browser(&site, "QIAN WEN", "E2000009", Role::Administrator).await;
    decide_successfully(&other, &case, "separate").await;
}

#[tokio::test]
async fn decision_requires_a_reason_and_keeps_the_input() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &zhang()).await;
    assert_stopped(&site, &account("b", "LI SI", "E1000001"), STOPPED).await;
    let administrator = administrator(&site).await;
    let case = only_case(&administrator).await;
    let sent = administrator.submit_step(&case, &[("decision", "join"), ("reason", "同一")]).await;
    assert!(
        sent.status == 422 && sent.body.contains("请写明理由") && sent.body.contains(">同一<"),
        "{}",
        sent.body
    );
    assert_eq!(administrator.submit_step(&case, &[("reason", "已当面核对")]).await.status, 400);
    assert_stopped(&site, &account("b", "LI SI", "E1000001"), STOPPED).await;
}

/// A portal without a subject claim gives nothing to bind.
#[tokio::test]
async fn account_without_a_subject_cannot_be_joined() {
    let site = site_without_levels().await;
    assert_signed_in(&site, &zhang()).await;
    assert_stopped(&site, &with(zhang(), &[("sub", json!(null))]), STOPPED).await;
    let administrator = administrator(&site).await;
    let case = only_case(&administrator).await;
    assert!(!administrator.open(&case).await.body.contains("value=\"join\""));
    assert_eq!(decide(&administrator, &case, "join").await.status, 409);
    decide_successfully(&administrator, &case, "separate").await;
}
