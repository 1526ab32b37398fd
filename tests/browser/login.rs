//! Login: a desktop shows a QR code and a phone scans it. The code is read from a screenshot, as a
//! camera would.

use kaozheng::store::Clock;

use crate::browser::{Browser, Screen};
use crate::figures::figure;
use crate::server::{Answer, DESKTOP, PHONE, Server};
use crate::sign_in::number_on;
use crate::{axe, nu, qr};

async fn server() -> Server {
    // Both browsers run on this machine, without a proxy.
    let server = Server::start_with(Clock::system(), |settings| settings.trusted_proxy = false).await;
    // The demo's people have agreed to the privacy notice.
    server.load_demo().await;
    server
}

/// Scans the desktop's code and confirms the login on the phone.
async fn scan_and_confirm(desktop: &Browser, phone: &Browser, name: &str) {
    desktop.see("扫码登录").await;
    let code = qr::decode(&desktop.screenshot(&format!("{name}-code")).await);
    phone.open(&code).await;
    phone.see("统一身份认证").await;
    phone.screenshot(&format!("{name}-portal")).await;
    phone.press("张小三").await;
    phone.see("您正在登录另一台设备").await;
    phone.screenshot(&format!("{name}-confirm")).await;
    let number = number_on(desktop).await;
    desktop.screenshot(&format!("{name}-number")).await;
    phone.fill("屏幕显示的两位数字", &number).await;
    phone.press("确认登录").await;
    phone.see("已确认登录").await;
    phone.screenshot(&format!("{name}-done")).await;
}

#[tokio::test]
async fn phone_signs_a_desktop_in() {
    let (server, desktop, phone) = (server().await, Browser::desktop().await, Browser::phone().await);
    desktop.open(&server.base).await;
    desktop.press("考生登录").await;
    desktop.see("扫码登录").await;
    figure(&desktop, "1.1.1").await;
    scan_and_confirm(&desktop, &phone, "login").await;
    desktop.see("您好，张*三").await;
    figure(&desktop, "1.1.2").await;
    phone.press("在手机上继续办理").await;
    phone.see("您好，张*三").await;
}

/// The bar under the header shows that a request is under way. A waiting login screen polls all the
/// time, so it shows no bar.
#[tokio::test]
async fn waiting_screen_shows_no_progress_bar() {
    let (server, desktop) = (server().await, Browser::desktop().await);
    desktop.open(&format!("{}/login", server.base)).await;
    let bar = "return document.querySelector('#handshake.htmx-request') \
        && getComputedStyle(document.querySelector('#top'), '::after').content";
    let bar = desktop.until("see the screen ask", async || {
        desktop.run(bar).await.as_str().map(str::to_owned).ok_or("it does not ask".into())
    });
    assert_eq!(bar.await, "none");
}

#[tokio::test]
async fn login_works_without_scripts() {
    let server = server().await;
    let desktop = Browser::without_javascript(Screen::Desktop).await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    desktop.open(&format!("{}/login?next=/services", server.base)).await;
    scan_and_confirm(&desktop, &phone, "login-plain").await;
    desktop.see("业务办理").await;
    assert!(desktop.url().await.ends_with("/services"));
    desktop.open(&server.base).await;
    desktop.see("您好，张*三").await;
}

#[tokio::test]
async fn decline_keeps_the_desktop_out_and_offers_a_new_code() {
    let (server, desktop, phone) = (server().await, Browser::desktop().await, Browser::phone().await);
    desktop.open(&format!("{}/login", server.base)).await;
    desktop.see("扫码登录").await;
    let code = qr::decode(&desktop.screenshot("login-decline").await);
    phone.open(&code).await;
    phone.press("张小三").await;
    phone.see("您正在登录另一台设备").await;
    axe::check(&phone).await;
    phone.press("不是我").await;
    phone.see("已拒绝这次登录").await;
    desktop.see("登录被拒绝").await;
    desktop.press("刷新二维码").await;
    desktop.see("扫码登录").await;
    let fresh = qr::decode(&desktop.screenshot("login-fresh").await);
    assert_ne!(fresh, code);
}

#[tokio::test]
async fn phone_signs_itself_in() {
    let (server, phone) = (server().await, Browser::phone().await);
    phone.open(&server.base).await;
    phone.press("考生登录").await;
    phone.see("用政务 App 登录").await;
    phone.screenshot("login-phone").await;
    phone.press("用政务 App 登录").await;
    phone.see("演示环境").await;
    axe::check(&phone).await;
    phone.press("张小三").await;
    phone.see("您好，张*三").await;
    phone.press("我的").await;
    phone.see("同时退出政务服务平台").await;
    axe::check(&phone).await;
    phone.press("退出登录").await;
    phone.see("政务服务平台可能仍处于登录状态").await;
    axe::check(&phone).await;
    phone.screenshot("signed-out-phone").await;
    phone.press("返回首页").await;
    phone.see("考生登录").await;
}

/// A shared computer: the portal remembers the person until they sign out there too.
#[tokio::test]
async fn computer_signs_out_at_the_portal() {
    let (server, computer) = (server().await, Browser::desktop().await);
    let away = format!("{}/login/portal", server.base);
    computer.open(&away).await;
    computer.choose("保持登录，下次不再询问").await;
    computer.press("张小三").await;
    computer.see("您好，张*三").await;
    computer.open(&format!("{}/me", server.base)).await;
    computer.screenshot("sign-out-computer").await;
    computer.press("退出登录").await;
    computer.see("职业资格考试服务").await;
    assert_eq!(computer.url().await, format!("{}/", server.base), "back from the portal");
    computer.open(&away).await;
    computer.see("保持登录").await;
}

#[tokio::test]
async fn login_pages_are_valid_html() {
    let server = server().await;
    let (desktop, phone) = (server.visitor(DESKTOP), server.visitor(PHONE));
    let mut pages = Vec::new();
    let mut add = |name: &str, page: &Answer| pages.push((name.to_owned(), page.body.clone()));
    add("phone", &phone.open("/login").await);
    let desk = desktop.open("/login").await;
    add("desk", &desk);
    let id = desk.between("hx-get=\"/login/wait/", "?").to_owned();
    let began = kaozheng::store::ids::made_at(&id).expect("a time");
    let code = server.parts.login.codes.make(&id, began, server.parts.store.clock.now());
    let portal = phone.open(&format!("/s/{code}")).await;
    add("portal", &portal);
    add("confirm", &phone.choose_person(&portal, "张小三").await);
    add("number", &desktop.open(&format!("/login/wait/{id}")).await);
    add("declined", &phone.submit(&format!("/s/{id}/decline"), &[]).await);
    add("denied", &desktop.open(&format!("/login/wait/{id}")).await);
    add("taken", &desktop.open(&format!("/s/{code}")).await);
    add("failed", &desktop.open("/login/callback").await);
    add("signed out", &desktop.open("/logout/candidates").await);
    add("signed out at the portal", &desktop.open("/logout/candidates/portal").await);
    nu::check(&pages);
}
