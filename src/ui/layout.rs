//! The frame of every page: head, top bar, tabs, footer and the sticky action bar.
//!
//! Every page has one `h1`. It is the title in the top bar, or, with [`Page::own_heading`], an `h1`
//! in `main`. On a phone the tabs are shown on pages without a back link; from 768 px they are the top
//! navigation of every page.

use maud::{DOCTYPE, Markup, html};

use super::footer::{footer, imprint};
use super::page::{Chrome, Page, Tab};
use super::{Icon, Lang, icon};
use crate::paths;

const TABS: [(Tab, Icon, &str, &str); 4] = [
    (Tab::Home, Icon::Home, "首页", paths::HOME),
    (Tab::Services, Icon::Services, "业务", paths::SERVICES),
    (Tab::Certificates, Icon::Certificate, "证书", paths::CERTIFICATES),
    (Tab::Me, Icon::Person, "我的", paths::ME),
];

/// The page as a whole document.
pub fn document(chrome: &Chrome, page: &Page) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(chrome.lang.tag()) data-senior[chrome.senior] {
            head {
                meta charset="utf-8";
                title { (window_title(chrome, page)) }
                meta name="description" content=(description(chrome));
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#fff" media="(prefers-color-scheme: light)";
                meta name="theme-color" content="#18242b" media="(prefers-color-scheme: dark)";
                meta name="format-detection" content="telephone=no";
                link rel="stylesheet" href=(chrome.css);
                link rel="icon" href=(chrome.icon) type="image/svg+xml";
                link rel="apple-touch-icon" href=(chrome.touch_icon);
                link rel="manifest" href=(chrome.manifest);
                @for script in chrome.scripts { script src=(script) defer {} }
                @if let Some((seconds, url)) = &page.refresh {
                    meta http-equiv="refresh" content={ (seconds) "; url=" (url) };
                }
            }
            // A fragment cannot change the language of the document, so htmx does not load English pages.
            body hx-boost=(chrome.lang.pick("true", "false")) hx-target="#main" hx-swap="outerHTML show:window:top" {
                a.skip href="#main" { (chrome.lang.pick("跳到正文", "Skip to content")) }
                (top(chrome, page, false))
                @if chrome.lang == Lang::Chinese { (tabs(chrome, page, false)) }
                div #notice aria-live="polite" {}
                (main(chrome, page))
                (footer(chrome))
                (bar(chrome, page, false))
                p #live role="status" {}
            }
        }
    }
}

/// The page as htmx takes it: title, `main`, and the parts of the frame as out-of-band swaps.
pub fn fragment(chrome: &Chrome, page: &Page) -> Markup {
    html! {
        title { (window_title(chrome, page)) }
        (main(chrome, page))
        (top(chrome, page, true))
        (tabs(chrome, page, true))
        (bar(chrome, page, true))
        div #notice aria-live="polite" hx-swap-oob="true" {}
    }
}

fn window_title(chrome: &Chrome, page: &Page) -> String {
    let lang = chrome.lang;
    let refused = if chrome.refused { lang.pick("错误：", "Error: ") } else { "" };
    let space = if page.about.is_empty() { "" } else { " " };
    format!("{refused}{}{space}{} - {}", page.title, page.about, lang.pick("考证通", "Kaozheng"))
}

fn description(chrome: &Chrome) -> String {
    match chrome.lang {
        Lang::Chinese => format!("{}：报考资格核查、考试退费、证书补发和邮寄、证书查询。", chrome.authority),
        Lang::English => "Verify a qualification certificate. No sign-in is needed.".to_owned(),
    }
}

fn main(chrome: &Chrome, page: &Page) -> Markup {
    html! {
        main #main tabindex="-1" data-wide[page.wide] data-full[page.full] {
            (page.main)
            (imprint(chrome))
        }
    }
}

fn bar(chrome: &Chrome, page: &Page, swap: bool) -> Markup {
    let label = page.bar.as_ref().map(|_| chrome.lang.pick("本页操作", "Actions"));
    html! {
        div #bar role=[label.map(|_| "region")] aria-label=[label]
            hx-swap-oob=[swap.then_some("true")] {
            @if let Some(bar) = &page.bar { div.actions { (bar) } }
        }
    }
}

fn top(chrome: &Chrome, page: &Page, swap: bool) -> Markup {
    html! {
        header #top data-demo[chrome.demo] hx-swap-oob=[swap.then_some("true")] {
            @if chrome.demo { p.demo { (chrome.lang.pick("演示环境，数据均为虚构", "Demonstration: all data is fictional")) } }
            div.top {
                @match &page.back {
                    Some(url) => a.back href=(url) aria-label=(chrome.lang.pick("返回", "Back")) { (icon(Icon::Back)) },
                    None => span.brand aria-hidden="true" lang=[chrome.lang.of_chinese()] { "考" },
                }
                (name(chrome, page))
                @if page.desk.is_none() { (senior_switch(chrome)) }
            }
        }
    }
}

/// The title in the top bar: the `h1` unless `main` has one.
fn name(chrome: &Chrome, page: &Page) -> Markup {
    html! {
        @if !page.own_heading {
            h1.name tabindex="-1" { (page.title) }
        } @else if page.back.is_some() {
            p.name { (page.title) }
        } @else if page.desk.is_some() {
            p.name { "审核台" }
        } @else {
            p.name { "考证通" span.authority { " · " (chrome.authority) "公众服务" } }
        }
    }
}

/// A form, because GET changes nothing. Loaded without htmx, because the whole document changes.
fn senior_switch(chrome: &Chrome) -> Markup {
    html! {
        form method="post" action=(paths::SENIOR) hx-boost="false" {
            input type="hidden" name="next" value=(chrome.here);
            // The label names what the button does, so it has no pressed state.
            button.pill type="submit" data-on[chrome.senior] {
                @if chrome.senior { (chrome.lang.pick("退出长者模式", "Leave large type")) }
                @else { (chrome.lang.pick("长者模式", "Large type")) }
            }
        }
    }
}

/// Whether an address is that of a page or of one below it.
fn is_within(address: &str, page: &str) -> bool {
    let rest = address.strip_prefix(page);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

fn tabs(chrome: &Chrome, page: &Page, swap: bool) -> Markup {
    let phone = page.back.is_none();
    html! {
        nav #tabs aria-label="主导航" data-phone[phone] data-desk[page.desk.is_some()]
            hx-swap-oob=[swap.then_some("true")] {
            @if let Some(desk) = &page.desk {
                @for link in &desk.links {
                    a href=(link.path) aria-current=[is_within(chrome.here, link.path).then_some("true")] {
                        span { (link.label) }
                    }
                }
                p.pill { (desk.who) }
                form method="post" action=(paths::LOGOUT) hx-boost="false" {
                    button.text-button type="submit" { "退出" }
                }
            } @else {
                @for (tab, picture, label, url) in TABS {
                    a href=(url) aria-current=[(page.tab == Some(tab)).then_some("page")] {
                        (icon(picture))
                        span { (label) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Contact;

    static NOBODY: Contact = Contact { phones: Vec::new(), hours: String::new() };

    fn chrome() -> Chrome<'static> {
        Chrome {
            authority: "示范市考试院",
            contact: &NOBODY,
            filing: "",
            address: "https://exam.example",
            time: "2026-04-01 09:30:00",
            css: "/app.css",
            scripts: &[],
            icon: "/icon.svg",
            touch_icon: "/icon.png",
            manifest: "/manifest.webmanifest",
            senior: false,
            demo: false,
            here: "/me?a=1&b=\"2\"",
            lang: Lang::Chinese,
            refused: false,
        }
    }

    #[test]
    fn desk_link_is_current_on_its_page_and_below() {
        for here in ["/staff/queue", "/staff/queue?page=2", "/staff/queue/next"] {
            assert!(is_within(here, "/staff/queue"), "{here}");
        }
        assert!(!is_within("/staff/queues", "/staff/queue") && !is_within("/staff", "/staff/queue"));
    }

    fn headings(page: &Page) -> usize {
        document(&chrome(), page).0.matches("<h1").count()
    }

    #[test]
    fn every_page_has_one_heading() {
        let own = || html! { h1 { "自己的标题" } };
        assert_eq!(headings(&Page::new("业务", html! {})), 1);
        assert_eq!(headings(&Page::new("详情", html! {}).back("/")), 1);
        assert_eq!(headings(&Page::new("首页", own()).own_heading()), 1);
        assert_eq!(headings(&Page::new("详情", own()).own_heading().back("/")), 1);
    }

    #[test]
    fn fragment_swaps_the_frame_out_of_band() {
        let shown = fragment(&chrome(), &Page::new("甲<乙", html! {})).into_string();
        assert!(shown.starts_with("<title>甲&lt;乙 - 考证通</title><main id=\"main\""));
        for part in ["<header id=\"top\"", "<nav id=\"tabs\"", "<div id=\"bar\""] {
            let from = shown.find(part).expect(part);
            let tag = &shown[from..from + shown[from..].find('>').expect("closed")];
            assert!(tag.contains("hx-swap-oob=\"true\""), "{tag}");
        }
        assert!(!document(&chrome(), &Page::new("甲", html! {})).0.contains("hx-swap-oob"));
    }

    #[test]
    fn senior_mode_marks_the_document_and_the_switch() {
        let on = document(&Chrome { senior: true, ..chrome() }, &Page::new("甲", html! {})).into_string();
        assert!(on.contains("<html lang=\"zh-CN\" data-senior>"));
        assert!(on.contains(">退出长者模式</button>"));
        let english = Chrome { senior: true, lang: Lang::English, ..chrome() };
        assert!(document(&english, &Page::new("A", html! {})).0.contains(">Leave large type</button>"));
        let off = document(&chrome(), &Page::new("甲", html! {})).into_string();
        assert!(!off.contains("data-senior") && off.contains(">长者模式</button>"));
        assert!(!on.contains("aria-pressed") && !off.contains("aria-pressed"));
        assert!(off.contains("value=\"/me?a=1&amp;b=&quot;2&quot;\""));
    }

    #[test]
    fn english_page_has_an_english_frame() {
        let page = Page::new("Certificate lookup", html! {}).back("/en/lookup").bar(html! {});
        let shown = document(&Chrome { lang: Lang::English, demo: true, ..chrome() }, &page).into_string();
        assert!(shown.contains("<html lang=\"en\"") && shown.contains("hx-boost=\"false\""));
        let body = shown.split_once("<body").map_or("", |(_, body)| body);
        for (at, part) in body.split(" lang=\"zh-CN\">").enumerate() {
            let english = if at == 0 { part } else { part.split_once('<').map_or("", |(_, rest)| rest) };
            assert!(english.chars().all(|c| c.is_ascii() || c == '·'), "{english}");
        }
    }

    #[test]
    fn window_title_says_what_the_page_is_about() {
        let title = |chrome: &Chrome, page: &Page| window_title(chrome, page);
        let page = Page::new("申请详情", html! {}).about("TF20261129000001");
        assert_eq!(title(&chrome(), &page), "申请详情 TF20261129000001 - 考证通");
        let refused = Chrome { refused: true, ..chrome() };
        assert_eq!(title(&refused, &Page::new("考试退费", html! {})), "错误：考试退费 - 考证通");
        let english = Chrome { refused: true, lang: Lang::English, ..chrome() };
        assert_eq!(title(&english, &Page::new("Result", html! {})), "Error: Result - Kaozheng");
    }

    #[test]
    fn current_tab_is_marked() {
        let shown = document(&chrome(), &Page::new("甲", html! {}).tab(Tab::Me)).into_string();
        assert_eq!(shown.matches("aria-current").count(), 1);
        assert!(shown.contains(r#"<a href="/me" aria-current="page">"#));
    }

    #[test]
    fn refresh_is_a_meta_element() {
        let shown = document(&chrome(), &Page::new("甲", html! {}).refresh(5, "/login")).into_string();
        let meta = r#"<meta http-equiv="refresh" content="5; url=/login">"#;
        assert!(shown.contains(meta));
    }
}
