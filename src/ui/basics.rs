//! The smallest components: tag, button, facts.

use maud::{Markup, PreEscaped, Render, html};

/// A state as colour, dot and word. `state` is one of `draft submitted in_review returned
/// rejected approved withdrawn overdue due sent`; any other shows in neutral grey.
pub fn tag(state: &str, label: &str) -> Markup {
    html! { span.tag data-state=(state) { (label) } }
}

/// How loud a button is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The one next step of the page.
    Primary,
    /// Everything else.
    Plain,
    /// What cannot be taken back.
    Danger,
}

impl Look {
    /// The word the stylesheet knows.
    pub(super) fn word(self) -> &'static str {
        match self {
            Look::Primary => "primary",
            Look::Plain => "plain",
            Look::Danger => "danger",
        }
    }
}

/// A link that looks like a button.
pub fn link_button(href: &str, label: &str, look: Look) -> Markup {
    html! { a.button data-look=(look.word()) href=(href) { (label) } }
}

/// A link that looks like a button and hands over a file; it never swaps the page. Whether the file is
/// saved or shown is said by the answer: some web views can do only one of both.
pub fn download_button(href: &str, label: &str, look: Look) -> Markup {
    html! { a.button data-look=(look.word()) href=(href) hx-boost="false" { (label) } }
}

/// A link that looks like a button and leaves this page as it is.
pub fn window_button(href: &str, label: &str, look: Look) -> Markup {
    html! { a.button data-look=(look.word()) href=(href) hx-boost="false" target="_blank" { (label) } }
}

/// A submit button inside its form.
pub fn submit(name: &str, value: &str, label: &str, look: Look) -> Markup {
    html! { button.button type="submit" name=(name) value=(value) data-look=(look.word()) { (label) } }
}

/// A submit button that a key presses too, on the review desk; none where keys are off.
pub fn keyed_submit(name: &str, value: &str, label: &str, look: Look, key: Option<char>) -> Markup {
    html! {
        button.button type="submit" name=(name) value=(value) data-look=(look.word())
            data-key=[key] aria-keyshortcuts=[key] { (label) @if let Some(key) = key { " " (kbd(key)) } }
    }
}

/// Prints the page; scripts reveal it, because nothing else can print.
pub fn print_button(label: &str) -> Markup {
    html! { button.button type="button" data-look="plain" data-print hidden { (label) } }
}

fn kbd(key: char) -> Markup {
    html! { kbd aria-hidden="true" { (key) } }
}

/// Words in which no date is torn apart at its hyphens, as browsers do at the end of a line.
pub fn words(text: &str) -> impl Render {
    Words(text)
}

/// Written where they belong instead of into a text of their own: a page has dozens of them.
struct Words<'a>(&'a str);

impl Render for Words<'_> {
    fn render(&self) -> Markup {
        let mut buffer = String::with_capacity(self.0.len());
        self.render_to(&mut buffer);
        PreEscaped(buffer)
    }

    fn render_to(&self, buffer: &mut String) {
        // Neither part of a date nor anything that maud would escape.
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
            @if is_date(date) { span.date { (date) } } @else { (date) }
            (rest)
        }
    }
}

/// `2026-04` or `2026-04-01`.
fn is_date(text: &str) -> bool {
    matches!(text.len(), 7 | 10)
        && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 4 | 7))
}

/// One line of a summary list.
pub struct Fact {
    /// What it is, muted.
    pub label: &'static str,
    /// The value, already marked up.
    pub value: Markup,
}

impl Fact {
    /// One whose value is words.
    pub fn of(label: &'static str, value: impl AsRef<str>) -> Fact {
        Fact { label, value: words(value.as_ref()).render() }
    }
}

/// A summary list; an empty value shows as a dash.
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

/// A summary list under a heading. One fact alone that is called like it needs no second name.
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
    fn words_are_escaped() {
        let shown = tag("due", "<b>&").into_string();
        assert_eq!(shown, r#"<span class="tag" data-state="due">&lt;b&gt;&amp;</span>"#);
        assert!(link_button("/a?b=\"c", "走", Look::Plain).0.contains("/a?b=&quot;c"));
    }

    #[test]
    fn a_keyed_button_says_its_key() {
        let shown = keyed_submit("action", "approve", "通过", Look::Primary, Some('A')).into_string();
        assert!(shown.contains(r#"data-key="A""#));
        assert!(shown.contains(r#"aria-keyshortcuts="A""#));
        assert!(shown.contains(r#"<kbd aria-hidden="true">A</kbd>"#));
        let off = keyed_submit("action", "approve", "通过", Look::Primary, None).into_string();
        assert!(off.ends_with(">通过</button>") && !off.contains("key"));
    }

    #[test]
    fn a_date_stays_in_one_piece() {
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
    fn a_fact_is_not_called_twice() {
        let rows = [Fact::of("失信记录", "考试作弊")];
        assert_eq!(facts_under("失信记录", &rows).0, "<div>考试作弊</div>");
        assert_eq!(facts_under("失信", &rows).0, facts(&rows).0);
    }

    #[test]
    fn an_empty_fact_shows_a_dash() {
        let rows = [Fact::of("学位", "")];
        assert!(facts(&rows).0.contains("<dd>—</dd>"));
    }
}
