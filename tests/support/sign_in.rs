//! The three ways to sign in, as a person does it at the portal of `portal.rs`.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::time::Duration;

use crate::browser::Browser;
use crate::qr;

/// The portal is polled every five seconds; another process takes over when the poller dies.
pub const POLLED: Duration = Duration::from_secs(25);

/// On the page that asks for the first consent.
pub const NOTICE: &str = "我已阅读并同意个人信息处理规则";

/// Descriptions on 我的 of a device that was signed in by our code, and by the portal's.
pub const BY_OUR_CODE: &str = "手机扫码登录";
pub const BY_THE_PORTALS_CODE: &str = "在政务服务平台扫码登录";

/// By redirect: a phone goes to the portal and comes back.
pub async fn by_redirect(base: &str, phone: &Browser) {
    phone.open(&format!("{base}/login?next=/me")).await;
    phone.press("用政务 App 登录").await;
    phone.see("统一身份认证").await;
    phone.press("张小三").await;
    agree(phone).await;
    phone.see("张*三").await;
    assert!(phone.url().await.ends_with("/me"));
}

/// Agrees to the privacy notice, which the first sign-in of a person asks for.
pub async fn agree(browser: &Browser) {
    browser.see_within(POLLED, NOTICE).await;
    browser.choose(NOTICE).await;
    browser.press("同意并继续").await;
}

/// By our code: the desktop shows it.
pub async fn show_our_code(base: &str, desktop: &Browser) {
    desktop.open(&format!("{base}/login?next=/me")).await;
    desktop.see("扫码登录").await;
}

/// By our code: a phone that has not signed in scans it and confirms the desktop.
pub async fn scan_our_code(desktop: &Browser, phone: &Browser, name: &str) {
    phone.open(&qr::decode(&desktop.screenshot(name).await)).await;
    phone.press("SCHMIDT ANNA").await;
    phone.see("您正在登录另一台设备").await;
    phone.fill("屏幕显示的两位数字", &number_on(desktop).await).await;
    phone.press("确认登录").await;
    phone.see("已确认登录").await;
}

/// The number on the desktop's screen after a phone has scanned the code.
pub async fn number_on(desktop: &Browser) -> String {
    desktop.see("已扫描").await;
    let text = desktop.text().await;
    let (_, rest) = text.split_once("请在手机上输入数字 ").expect("a number");
    rest.split(' ').next().expect("a number").to_owned()
}

/// By the portal's code: the desktop shows it.
pub async fn show_the_portals_code(base: &str, desktop: &Browser) {
    desktop.open(&format!("{base}/login/device?next=/me")).await;
    desktop.see("授权码").await;
}

/// By the portal's code: the phone compares and confirms it, as RFC 8628 §5.4 asks.
pub async fn scan_the_portals_code(desktop: &Browser, phone: &Browser, name: &str) {
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
