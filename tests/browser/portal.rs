//! Logging in at a portal that is not ours, in every way it offers.

use std::time::Duration;

use kaozheng::settings::{ClaimsFrom, ClientAuth, PortalSettings};
use kaozheng::store::Clock;

use crate::browser::{Browser, Screen};
use crate::portal_server::Portal;
use crate::qr;
use crate::server::Server;

mod faults;

/// The portal is asked every five seconds.
const POLLED: Duration = Duration::from_secs(20);

/// Our site, and the portal where it signs people in.
async fn site(clock: Clock, change: impl FnOnce(&mut PortalSettings)) -> (Server, Portal) {
    let portal = Portal::announce().await;
    let server = Server::start_with(clock, |settings| {
        portal.settle(settings);
        change(&mut settings.portal);
    })
    .await;
    portal.open(&server.base);
    (server, portal)
}

async fn number_on(desktop: &Browser) -> String {
    desktop.see("已扫描").await;
    let text = desktop.text().await;
    let (_, rest) = text.split_once("请在手机上点选数字 ").expect("a number");
    rest.split(' ').next().expect("a number").to_owned()
}

async fn signs_in_by_redirect(server: &Server, phone: &Browser) {
    phone.open(&format!("{}/login?next=/me", server.base)).await;
    phone.press("用政务 App 登录").await;
    phone.see("统一身份认证").await;
    phone.press("张小三").await;
    phone.see("张*三").await;
    assert!(phone.url().await.ends_with("/me"));
}

#[tokio::test]
async fn way_1_by_redirect_whatever_the_client_authentication_and_the_source_of_claims() {
    let table = [
        ("client_secret_basic", ClientAuth::Basic, ClaimsFrom::Userinfo),
        ("client_secret_post", ClientAuth::Post, ClaimsFrom::IdToken),
        ("none", ClientAuth::None, ClaimsFrom::IdToken),
    ];
    for (client, auth, claims_from) in table {
        let (server, _portal) = site(Clock::system(), |portal| {
            portal.client_id = client.into();
            portal.client_auth = auth;
            portal.client_secret = portal.client_secret.take().filter(|_| auth != ClientAuth::None);
            portal.claims_from = claims_from;
        })
        .await;
        signs_in_by_redirect(&server, &Browser::phone().await).await;
    }
}

#[tokio::test]
async fn way_2_by_our_code() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    desktop.open(&format!("{}/login?next=/me", server.base)).await;
    desktop.see("扫码登录").await;
    phone.open(&qr::decode(&desktop.screenshot("portal-scan").await)).await;
    phone.press("SCHMIDT ANNA").await;
    phone.see("您正在登录另一台设备").await;
    phone.press(&number_on(&desktop).await).await;
    phone.see("已确认登录").await;
    desktop.see("手机扫码登录").await;
}

/// The portal asks to compare the code, as RFC 8628 §5.4 wants.
async fn signs_in_by_the_portals_code(server: &Server, desktop: &Browser, phone: &Browser, name: &str) {
    desktop.open(&format!("{}/login/device?next=/me", server.base)).await;
    desktop.see("授权码").await;
    let text = desktop.text().await;
    let (_, code) = text.rsplit_once("授权码 ").expect("a code");
    let code = code.split(' ').next().expect("a code").to_owned();
    phone.open(&qr::decode(&desktop.screenshot(name).await)).await;
    if !phone.runs_scripts() {
        phone.press("Continue").await;
    }
    phone.see(&code).await;
    phone.press("一致").await;
    phone.press("张小三").await;
    phone.see("已授权").await;
}

#[tokio::test]
async fn way_3_by_the_portals_code() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    signs_in_by_the_portals_code(&server, &desktop, &phone, "portal-device").await;
    desktop.see_within(POLLED, "在政务服务平台扫码登录").await;
}

#[tokio::test]
async fn way_3_without_javascript() {
    let (server, _portal) = site(Clock::system(), |portal| portal.claims_from = ClaimsFrom::IdToken).await;
    let desktop = Browser::without_javascript(Screen::Desktop).await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    signs_in_by_the_portals_code(&server, &desktop, &phone, "portal-device-plain").await;
    desktop.see_within(POLLED, "在政务服务平台扫码登录").await;
}
