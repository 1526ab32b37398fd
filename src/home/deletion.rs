//! 申请删除: a candidate asks for the deletion of their data, and is told its limits.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Response, handler};

use crate::casework::Refusal;
use crate::casework::business::Application;
use crate::casework::deletion::{self, DeletionRequest, KEPT, LONGEST, REMOVED, Standing};
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, Tx, clock};
use crate::ui::{self, Control, FormField, Look, Page, Tab, Tone};
use crate::web::{Failure, Frame, Submission, Visitor, see_other};

struct State {
    blocking: Vec<Application>,
    newest: Option<DeletionRequest>,
}

impl State {
    fn load(tx: &mut Tx, candidate: &Candidate) -> Result<State, Failure> {
        let newest = deletion::newest(tx, &candidate.id)?;
        Ok(State { blocking: deletion::blocking(tx, &candidate.id)?, newest })
    }
}

/// `GET /me/data/deletion`
#[handler]
pub async fn show(visitor: Visitor, frame: Frame) -> Result<Response, Failure> {
    let state =
        as_candidate(&visitor, |tx: &mut Tx, candidate: Candidate| State::load(tx, &candidate)).await?;
    Ok(frame.page(page(&state, "", None)))
}

/// `POST /me/data/deletion`
#[handler]
pub async fn ask(
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    let reason = sent.one("reason").trim().to_owned();
    let problem = match (sent.one("understood"), reason.chars().count()) {
        (_, length) if length > LONGEST => Some(("reason", "内容太长，请缩短")),
        ("yes", _) => None,
        _ => Some(("understood", "请先阅读以上内容，再选择")),
    };
    let (of, typed) = (candidate.clone(), reason.clone());
    if problem.is_none() {
        let asked = store.write(move |tx: &mut Tx| deletion::ask(tx, &of, &typed)).await;
        match asked {
            Ok(()) => return Ok(see_other(paths::DELETION)),
            // The page says what stops it.
            Err(Refusal::Breaks(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    let state = store.read(move |tx: &mut Tx| State::load(tx, &candidate)).await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::CONFLICT };
    Ok(frame.page_with(status, page(&state, &reason, problem)))
}

/// `POST /me/data/deletion/take-back`
#[handler]
pub async fn take_back(candidate: Candidate, Data(store): Data<&Store>) -> Result<Response, Failure> {
    store.write(move |tx: &mut Tx| deletion::take_back(tx, &candidate.id)).await?;
    Ok(see_other(paths::DELETION))
}

fn page(state: &State, reason: &str, problem: Option<(&str, &str)>) -> Page {
    let waits = state.newest.as_ref().is_some_and(|one| one.standing == Standing::Waiting);
    let main = html! {
        @if let Some(newest) = &state.newest { (standing(newest)) }
        (ui::panel("同意后立即删除", list(REMOVED)))
        (ui::panel("必须保存、不能删除", list(KEPT)))
        @if waits {
            form.actions method="post" action=(paths::KEEP_DATA) {
                (ui::submit("confirm", "yes", "撤回申请", Look::Plain))
            }
        } @else if state.blocking.is_empty() { (form(reason, problem)) } @else { (blocked(&state.blocking)) }
    };
    Page::new("申请删除", main).tab(Tab::Me).back(paths::MY_DATA)
}

fn list(items: &[&str]) -> Markup {
    html! { ul.bullets { @for item in items { li { (ui::words(item)) } } } }
}

fn standing(newest: &DeletionRequest) -> Markup {
    let (tone, title) = match newest.standing {
        Standing::Waiting => (Tone::Info, "申请已提交，等待处理"),
        Standing::Approved => (Tone::Good, "申请已同意，信息已删除"),
        Standing::Refused => (Tone::Warn, "申请没有同意"),
        Standing::Withdrawn => return html! {},
    };
    let body = html! {
        p { (ui::words(&clock::china(newest.requested_at))) " 提交。" }
        @if let Some(at) = newest.decided_at { p { (ui::words(&clock::china(at))) " 处理。" } }
        @if !newest.answer.is_empty() { p { "答复：" (newest.answer) } }
    };
    ui::banner(tone, title, body)
}

fn blocked(blocking: &[Application]) -> Markup {
    let body = html! {
        p { "以下申请没有办完，或者还可以申诉。办完、撤销或期限过后，才能申请删除。" }
        ul.bullets {
            @for application in blocking {
                li { a.text-button href=(links::application(application)) { (deletion::described(application)) } }
            }
        }
    };
    ui::banner(Tone::Warn, "现在不能申请删除", body)
}

fn form(reason: &str, problem: Option<(&str, &str)>) -> Markup {
    let error = |name: &str| problem.filter(|(of, _)| *of == name).map(|(_, words)| words);
    html! {
        form method="post" action=(paths::DELETION) novalidate {
            (ui::panel("", html! {
                (ui::field(&FormField {
                    optional: true,
                    error: error("reason"),
                    ..FormField::new("reason", "原因", Control::Area { value: reason, max: LONGEST })
                }))
                (ui::field(&FormField {
                    error: error("understood"),
                    ..FormField::new("understood", "确认", Control::Agree {
                        text: "我已了解哪些会删除、哪些必须保存，删除后不能恢复",
                        checked: false,
                    })
                }))
            }))
            div.actions {
                (ui::link_button(paths::MY_DATA, "返回", Look::Plain))
                (ui::submit("confirm", "yes", "申请删除", Look::Danger))
            }
        }
    }
}
