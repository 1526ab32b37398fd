//! Who runs the site and how to reach the office: the footer of a page, and the line that only paper shows.

use maud::{Markup, html};

use super::Lang;
use super::page::Chrome;
use crate::paths;
use crate::settings::{Contact, GENERAL};

/// Where a printed page comes from. Not shown on a screen.
pub(super) fn imprint(chrome: &Chrome) -> Markup {
    let (printed, demo) = chrome.lang.pick(
        ("页面时间", "演示环境，数据均为虚构"),
        ("Time of this page (UTC+8)", "Demonstration: all data is fictional"),
    );
    html! {
        p.imprint aria-hidden="true" {
            span lang="zh-CN" { (chrome.authority) " · 考证通" }
            " · " (chrome.address) " · " (printed) " " (chrome.time)
            @if chrome.demo { " · " strong { (demo) } }
        }
    }
}

/// The office and its notices, at the end of every page.
pub(super) fn footer(chrome: &Chrome) -> Markup {
    let (contact, lang) = (contact(chrome.contact, chrome.lang), chrome.lang);
    html! {
        footer #footer {
            p lang=[lang.of_chinese()] { (chrome.authority) }
            (contact)
            p { a href=(paths::PRIVACY) hreflang=[lang.of_chinese()] { (lang.pick("个人信息处理规则", "Privacy notice")) } }
            @if !chrome.filing.is_empty() {
                p { a href="https://beian.miit.gov.cn/" rel="external" lang="zh-CN" { (chrome.filing) } }
            }
        }
    }
}

/// The office's phone numbers and hours. Empty without a number.
pub fn contact(contact: &Contact, lang: Lang) -> Markup {
    html! {
        @for phone in &contact.phones {
            p.contact {
                @if phone.label == GENERAL {
                    (lang.pick(GENERAL, "Phone"))
                } @else {
                    span lang=[lang.of_chinese()] { (phone.label) }
                }
                " " a href=(phone.link()) { (phone.number) }
                @if contact.phones.last() == Some(phone) && !contact.hours.is_empty() {
                    " "
                    span lang=[lang.of_chinese()] { "（" (contact.hours) "）" }
                }
            }
        }
    }
}
