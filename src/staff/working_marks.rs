//! Keeps the marks and remarks that a reviewer is typing, so that a link, a reload or a lost network loses none.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::{Response, handler};

use super::case_request::CaseRequest;
use super::queue;
use super::review_page::ReviewPage;
use super::typed::Typed;
use crate::casework::business::{Application, Registry};
use crate::casework::number::ApplicationNumber;
use crate::casework::{Refusal, working_copy};
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::{Timestamp, Tx, clock};
use crate::web::{Failure, Submission, see_other};

/// `POST /staff/applications/{number}/marks`: saves, and with `then=next` takes the next application.
#[handler]
pub async fn save(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let next = sent.one("then") == "next";
    let saved = request.run(move |tx, staff, number| Ok(keep(tx, staff, number, &sent)?)).await?;
    if request.frame.is_fragment() && !next {
        let at = request.store.clock.now();
        let status = if saved { StatusCode::OK } else { StatusCode::CONFLICT };
        let mut answer = request.frame.part(saved_words(saved.then_some(at)));
        answer.set_status(status);
        return Ok(answer);
    }
    match next {
        true => take_next(&request).await,
        false => Ok(see_other(&paths::case(&request.number))),
    }
}

async fn take_next(request: &CaseRequest) -> Result<Response, Failure> {
    let work = |tx: &mut Tx, staff: &StaffMember, _: &ApplicationNumber| match queue::decides(
        Registry::of(tx),
        &staff.duty(),
    ) {
        true => Ok(queue::take_next(tx, staff)?),
        false => Ok(None),
    };
    Ok(match request.run(work).await? {
        Some(number) => see_other(&paths::case(&number)),
        None => see_other(&format!("{}?none=1", paths::QUEUE)),
    })
}

/// Saves what a decision form has, also when its request does something else. Returns whether it is saved: not if
/// the application is decided, or if the staff member does not decide it.
pub(super) fn keep(
    tx: &mut Tx,
    staff: &StaffMember,
    number: &ApplicationNumber,
    sent: &Submission,
) -> Result<bool, Refusal> {
    if !Typed::is_in(sent) {
        return Ok(false);
    }
    let application = Application::by_number(tx, number)?;
    let content = Typed::of(sent, application.business).to_json();
    match working_copy::save(tx, staff, &application, &content) {
        Ok(()) => Ok(true),
        Err(Refusal::Store(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

fn saved_words(at: Option<Timestamp>) -> Markup {
    match at {
        Some(at) => html! { "批注已保存 " (clock::china(at)) },
        None => html! { "批注没有保存：这件申请已经办理或已由别人办理" },
    }
}

impl ReviewPage<'_> {
    /// Saves by itself where scripts run, and by a button elsewhere.
    pub(super) fn saving(&self) -> Markup {
        let path = paths::marks(self.number());
        html! {
            p.muted.small #marks-saved hx-post=(path) hx-include="closest form" hx-swap="innerHTML" hx-push-url="false"
                hx-trigger="input from:closest form delay:300ms, change from:closest form, online from:window" {
                @match self.opened.saved_at {
                    Some(at) => (saved_words(Some(at))),
                    None => "您填写的标注和意见会保存下来，只有您看得到",
                }
            }
            button.button.by-hand type="submit" formaction=(path) data-look="plain" { "保存批注" }
        }
    }
}
