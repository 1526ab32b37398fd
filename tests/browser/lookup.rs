//! 证书查询 (manual chapter 11): an employer verifies a certificate on a phone, with and without scripts,
//! in both languages; a holder shares a verification link.

use kaozheng::store::Clock;

use crate::axe;
use crate::browser::{Browser, Screen};
use crate::figures::{self, picture};
use crate::qr;
use crate::server::Server;

pub const NAME: &str = "张小三";
pub const DOCUMENT: &str = "440300199003072616";
pub const PRINT: &str = "SF02000000";

async fn server() -> Server {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    server
}

/// Takes the picture of a figure. A tag names a variant: large type, a desktop, no scripts.
async fn figure(browser: &Browser, number: &str, tag: &str) {
    match tag {
        "" => figures::figure(browser, number).await,
        tag => picture(browser, &format!("figure-{}{tag}", number.replace('.', "-"))).await,
    }
}

/// Visits figures 11.1 to 11.4, from the first page to a result.
async fn look_up(server: &Server, browser: &Browser, tag: &str) {
    browser.open(&server.base).await;
    browser.press("证书查询（免登录）").await;
    browser.see("选择考试").await;
    figure(browser, "11.1", tag).await;
    browser.fill("考试名称", "二级").await;
    browser.press("搜索").await;
    browser.see_no("执业药师").await;
    browser.press("二级建造师").await;
    browser.see("核验证书真伪，无需登录").await;
    figure(browser, "11.2", tag).await;
    browser.fill("姓名", NAME).await;
    browser.fill("身份证件号码", DOCUMENT).await;
    browser.fill("证书管理号或证书印制号", "SF02000001").await;
    figure(browser, "11.3", tag).await;
    browser.press("查询").await;
    browser.see("没有查到符合的证书").await;
    picture(browser, &format!("figure-11-4-nothing{tag}")).await;
    assert_eq!(browser.value("姓名").await, NAME, "what was typed is kept");
    browser.fill("证书管理号或证书印制号", PRINT).await;
    browser.press("查询").await;
    browser.see("有效").await;
    browser.see("张*三").await;
    browser.see("查询编号").await;
    figure(browser, "11.4", tag).await;
    let address = browser.url().await;
    assert!(address.ends_with("/lookup/02"), "{address}");
    browser.press("再查一个").await;
    assert_eq!(browser.value("姓名").await, "");
}

#[tokio::test]
async fn employer_verifies_a_certificate_on_a_phone() {
    look_up(&server().await, &Browser::phone().await, "").await;
}

#[tokio::test]
async fn lookup_works_without_scripts() {
    look_up(&server().await, &Browser::without_javascript(Screen::Phone).await, "").await;
}

#[tokio::test]
async fn lookup_works_on_a_desktop() {
    look_up(&server().await, &Browser::desktop().await, "-desk").await;
}

/// Sends a list with every state and a mistake, and sees what `expected` says.
async fn send_list(server: &Server, browser: &Browser, expected: &str) {
    browser.open(&format!("{}/lookup", server.base)).await;
    browser.press("批量查询：核验一份名单").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("名单.csv");
    let rows = [
        format!("{NAME},{DOCUMENT},{PRINT}"),
        "陳大文,H12345678,SF07900004".to_owned(),
        format!("{NAME},{DOCUMENT},SF02999999"),
        format!("{NAME},440300199003072617,{PRINT}"),
    ];
    std::fs::write(&file, format!("姓名,证件号码,证书管理号\n{}\n", rows.join("\n"))).expect("a file");
    browser.attach("名单文件", &file).await;
    browser.press("上传并查询").await;
    browser.see_within(std::time::Duration::from_secs(60), expected).await;
}

#[tokio::test]
async fn list_is_looked_up_on_a_phone_after_a_proof_of_work() {
    let (server, browser) = (server().await, Browser::phone().await);
    send_list(&server, &browser, "批量查询结果").await;
    axe::check(&browser).await;
    for words in ["有效", "二级建造师 · 二级 · 建筑工程", "已作废", "查无记录", "证件号码有误"]
    {
        browser.see(words).await;
    }
    let wide = browser
        .run("return document.scrollingElement.scrollWidth > document.documentElement.clientWidth")
        .await;
    assert_eq!(wide, false);
    picture(&browser, "list-result").await;
}

#[tokio::test]
async fn list_waits_without_scripts() {
    let browser = Browser::without_javascript(Screen::Phone).await;
    send_list(&server().await, &browser, "正在排队").await;
}

#[tokio::test]
async fn lookup_works_in_large_type() {
    let (server, phone) = (server().await, Browser::phone().await);
    phone.open(&format!("{}/lookup", server.base)).await;
    phone.enlarge().await;
    look_up(&server, &phone, "-senior").await;
}

#[tokio::test]
async fn void_print_number_is_reported_as_void() {
    let (server, phone) = (server().await, Browser::phone().await);
    phone.open(&format!("{}/lookup/07", server.base)).await;
    phone.fill("姓名", "陳大文").await;
    phone.fill("身份证件号码", "H12345678").await;
    phone.fill("证书管理号或证书印制号", "SF07900004").await;
    phone.press("查询").await;
    phone.see("已作废").await;
    phone.see("补发日期").await;
    picture(&phone, "figure-11-4-void").await;
}

/// Whether the value of a row takes one line or more (2). A copy button on its line is higher than a line of text.
async fn lines_of(browser: &Browser, name: &str) -> u64 {
    let script = format!(
        "const names = [...document.querySelectorAll('dt')];
        const text = document.createRange();
        text.selectNodeContents(names.find(name => name.textContent === '{name}').nextElementSibling);
        const bottoms = [...text.getClientRects()].filter(({{ width, height }}) => width && height < 32)
            .map(({{ bottom }}) => bottom);
        return bottoms.some(bottom => bottom - Math.min(...bottoms) > 12) ? 2 : 1;"
    );
    browser.run(&script).await.as_u64().expect("a number")
}

#[tokio::test]
async fn lookup_is_available_in_english() {
    let (server, phone) = (server().await, Browser::phone().await);
    phone.open(&format!("{}/lookup", server.base)).await;
    phone.press("English").await;
    phone.see("Choose the examination").await;
    picture(&phone, "figure-11-1-english").await;
    phone.press("Constructor (Class 2)").await;
    phone.fill("Name", NAME).await;
    phone.fill("Identity document number", DOCUMENT).await;
    phone.fill("Management number or print number", PRINT).await;
    picture(&phone, "figure-11-3-english").await;
    phone.press("Look up").await;
    phone.see("VALID").await;
    assert_eq!(lines_of(&phone, "Management no.").await, 1, "a number is not torn apart");
    picture(&phone, "figure-11-4-english").await;
    phone.press("Look up another").await;
    phone.press("中文").await;
    phone.see("核验证书真伪，无需登录").await;
    assert!(phone.run("return document.documentElement.lang").await == "zh-CN");
}

#[tokio::test]
async fn holder_creates_and_revokes_a_verification_link() {
    let (server, phone, employer) = (server().await, Browser::phone().await, Browser::phone().await);
    phone.open(&format!("{}/login/portal", server.base)).await;
    phone.press(NAME).await;
    phone.see("您好").await;
    let links = format!("{}/certificates/certificate-00/links", server.base);
    phone.open(&links).await;
    picture(&phone, "figure-link-none").await;
    phone.choose("30 天").await;
    phone.press("生成核验链接").await;
    phone.see("还没有被查看").await;
    picture(&phone, "figure-link-made").await;
    let address = qr::decode(&phone.screenshot("link-code").await);
    employer.open(&address).await;
    employer.see("持证人授权").await;
    employer.see("张*三").await;
    picture(&employer, "figure-link-shown").await;
    server.parts.lookup.exchange(&server.parts.store).await.expect("an exchange");
    phone.open(&links).await;
    phone.see("被查看 1 次").await;
    phone.press("撤销链接").await;
    phone.see("已失效的链接").await;
    picture(&phone, "figure-link-revoked").await;
    employer.open(&address).await;
    employer.see("核验链接无效或已过期").await;
    picture(&employer, "figure-link-ended").await;
}
