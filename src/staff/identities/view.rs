//! The pages of identity cases.

use maud::{Markup, html};

use super::CaseDetails;
use crate::paths;
use crate::people::identity::Reason;
use crate::people::identity::case::{CaseSummary, IdentityVerdict};
use crate::staff::typed::REASON_LENGTH;
use crate::store::clock::china;
use crate::ui::{self, Control, Fact, FormField, Icon, ListRow, Look, Page, Tone};

pub(super) fn list(cases: &[CaseSummary]) -> Markup {
    html! {
        (ui::heading("", "身份核对", "登录时身份信息与登记不一致、已暂停的，请核对是否同一人。"))
        @if cases.is_empty() {
            (ui::empty(Icon::Check, "没有需要核对的身份", "被暂停的登录会出现在这里。", None))
        } @else {
            (ui::rows(&cases.iter().map(row).collect::<Vec<_>>()))
        }
    }
}

fn row(case: &CaseSummary) -> ListRow {
    ListRow {
        title: html! { (label(case.reason)) },
        detail: format!("尝试 {} 次 · 最近 {}", case.attempts, china(case.last_at)),
        href: paths::identity(&case.id),
        trailing: state(case.verdict),
    }
}

fn state(verdict: Option<IdentityVerdict>) -> Markup {
    match verdict {
        None => ui::tag("due", "待核对"),
        Some(IdentityVerdict::Join) => ui::tag("approved", "是同一人"),
        Some(IdentityVerdict::Separate) => ui::tag("rejected", "不是同一人"),
    }
}

fn label(reason: Reason) -> &'static str {
    match reason {
        Reason::AnotherName => "账号的姓名变了，未实名",
        Reason::AnotherAccount => "另一个账号使用同一证件，未实名",
        Reason::AnotherPerson => "另一个账号以另一个姓名使用同一证件",
        Reason::AnotherNumber => "已登记的账号换了证件号码",
    }
}

/// What joining and separating change.
fn effects(reason: Reason) -> [&'static str; 2] {
    match reason {
        Reason::AnotherName => ["以后可以用新姓名登录，登记姓名和记录不变。", "账号用这个姓名不能登录。"],
        Reason::AnotherAccount | Reason::AnotherPerson => {
            ["这个账号以后登录为该考生，登记姓名和记录不变。", "这个账号不能以该考生的身份登录。"]
        }
        Reason::AnotherNumber => [
            "该考生的证件改为新号码，报名、证书和申请记录转到新号码下。",
            "账号与该考生解除绑定，以后按新号码登录。",
        ],
    }
}

/// The page of a case with the typed reason and its problem.
pub(super) fn case(details: &CaseDetails, typed: &str, problem: Option<&str>) -> Page {
    let case = &details.case;
    let main = html! {
        div.head {
            (ui::heading("身份核对", label(case.reason), "请对照两边的信息，必要时请考生携带证件核对。"))
            (state(case.verdict))
        }
        @if let Some(problem) = problem {
            (ui::summary_errors(&[("f-reason".to_owned(), problem.to_owned())]))
        }
        div.sides { (candidate(details)) (attempt(details)) }
        (decision(details, typed, problem))
    };
    Page::new("身份核对", main).own_heading().wide()
}

fn candidate(details: &CaseDetails) -> Markup {
    let candidate = &details.candidate;
    let facts = [
        Fact::of("姓名", candidate.name.clone()),
        Fact::of("证件类型", candidate.document_type.label()),
        Fact::of("证件号码", details.shown(&candidate.document_number)),
        Fact::of("手机号", or_none(&candidate.phone)),
        Fact::of("登记时间", china(details.sign_ins.first)),
        Fact::of("最近登录", china(details.sign_ins.last)),
    ];
    ui::panel("已登记的考生", ui::facts(&facts))
}

fn attempt(details: &CaseDetails) -> Markup {
    let case = &details.case;
    let mut facts = vec![
        Fact::of("姓名", case.name.clone()),
        Fact::of("证件类型", case.document_type.label()),
        Fact::of("证件号码", details.shown(&case.document_number)),
        Fact::of("手机号", or_none(&case.phone)),
        Fact::of("实名认证", if case.verified { "已通过" } else { "未通过或不明" }),
        Fact::of("首次尝试", china(case.first_at)),
        Fact::of("最近尝试", format!("{}，共 {} 次", china(case.last_at), case.attempts)),
        Fact::of("平台", case.portal.clone()),
    ];
    if let Some(owner) = &details.owner {
        facts.push(Fact::of("号码已登记给", owner.clone()));
    }
    ui::panel("尝试登录的账号", ui::facts(&facts))
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "未提供".to_owned() } else { text.to_owned() }
}

fn decision(details: &CaseDetails, typed: &str, problem: Option<&str>) -> Markup {
    let case = &details.case;
    if let Some(verdict) = case.verdict {
        return decided(details, verdict);
    }
    if details.own {
        return ui::banner(Tone::Info, "这件身份核对涉及您本人", html! { p { "请由其他管理员办理。" } });
    }
    let control = Control::Area { value: typed, max: *REASON_LENGTH.end() };
    let [join, separate] = effects(case.reason);
    html! {
        form method="post" action=(paths::identity(&case.id)) {
            // Enter in a text field must not decide anything.
            (ui::default_submit("stay"))
            (ui::panel("核对结论", html! {
                (ui::field(&FormField {
                    hint: "写明核对了什么，只有工作人员可见",
                    error: problem,
                    ..FormField::new("reason", "理由", control)
                }))
                @if case.has_subject() { p.muted { "是同一人：" (join) } }
                @else { p.muted { "政务服务平台没有提供账号标识，不能并入。请考生先完成实名认证。" } }
                p.muted { "不是同一人：" (separate) }
            }))
            div.actions {
                @if !details.uncovered { (ui::submit("decision", "uncover", "显示完整号码", Look::Plain)) }
                @if case.has_subject() { (ui::submit("decision", "join", "是同一人", Look::Primary)) }
                (ui::submit("decision", "separate", "不是同一人", Look::Danger))
            }
        }
    }
}

fn decided(details: &CaseDetails, verdict: IdentityVerdict) -> Markup {
    let case = &details.case;
    let [join, separate] = effects(case.reason);
    let (title, effect) = match verdict {
        IdentityVerdict::Join => ("已认定为同一人", join),
        IdentityVerdict::Separate => ("已认定不是同一人", separate),
    };
    let at = case.decided_at.map(china).unwrap_or_default();
    ui::banner(Tone::Good, title, html! { p { (at) "。" (effect) } p { "理由：" (case.decision_reason) } })
}
