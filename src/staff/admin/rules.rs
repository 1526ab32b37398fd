//! 办理规则: the numbers that the office works by, by business.

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::Refusal;
use crate::casework::business::{Business, Registry};
use crate::casework::question::Problems;
use crate::casework::rules::{self, Rule};
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::people::width;
use crate::store::clock::china;
use crate::store::{Error, Tx};
use crate::ui::{self, Choice, Control, FormField, ListRow, Look, Page, TextMode};
use crate::web::{Failure, Submission};

/// The last part of the address of the office's rules.
const OFFICE: &str = "office";

/// What the rules are of: a business, or with `None` the office.
type Scope = Option<&'static Business>;

fn scope(tx: &Tx, kind: &str) -> Result<Scope, Failure> {
    match kind {
        OFFICE => Ok(None),
        slug => Registry::of(tx).find(slug).map(Some).ok_or(Failure::NotFound),
    }
}

fn rules_of(scope: Scope) -> impl Iterator<Item = Rule> {
    Rule::ALL.into_iter().filter(move |rule| rule.is_of(scope))
}

/// A rule as a page shows it.
struct Row {
    rule: Rule,
    value: i32,
    /// What the control shows, such as what was typed.
    shown: String,
    /// The value when the page was shown first.
    seen: String,
    /// When it was changed and what it was at first, in Chinese.
    about: String,
}

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, _: &StaffMember| {
        let mut rows = vec![row(tx, None)?];
        for business in Registry::of(tx).iter() {
            rows.push(row(tx, Some(business))?);
        }
        let main = html! {
            (ui::heading("", "办理规则", "各项业务的期限和比例。改动只用于以后的步骤。"))
            (ui::rows(&rows))
        };
        Ok(Page::new("办理规则", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

fn row(tx: &mut Tx, scope: Scope) -> Result<ListRow, Error> {
    let changed = rules::changed(tx, scope)?.len();
    let values = rules_of(scope).map(|rule| {
        let value = rules::value(tx, rule, scope)?;
        Ok(format!("{} {}", rule.label(), shown(rule, value)))
    });
    Ok(ListRow {
        title: html! { (label(scope)) },
        detail: values.collect::<Result<Vec<_>, Error>>()?.join(" · "),
        href: paths::rules_of(scope.map_or(OFFICE, |business| business.slug)),
        trailing: if changed > 0 {
            ui::tag("in_review", "有改动")
        } else {
            html! {}
        },
    })
}

fn label(scope: Scope) -> &'static str {
    scope.map_or("全办公室", |business| business.label)
}

/// A value in words.
fn shown(rule: Rule, value: i32) -> String {
    match (is_switch(rule), value) {
        (true, 0) => "否".to_owned(),
        (true, _) => "是".to_owned(),
        (false, number) => number.to_string(),
    }
}

fn is_switch(rule: Rule) -> bool {
    rule.bounds() == (0, 1)
}

#[handler]
pub async fn show(request: AdminRequest, Path(kind): Path<String>) -> Result<Response, Failure> {
    request.show(move |tx, _| page(tx, &kind, None, &Trouble::default())).await
}

#[handler]
pub async fn save(
    request: AdminRequest,
    Path(kind): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    let (of, typed) = (kind.clone(), sent.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember| settle(tx, staff, &of, &typed);
    let again = move |tx: &mut Tx, _: &StaffMember, trouble: &Trouble| page(tx, &kind, Some(&sent), trouble);
    request.settle(work, again).await
}

/// Sets the rules that differ from what the page showed, unless somebody else has changed one of them.
fn settle(tx: &mut Tx, staff: &StaffMember, kind: &str, sent: &Submission) -> Result<Saved, Failure> {
    let scope = scope(tx, kind)?;
    let (mut problems, mut changes) = (Problems::new(), Vec::new());
    for rule in rules_of(scope) {
        let typed = width::joined(sent.one(rule.code()));
        if typed == sent.one(&seen(rule)) {
            continue;
        }
        let (least, most) = rule.bounds();
        match typed.parse::<i32>().ok().filter(|value| (least..=most).contains(value)) {
            Some(value) => changes.push((rule, value)),
            None => problems
                .push((rule.code().to_owned(), format!("{}请填写 {least} 到 {most} 的整数", rule.label()))),
        }
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    for (rule, value) in changes {
        if rules::value(tx, rule, scope)?.to_string() != sent.one(&seen(rule)) {
            return Err(Refusal::ChangedMeanwhile.into());
        }
        rules::set(tx, rule, scope, value)?;
        roster::audit(tx, &staff.id, "rule", &format!("{kind} {} {value}", rule.code()))?;
    }
    Ok(Ok(saved(&paths::rules_of(kind))))
}

/// Name of the control with the value that the page showed.
fn seen(rule: Rule) -> String {
    format!("seen.{}", rule.code())
}

fn page(tx: &mut Tx, kind: &str, sent: Option<&Submission>, trouble: &Trouble) -> Result<Page, Failure> {
    let scope = scope(tx, kind)?;
    let changed = rules::changed(tx, scope)?;
    let mut rows = Vec::new();
    for rule in rules_of(scope) {
        let value = rules::value(tx, rule, scope)?;
        let at = changed.iter().find(|(name, ..)| name == rule.code());
        let at = at.map_or_else(|| "未改动".to_owned(), |(.., at)| format!("{} 改动", china(*at)));
        let current = value.to_string();
        rows.push(Row {
            shown: sent.map_or_else(|| current.clone(), |sent| sent.one(rule.code()).to_owned()),
            // After a conflict the page compares with the present value.
            seen: current,
            about: format!("默认 {} · {at}", shown(rule, rule.default_for(scope))),
            rule,
            value,
        });
    }
    let main = html! {
        (ui::heading("办理规则", label(scope), ""))
        (trouble.show())
        form method="post" action=(paths::rules_of(kind)) novalidate {
            (ui::panel("", html! { @for row in &rows { (field(row, trouble)) } }))
            div.actions {
                (ui::link_button(paths::RULES, "返回", Look::Plain))
                (ui::submit("action", "save", "保存", Look::Primary))
            }
        }
    };
    Ok(Page::new("办理规则", main).about(label(scope)).own_heading().back(paths::RULES))
}

fn field(row: &Row, trouble: &Trouble) -> Markup {
    let name = row.rule.code();
    let switch = [Choice::new("1", "是"), Choice::new("0", "否")];
    let differs = row.shown != row.seen;
    let present = differs.then(|| format!(" · 现在是 {}", shown(row.rule, row.value)));
    let hint = format!("{}{}", row.about, present.unwrap_or_default());
    let control = match is_switch(row.rule) {
        true => Control::Radios { options: &switch, value: &row.shown },
        false => Control::Text { value: &row.shown, mode: TextMode::Number, max: 4, suffix: "" },
    };
    html! {
        input type="hidden" name=(seen(row.rule)) value=(row.seen);
        (ui::field(&FormField {
            hint: &hint,
            error: trouble.of(name),
            ..FormField::new(name, row.rule.label(), control)
        }))
    }
}
