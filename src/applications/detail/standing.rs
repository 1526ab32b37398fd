//! The banners at the top of an application: its state, the next step, and what the candidate can do.

use maud::{Markup, html};

use super::data::Detail;
use crate::casework::appeal::AppealState;
use crate::casework::history;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::{lapse, service};
use crate::pages::{links, views};
use crate::ui::{self, Tone};

/// The banner with the state, the next step, and what the candidate can do.
pub(super) fn standing(detail: &Detail) -> Markup {
    let application = &detail.application;
    let due = application.due_on.map(|day| day.to_string()).unwrap_or_default();
    let (tone, body) = match application.status {
        Status::Draft => (Tone::Neutral, html! {}),
        Status::Submitted | Status::InReview => (
            Tone::Info,
            html! {
                (reopened(detail))
                @if application.held_at.is_some() {
                    p { "这件申请暂缓办理，办理期限暂停计算，恢复后接着计算。目前不需要您做什么，结果会显示在首页和业务查询。" }
                } @else { p { "预计 " (ui::date(due)) " 前办结，无需重复提交。结果会显示在首页和业务查询。" } }
                @if detail.application.business.submits_by(application.status).is_some() {
                    p { "工作人员领取前，您还可以修改。" }
                }
            },
        ),
        Status::Returned => (Tone::Warn, returned(detail, &due)),
        Status::Rejected => (Tone::Danger, rejected(detail)),
        Status::Approved => (Tone::Good, approved(detail)),
        Status::Completed => completed(detail),
        Status::Withdrawn if application.result == lapse::RESULT => {
            (Tone::Neutral, html! { p { (detail.note(Action::Lapse)) "。" } })
        }
        Status::Withdrawn => (Tone::Neutral, html! { p { "您已撤销这件申请，需要时可以重新申请。" } }),
    };
    ui::banner(tone, views::word(application), body)
}

/// The banner about materials whose retention has ended.
pub(super) fn removed_materials(detail: &Detail) -> Markup {
    html! {
        @if detail.files.iter().any(|file| file.removed) {
            (ui::banner(Tone::Neutral, ui::REMOVED, html! { p { "您填写的内容和办理结果都在，不受影响。" } }))
        }
    }
}

/// The banner about materials whose files are lost or damaged.
pub(super) fn lost_materials(detail: &Detail) -> Markup {
    let (business, application) = (detail.application.business, &detail.application);
    let answers = application.form.clone().unwrap_or_default();
    let is_harmful = detail.files.iter().any(|file| file.harmful);
    let is_lost = |id: &String| detail.files.iter().any(|file| file.id == *id && file.unreadable);
    let wanted =
        business.wanted(&answers).filter(|material| answers.files(material.slot).iter().any(is_lost));
    let labels: Vec<&str> = wanted.map(|material| material.label).collect();
    if labels.is_empty() {
        return html! {};
    }
    let title = format!("有 {} 份材料打不开：{}", labels.len(), labels.join("、"));
    ui::banner(
        Tone::Warn,
        &title,
        html! {
            @if is_harmful {
                p { "文件含有恶意代码，已经删除。您填写的内容都在。请换一份没有问题的文件，并用杀毒软件检查设备。" }
            } @else {
                p { "存储的文件已丢失或损坏，不是您的操作造成的。您填写的内容都在。" }
            }
            @if business.submits_by(application.status).is_some() {
                p { a href=(links::edit(application)) { "去重新上传" } }
            } @else if application.is_pending() {
                p { "审核员会看到这一情况，退回后您可以重新上传。" }
            } @else {
                p { "已有的办理结果不受影响。" }
            }
        },
    )
}

/// A task may say what it means. The certificate that came back is no success.
fn completed(detail: &Detail) -> (Tone, Markup) {
    let business = detail.application.business;
    let last = detail.events.iter().rev().find_map(|event| business.task(event.action));
    match last {
        Some(task) if !task.told.is_empty() => {
            let tone = if task.action == Action::ComeBack { Tone::Warn } else { Tone::Good };
            (tone, html! { p { (task.told) } })
        }
        _ => (Tone::Good, html! { p { "已办理完成，详情见下。" } }),
    }
}

/// The sentence of the administrator who reopened it.
fn reopened(detail: &Detail) -> Markup {
    let last =
        detail.events.iter().rev().find(|event| matches!(event.action, Action::Submit | Action::Reopen));
    html! {
        @if let Some(event) = last.filter(|event| event.action == Action::Reopen) {
            p { "这件申请正在重新审核：" (ui::words(&event.content.note)) }
        }
    }
}

fn approved(detail: &Detail) -> Markup {
    let waits_for = detail.application.business.awaited_task(Status::Approved);
    html! {
        p {
            @if let Some(task) = waits_for { strong { (task.waiting) } "：" }
            (detail.application.business.approved)
        }
        (note("审核意见", detail.note(Action::Approve)))
    }
}

fn note(label: &str, text: &str) -> Markup {
    html! { @if !text.is_empty() { p { (label) "：" (ui::words(text)) } } }
}

fn returned(detail: &Detail, due: &str) -> Markup {
    let form = detail.application.form.clone().unwrap_or_default();
    let business = detail.application.business;
    let label = |name| business.label_of(business.place_of(name, &form));
    html! {
        ol {
            @for mark in history::last_marks(&detail.events) { li { (label(&mark.name)) "：" (ui::words(&mark.reason)) } }
        }
        p { "请在 " (ui::date(due)) " 前修改并重新提交（含当日）。逾期将按“逾期未补正”关闭，届时可以重新申请。" }
        p { a href=(links::edit(&detail.application)) { "去修改" } }
    }
}

fn rejected(detail: &Detail) -> Markup {
    html! {
        (note("原因", detail.note(Action::Reject)))
        @match &detail.standing {
            AppealState::Until(day) => p { "如有异议，可以在 " (ui::date(day)) " 前（含当日）申诉一次。" },
            AppealState::Over(day) => p { "申诉期限已于 " (ui::date(day)) " 截止。" },
            AppealState::Made(appeal) => p { "您已申诉：" (appeal.word()) "。" },
            AppealState::None if service::document_of(&detail.application).is_some() => {
                p { "请阅读处理决定书并确认签收，其中有行政复议和行政诉讼的期限。" }
            },
            AppealState::None => p { "这是最终结果。" },
        }
    }
}
