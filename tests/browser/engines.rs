//! The README's browser support: every step works in old engines and in browsers that lose a script.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::engine::Engine;
use crate::lookup;
use crate::pages;
use crate::pictures::Pictures;
use crate::qr;
use crate::server::{PHONE, Server};
use crate::steps::{CANDIDATE, start_demo};

/// The User-Agent of WeChat's web view on Android 10.
const WEB_VIEW: &str = "Mozilla/5.0 (Linux; Android 10; VOG-AL00 Build/HUAWEIVOG-AL00; wv) AppleWebKit/537.36 \
    (KHTML, like Gecko) Version/4.0 Chrome/78.0.3904.62 Mobile Safari/537.36 MMWEBID/1 MicroMessenger/8.0.49";

/// Pages of a candidate of which a picture is taken.
const PAGES: &[(&str, &str)] = &[
    ("/", "您好"),
    ("/services", "业务办理"),
    ("/services/refund", "考试退费"),
    ("/services/refund/new", "退费项目"),
    ("/services/violation", "违纪申诉"),
    ("/services/receipt/notice", "我已阅读并同意"),
    ("/certificates", "证书"),
    ("/progress", "业务查询"),
    ("/me", "我的"),
    ("/me/devices", "登录设备"),
];

/// Reads the QR code from the screen. The page shows none while it reloads, so this tries again.
async fn code_on(desktop: &Engine) -> String {
    for _ in 0..20 {
        if let Some(code) = qr::find(&desktop.screenshot("login").await) {
            return code;
        }
    }
    panic!("no code is on the screen");
}

async fn scan_login(server: &Server, desktop: &Engine, phone: &Engine) {
    desktop.open(&format!("{}/login", server.base)).await;
    desktop.see("扫码登录").await;
    desktop.assert_looks_right().await;
    phone.open(&code_on(desktop).await).await;
    phone.press(CANDIDATE).await;
    phone.see("您正在登录另一台设备").await;
    phone.assert_looks_right().await;
    phone.screenshot("confirm").await;
    desktop.see("已扫描").await;
    let number = desktop.run("document.querySelector('#handshake .code').innerText.trim()").await;
    phone.run(&format!("document.querySelector('input[name=number]').value = {number}")).await;
    phone.press("确认登录").await;
    phone.see("已确认登录").await;
    desktop.see("您好，张*三").await;
    desktop.assert_looks_right().await;
    desktop.screenshot("home").await;
}

/// Presses the button that updates dependent options, where htmx does not run.
async fn update(phone: &Engine, runs_htmx: bool, next: &str) {
    if !runs_htmx {
        phone.press("更新可选项").await;
    }
    phone.see(next).await;
}

async fn apply(server: &Server, phone: &Engine, runs_htmx: bool, pictures: &Pictures) {
    phone.open(&format!("{}/services/qualification/new", server.base)).await;
    phone.choose("考试", "一级建造师").await;
    update(phone, runs_htmx, "建筑工程").await;
    phone.choose("专业", "建筑工程").await;
    if !runs_htmx {
        // The second 更新可选项 button stands below the specialty.
        phone.run("document.querySelectorAll('#f-specialty button')[0].click()").await;
    }
    phone.see("建设工程经济").await;
    phone.choose("科目", "建设工程经济").await;
    phone.choose("考区", "市直考区").await;
    phone.run("document.querySelectorAll('.part').forEach((part) => { part.open = true; })").await;
    phone.choose("性别", "男").await;
    phone.choose("学历", "本科").await;
    for (label, value) in [
        ("手机号", "13800138000"),
        ("毕业院校", "示范大学"),
        ("所学专业", "土木工程"),
        ("毕业时间", "2014-06-30"),
        ("工作单位", "示范建设工程有限公司"),
        ("从事专业工作年限", "6"),
        ("参加工作时间", "2014-07-15"),
    ] {
        phone.fill(label, value).await;
    }
    phone.assert_looks_right().await;
    phone.screenshot("form").await;
    attach_all(phone, runs_htmx, pictures).await;
    phone.choose("", "我承诺所填信息").await;
    phone.press("下一步：核对信息").await;
    phone.see("确认无误后提交").await;
    phone.assert_looks_right().await;
    phone.press("提交申请").await;
    phone.see("提交成功").await;
    phone.assert_looks_right().await;
}

async fn attach_all(phone: &Engine, runs_htmx: bool, pictures: &Pictures) {
    let files: [(&str, &Path); 5] = [
        ("id_front", &pictures.id_card_front()),
        ("id_back", &pictures.id_card_back()),
        ("diploma", &pictures.diploma()),
        ("work_proof", &pictures.pdf()),
        ("portrait", &pictures.portrait()),
    ];
    for (slot, file) in files {
        phone.attach(slot, file).await;
        if runs_htmx {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            phone.see(&name).await;
        }
    }
}

async fn look_up(server: &Server, phone: &Engine) {
    phone.open(&format!("{}/lookup", server.base)).await;
    phone.assert_looks_right().await;
    phone.press("二级建造师").await;
    phone.see("核验证书真伪").await;
    phone.fill("姓名", lookup::NAME).await;
    phone.fill("身份证件号码", lookup::DOCUMENT).await;
    phone.fill("证书管理号", "SF02000001").await;
    phone.press("查询").await;
    phone.see("没有查到符合的证书").await;
    phone.assert_looks_right().await;
    phone.fill("证书管理号", lookup::PRINT).await;
    phone.press("查询").await;
    phone.see("查询编号").await;
    phone.assert_looks_right().await;
}

async fn view_pages(server: &Server, phone: &Engine) {
    for (path, words) in PAGES {
        phone.open(&format!("{}{path}", server.base)).await;
        phone.see(words).await;
        phone.assert_looks_right().await;
        phone.screenshot(&format!("page{}", path.replace('/', "-"))).await;
    }
}

async fn every_step_works_in(version: u32) {
    let (server, pictures) = (start_demo().await, Pictures::new());
    // htmx supports Chromium 80 and later.
    let runs_htmx = version >= 80;
    let desktop = Engine::chromium(version).await.with_desktop_screen().await;
    let phone = Engine::chromium(version).await.with_phone_screen(WEB_VIEW).await;
    scan_login(&server, &desktop, &phone).await;
    apply(&server, &phone, runs_htmx, &pictures).await;
    look_up(&server, &phone).await;
    view_pages(&server, &phone).await;
}

#[tokio::test]
async fn every_step_works_in_chromium_72() {
    every_step_works_in(72).await;
}

#[tokio::test]
async fn every_step_works_in_chromium_79() {
    every_step_works_in(79).await;
}

#[tokio::test]
async fn every_step_works_in_chromium_90() {
    every_step_works_in(90).await;
}

#[tokio::test]
async fn every_step_works_in_chromium_103() {
    every_step_works_in(103).await;
}

/// Opens every reachable page on a phone of 360 pixels and on a desktop.
async fn every_page_looks_right(server: &Server, person: Option<&str>) {
    let visitor = server.visitor(PHONE);
    let phone = Engine::chromium(79).await.with_phone_screen(WEB_VIEW).await;
    if let Some(person) = person {
        visitor.sign_in("/login/portal", person).await;
        phone.open(&format!("{}/login/portal", server.base)).await;
        phone.press(person).await;
        phone.see("您好").await;
    }
    let mut seen = 0;
    for (path, _) in pages::crawl(&visitor).await {
        phone.open(&format!("{}{path}", server.base)).await;
        phone.assert_looks_right().await;
        seen += 1;
    }
    assert!(seen > 5, "{person:?} sees only {seen} pages");
}

#[tokio::test]
async fn every_page_looks_right_in_chromium_79() {
    let server = pages::server().await;
    for person in [None, Some("张小三"), Some("林美玲"), Some("SCHMIDT ANNA"), Some("周明远"), Some("何静")]
    {
        every_page_looks_right(&server, person).await;
    }
}

#[test]
fn the_stylesheet_keeps_to_what_the_promised_engines_understand() {
    let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stylesheet.mjs");
    let mut node = Command::new("node")
        .arg(checker)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs; see tests/run");
    let sheet = kaozheng::ui::stylesheet();
    node.stdin.take().expect("its input").write_all(sheet.as_bytes()).expect("it reads");
    let found = node.wait_with_output().expect("it ends");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}

/// htmx does not run in Chromium 72. Our own script must parse there, because it detects that.
#[tokio::test]
async fn our_script_is_written_in_the_syntax_of_chromium_72() {
    let engine = Engine::chromium(72).await;
    assert_eq!(engine.syntax_error(include_str!("../../assets/app.js")).await, None);
    assert!(engine.syntax_error("a?.b").await.is_some());
}

/// A page whose scripts fail to load behaves as it does without scripts.
#[tokio::test]
async fn lost_scripts_block_no_step() {
    let pictures = Pictures::new();
    for lost in ["*/assets/htmx*", "*.js"] {
        let server = start_demo().await;
        let desktop = Engine::installed().await.with_desktop_screen().await;
        let phone = Engine::installed().await.with_phone_screen(WEB_VIEW).await;
        desktop.block_requests(lost).await;
        phone.block_requests(lost).await;
        scan_login(&server, &desktop, &phone).await;
        apply(&server, &phone, false, &pictures).await;
        phone.press("查看进度").await;
        phone.press("撤销申请").await;
        phone.see("撤销").await;
        phone.assert_looks_right().await;
    }
}

/// Without our own script, htmx still polls and the page still reloads.
#[tokio::test]
async fn login_screen_updates_without_our_script() {
    let server = start_demo().await;
    let desktop = Engine::installed().await.with_desktop_screen().await;
    let phone = Engine::installed().await.with_phone_screen(WEB_VIEW).await;
    desktop.block_requests("*/assets/app*.js").await;
    scan_login(&server, &desktop, &phone).await;
}
