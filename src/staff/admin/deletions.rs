//! 删除申请: requests of candidates to delete their data.

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::business::Application;
use crate::casework::deletion::{self, DeletionRequest, KEPT, LONGEST, REMOVED, Standing};
use crate::paths;
use crate::people::audit::Unaudited;
use crate::people::candidate::Candidate;
use crate::people::staff::StaffMember;
use crate::store::clock::china;
use crate::store::{Error, Tx};
use crate::ui::{self, Choice, Control, Fact, FormField, ListRow, Look, Page, Tone};
use crate::web::{Failure, Submission};

/// Waiting requests, and decided ones, on the first page.
const SHOWN: i64 = 100;

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, _: &StaffMember| {
        let mut rows = Vec::new();
        for asked in deletion::list(tx, SHOWN)? {
            rows.push(row(tx, &asked)?);
        }
        let main = html! {
            (ui::heading("", "删除申请", "考生要求删除个人信息。同意前请确认没有正在办理的申请和争议。"))
            @if rows.is_empty() { p.muted { "没有删除申请。" } } @else { (ui::rows(&rows)) }
        };
        Ok(Page::new("删除申请", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

fn row(tx: &mut Tx, asked: &DeletionRequest) -> Result<ListRow, Error> {
    let candidate = Candidate::load(tx, &asked.candidate_id)?.ok_or(Error::Corrupt("deletion_requests"))?;
    Ok(ListRow {
        title: html! { (candidate.masked_name()) },
        detail: china(asked.requested_at),
        href: paths::deletion_request(&asked.id),
        trailing: tag(asked.standing),
    })
}

fn tag(standing: Standing) -> Markup {
    let state = match standing {
        Standing::Waiting => "submitted",
        Standing::Approved => "approved",
        Standing::Refused => "rejected",
        Standing::Withdrawn => "withdrawn",
    };
    ui::tag(state, standing.label())
}

#[handler]
pub async fn show(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    note_view(&request, &id).await?;
    request.show(move |tx, _| page(tx, &id, "", &Trouble::default())).await
}

/// The audit has an entry before the request is shown, also in answer to a decision.
async fn note_view(request: &AdminRequest, id: &str) -> Result<(), Failure> {
    let of = id.to_owned();
    let load = move |tx: &mut Tx, staff: &StaffMember| {
        deletion::load(tx, &of)?;
        Ok(Unaudited::new(tx, &staff.id, vec![("deletion", of)], ())?)
    };
    request.read_unaudited(load).await
}

#[handler]
pub async fn decide(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    note_view(&request, &id).await?;
    let (of, typed) = (id.clone(), sent.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        deletion::load(tx, &of)?;
        let answer = typed.one("answer").trim();
        let approve = match typed.one("decision") {
            "approve" => true,
            "refuse" => false,
            _ => return Ok(Err(vec![("decision".to_owned(), "请选择同意或不同意".to_owned())])),
        };
        if answer.chars().count() > LONGEST {
            return Ok(Err(vec![("answer".to_owned(), format!("请不要超过 {LONGEST} 个字"))]));
        }
        if answer.is_empty() && !approve {
            return Ok(Err(vec![("answer".to_owned(), "不同意时请写明理由，考生会看到".to_owned())]));
        }
        deletion::decide(tx, staff, &of, approve, answer)?;
        Ok(Ok(saved(&paths::deletion_request(&of))))
    };
    let again =
        move |tx: &mut Tx, _: &StaffMember, trouble: &Trouble| page(tx, &id, sent.one("answer"), trouble);
    request.settle(work, again).await
}

fn page(tx: &mut Tx, id: &str, answer: &str, trouble: &Trouble) -> Result<Page, Failure> {
    let asked = deletion::load(tx, id)?;
    let candidate = Candidate::load(tx, &asked.candidate_id)?.ok_or(Failure::NotFound)?;
    let blocking = deletion::blocking(tx, &asked.candidate_id)?;
    let mut facts = vec![
        Fact::of("姓名", &candidate.name),
        Fact::of("证件", candidate.masked_document()),
        Fact::of("提交时间", china(asked.requested_at)),
        Fact::of("原因", &asked.reason),
    ];
    if let Some(at) = asked.decided_at {
        facts.push(Fact::of("处理时间", china(at)));
        facts.push(Fact::of("答复", &asked.answer));
    }
    let main = html! {
        (ui::heading("", "删除申请", ""))
        (trouble.show())
        (ui::panel("申请", html! { p { (tag(asked.standing)) } (ui::facts(&facts)) }))
        @if asked.standing == Standing::Waiting {
            @if !blocking.is_empty() { (blocked(&blocking)) }
            (ui::panel("同意后立即删除", bullets(REMOVED)))
            (ui::panel("仍然保存", bullets(KEPT)))
            (form(id, answer, trouble, blocking.is_empty()))
        }
    };
    Ok(Page::new("删除申请", main).own_heading().back(paths::DELETIONS))
}

fn bullets(items: &[&str]) -> Markup {
    html! { ul.bullets { @for item in items { li { (ui::words(item)) } } } }
}

fn blocked(blocking: &[Application]) -> Markup {
    let body = html! {
        ul.bullets {
            @for application in blocking {
                li { a.text-button href=(paths::case(application.shown_number())) { (deletion::described(application)) } }
            }
        }
    };
    ui::banner(Tone::Warn, "有没有办完或可以申诉的申请，现在不能同意", body)
}

fn form(id: &str, answer: &str, trouble: &Trouble, can_approve: bool) -> Markup {
    let mut options = vec![Choice::new("refuse", "不同意")];
    if can_approve {
        options.insert(0, Choice::new("approve", "同意，立即删除"));
    }
    html! {
        form method="post" action=(paths::deletion_request(id)) novalidate {
            (ui::panel("", html! {
                (ui::field(&FormField {
                    error: trouble.of("decision"),
                    ..FormField::new("decision", "决定", Control::Radios { options: &options, value: "" })
                }))
                (ui::field(&FormField {
                    hint: "考生会看到。不同意时必须写明理由。",
                    optional: true,
                    error: trouble.of("answer"),
                    ..FormField::new("answer", "答复", Control::Area { value: answer, max: LONGEST })
                }))
            }))
            div.actions {
                (ui::link_button(paths::DELETIONS, "返回", Look::Plain))
                (ui::submit("action", "save", "确定", Look::Primary))
            }
        }
    }
}
