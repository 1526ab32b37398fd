//! What is read out, where the focus goes, what is copied, and what going back shows.

use kaozheng::demo::sandbox::people::PEOPLE;

use crate::authority_records::replace_certificates;
use crate::browser::Browser;
use crate::lookup::{DOCUMENT, NAME, PRINT};
use crate::pictures::Pictures;
use crate::qr;
use crate::server::Server;
use crate::sign_in::number_on;
use crate::steps;

/// Waits until the live region says `words`.
async fn hear(browser: &Browser, words: &str) {
    let said = "return document.querySelector('#live').textContent";
    browser
        .until(&format!("hear “{words}”"), async || {
            let said = browser.run(said).await.as_str().unwrap_or_default().to_owned();
            said.contains(words).then_some(()).ok_or(format!("it says “{said}”"))
        })
        .await;
}

/// Waits until the focused element contains `words`.
async fn focus_is_on(browser: &Browser, words: &str) {
    let focused = "return document.activeElement === document.body ? '' : document.activeElement.textContent";
    browser
        .until(&format!("find the focus on “{words}”"), async || {
            let text = browser.run(focused).await.as_str().unwrap_or_default().to_owned();
            text.contains(words).then_some(()).ok_or(format!("it is on “{text}”"))
        })
        .await;
}

async fn look_up(browser: &Browser, labels: [&str; 4], number: &str) {
    for (label, value) in labels.iter().zip([NAME, DOCUMENT, number]) {
        browser.fill(label, value).await;
    }
    browser.press(labels[3]).await;
}

#[tokio::test]
async fn answer_of_the_lookup_is_read_out_and_focused() {
    let (server, phone) = (steps::start_demo().await, Browser::phone().await);
    let chinese = ["姓名", "身份证件号码", "证书管理号或证书印制号", "查询"];
    phone.open(&format!("{}/lookup/02", server.base)).await;
    look_up(&phone, chinese, "SF99999999").await;
    hear(&phone, "没有查到符合的证书").await;
    focus_is_on(&phone, "没有查到符合的证书").await;
    look_up(&phone, chinese, PRINT).await;
    hear(&phone, "有效 二级建造师").await;
    focus_is_on(&phone, "查询属实").await;
    phone.press("再查一个").await;
    hear(&phone, "").await;

    let english = ["Name", "Identity document number", "Management number or print number", "Look up"];
    phone.open(&format!("{}/en/lookup/02", server.base)).await;
    look_up(&phone, english, "SF99999999").await;
    hear(&phone, "No matching certificate").await;
    focus_is_on(&phone, "No matching certificate").await;
    look_up(&phone, english, PRINT).await;
    hear(&phone, "VALID Constructor (Class 2)").await;
}

/// Chinese texts of the open page whose element is not in Chinese.
const UNMARKED: &str = "
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    for (let text; (text = texts.nextNode());) {
        const isChinese = /\\p{Script=Han}/u.test(text.data);
        if (isChinese && text.parentElement.closest('[lang]').lang !== 'zh-CN') found.push(text.data);
    }
    return found;";

#[tokio::test]
async fn chinese_words_on_english_pages_name_their_language() {
    let (server, phone) = (steps::start_demo().await, Browser::phone().await);
    let english = ["Name", "Identity document number", "Management number or print number", "Look up"];
    let none = serde_json::json!([]);
    phone.open(&format!("{}/en/lookup", server.base)).await;
    assert_eq!(phone.run(UNMARKED).await, none);
    phone.press("Constructor (Class 2)").await;
    phone.see("Verify a certificate").await;
    assert_eq!(phone.run(UNMARKED).await, none);
    for (number, answer) in [("SF99999999", "No matching"), (PRINT, "VALID")] {
        look_up(&phone, english, number).await;
        phone.see(answer).await;
        assert_eq!(phone.run(UNMARKED).await, none, "{answer}");
    }
}

#[tokio::test]
async fn number_of_the_login_screen_is_read_out_digit_by_digit() {
    let server = Server::start_with(kaozheng::store::Clock::system(), |settings| {
        settings.trusted_proxy = false;
    })
    .await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    desktop.open(&format!("{}/login", server.base)).await;
    desktop.see("扫码登录").await;
    phone.open(&qr::decode(&desktop.screenshot("reading-code").await)).await;
    phone.press(steps::CANDIDATE).await;
    phone.see("您正在登录另一台设备").await;
    let number = number_on(&desktop).await;
    let digits = number.chars().map(String::from).collect::<Vec<_>>().join(" ");
    hear(&desktop, &format!("已扫描，请在手机上输入数字 {digits}")).await;
    phone.press("不是我").await;
    hear(&desktop, "登录被拒绝").await;
}

#[tokio::test]
async fn focus_stays_at_an_upload_that_is_removed() {
    let (server, pictures) = (steps::start_demo().await, Pictures::new());
    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/services/receipt/notice", server.base)).await;
    phone.press("我已阅读并同意").await;
    phone.see("缴费项目").await;
    phone.attach("缴费凭证", &pictures.pdf()).await;
    phone.see("学籍证明.pdf").await;
    hear(&phone, "材料已更新").await;
    phone.run("[...document.querySelectorAll('.upload button')].at(-1).focus()").await;
    phone.key("Enter").await;
    phone.see_no("学籍证明.pdf").await;
    hear(&phone, "材料已更新").await;
    let focused = phone.run("return document.activeElement.closest('.upload').textContent").await;
    assert!(focused.as_str().is_some_and(|text| text.contains("缴费凭证")), "{focused}");
}

async fn number(browser: &Browser, script: &str) -> u64 {
    browser.run(script).await.as_f64().expect("a number") as u64
}

const CARDS: &str = "return document.querySelectorAll('.card').length";
const TOP: &str = "return scrollY";

#[tokio::test]
async fn going_back_shows_the_list_where_it_was() {
    let server = steps::start_demo().await;
    server.parts.store.write(|tx| replace_certificates(tx, PEOPLE[0].name, 48)).await.expect("certificates");
    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/certificates", server.base)).await;
    for page in ["第 2 页", "第 3 页"] {
        phone.press("加载更多").await;
        focus_is_on(&phone, page).await;
    }
    phone.see_no("加载更多").await;
    assert!(phone.url().await.ends_with("/certificates?page=2"), "the address says what is shown");
    let cards = number(&phone, CARDS).await;
    assert!(cards > 45, "{cards}");
    phone.run("[...document.querySelectorAll('.card')].at(-6).scrollIntoView()").await;
    let place = number(&phone, TOP).await;
    assert!(place > 2_000, "{place}");
    phone.run("[...document.querySelectorAll('.card .cover')].at(-6).click()").await;
    phone.see("证书印制号").await;
    phone.run("history.back()").await;
    phone
        .until("find the place", async || {
            let (cards_now, top) = (number(&phone, CARDS).await, number(&phone, TOP).await);
            let is_there = cards_now == cards && top.abs_diff(place) < 4;
            is_there.then_some(()).ok_or(format!("{cards_now} cards of {cards}, at {top} of {place}"))
        })
        .await;
    phone.run("location.reload()").await;
    phone.see("证书管理").await;
    assert_eq!(number(&phone, CARDS).await, cards, "after a reload");
}

#[tokio::test]
async fn number_is_copied_without_its_gaps_and_stays_on_a_line() {
    let server = steps::start_demo().await;
    let phone = steps::candidate(&server).await;
    phone.narrow().await;
    phone.open(&format!("{}/certificates/certificate-00", server.base)).await;
    phone.see("证书管理号").await;
    let copied = "return [...document.querySelectorAll('.digits')].map(number => {
        getSelection().selectAllChildren(number);
        return [String(getSelection()) === number.textContent, number.getBoundingClientRect().height < 40,
            number.parentElement.nextElementSibling.hidden];
    })";
    let numbers = phone.run(copied).await;
    let numbers = numbers.as_array().expect("numbers");
    assert_eq!(numbers.len(), 2, "管理号 and 印制号");
    for number in numbers {
        assert_eq!(*number, serde_json::json!([true, true, false]));
    }
}
