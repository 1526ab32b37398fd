//! Tags, buttons and summary lists.

use std::fmt::Display;

use maud::{Markup, PreEscaped, Render, html};

use super::{Icon, Lang, icon};

/// A state as a colour, a dot and a word. `state` is one of `submitted in_review returned due rejected
/// overdue approved completed sent`; any other is grey.
pub fn tag(state: &str, label: &str) -> Markup {
    html! { span.tag data-state=(state) { (label) } }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The one next step of the page.
    Primary,
    /// Any other action.
    Plain,
    /// An action that cannot be undone.
    Danger,
}

impl Look {
    /// The value of `data-look` in the stylesheet.
    pub(super) fn word(self) -> &'static str {
        match self {
            Look::Primary => "primary",
            Look::Plain => "plain",
            Look::Danger => "danger",
        }
    }
}

pub fn link_button(href: &str, label: &str, look: Look) -> Markup {
    html! { a.button data-look=(look.word()) href=(href) { (label) } }
}

/// A link to a file that looks like a button; htmx does not load it. The response says whether the file
/// is saved or shown: some web views support only one of the two.
pub fn download_button(href: &str, label: &str, look: Look) -> Markup {
    html! { a.button data-look=(look.word()) href=(href) hx-boost="false" { (label) } }
}

/// A link that looks like a button and opens a new window.
pub fn window_button(href: &str, label: &str, look: Look) -> Markup {
    html! { a.button data-look=(look.word()) href=(href) hx-boost="false" target="_blank" { (label) } }
}

/// A submit button. It stands inside its form.
pub fn submit(name: &str, value: &str, label: &str, look: Look) -> Markup {
    html! { button.button type="submit" name=(name) value=(value) data-look=(look.word()) { (label) } }
}

/// A submit button of the review desk with a keyboard shortcut, if keys are on.
pub fn keyed_submit(name: &str, value: &str, label: &str, look: Look, key: Option<char>) -> Markup {
    html! {
        button.button type="submit" name=(name) value=(value) data-look=(look.word())
            data-key=[key] aria-keyshortcuts=[key] { (label) @if let Some(key) = key { " " (kbd(key)) } }
    }
}

/// A button that prints the page. Scripts reveal it: without them it does nothing.
pub fn print_button(label: &str) -> Markup {
    html! { button.button type="button" data-look="plain" data-print hidden { (label) } }
}

fn kbd(key: char) -> Markup {
    html! { kbd aria-hidden="true" { (key) } }
}

/// A day or a time that does not break over lines.
pub fn date(date: impl Display) -> Markup {
    html! { span.date { (date) } }
}

/// A text whose dates do not break at their hyphens at the end of a line.
pub fn words(text: &str) -> impl Render {
    Words(text)
}

/// Renders into the page's buffer instead of a string of its own: a page has dozens of these.
struct Words<'a>(&'a str);

impl Render for Words<'_> {
    fn render(&self) -> Markup {
        let mut buffer = String::with_capacity(self.0.len());
        self.render_to(&mut buffer);
        PreEscaped(buffer)
    }

    fn render_to(&self, buffer: &mut String) {
        // Without a hyphen there is no date. The other bytes are those that maud escapes.
        if !self.0.bytes().any(|byte| matches!(byte, b'-' | b'&' | b'<' | b'>' | b'"')) {
            buffer.push_str(self.0);
        } else {
            dated(self.0).render_to(buffer);
        }
    }
}

fn dated(text: &str) -> Markup {
    let pieces = text.split_inclusive(|c: char| !(c.is_ascii_digit() || c == '-'));
    let split = |piece: &'_ str| piece.trim_end_matches(|c: char| !c.is_ascii_digit()).len();
    html! {
        @for (date, rest) in pieces.map(|piece| piece.split_at(split(piece))) {
            @if is_date(date) { (self::date(date)) } @else { (date) }
            (rest)
        }
    }
}

/// `2026-04` or `2026-04-01`.
fn is_date(text: &str) -> bool {
    matches!(text.len(), 7 | 10)
        && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 4 | 7))
}

/// A number that people read aloud or type, in groups that do not break over lines. The gaps between the groups are
/// not copied with it.
pub fn digits(number: &str) -> Markup {
    html! { span.digits { @for group in groups(number) { span { (group) } } } }
}

/// A [number](digits) with a button that copies it. Scripts reveal the button.
pub fn copyable(lang: Lang, number: &str) -> Markup {
    html! {
        span data-copied { (digits(number)) }
        " "
        button.copy type="button" data-copy=(number) hidden {
            (icon(Icon::Copy)) (lang.pick("复制", "Copy")) span.hidden { " " (number) }
        }
    }
}

/// Maximum number of digits that are not divided.
const UNDIVIDED: usize = 5;

/// `TF`, `2026`, `1128`, `0000`, `01`, `Y`: letters and digits apart, long runs of digits in fours.
fn groups(number: &str) -> Vec<&str> {
    let (mut groups, mut rest) = (Vec::new(), number);
    while let Some(first) = rest.chars().next() {
        let is_same = |c: char| c.is_ascii_digit() == first.is_ascii_digit();
        let run = rest.find(|c| !is_same(c)).unwrap_or(rest.len());
        let end = if first.is_ascii_digit() && run > UNDIVIDED { 4 } else { run };
        groups.push(&rest[..end]);
        rest = &rest[end..];
    }
    groups
}

/// A name of the authority's records.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    pub chinese: &'a str,
    /// Empty if there is none, and on Chinese pages.
    pub english: &'a str,
}

impl<'a> Name<'a> {
    /// A name that has no English one.
    pub fn chinese(chinese: &'a str) -> Name<'a> {
        Name { chinese, english: "" }
    }

    /// The name on a page in `lang`. An English page shows the Chinese too, which is on the paper.
    pub fn shown(self, lang: Lang) -> impl Render {
        ShownName(self, lang)
    }

    /// The name in one language: in English if it has an English name.
    pub fn single(self) -> &'a str {
        if self.english.is_empty() { self.chinese } else { self.english }
    }
}

/// Renders into the page's buffer, as [`Words`] does.
struct ShownName<'a>(Name<'a>, Lang);

impl Render for ShownName<'_> {
    fn render_to(&self, buffer: &mut String) {
        let ShownName(Name { chinese, english }, lang) = self;
        let shown = match lang {
            Lang::Chinese => return words(chinese).render_to(buffer),
            Lang::English => html! {
                @if !english.is_empty() { (english) " " }
                span lang=(Lang::Chinese.tag()) { (words(chinese)) }
            },
        };
        shown.render_to(buffer);
    }
}

pub struct Fact {
    pub label: &'static str,
    pub value: Markup,
}

impl Fact {
    /// A name of the authority's records on a page in `lang`.
    pub fn name(lang: Lang, label: &'static str, name: Name<'_>) -> Fact {
        Fact { label, value: html! { @if !name.chinese.is_empty() { (name.shown(lang)) } } }
    }

    /// A [number](digits) that can be copied. An empty one is shown as a dash.
    pub fn number(lang: Lang, label: &'static str, number: &str) -> Fact {
        Fact { label, value: html! { @if !number.is_empty() { (copyable(lang, number)) } } }
    }

    pub fn of(label: &'static str, value: impl AsRef<str>) -> Fact {
        Fact { label, value: words(value.as_ref()).render() }
    }
}

/// A summary list. An empty value is shown as a dash.
pub fn facts(rows: &[Fact]) -> Markup {
    html! {
        dl.facts {
            @for row in rows {
                div {
                    dt { (words(row.label)) }
                    dd { @if row.value.0.is_empty() { "—" } @else { (row.value) } }
                }
            }
        }
    }
}

/// A summary list under a heading. A single fact whose label equals `heading` is shown without it.
pub fn facts_under(heading: &str, rows: &[Fact]) -> Markup {
    match rows {
        [only] if only.label == heading => html! { div { (only.value) } },
        _ => facts(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_urls_are_escaped() {
        let shown = tag("due", "<b>&").into_string();
        assert_eq!(shown, r#"<span class="tag" data-state="due">&lt;b&gt;&amp;</span>"#);
        assert!(link_button("/a?b=\"c", "走", Look::Plain).0.contains("/a?b=&quot;c"));
    }

    #[test]
    fn keyed_button_shows_its_key() {
        let shown = keyed_submit("action", "approve", "通过", Look::Primary, Some('A')).into_string();
        assert!(shown.contains(r#"data-key="A""#));
        assert!(shown.contains(r#"aria-keyshortcuts="A""#));
        assert!(shown.contains(r#"<kbd aria-hidden="true">A</kbd>"#));
        let off = keyed_submit("action", "approve", "通过", Look::Primary, None).into_string();
        assert!(off.ends_with(">通过</button>") && !off.contains("key"));
    }

    #[test]
    fn dates_do_not_break_at_hyphens() {
        assert_eq!(words("甲 · 2027-03 · 乙").render().0, r#"甲 · <span class="date">2027-03</span> · 乙"#);
        assert_eq!(
            words("于 2027-03-09，共 12-3 件").render().0,
            r#"于 <span class="date">2027-03-09</span>，共 12-3 件"#
        );
        for (sign, escaped) in [("<", "&lt;"), (">", "&gt;"), ("&", "&amp;"), ("\"", "&quot;")] {
            assert_eq!(words(sign).render().0, escaped, "each alone");
        }
        assert_eq!(words("<b>13800138000").render().0, "&lt;b&gt;13800138000");
    }

    #[test]
    fn english_page_shows_both_names() {
        let name = Name { chinese: "甲<级", english: "A & B" };
        assert_eq!(name.shown(Lang::English).render().0, r#"A &amp; B <span lang="zh-CN">甲&lt;级</span>"#);
        let untranslated = Name::chinese("甲级");
        assert_eq!(untranslated.shown(Lang::English).render().0, r#"<span lang="zh-CN">甲级</span>"#);
        assert_eq!(untranslated.shown(Lang::Chinese).render().0, "甲级");
        assert_eq!((name.single(), untranslated.single()), ("A & B", "甲级"));
    }

    #[test]
    fn numbers_are_grouped_and_copied_whole() {
        let cases: [(&str, &[&str]); 6] = [
            ("TF20261128000001Y", &["TF", "2026", "1128", "0000", "01", "Y"]),
            ("SF02000000", &["SF", "0200", "0000"]),
            ("12345", &["12345"]),
            ("123456789", &["1234", "56789"]),
            ("第2026号", &["第", "2026", "号"]),
            ("", &[]),
        ];
        for (number, expected) in cases {
            assert_eq!(groups(number), expected);
        }
        let shown = copyable(Lang::Chinese, "AB<2026112800").into_string();
        assert!(
            shown.contains("<span>AB&lt;</span><span>2026</span><span>1128</span><span>00</span>"),
            "{shown}"
        );
        assert!(shown.contains("data-copy=\"AB&lt;2026112800\""));
        assert_eq!(facts(&[Fact::number(Lang::Chinese, "管理号", "")]).0, facts(&[Fact::of("管理号", "")]).0);
    }

    #[test]
    fn single_fact_does_not_repeat_the_heading() {
        let rows = [Fact::of("失信记录", "考试作弊")];
        assert_eq!(facts_under("失信记录", &rows).0, "<div>考试作弊</div>");
        assert_eq!(facts_under("失信", &rows).0, facts(&rows).0);
    }

    #[test]
    fn empty_fact_shows_a_dash() {
        let rows = [Fact::of("学位", "")];
        assert!(facts(&rows).0.contains("<dd>—</dd>"));
    }
}
