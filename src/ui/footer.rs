//! Who runs the site and how to reach the office: the footer of a page, and the line that only paper shows.

use maud::{Markup, html};

use super::Lang;
use super::page::Chrome;
use crate::paths;
use crate::settings::Office;

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
    let (office, lang) = (chrome.office, chrome.lang);
    html! {
        footer #footer {
            p lang=[lang.of_chinese()] { (chrome.authority) }
            (contact(office, lang))
            p { a href=(paths::PRIVACY) hreflang=[lang.of_chinese()] { (lang.pick("个人信息处理规则", "Privacy notice")) } }
            @if !office.filing.is_empty() {
                p { a href="https://beian.miit.gov.cn/" rel="external" lang="zh-CN" { (office.filing) } }
            }
        }
    }
}

/// The office's phone number and hours. Empty if the settings have no number.
pub fn contact(office: &Office, lang: Lang) -> Markup {
    let label = lang.pick("咨询电话", "Phone");
    html! {
        @if !office.phone.is_empty() {
            p.contact {
                (label) " " a href={ "tel:" (office.phone.replace(' ', "")) } { (office.phone) }
                @if !office.hours.is_empty() {
                    " "
                    span lang=[lang.of_chinese()] { "（" (office.hours) "）" }
                }
            }
        }
    }
}
