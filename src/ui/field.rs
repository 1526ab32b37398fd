//! A field of a form: label, hint, the reviewer's mark, error and control.

use maud::{Markup, html};

use super::choice::{Applied, Control, Ties};
use super::words;

/// A field of a form. Its wrapper has the id `f-{name}`, its control the id `i-{name}`.
pub struct FormField<'a> {
    pub name: &'a str,
    pub label: &'a str,
    /// Help under the label; may be empty.
    pub hint: &'a str,
    pub optional: bool,
    /// How to correct a wrong answer.
    pub error: Option<&'a str>,
    /// The reviewer's note about the answer.
    pub mark: Option<&'a str>,
    /// A change posts the form with `action=choose`; the response replaces `#form`.
    pub reload: bool,
    /// A change posts the form with `action=check:{name}`; the response replaces this field.
    pub check: bool,
    /// The choices that were applied for before.
    pub applied: &'a [Applied],
    pub control: Control<'a>,
}

impl<'a> FormField<'a> {
    /// A required field without notes.
    pub fn new(name: &'a str, label: &'a str, control: Control<'a>) -> FormField<'a> {
        let (error, mark) = (None, None);
        FormField {
            name,
            label,
            hint: "",
            optional: false,
            error,
            mark,
            reload: false,
            check: false,
            applied: &[],
            control,
        }
    }
}

pub fn field(f: &FormField) -> Markup {
    let id = format!("i-{}", f.name);
    let described = described_by(f.name, !f.hint.is_empty(), f.mark.is_some(), f.error.is_some());
    let ties = Ties {
        name: f.name,
        id: &id,
        described_by: described.as_deref(),
        required: !f.optional,
        invalid: f.error.is_some(),
        applied: f.applied,
    };
    let rest = html! {
        (notes(f.name, f.hint, f.mark, f.error))
        (f.control.show(&ties))
        @if f.reload {
            button.button.by-hand type="submit" name="action" value="choose" data-look="plain" { "更新可选项" }
        }
    };
    let label = html! { (f.label) @if f.optional { span.optional { "（选填）" } } };
    let group = f.control.is_group();
    html! {
        div.field id={ "f-" (f.name) } data-error[f.error.is_some()] data-mark[f.mark.is_some()]
            hx-post=[(f.reload || f.check).then_some("")]
            hx-trigger=[(f.reload || f.check).then_some("change")]
            hx-include=[(f.reload || f.check).then_some("closest form")]
            hx-encoding=[(f.reload || f.check).then_some("multipart/form-data")]
            hx-target=[target(f)]
            hx-swap=[(f.reload || f.check).then_some("outerHTML")]
            hx-vals=[values(f)] {
            @if group {
                fieldset aria-describedby=[described.as_deref()] {
                    @if !f.label.is_empty() { legend.label { (label) } }
                    (rest)
                }
            } @else {
                label.label for=(id) { (label) }
                (rest)
            }
        }
    }
}

fn target(f: &FormField) -> Option<&'static str> {
    match (f.reload, f.check) {
        (true, _) => Some("#form"),
        (false, true) => Some("this"),
        (false, false) => None,
    }
}

fn values(f: &FormField) -> Option<String> {
    match (f.reload, f.check) {
        (true, _) => Some(r#"{"action":"choose"}"#.to_string()),
        (false, true) => Some(format!(r#"{{"action":"check:{}"}}"#, f.name)),
        (false, false) => None,
    }
}

/// The ids of those notes that exist, for `aria-describedby`.
pub(super) fn described_by(name: &str, hint: bool, mark: bool, error: bool) -> Option<String> {
    let ids: Vec<String> = [(hint, "hint"), (mark, "mark"), (error, "error")]
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, part)| format!("f-{name}-{part}"))
        .collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// Hint, mark and error above a control.
pub(super) fn notes(name: &str, hint: &str, mark: Option<&str>, error: Option<&str>) -> Markup {
    html! {
        @if !hint.is_empty() { p.hint id={ "f-" (name) "-hint" } { (words(hint)) } }
        @if let Some(mark) = mark { p.mark-note id={ "f-" (name) "-mark" } { "审核意见：" (words(mark)) } }
        @if let Some(error) = error { p.error id={ "f-" (name) "-error" } { (words(error)) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Choice, TextMode};

    fn plain<'a>(control: Control<'a>) -> FormField<'a> {
        FormField::new("mobile", "手机号", control)
    }

    fn tel(value: &str) -> Control<'_> {
        Control::Text { value, mode: TextMode::Tel, max: 11, suffix: "" }
    }

    #[test]
    fn input_refers_to_its_label_and_notes() {
        let f =
            FormField {
                hint: "接收短信", mark: Some("请核对"), error: Some("请填写"), ..plain(tel("1"))
            };
        let shown = field(&f).into_string();
        assert!(shown.contains(r#"<div class="field" id="f-mobile" data-error data-mark>"#));
        assert!(shown.contains(r#"<label class="label" for="i-mobile">手机号</label>"#));
        assert!(shown.contains(r#"<input class="input" id="i-mobile" name="mobile" type="tel""#));
        let ties = r#"aria-invalid="true" aria-describedby="f-mobile-hint f-mobile-mark f-mobile-error""#;
        assert!(shown.contains(ties));
        for part in ["hint", "mark", "error"] {
            assert!(shown.contains(&format!(r#"id="f-mobile-{part}""#)));
        }
    }

    #[test]
    fn plain_field_has_no_notes_and_no_htmx() {
        let shown = field(&plain(tel("\"><script>"))).into_string();
        assert!(!shown.contains("aria-describedby") && !shown.contains("hx-") && !shown.contains("<script>"));
        assert!(shown.contains("required"));
        assert!(!field(&FormField { optional: true, ..plain(tel("")) }).into_string().contains("required"));
    }

    #[test]
    fn group_is_a_fieldset_with_a_label_for_each_option() {
        let options = ["本科", "硕士"].map(|label| Choice::new(label, label));
        let control = Control::Radios { options: &options, value: "硕士" };
        let shown = field(&FormField { error: Some("请选择"), ..plain(control) }).into_string();
        assert!(shown.contains(r#"<fieldset aria-describedby="f-mobile-error"><legend"#));
        assert!(shown.contains(r#"<label class="option" for="i-mobile-1"><input id="i-mobile-1""#));
        assert_eq!(shown.matches(" checked").count(), 1);
        assert!(shown.contains(r#"value="硕士" checked"#));
    }

    #[test]
    fn choice_that_was_applied_for_links_to_the_application() {
        let options = ["一级建造师", "二级建造师"].map(|label| Choice::new(label, label));
        let applied =
            [Applied { value: "二级建造师".into(), number: "ZG1".into(), href: "/a/ZG1".into() }];
        let shown = |control| field(&FormField { applied: &applied, ..plain(control) }).into_string();
        for page in [
            shown(Control::Radios { options: &options, value: "" }),
            shown(Control::Select { options: &options, value: "" }),
        ] {
            assert!(page.contains("已有申请 ZG1，查看"), "{page}");
            assert_eq!(page.matches("href=\"/a/ZG1\"").count(), 1, "{page}");
        }
    }

    #[test]
    fn change_posts_its_action() {
        let check = field(&FormField { check: true, ..plain(tel("")) }).into_string();
        assert!(check.contains("hx-vals=\"{&quot;action&quot;:&quot;check:mobile&quot;}\""));
        assert!(check.contains("hx-target=\"this\"") && !check.contains("noscript"));
        let reload = field(&FormField { reload: true, ..plain(tel("")) }).into_string();
        assert!(reload.contains("hx-vals=\"{&quot;action&quot;:&quot;choose&quot;}\""));
        assert!(reload.contains("hx-target=\"#form\"") && reload.contains("更新可选项"));
    }
}
