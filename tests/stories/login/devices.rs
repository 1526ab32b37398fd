//! 登录设备: listing one's sessions and ending them.

use super::{LoginScreen, scanned};
use crate::server::{Answer, DESKTOP, Server, Visitor};

const PATH: &str = "/me/devices";

/// Keys of the sessions that the page offers to end.
fn keys(page: &Answer) -> Vec<String> {
    let buttons = page.body.split("name=\"session\" value=\"").skip(1);
    buttons.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

/// A phone, and a desktop that it has signed in.
async fn phone_and_desktop(server: &Server) -> (Visitor, LoginScreen) {
    let (screen, phone, _) = scanned(server).await;
    let number = screen.number().await;
    phone.submit(&screen.path("number"), &[("number", &number)]).await;
    assert_eq!(screen.reload().await.location, "/services");
    (phone, screen)
}

#[tokio::test]
async fn every_device_is_listed_and_can_be_signed_out() {
    let server = Server::start().await;
    let (phone, screen) = phone_and_desktop(&server).await;
    let page = phone.open(PATH).await;
    for expected in [
        "Windows 电脑 · Chrome",
        "安卓手机 · Chrome",
        "本机",
        "用手机扫码确认登录",
        "2026-04-01</span> 09:30",
    ] {
        assert!(page.body.contains(expected), "{expected} is not in\n{}", page.body);
    }
    let others = keys(&page);
    assert_eq!(others.len(), 1, "one does not sign this device out here");
    phone.submit(PATH, &[("session", &others[0])]).await;
    assert!(!screen.browser.is_signed_in().await, "it is out at once");
    assert!(phone.is_signed_in().await);
    assert!(keys(&phone.open(PATH).await).is_empty());
}

#[tokio::test]
async fn all_other_devices_are_signed_out_at_once() {
    let server = Server::start().await;
    let (phone, screen) = phone_and_desktop(&server).await;
    let third = server.visitor(DESKTOP);
    third.sign_in("/login/portal", "张小三").await;
    phone.submit("/me/devices/others", &[("confirm", "yes")]).await;
    assert!(phone.is_signed_in().await);
    assert!(!screen.browser.is_signed_in().await && !third.is_signed_in().await);
}

#[tokio::test]
async fn device_of_another_candidate_cannot_be_signed_out() {
    let server = Server::start().await;
    let (phone, screen) = phone_and_desktop(&server).await;
    let stranger = server.signed_in("陳大文").await;
    assert!(!stranger.open(PATH).await.body.contains("Windows"));
    for key in keys(&phone.open(PATH).await) {
        stranger.submit(PATH, &[("session", &key)]).await;
    }
    stranger.submit("/me/devices/others", &[("confirm", "yes")]).await;
    stranger.submit(&screen.path("revoke"), &[("confirm", "yes")]).await;
    assert!(phone.is_signed_in().await && screen.browser.is_signed_in().await);
}

#[tokio::test]
async fn decline_after_the_login_ends_its_session() {
    let server = Server::start().await;
    let (phone, screen) = phone_and_desktop(&server).await;
    let done = phone.open(&screen.confirm()).await;
    assert!(done.body.contains("不是我，退出那台设备"), "{}", done.body);
    let devices = phone.submit(&screen.path("revoke"), &[("confirm", "yes")]).await;
    assert!(devices.url.ends_with(PATH) && keys(&devices).is_empty());
    assert!(!screen.browser.is_signed_in().await);
}

#[tokio::test]
async fn decline_before_the_screen_fetches_its_session_denies_it() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    let number = screen.number().await;
    phone.submit(&screen.path("number"), &[("number", &number)]).await;
    phone.submit(&screen.path("revoke"), &[("confirm", "yes")]).await;
    assert!(screen.reload().await.body.contains("登录被拒绝"));
    assert!(!screen.browser.is_signed_in().await);
}
