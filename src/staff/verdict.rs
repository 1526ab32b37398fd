//! The end of a review: checks what was typed, asks for confirmation, then decides.

use poem::http::StatusCode;
use poem::{Response, handler};

use super::case::Standing;
use super::case_request::{CaseRequest, OpenedCase};
use super::confirm::{self, Confirmation};
use super::review_page::{ReviewPage, Stopped};
use super::typed::Typed;
use super::version;
use super::working_marks;
use crate::casework::business::Application;
use crate::casework::decision::{self, Verdict};
use crate::casework::number::ApplicationNumber;
use crate::casework::question::Problems;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::Tx;
use crate::web::{Failure, Frame, Submission, see_other};

/// `POST /staff/applications/{number}/decide`; takes effect when it is confirmed.
#[handler]
pub async fn decide(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let form = sent.clone();
    request.run(move |tx, staff, number| Ok(working_marks::keep(tx, staff, number, &form)?)).await?;
    let (opened, frame, action) = (request.open().await?, &request.frame, sent.one("action"));
    let business = opened.case.file.application.business;
    let typed = Typed::of(&sent, business);
    if is_overtaken(&opened, version(&sent)?) {
        return Ok(stopped(frame, &opened, &typed, Stopped::Overtaken));
    }
    if sent.one("confirmed") == "no" {
        return Ok(again(frame, StatusCode::OK, &opened, &typed, &[]));
    }
    let verdict = match typed.verdict(action, business) {
        Ok(verdict) => verdict,
        Err(problems) => {
            return Ok(again(frame, StatusCode::UNPROCESSABLE_ENTITY, &opened, &typed, &problems));
        }
    };
    // A file that became unreadable after the confirmation was shown needs another confirmation.
    let unnamed = !matches!(verdict, Verdict::Return(_)) && sent.one("lost") != confirm::named(&opened);
    if sent.one("confirmed") != "yes" || unnamed {
        let confirmation = Confirmation { opened: &opened, typed: &typed, verdict: &verdict, action };
        return Ok(confirmation.answer(frame));
    }
    let form = sent.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        settle(tx, staff, number, &form).map(drop)
    };
    attempt(&request, &sent, work, &paths::done(&request.number)).await
}

/// Runs `work` and redirects to `next`. After a conflict, shows the case as it is now, and what was
/// typed.
pub(super) async fn attempt(
    request: &CaseRequest,
    sent: &Submission,
    work: impl FnOnce(&mut Tx, &StaffMember, &ApplicationNumber) -> Result<(), Failure> + Clone + Send + 'static,
    next: &str,
) -> Result<Response, Failure> {
    match request.run(work).await {
        Err(Failure::Conflict { message, .. }) => {
            let opened = request.open().await?;
            let typed = Typed::of(sent, opened.case.file.application.business);
            let why = why(&opened, version(sent)?, message);
            let page = ReviewPage {
                typed: if Typed::is_in(sent) { &typed } else { &opened.working },
                stopped: Some(why),
                sent: Some(sent),
                ..ReviewPage::of(&opened)
            };
            Ok(request.frame.page_with(StatusCode::CONFLICT, page.page()))
        }
        other => other.map(|()| see_other(next)),
    }
}

/// The case with problems of a form beside the decision. What was typed is kept.
pub(super) async fn refuse(
    request: &CaseRequest,
    sent: &Submission,
    problems: &[(String, String)],
) -> Result<Response, Failure> {
    let form = sent.clone();
    request.run(move |tx, staff, number| Ok(working_marks::keep(tx, staff, number, &form)?)).await?;
    let opened = request.open().await?;
    let typed = Typed::of(sent, opened.case.file.application.business);
    let typed = if Typed::is_in(sent) { &typed } else { &opened.working };
    let page = ReviewPage { typed, problems, sent: Some(sent), ..ReviewPage::of(&opened) };
    Ok(request.frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, page.page()))
}

/// Decides an application by what was typed. Returns what is wrong with it; then nothing is decided.
pub fn settle(
    tx: &mut Tx,
    staff: &StaffMember,
    number: &ApplicationNumber,
    sent: &Submission,
) -> Result<Problems, Failure> {
    let application = Application::by_number(tx, number)?;
    let business = application.business;
    let action = sent.one("action");
    let verdict = match Typed::of(sent, business).verdict(action, business) {
        Ok(verdict) => verdict,
        Err(problems) => return Ok(problems),
    };
    decision::decide(tx, staff, &application, version(sent)?, verdict)?;
    roster::audit(tx, &staff.id, action, number)?;
    Ok(Problems::new())
}

/// Whether somebody put the case back, handed it over or decided it after the page was shown.
fn is_overtaken(opened: &OpenedCase, version: i32) -> bool {
    opened.case.file.application.version != version || opened.case.standing == Standing::Taken
}

/// Why an action on version `seen` had no effect.
pub(super) fn why(opened: &OpenedCase, seen: i32, message: String) -> Stopped {
    if is_overtaken(opened, seen) { Stopped::Overtaken } else { Stopped::Refused(message) }
}

fn stopped(frame: &Frame, opened: &OpenedCase, typed: &Typed, why: Stopped) -> Response {
    let page = ReviewPage { typed, stopped: Some(why), ..ReviewPage::of(opened) };
    frame.page_with(StatusCode::CONFLICT, page.page())
}

fn again(
    frame: &Frame,
    status: StatusCode,
    opened: &OpenedCase,
    typed: &Typed,
    problems: &[(String, String)],
) -> Response {
    let page = ReviewPage { typed, problems, ..ReviewPage::of(opened) };
    frame.page_with(status, page.page())
}
