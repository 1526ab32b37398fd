//! The controls of form fields.

use maud::{Markup, html};

use super::words;

pub struct Choice {
    pub value: String,
    pub label: String,
    /// Muted text below the label; may be empty.
    pub hint: String,
}

/// A choice that the candidate has already applied for, with that application.
pub struct Applied {
    /// The value of the choice.
    pub value: String,
    /// The application's number.
    pub number: String,
    /// The application's page.
    pub href: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice { value: value.into(), label: label.into(), hint: String::new() }
    }
}

/// The control of a field and its current value.
pub enum Control<'a> {
    Text {
        value: &'a str,
        mode: TextMode,
        /// Maximum number of characters; 0 sets no limit.
        max: usize,
        /// The unit behind the input; may be empty.
        suffix: &'a str,
    },
    /// Several lines of text, with a counter.
    Area {
        value: &'a str,
        /// Maximum number of characters.
        max: usize,
    },
    /// One of at most six options.
    Radios {
        options: &'a [Choice],
        value: &'a str,
    },
    Checks {
        options: &'a [Choice],
        values: &'a [String],
    },
    /// One of more than six options.
    Select {
        options: &'a [Choice],
        /// A value that is no option shows 请选择.
        value: &'a str,
    },
    /// `2026-04-01` or empty.
    Date {
        value: &'a str,
    },
    /// `2026-04` or empty.
    Month {
        value: &'a str,
    },
    /// A single box, sent as `yes`.
    Agree {
        text: &'a str,
        checked: bool,
    },
}

/// The kind of a text. It selects the keyboard and the browser's autocomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMode {
    Text,
    Tel,
    Email,
    Number,
    /// The user's own name.
    Name,
    /// The number of an identity document: digits and letters.
    IdNumber,
    /// The user's own street and house.
    Street,
    Postcode,
}

impl TextMode {
    /// The attributes `type`, `inputmode` and `autocomplete`.
    fn attributes(self) -> (&'static str, &'static str, &'static str) {
        match self {
            TextMode::Text => ("text", "text", "off"),
            TextMode::Tel => ("tel", "tel", "tel"),
            TextMode::Email => ("email", "email", "email"),
            TextMode::Number => ("text", "numeric", "off"),
            TextMode::Name => ("text", "text", "name"),
            TextMode::IdNumber => ("text", "text", "off"),
            TextMode::Street => ("text", "text", "address-line1"),
            TextMode::Postcode => ("text", "numeric", "postal-code"),
        }
    }
}

/// The attributes that a control takes from its field.
pub(super) struct Ties<'a> {
    pub name: &'a str,
    /// Id of the control. Options append their index.
    pub id: &'a str,
    pub described_by: Option<&'a str>,
    pub required: bool,
    pub invalid: bool,
    pub applied: &'a [Applied],
}

impl Ties<'_> {
    fn invalid(&self) -> Option<&'static str> {
        self.invalid.then_some("true")
    }

    fn applied(&self, value: &str) -> Option<&Applied> {
        self.applied.iter().find(|applied| applied.value == value)
    }
}

impl Control<'_> {
    /// Whether several inputs share one label, so that the field is a fieldset.
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
                option value=(choice.value) selected[choice.value == value] {
                    (choice.label) @if ties.applied(&choice.value).is_some() { "（已有申请）" }
                }
            }
        }
        @for choice in options {
            @if let Some(applied) = ties.applied(&choice.value) {
                p.hint { (words(&choice.label)) "：" (applied_for(applied)) }
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

/// Maximum number of characters of an option that fits beside another one on a phone.
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
            span {
                (words(label))
                @if !hint.is_empty() { span.muted.small { (words(hint)) } }
                @if let Some(applied) = ties.applied(value) { span.small { (applied_for(applied)) } }
            }
        }
    }
}

/// The link to an application. It opens in a new window, because the form is not saved yet.
fn applied_for(applied: &Applied) -> Markup {
    html! {
        a.text-button href=(applied.href) target="_blank" hx-boost="false" { "已有申请 " (applied.number) "，查看" }
    }
}
