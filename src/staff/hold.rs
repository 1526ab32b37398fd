//! 暂缓 and 恢复 of a case.

use maud::{Markup, html};
use poem::{Response, handler};

use super::case::Standing;
use super::case_request::CaseRequest;
use super::review_page::ReviewPage;
use super::{verdict, version, working_marks};
use crate::casework::business::Application;
use crate::casework::history;
use crate::casework::hold::{self, REASON};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::number::ApplicationNumber;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Tx, clock};
use crate::ui::{self, Tone};
use crate::web::{Failure, Submission};

/// `POST /staff/applications/{number}/hold`. The button is part of the decision form.
#[handler]
pub async fn put_on_hold(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let (seen, form) = (version(&sent)?, sent.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        working_marks::keep(tx, staff, number, &form)?;
        let application = Application::by_number(tx, number)?;
        hold::hold(tx, staff, (&application, seen), form.one(HOLD_REASON).trim())?;
        Ok(roster::audit(tx, &staff.id, Action::Hold.code(), number)?)
    };
    if let Some(problem) = problem(sent.one(HOLD_REASON)) {
        return verdict::refuse(&request, &sent, &[(HOLD_REASON.to_owned(), problem)]).await;
    }
    verdict::attempt(&request, &sent, work, &paths::case(&request.number)).await
}

/// `POST /staff/applications/{number}/resume`.
#[handler]
pub async fn resume(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let seen = version(&sent)?;
    let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        let application = Application::by_number(tx, number)?;
        hold::resume(tx, staff, &application, seen)?;
        Ok(roster::audit(tx, &staff.id, Action::Resume.code(), number)?)
    };
    verdict::attempt(&request, &sent, work, &paths::case(&request.number)).await
}

/// Name of the control for the reason.
const HOLD_REASON: &str = "hold_reason";

fn problem(reason: &str) -> Option<String> {
    let (least, most) = REASON.into_inner();
    let is_right = REASON.contains(&reason.trim().chars().count());
    (!is_right).then(|| format!("请写明暂缓的原因，{least} 到 {most} 个字"))
}

impl ReviewPage<'_> {
    /// Says that the case is on hold, why, and what follows.
    pub(super) fn held(&self) -> Markup {
        let file = &self.case.file;
        let is_own = self.case.standing == Standing::Own;
        let Some(since) = file.application.held_at.filter(|_| !is_own) else { return html! {} };
        let reason = history::last(&file.events, Action::Hold);
        let left = file.application.due_days.unwrap_or_default();
        let body = html! {
            @if let Some(event) = reason { p { (event.staff.as_deref().unwrap_or_default()) "：" (ui::words(&event.content.staff_note)) } }
            p {
                (clock::china(since)) " 起暂缓，考生看不到原因。"
                @if left < 0 { "暂缓前已逾期 " (-left) " 个工作日。" }
                @else { "恢复后还有 " (left) " 个工作日。" }
                "恢复办理后才能作出决定。"
            }
        };
        ui::banner(Tone::Warn, "暂缓办理中", body)
    }

    /// The form that puts the case on hold, or that resumes it.
    pub(super) fn holding(&self) -> Markup {
        let application = &self.case.file.application;
        let manages = self.case.manages && self.case.standing != Standing::Own;
        if application.status != Status::InReview || !(self.case.mine || manages) {
            return html! {};
        }
        if application.held_at.is_some() {
            // The assignee has the button in the bar.
            let path = paths::resume(self.number());
            let body =
                html! { p { "恢复后，办理期限接着计算。" } (self.submit("resume", &path, "恢复办理")) };
            return html! { @if !self.case.mine { (self.in_form(path.clone(), body)) } };
        }
        let path = paths::hold(self.number());
        let problem = self.problem(HOLD_REASON);
        let body = html! {
            div.desk-filters id={ "f-" (HOLD_REASON) } {
                label {
                    span.label { "暂缓原因（考生看不到）" }
                    input.input name=(HOLD_REASON) value=(self.sent_of(HOLD_REASON)) maxlength=(REASON.end()) autocomplete="off"
                        aria-invalid=[problem.map(|_| "true")]
                        aria-describedby=[problem.map(|_| format!("f-{HOLD_REASON}-error"))];
                }
                (self.submit("hold", &path, "暂缓"))
            }
            @if let Some(problem) = problem { p.error id={ "f-" (HOLD_REASON) "-error" } { (problem) } }
        };
        self.in_form(path.clone(), body)
    }
}
