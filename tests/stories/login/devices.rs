//! 登录设备: seeing where one is signed in, and ending it, there and after the fact.

use super::{Desk, is_signed_in, scanned};
use crate::server::{Answer, DESKTOP, Server, Visitor};

const PATH: &str = "/me/devices";

/// The keys of the sessions that a page offers to end.
fn keys(page: &Answer) -> Vec<String> {
    let buttons = page.body.split("name=\"session\" value=\"").skip(1);
    buttons.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

/// A phone, and a desktop that it has signed in by its code.
async fn both(server: &Server) -> (Visitor, Desk) {
    let (desk, phone, _) = scanned(server).await;
    let number = desk.number().await;
    phone.submit(&desk.path("number"), &[("number", &number)]).await;
    assert_eq!(desk.look().await.location, "/services");
    (phone, desk)
}

#[tokio::test]
async fn every_device_is_listed_and_can_be_signed_out() {
    let server = Server::start().await;
    let (phone, desk) = both(&server).await;
    let page = phone.open(PATH).await;
    for told in [
        "Windows 电脑 · Chrome",
        "安卓手机 · Chrome",
        "本机",
        "用手机扫码确认登录",
        "2026-04-01</span> 09:30",
    ] {
        assert!(page.body.contains(told), "{told} is not in\n{}", page.body);
    }
    let others = keys(&page);
    assert_eq!(others.len(), 1, "one does not sign this device out here");
    phone.submit(PATH, &[("session", &others[0])]).await;
    assert!(!is_signed_in(&desk.browser).await, "it is out at once");
    assert!(is_signed_in(&phone).await);
    assert!(keys(&phone.open(PATH).await).is_empty());
}

#[tokio::test]
async fn all_others_are_signed_out_at_once() {
    let server = Server::start().await;
    let (phone, desk) = both(&server).await;
    let third = server.visitor(DESKTOP);
    third.sign_in("/login/portal", "张小三").await;
    phone.submit("/me/devices/others", &[("confirm", "yes")]).await;
    assert!(is_signed_in(&phone).await);
    assert!(!is_signed_in(&desk.browser).await && !is_signed_in(&third).await);
}

#[tokio::test]
async fn nobody_signs_somebody_else_out() {
    let server = Server::start().await;
    let (phone, desk) = both(&server).await;
    let stranger = server.signed_in("陳大文").await;
    assert!(!stranger.open(PATH).await.body.contains("Windows"));
    for key in keys(&phone.open(PATH).await) {
        stranger.submit(PATH, &[("session", &key)]).await;
    }
    stranger.submit("/me/devices/others", &[("confirm", "yes")]).await;
    stranger.submit(&desk.path("revoke"), &[("confirm", "yes")]).await;
    assert!(is_signed_in(&phone).await && is_signed_in(&desk.browser).await);
}

#[tokio::test]
async fn not_me_after_the_fact_ends_the_session_it_made() {
    let server = Server::start().await;
    let (phone, desk) = both(&server).await;
    let done = phone.open(&desk.confirm()).await;
    assert!(done.body.contains("不是我，退出那台设备"), "{}", done.body);
    let devices = phone.submit(&desk.path("revoke"), &[("confirm", "yes")]).await;
    assert!(devices.url.ends_with(PATH) && keys(&devices).is_empty());
    assert!(!is_signed_in(&desk.browser).await);
}

#[tokio::test]
async fn not_me_before_the_screen_has_fetched_its_session_denies_it() {
    let server = Server::start().await;
    let (desk, phone, _) = scanned(&server).await;
    let number = desk.number().await;
    phone.submit(&desk.path("number"), &[("number", &number)]).await;
    phone.submit(&desk.path("revoke"), &[("confirm", "yes")]).await;
    assert!(desk.look().await.body.contains("登录被拒绝"));
    assert!(!is_signed_in(&desk.browser).await);
}
