//! The page of an application for its candidate, and the page after a submission (manual 图3.4.1, 3.4.2).

mod data;
mod standing;

use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

pub use self::data::Detail;
use self::data::Parent;
use self::standing::{lost_materials, removed_materials, standing};
use crate::casework::appeal::AppealState;
use crate::casework::business::{Application, Business, Origin};
use crate::casework::history::{self};
use crate::casework::lifecycle::{Action, Actor, Status, may};
use crate::casework::{service, stored};
use crate::files::storage::Storage;
use crate::pages::views::Reader;
use crate::pages::{links, views};
use crate::paths;
use crate::store::{Store, clock};
use crate::ui::{self, Confirm, Fact, Link, Look, Page};
use crate::web::Frame;

#[handler]
pub async fn show(
    detail: Detail,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Response {
    answer(detail, &frame, store, files).await
}

/// Checks whether the files can be read, and renders the page.
pub(super) async fn answer(mut detail: Detail, frame: &Frame, store: &Store, files: &Storage) -> Response {
    stored::check(store, files, &mut detail.files).await;
    let title = match detail.application.business.origin {
        Origin::Rejection => "申诉详情",
        Origin::Certificate => "邮寄信息",
        Origin::Nothing => "申请详情",
    };
    let number = detail.application.shown_number();
    let main = html! { (view(&detail)) (views::help(frame.contact())) };
    let page = Page::new(title, main).about(number).own_heading().back(back(&detail)).bar(bar(&detail));
    frame.page(page)
}

/// `…/submitted`: 提交成功.
#[handler]
pub async fn submitted(detail: Detail, frame: Frame) -> Response {
    let application = &detail.application;
    let due = application.due_on.map(|day| format!("预计 {day} 前办结。")).unwrap_or_default();
    let next = &detail.application.business.next;
    let steps = [(next.work, due.as_str()), (next.look, next.hint)];
    let main = ui::confirmation(
        "提交成功",
        "受理号",
        application.shown_number(),
        html! {
            (ui::panel("接下来", ui::steps(&steps)))
            p { a.text-button href=(slip_path(application)) { "查看或打印回执" } }
        },
    );
    let bar = html! {
        (ui::link_button(paths::HOME, "返回首页", Look::Plain))
        (ui::link_button(&links::application(application), "查看进度", Look::Primary))
    };
    frame.page(
        Page::new("提交成功", main)
            .about(application.shown_number())
            .own_heading()
            .back(back(&detail))
            .bar(bar),
    )
}

fn slip_path(application: &Application) -> String {
    paths::slip(application.business.slug, application.shown_number())
}

fn back(detail: &Detail) -> String {
    match &detail.parent {
        Some(parent) => links::application(&parent.application),
        None => links::list(detail.application.business),
    }
}

fn bar(detail: &Detail) -> Markup {
    let (business, application) = (detail.application.business, &detail.application);
    let (slug, number) = (business.slug, application.shown_number());
    html! {
        @if may(application.status, Action::Withdraw, Actor::Candidate) {
            (ui::confirm(&withdraw_dialog(business, &paths::withdraw(slug, number))))
        }
        (ui::link_button(&slip_path(application), "回执", Look::Plain))
        @if business.submits_by(application.status).is_some() {
            (ui::link_button(&links::edit(application), "修改", Look::Primary))
        }
        @if service::document_of(application).is_some() {
            (ui::link_button(&links::decision(application), "处理决定书", Look::Primary))
        }
        @if let Some(Link { label, href }) = &detail.posting { (ui::link_button(href, label, Look::Primary)) }
        @match &detail.standing {
            AppealState::Until(_) => (ui::link_button(&paths::appeal(slug, number), "申诉", Look::Primary)),
            AppealState::Made(appeal) => (ui::link_button(&links::appeal(appeal), "申诉详情", Look::Primary)),
            AppealState::None | AppealState::Over(_) => {}
        }
    }
}

fn view(detail: &Detail) -> Markup {
    let (application, business) = (&detail.application, detail.application.business);
    let plain = application.form.clone().unwrap_or_default();
    let answers = views::masked(business.questions(), &plain);
    // 信息修改 is about no exam: its title is the label of the business.
    let label = if application.title == business.label { "" } else { business.label };
    // A failed task is explained in the banner, with what to do.
    let is_returned = application.status == Status::Returned;
    let outcome = if is_returned { Vec::new() } else { views::outcome(business, &detail.events) };
    let given = views::handed_over(business, &detail.events, &detail.files);
    let materials = views::materials(business, &plain, &detail.files);
    html! {
        (ui::numbered_heading("受理号", application.shown_number(), &application.title, label))
        (standing(detail))
        (lost_materials(detail))
        (removed_materials(detail))
        @if !outcome.is_empty() {
            (ui::panel("办理结果", html! {
                (ui::facts(&outcome))
                @for file in &given { p { (ui::download_button(&file.href, "下载电子票据", Look::Primary)) } }
            }))
        }
        (changes_of_round(detail))
        (ui::panel("办理进度", views::timeline(business, &detail.events, Reader::Candidate)))
        @if let Some(parent) = &detail.parent { (appealed(detail, parent)) }
        (ui::panel("申请人", ui::facts(&[
            Fact::of("姓名", detail.candidate.masked_name()),
            Fact::of("证件", detail.candidate.masked_document()),
            Fact::of(business.summary_label, &application.summary),
            Fact::of("申请时间", application.submitted_at.map(clock::china).unwrap_or_default()),
        ])))
        (views::records(&detail.cited))
        @for (heading, fields) in views::sections(business, &plain) {
            (ui::panel(heading, ui::facts_under(heading, &views::facts(fields, &answers, None))))
        }
        @if !materials.is_empty() { (ui::panel("材料", ui::materials(&materials))) }
        @if let Some(at) = application.agreed_at.filter(|_| !application.notice_version.is_empty()) {
            p.muted.small {
                (ui::words(&clock::china(at))) " 已阅读并同意须知（"
                a href=(paths::agreed_notice(business.slug, &application.notice_version)) {
                    (ui::words(&format!("版本 {}", application.notice_version)))
                }
                "）"
            }
        }
    }
}

/// What the last submission changed, before → after. Empty in the first round.
fn changes_of_round(detail: &Detail) -> Markup {
    let (business, events) = (detail.application.business, &detail.events);
    let rounds = events.iter().filter(|event| event.action == Action::Submit).count();
    let (Some(now), Some(earlier)) = (&detail.application.form, history::previous_answers(events)) else {
        return html! {};
    };
    if rounds < 2 || detail.application.status == Status::Returned {
        return html! {};
    }
    let changed = now.changes(earlier);
    let questions: Vec<_> = business.questions().filter(|one| changed.contains(one.name)).collect();
    let (masked, before) =
        (views::masked(questions.iter().copied(), now), views::masked(questions.iter().copied(), earlier));
    let mut facts = views::facts(questions, &masked, Some(&before));
    let slots = business.materials.iter().filter(|one| changed.contains(one.slot));
    facts.extend(slots.map(|one| Fact::of(one.label, "已更换")));
    ui::panel(&format!("第 {rounds} 次提交的修改"), ui::facts(&facts))
}

/// 申诉详情 also shows the rejected application and the reason (图3.4.2).
fn appealed(detail: &Detail, parent: &Parent) -> Markup {
    let answers = parent.application.form.clone().unwrap_or_default();
    let first = views::sections(parent.application.business, &answers).into_iter().next();
    let mut facts = views::facts(first.map(|(_, fields)| fields).unwrap_or_default(), &answers, None);
    let reason =
        history::last(&parent.events, Action::Reject).map_or("", |event| event.content.note.as_str());
    facts.push(Fact::of("不通过原因", reason));
    facts.push(Fact::of("原申请受理号", parent.application.shown_number()));
    let title = format!("被申诉的{}", parent.application.business.label);
    html! {
        (ui::panel(&title, html! {
            (ui::facts(&facts))
            p { a.text-button href=(links::application(&parent.application)) { "查看原申请" } }
        }))
        @if let Some(outcome) = appeal_outcome(detail) { (ui::panel("申诉结果", ui::facts(&outcome))) }
    }
}

fn appeal_outcome(detail: &Detail) -> Option<Vec<Fact>> {
    let action = match detail.application.status {
        Status::Approved => Action::Approve,
        Status::Rejected => Action::Reject,
        _ => return None,
    };
    Some(vec![
        Fact::of("结果", views::word(&detail.application)),
        Fact::of("说明", detail.note(action)),
        Fact::of("时间", detail.application.decided_at.map(clock::china).unwrap_or_default()),
    ])
}

/// The dialog that confirms a withdrawal. Without JavaScript, `url` shows it as a page.
pub(super) fn withdraw_dialog<'a>(business: &Business, url: &'a str) -> Confirm<'a> {
    let usual = Confirm {
        id: "withdraw",
        open_label: "撤销申请",
        title: "要撤销这件申请吗？",
        body: "撤销后审核员不再审核，已上传的材料保留在记录里。需要时可以重新申请。",
        action_url: url,
        confirm_label: "撤销申请",
        page_url: url,
    };
    match business.origin {
        Origin::Certificate => Confirm {
            open_label: "撤销邮寄",
            title: "要撤销邮寄吗？",
            body: "撤销后证书不再寄出，需要时可以重新申请邮寄。",
            confirm_label: "确定",
            ..usual
        },
        _ => usual,
    }
}
