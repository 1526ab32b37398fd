//! The pages of certificates at the desk.

use maud::{Markup, Render, html};

use super::{DECISION_LENGTH, Problems, Typed};
use crate::exams::held::Certificate;
use crate::paths;
use crate::people::mask;
use crate::ui::{self, Control, Fact, FormField, Icon, Lang, ListRow, Look, Page, TextMode, Tone};

/// The search, with what it has found.
pub(super) fn search(typed: &str, found: Option<&[Certificate]>) -> Page {
    let number = FormField {
        hint: "证书管理号、查询编号或证书印制号，须填完整",
        ..FormField::new(
            "number",
            "证书编号",
            Control::Text { value: typed, mode: TextMode::IdNumber, max: 60, suffix: "" },
        )
    };
    let main = html! {
        (ui::heading("", "证书", "按编号查找证书，登记撤销决定。"))
        form method="post" action=(paths::STAFF_CERTIFICATES) role="search" {
            (ui::field(&number))
            div.actions { (ui::submit("go", "find", "查找", Look::Primary)) }
        }
        @match found {
            None => {}
            Some([]) => (ui::empty(Icon::Search, "没有找到", "没有这个编号的证书。请逐位核对。", None)),
            Some(found) => (ui::rows(&found.iter().map(row).collect::<Vec<_>>())),
        }
    };
    Page::new("证书", main).own_heading()
}

fn row(certificate: &Certificate) -> ListRow {
    let (state, label) = certificate.tag();
    ListRow {
        title: html! { (certificate.title()) " · " (mask::name(&certificate.holder_name)) },
        detail: certificate.numbers_in_words(),
        href: paths::staff_certificate(&certificate.id),
        trailing: ui::tag(state, label),
    }
}

/// The page of a certificate, with what was typed and its problems.
pub(super) fn certificate(certificate: &Certificate, typed: &Typed, problems: &Problems) -> Page {
    let errors: Vec<(String, String)> =
        problems.iter().map(|(name, problem)| (format!("f-{name}"), problem.clone())).collect();
    let (state, label) = certificate.tag();
    let main = html! {
        (ui::summary_errors(&errors))
        div.head {
            (ui::heading("证书", &certificate.title(), &certificate.summary()))
            (ui::tag(state, label))
        }
        section.panel { (ui::facts(&facts(certificate))) }
        form method="post" action=(paths::staff_certificate(&certificate.id)) novalidate {
            // Enter in a text field must not decide anything.
            (ui::default_submit("stay"))
            @match certificate.annulment() {
                None => (annulment(typed, problems)),
                Some(_) => (restoration(typed, problems)),
            }
        }
    };
    Page::new("证书", main).about(&certificate.number).own_heading().back(paths::STAFF_CERTIFICATES)
}

fn facts(certificate: &Certificate) -> Vec<Fact> {
    let mut facts =
        vec![Fact::of("姓名", &certificate.holder_name), Fact::of("证件号码", &certificate.document_mask)];
    let numbers = certificate.numbers().into_iter();
    facts.extend(numbers.map(|(kind, number)| Fact::number(Lang::Chinese, kind.label(), number)));
    facts.extend([
        Fact::of("批准日期", certificate.approved_on.to_string()),
        Fact::of("签发日期", certificate.issued_on.to_string()),
        Fact::of("发证机关", &certificate.issuing_body),
    ]);
    if let Some(annulment) = certificate.annulment() {
        facts.push(Fact::of("撤销日期", annulment.on.to_string()));
        facts.push(Fact::of("撤销决定文号", annulment.decision));
    }
    facts
}

fn annulment(typed: &Typed, problems: &Problems) -> Markup {
    let decision =
        Control::Text { value: &typed.decision, mode: TextMode::Text, max: DECISION_LENGTH, suffix: "" };
    let body = html! {
        p { "撤销后，证书查询、核验链接和持证人的页面都显示已撤销，不能再补发和邮寄。" }
        (ui::field(&FormField { hint: "例如：示考撤〔2026〕7号", ..field("decision", "撤销决定文号", decision, problems) }))
        (ui::field(&field("on", "决定日期", Control::Date { value: &typed.on }, problems)))
        (agreement("我已核对证书和决定书，确认撤销", typed, problems))
    };
    html! {
        (ui::panel("撤销证书", body))
        div.actions { (ui::submit("action", "annul", "撤销证书", Look::Danger)) }
    }
}

fn restoration(typed: &Typed, problems: &Problems) -> Markup {
    html! {
        (ui::banner(Tone::Warn, "证书已撤销", html! {
            p { "撤销决定被依法改变，或者登记有误的，可以恢复为有效。" }
        }))
        section.panel { (agreement("我已核对，确认恢复为有效", typed, problems)) }
        div.actions { (ui::submit("action", "restore", "恢复为有效", Look::Plain)) }
    }
}

fn agreement(text: &str, typed: &Typed, problems: &Problems) -> Markup {
    let control = Control::Agree { text, checked: typed.checked };
    ui::field(&field("checked", "核对", control, problems)).render()
}

fn field<'a>(
    name: &'static str,
    label: &'static str,
    control: Control<'a>,
    problems: &'a Problems,
) -> FormField<'a> {
    let error = problems.iter().find(|(of, _)| *of == name).map(|(_, problem)| problem.as_str());
    FormField { error, ..FormField::new(name, label, control) }
}
