//! Notices about sign-ins, shown on each device of a candidate.

use super::*;
use kaozheng::store::CandidateId;

const READ: &str = "/me/devices/read";

/// Presses 知道了 on 登录设备.
async fn acknowledge(visitor: &Visitor) {
    let page = visitor.open("/me/devices").await;
    assert!(page.body.contains("知道了"), "{}", page.body);
    let fields = page.hidden_fields();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    visitor.submit(READ, &fields).await;
}

async fn shows_notice(visitor: &Visitor, words: &str) -> bool {
    let (home, devices) = (visitor.open("/").await.body, visitor.open("/me/devices").await.body);
    assert_eq!(home.contains(words), devices.contains(words), "{words}\n{home}\n{devices}");
    home.contains(words)
}

#[tokio::test]
async fn another_account_is_announced_on_every_device_until_acknowledged() {
    const WORDS: &str = "另一个政务服务平台账号以您的身份登录";
    let site = Site::start(|_| {}).await;
    let (one, two) = (account("a", "ZHANG SAN", "E1000001"), account("b", "ZHANG SAN", "E1000001"));
    let (phone, tablet) = (assert_signed_in(&site, &one).await, assert_signed_in(&site, &one).await);
    assert!(!shows_notice(&phone, WORDS).await);
    let other = assert_signed_in(&site, &two).await;
    for visitor in [&phone, &tablet, &other] {
        assert!(shows_notice(visitor, WORDS).await);
    }
    acknowledge(&other).await;
    assert!(!shows_notice(&other, WORDS).await);
    assert!(
        shows_notice(&phone, WORDS).await,
        "acknowledging on one device does not hide the notice on another"
    );
    acknowledge(&phone).await;
    assert!(!shows_notice(&phone, WORDS).await && shows_notice(&tablet, WORDS).await);
    assert!(
        shows_notice(&assert_signed_in(&site, &one).await, WORDS).await,
        "a device that was signed out is told too"
    );
    let output = assert_signed_in(&site, &account("c", "LI SI", "E1000002")).await;
    assert!(!shows_notice(&output, WORDS).await, "other candidates see no notice");
}

/// The record keeps its name. The page shows the portal's name beside it and offers a correction.
#[tokio::test]
async fn new_name_at_the_portal_changes_no_record() {
    let site = Site::start(|_| {}).await;
    assert_signed_in(&site, &account("a", "ZHANG SAN", "E1000001")).await;
    let renamed = assert_signed_in(&site, &account("a", "ZHANG SANFENG", "E1000001")).await;
    assert!(shows_notice(&renamed, "政务服务平台的姓名与登记姓名不同").await);
    assert!(renamed.open("/").await.body.contains("href=\"/services/correction/notice\""));
    let names = c::candidates.select((c::name, c::portal_name));
    let names: Vec<(String, String)> = read(&site, move |tx| Ok(names.load(tx.conn)?)).await;
    assert_eq!(names, [("ZHANG SAN".to_owned(), "ZHANG SANFENG".to_owned())]);
    acknowledge(&renamed).await;
    assert_signed_in(&site, &account("a", "ZHANG SANFENG", "E1000001")).await;
}

#[tokio::test]
async fn sign_in_on_a_new_device_is_announced_on_the_others() {
    let site = Site::start(|_| {}).await;
    let person = account("a", "ZHANG SAN", "E1000001");
    let phone = assert_signed_in(&site, &person).await;
    assert_signed_in(&site, &person).await;
    assert!(!shows_notice(&phone, "新设备登录").await, "neither the first device nor the same again is news");
    let desktop = site.server.visitor(DESKTOP);
    assert_eq!(sign_in_as(&site, &desktop, &person).await.location, "/me");
    assert!(shows_notice(&phone, "新设备登录").await);
    let devices = phone.open("/me/devices").await;
    assert!(devices.body.contains("Windows 电脑 · Chrome，通过政务服务平台登录"), "{}", devices.body);
    acknowledge(&phone).await;
    assert_eq!(sign_in_as(&site, &site.server.visitor(DESKTOP), &person).await.location, "/me");
    assert!(!shows_notice(&phone, "新设备登录").await);
}

/// A changing User-Agent does not fill the table.
#[tokio::test]
async fn devices_and_notices_are_limited() {
    use kaozheng::store::schema::{account_notices::dsl as n, known_devices::dsl as d};
    let site = Site::start(|_| {}).await;
    let person = account("a", "ZHANG SAN", "E1000001");
    assert_signed_in(&site, &person).await;
    let write = |tx: &mut Tx| {
        let id: CandidateId = c::candidates.select(c::id).first(tx.conn)?;
        for n in 0..50 {
            kaozheng::people::identity::notice::signed_in_on(tx, &id, &format!("device {n}"))?;
        }
        Ok::<_, Error>(())
    };
    site.server.parts.store.write(write).await.expect("devices");
    let kept = read(&site, |tx| {
        let devices: i64 = d::known_devices.count().get_result(tx.conn)?;
        Ok((devices, n::account_notices.count().get_result::<i64>(tx.conn)?))
    });
    assert_eq!(kept.await, (20, 20));
}
