//! Areas of a page: headings, panels, banners and whole-page messages.

use maud::{Markup, html};

use super::{Icon, Lang, Look, Name, copyable, digits, icon, link_button, words};

/// The `h1` of a page with a small line above and below it. Empty lines are left out.
pub fn heading(above: &str, title: &str, below: &str) -> Markup {
    html! {
        hgroup.heading {
            @if !above.is_empty() { p.muted.small { (words(above)) } }
            h1 tabindex="-1" { (words(title)) }
            @if !below.is_empty() { p.muted { (words(below)) } }
        }
    }
}

/// The `h1` of a page in `lang` that is about a record of the authority, with a line below it unless it is empty.
pub fn name_heading(lang: Lang, name: Name<'_>, below: &str) -> Markup {
    html! {
        hgroup.heading {
            h1 tabindex="-1" { (name.shown(lang)) }
            @if !below.is_empty() { p.muted { (below) } }
        }
    }
}

/// A [`heading`] below a number that can be copied.
pub fn numbered_heading(label: &str, number: &str, title: &str, below: &str) -> Markup {
    html! {
        hgroup.heading {
            p.muted.small { (label) " " (copyable(Lang::Chinese, number)) }
            h1 tabindex="-1" { (words(title)) }
            @if !below.is_empty() { p.muted { (words(below)) } }
        }
    }
}

/// The `h1` of a page with a short text at the right edge.
pub fn greeting(title: &str, aside: &str) -> Markup {
    html! { div.greeting { h1 tabindex="-1" { (title) } p.muted.small { (words(aside)) } } }
}

/// A white area with an `h2`. An empty `title` leaves the `h2` out.
pub fn panel(title: &str, body: Markup) -> Markup {
    html! {
        section.panel {
            @if !title.is_empty() { h2 { (words(title)) } }
            (body)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Blue: a state.
    Info,
    /// Amber: something to do.
    Warn,
    /// Red: something failed.
    Danger,
    /// Green: something succeeded.
    Good,
    Neutral,
}

impl Tone {
    fn word(self) -> &'static str {
        match self {
            Tone::Info => "info",
            Tone::Warn => "warn",
            Tone::Danger => "danger",
            Tone::Good => "good",
            Tone::Neutral => "neutral",
        }
    }
}

/// A coloured area about the state of something. A link at its end is shown as the next step.
pub fn banner(tone: Tone, title: &str, body: Markup) -> Markup {
    html! {
        section.banner data-tone=(tone.word()) {
            h2 { (words(title)) }
            (body)
        }
    }
}

/// A [`banner`] that answers what was sent. Scripts focus it and read `title` out.
pub fn answer(tone: Tone, title: &str, body: Markup) -> Markup {
    html! { div data-answer=(title) { (banner(tone, title, body)) } }
}

/// An empty list: what is empty, why, and what to do as (label, URL).
pub fn empty(picture: Icon, title: &str, body: &str, action: Option<(&str, &str)>) -> Markup {
    html! {
        section.empty {
            span.badge { (icon(picture)) }
            h2 { (title) }
            p.muted { (words(body)) }
            @if let Some((label, href)) = action { (link_button(href, label, Look::Plain)) }
        }
    }
}

/// The page after a submission, with the `h1`. Scripts reveal a button that copies `number`.
pub fn confirmation(title: &str, number_label: &str, number: &str, body: Markup) -> Markup {
    html! {
        section.confirmation data-tone="good" {
            span.mark { (icon(Icon::Check)) }
            h1 tabindex="-1" { (title) }
            p.muted { (number_label) }
            p.number {
                strong data-copied { (digits(number)) }
                button.copy type="button" data-copy=(number) hidden { (icon(Icon::Copy)) "复制" }
            }
        }
        (body)
    }
}

/// A failed request, with the `h1`: what happened, what to do, one button.
pub fn error_page(headline: &str, what_to_do: &str, action: Markup) -> Markup {
    html! {
        section.empty {
            span.badge { (icon(Icon::Warning)) }
            h1 tabindex="-1" { (headline) }
            p.muted { (words(what_to_do)) }
            (action)
        }
    }
}

/// The white card of a login handshake or of a verification link. An `img` directly inside a `div.qr` is 240 px wide on
/// white, also in dark mode.
pub fn qr_card(title: &str, body: Markup) -> Markup {
    html! {
        section.qr-card {
            h2 { (title) }
            (body)
        }
    }
}

/// A number of seconds that passes, in words. Scripts replace them every second, and do not need a right clock for
/// it; screen readers do not announce it.
pub fn countdown(seconds: i64, words: &str) -> Markup {
    html! { span role="timer" aria-live="off" data-left=(seconds) { (words) } }
}

/// Numbered steps as (step, explanation). The explanation may be empty.
pub fn steps(list: &[(&str, &str)]) -> Markup {
    html! {
        ol.steps {
            @for (what, how) in list {
                li {
                    strong { (what) }
                    @if !how.is_empty() { span.muted.small { (words(how)) } }
                }
            }
        }
    }
}

/// The round seal of a lookup result, such as 有效 over 查询属实. `state` is a state of [`super::tag`].
pub fn seal(state: &str, word: &str, foot: &str) -> Markup {
    html! { p.seal data-state=(state) { strong { (word) } span { (foot) } } }
}

/// The material viewer of the review desk. `sheet` is an `img` or `iframe`, `next` the URL of the next
/// material. With `keys`, keys work while the focus is in the viewer: `+` zooms, `T` rotates, `→` opens
/// the next material.
pub fn viewer(title: &str, sheet: Markup, next: Option<&str>, keys: bool) -> Markup {
    let key = |key: &'static str| keys.then_some(key);
    html! {
        section.desk-viewer data-keys[keys] {
            div.viewer-tools {
                h2 { (title) }
                button type="button" data-zooms data-key=[key("+")] aria-keyshortcuts=[key("+")] { "放大" @if keys { " +" } }
                button type="button" data-turns data-key=[key("T")] aria-keyshortcuts=[key("T")] { "旋转" @if keys { " T" } }
                @if let Some(url) = next {
                    // Only the viewer is swapped, so that text typed beside it stays.
                    a data-again href=(url) data-key=[key("ARROWRIGHT")] hx-target="closest .desk-viewer"
                        hx-select=".desk-viewer" hx-swap="outerHTML" hx-push-url="false" { "下一张 →" }
                }
            }
            (sheet)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_page_messages_have_one_h1() {
        let sent = confirmation("已提交", "受理号", "ZG1", html! {}).into_string();
        let failed =
            error_page("页面不存在", "请返回首页", link_button("/", "返回首页", Look::Primary)).into_string();
        for shown in [&sent, &failed] {
            assert_eq!(shown.matches("<h1").count(), 1);
        }
        assert!(sent.contains("data-copy=\"ZG1\" hidden"));
        assert!(failed.contains(r#"href="/">返回首页"#));
    }

    #[test]
    fn empty_texts_have_no_element() {
        assert_eq!(heading("", "甲", "").into_string().matches("<p").count(), 0);
        assert!(!panel("", html! {}).into_string().contains("<h2"));
    }
}
