//! The controls a field can hold.

use maud::{Markup, html};

use super::words;

/// One of several answers.
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Muted words below; may be empty.
    pub hint: String,
}

/// The control of a field and what it holds now.
pub enum Control<'a> {
    /// One line. `suffix` is the unit behind it; may be empty.
    Text {
        /// The text.
        value: &'a str,
        /// What kind of text.
        mode: TextMode,
        /// Most characters; 0 sets no limit.
        max: usize,
        /// The unit shown behind the field.
        suffix: &'a str,
    },
    /// Several lines, with a counter.
    Area {
        /// The text.
        value: &'a str,
        /// Most characters.
        max: usize,
    },
    /// One of up to six.
    Radios {
        /// The answers.
        options: &'a [Choice],
        /// The chosen one.
        value: &'a str,
    },
    /// Any of several.
    Checks {
        /// The answers.
        options: &'a [Choice],
        /// The chosen ones.
        values: &'a [String],
    },
    /// One of more than six.
    Select {
        /// The answers.
        options: &'a [Choice],
        /// The chosen one; anything else shows 请选择.
        value: &'a str,
    },
    /// `2026-04-01`.
    Date {
        /// The date, or empty.
        value: &'a str,
    },
    /// `2026-04`.
    Month {
        /// The month, or empty.
        value: &'a str,
    },
    /// A single box, sent as `yes`.
    Agree {
        /// What is agreed to.
        text: &'a str,
        /// It is ticked.
        checked: bool,
    },
}

/// What kind of text: picks the keyboard and what the browser fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMode {
    /// Any words.
    Text,
    /// A mobile number.
    Tel,
    /// A mail address.
    Email,
    /// A whole number.
    Number,
    /// The reader's own name.
    Name,
    /// An identity document's number: digits, perhaps letters.
    IdNumber,
}

impl TextMode {
    /// `type`, `inputmode`, `autocomplete`.
    fn attributes(self) -> (&'static str, &'static str, &'static str) {
        match self {
            TextMode::Text => ("text", "text", "off"),
            TextMode::Tel => ("tel", "tel", "tel"),
            TextMode::Email => ("email", "email", "email"),
            TextMode::Number => ("text", "numeric", "off"),
            TextMode::Name => ("text", "text", "name"),
            TextMode::IdNumber => ("text", "text", "off"),
        }
    }
}

/// What the control needs to know of its field.
pub(super) struct Ties<'a> {
    pub name: &'a str,
    /// Id of the control; options append their index.
    pub id: &'a str,
    pub described_by: Option<&'a str>,
    pub required: bool,
    pub invalid: bool,
}

impl Ties<'_> {
    fn invalid(&self) -> Option<&'static str> {
        self.invalid.then_some("true")
    }
}

impl Control<'_> {
    /// Several inputs share one label, so the field is a fieldset.
    pub(super) fn is_group(&self) -> bool {
        matches!(self, Control::Radios { .. } | Control::Checks { .. } | Control::Agree { .. })
    }

    pub(super) fn show(&self, ties: &Ties) -> Markup {
        match self {
            Control::Text { value, mode, max, suffix } => text(ties, value, *mode, *max, suffix),
            Control::Area { value, max } => area(ties, value, *max),
            Control::Radios { options, value } => options_of(ties, "radio", options, |v| v == *value),
            Control::Checks { options, values } => {
                options_of(ties, "checkbox", options, |v| values.iter().any(|chosen| chosen == v))
            }
            Control::Select { options, value } => select(ties, options, value),
            Control::Date { value } => calendar(ties, "date", value),
            Control::Month { value } => calendar(ties, "month", value),
            Control::Agree { text, checked } => option(ties, "checkbox", 0, "yes", text, "", *checked),
        }
    }
}

fn text(ties: &Ties, value: &str, mode: TextMode, max: usize, suffix: &str) -> Markup {
    let (kind, keyboard, fill) = mode.attributes();
    let plain = matches!(mode, TextMode::IdNumber | TextMode::Email);
    let input = html! {
        input.input id=(ties.id) name=(ties.name) type=(kind) inputmode=(keyboard) autocomplete=(fill)
            enterkeyhint="next" value=(value) maxlength=[(max > 0).then_some(max)]
            autocapitalize=[plain.then_some("off")] spellcheck=[plain.then_some("false")]
            required[ties.required] aria-invalid=[ties.invalid()] aria-describedby=[ties.described_by];
    };
    html! {
        @if suffix.is_empty() { (input) }
        @else { span.affix { (input) span.muted { (suffix) } } }
    }
}

fn area(ties: &Ties, value: &str, max: usize) -> Markup {
    let count = format!("{}-count", ties.id);
    let described = format!("{} {count}", ties.described_by.unwrap_or_default());
    html! {
        textarea.input id=(ties.id) name=(ties.name) rows="5" maxlength=(max) required[ties.required]
            aria-invalid=[ties.invalid()] aria-describedby=(described.trim()) data-count=(count) { (value) }
        p.count.muted.small id=(count) { "最多 " (max) " 字" }
    }
}

fn select(ties: &Ties, options: &[Choice], value: &str) -> Markup {
    html! {
        select.input id=(ties.id) name=(ties.name) required[ties.required]
            aria-invalid=[ties.invalid()] aria-describedby=[ties.described_by] {
            option value="" { "请选择" }
            @for choice in options {
                option value=(choice.value) selected[choice.value == value] { (choice.label) }
            }
        }
    }
}

fn calendar(ties: &Ties, kind: &str, value: &str) -> Markup {
    html! {
        input.input id=(ties.id) name=(ties.name) type=(kind) value=(value)
            required[ties.required] aria-invalid=[ties.invalid()] aria-describedby=[ties.described_by];
    }
}

/// Most characters of an answer that fits beside another one on a phone.
const LONGEST_OF_TWO: usize = 6;

fn options_of(ties: &Ties, kind: &str, options: &[Choice], chosen: impl Fn(&str) -> bool) -> Markup {
    let long = options.iter().any(|o| !o.hint.is_empty() || o.label.chars().count() > LONGEST_OF_TWO);
    html! {
        div.options data-long[long] {
            @for (index, o) in options.iter().enumerate() {
                (option(ties, kind, index, &o.value, &o.label, &o.hint, chosen(&o.value)))
            }
        }
    }
}

fn option(
    ties: &Ties,
    kind: &str,
    index: usize,
    value: &str,
    label: &str,
    hint: &str,
    chosen: bool,
) -> Markup {
    let id = format!("{}-{index}", ties.id);
    html! {
        label.option for=(id) {
            input id=(id) type=(kind) name=(ties.name) value=(value) checked[chosen]
                aria-invalid=[ties.invalid()];
            span { (words(label)) @if !hint.is_empty() { span.muted.small { (words(hint)) } } }
        }
    }
}
