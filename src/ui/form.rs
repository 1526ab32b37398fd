//! Parts of a form around its fields: buttons, error summary, marks and confirmation.

use maud::{Markup, html};

use super::{Look, submit, words};

/// A submit button in the page's action bar for the form with the id `form`.
pub fn bar_submit(name: &str, value: &str, label: &str, look: Look) -> Markup {
    html! {
        button.button type="submit" form="form" name=(name) value=(value) data-look=(look.word()) { (label) }
    }
}

/// The first element of a form: an invisible submit button for the Enter key. Enter in a text field
/// presses the first submit button of the form, which would otherwise be 删除.
pub fn default_submit(value: &str) -> Markup {
    html! {
        button.hidden type="submit" name="action" value=(value) tabindex="-1" aria-hidden="true" {}
    }
}

/// An action that cannot be undone and is therefore confirmed.
pub struct Confirm<'a> {
    /// Id of the dialog.
    pub id: &'a str,
    /// Label of the link that opens the dialog.
    pub open_label: &'a str,
    pub title: &'a str,
    /// The consequence of the action.
    pub body: &'a str,
    pub action_url: &'a str,
    /// Label of the button that performs the action: verb and object.
    pub confirm_label: &'a str,
    /// The page without scripts in place of the dialog; it shows [`confirm_form`].
    pub page_url: &'a str,
}

/// A link to `page_url`. Scripts open the dialog instead.
pub fn confirm(ask: &Confirm) -> Markup {
    let title = format!("{}-title", ask.id);
    html! {
        a.button data-look="plain" href=(ask.page_url) data-dialog=(ask.id) { (ask.open_label) }
        dialog id=(ask.id) aria-labelledby=(title) {
            h2 id=(title) { (ask.title) }
            p { (ask.body) }
            (post(ask, html! { button.button type="button" data-look="plain" data-close { "取消" } }))
        }
    }
}

/// The content of the page at `page_url`. 取消 leads to `back`.
pub fn confirm_form(ask: &Confirm, back: &str) -> Markup {
    html! {
        section.panel {
            h2 { (ask.title) }
            p { (ask.body) }
            (post(ask, html! { a.button data-look="plain" href=(back) { "取消" } }))
        }
    }
}

/// 取消 comes first, because an opened dialog focuses its first button.
fn post(ask: &Confirm, cancel: Markup) -> Markup {
    html! {
        form.actions method="post" action=(ask.action_url) {
            (cancel)
            (submit("confirm", "yes", ask.confirm_label, Look::Danger))
        }
    }
}

/// The error summary above a form. `errors` are (id of the field, message).
pub fn summary_errors(errors: &[(String, String)]) -> Markup {
    let title = format!("有 {} 处需要更正", errors.len());
    html! { @if !errors.is_empty() { (summary(&title, errors, "您填写的内容已保留。")) } }
}

/// [`summary_errors`] with another title and foot.
pub fn summary(title: &str, errors: &[(String, String)], foot: &str) -> Markup {
    html! {
        section.summary role="alert" tabindex="-1" aria-labelledby="summary-title" {
            h2 id="summary-title" { (title) }
            ul {
                @for (anchor, message) in errors { li { a href={ "#" (anchor) } { (words(message)) } } }
            }
            p.muted.small { (foot) }
        }
    }
}

/// A question that a reviewer marked.
pub struct Mark<'a> {
    /// Id of its element.
    pub anchor: String,
    pub label: &'a str,
    pub reason: &'a str,
}

/// The reviewer's marks, and a foot with the deadline.
pub fn marks(title: &str, marks: &[Mark], foot: &str) -> Markup {
    html! {
        section.banner.marks data-tone="warn" {
            h2 { (title) }
            ol {
                @for Mark { anchor, label, reason } in marks {
                    li { a href={ "#" (anchor) } { (label) } "：" (words(reason)) }
                }
            }
            @if !foot.is_empty() { p { (words(foot)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_counts_errors_and_links_to_fields() {
        let errors = [("f-mobile".to_string(), "请填写 11 位手机号".to_string())];
        let shown = summary_errors(&errors).into_string();
        assert!(shown.contains("有 1 处需要更正"));
        assert!(shown.contains(r##"<a href="#f-mobile">请填写 11 位手机号</a>"##));
        assert!(shown.contains(r#"role="alert" tabindex="-1""#));
        assert!(summary_errors(&[]).into_string().is_empty());
    }

    #[test]
    fn confirmation_works_with_and_without_scripts() {
        let ask = Confirm {
            id: "withdraw",
            open_label: "撤销申请",
            title: "撤销这项申请？",
            body: "撤销后需要重新申请。",
            action_url: "/a/1/withdraw",
            confirm_label: "撤销申请",
            page_url: "/a/1/withdraw",
        };
        let shown = confirm(&ask).into_string();
        assert!(shown.contains(r#"href="/a/1/withdraw" data-dialog="withdraw""#));
        assert!(shown.find("取消") < shown.find("type=\"submit\""));
        assert!(confirm_form(&ask, "/a/1").into_string().contains(r#"href="/a/1">取消"#));
    }
}
