//! Tests of the test helpers: each helper does what it says and fails when it must.

mod pages;

use std::panic::AssertUnwindSafe;
use std::path::Path;

use futures_util::FutureExt;

use crate::browser::{Browser, Scheme, Screen};
use crate::pictures::Pictures;
use crate::{axe, nu, qr};

/// Serves the pages of [`pages`] under a content security policy as strict as the program's.
async fn site() -> String {
    pages::serve().await
}

#[tokio::test]
async fn form_is_filled_in_by_its_labels() {
    let (site, browser, pictures) = (site().await, Browser::desktop().await, Pictures::new());
    browser.open(&site).await;
    browser.see("报名 登记").await;
    browser.fill("姓名", "张三").await;
    browser.fill("出生日期", "2001-02-03").await;
    browser.fill("毕业年月", "2023-07").await;
    browser.fill("说明", "第一行\n第二行").await;
    browser.within("家长是否同意").choose("是").await;
    browser.within("本人是否同意").choose("否").await;
    browser.choose("我已阅读").await;
    browser.choose("本科").await;
    browser.attach("毕业证书", &pictures.diploma()).await;
    assert_eq!(browser.value("姓名").await, "张三");
    browser.press("提交").await;
    let expected = "姓名=张三 生日=2001-02-03 毕业=2023-07 说明=第一行/第二行 家长=是 本人=否 已读=on 学历=本科 文件=毕业证书.png";
    browser.see(expected).await;
    assert!(browser.url().await.ends_with("/sent"));
}

#[tokio::test]
async fn late_text_is_awaited_and_removed_text_is_gone() {
    let (site, browser) = (site().await, Browser::desktop().await);
    browser.open(&site).await;
    browser.see("请稍候").await;
    browser.press("稍后出现").await;
    browser.see("您点了按钮").await;
    browser.see_no("请稍候").await;
}

#[tokio::test]
async fn covered_button_is_scrolled_into_view() {
    let (site, browser) = (site().await, Browser::phone().await);
    browser.open(&format!("{site}/covered")).await;
    browser.press("底下的按钮").await;
    browser.see("够得着").await;
}

#[tokio::test]
async fn impossible_step_fails_with_a_reason_and_a_picture() {
    let (site, browser) = (site().await, Browser::desktop().await);
    browser.open(&site).await;
    let missing = AssertUnwindSafe(browser.press("没有的按钮")).catch_unwind().await;
    let panic = missing.expect_err("there is no such button");
    let message = panic.downcast_ref::<String>().expect("a message");
    for part in ["press “没有的按钮”", "it is not on the page", "报名 登记", &site] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    let picture = message.lines().find_map(|line| line.trim().strip_prefix("picture ")).expect("a picture");
    assert!(Path::new(picture).exists());
}

#[tokio::test]
async fn phone_has_its_own_size_touch_and_cookies() {
    let (site, desktop, phone) = (site().await, Browser::desktop().await, Browser::phone().await);
    desktop.open(&format!("{site}/device")).await;
    desktop.see("宽屏 鼠标").await;
    desktop.open(&format!("{site}/device")).await;
    desktop.see("来过").await;
    phone.open(&format!("{site}/device")).await;
    phone.see("窄屏 触摸 Android").await;
    assert!(!phone.text().await.contains("来过"));
}

#[tokio::test]
async fn forms_work_without_javascript() {
    let (site, pictures) = (site().await, Pictures::new());
    for screen in [Screen::Desktop, Screen::Phone] {
        let browser = Browser::without_javascript(screen).await;
        browser.open(&site).await;
        browser.see("没有脚本").await;
        browser.fill("姓名", "李四").await;
        browser.fill("出生日期", "2001-02-03").await;
        browser.within("家长是否同意").choose("是").await;
        browser.choose("本科").await;
        browser.attach("毕业证书", &pictures.portrait()).await;
        browser.press("提交").await;
        browser.see("姓名=李四 生日=2001-02-03").await;
        browser.see("家长=是").await;
        browser.see("学历=本科 文件=证件照.jpg").await;
        browser.open(&format!("{site}/covered")).await;
        browser.press("底下的按钮").await;
        browser.see("够得着").await;
    }
}

#[tokio::test]
async fn qr_code_is_read_from_a_screenshot() {
    let (site, browser) = (site().await, Browser::desktop().await);
    browser.open(&format!("{site}/code")).await;
    browser.see("扫码").await;
    assert_eq!(qr::decode(&browser.screenshot("harness-code").await), pages::CODE);
}

#[tokio::test]
async fn axe_passes_a_good_page_and_finds_a_fault_in_dark_mode() {
    let (site, browser) = (site().await, Browser::desktop().await);
    browser.open(&format!("{site}/good")).await;
    axe::check(&browser).await;
    browser.open(&format!("{site}/dim")).await;
    browser.prefer(Scheme::Light).await;
    assert_eq!(axe::violations(&browser).await, [""; 0]);
    browser.prefer(Scheme::Dark).await;
    let found = axe::violations(&browser).await.join("\n");
    assert!(found.contains("color-contrast") && found.contains("看不清"), "{found}");
}

#[test]
fn nu_passes_a_good_page_and_names_a_faulty_one() {
    let page = |name: &str, html: &str| (name.to_owned(), html.to_owned());
    let good = page("good", pages::GOOD);
    nu::check(std::slice::from_ref(&good));
    let bad = pages::GOOD.replace("<main>", "<main><ul><p>x</p></ul>");
    let found = nu::errors(&[good, page("bad", &bad)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("bad:") && found[0].contains("not allowed"), "{found:?}");
}

#[test]
fn pictures_have_the_promised_type_and_size() {
    let pictures = Pictures::new();
    let size = |file| image::image_dimensions(file).expect("a picture");
    assert_eq!(size(pictures.id_card_front()), (506, 319));
    assert_eq!(size(pictures.id_card_back()), (506, 319));
    assert_eq!(size(pictures.diploma()), (800, 566));
    assert_eq!(size(pictures.portrait()), (295, 413));
    let pdf = std::fs::read(pictures.pdf()).unwrap();
    let text = String::from_utf8(pdf).unwrap();
    let table: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
    assert!(text.starts_with("%PDF-") && text[table..].starts_with("xref"));
}
