//! 内部备注 at a case.

use maud::{Markup, html};
use poem::{Response, handler};

use super::case_request::CaseRequest;
use super::review_page::ReviewPage;
use super::typed::CASE_NOTE;
use super::{verdict, working_marks};
use crate::casework::business::Application;
use crate::casework::notes::{self, LENGTH};
use crate::casework::number::ApplicationNumber;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Tx, clock};
use crate::ui;
use crate::web::{Failure, Submission};

/// `POST /staff/applications/{number}/notes`. The button is part of the decision form.
#[handler]
pub async fn add(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let text = sent.one(CASE_NOTE).trim().replace("\r\n", "\n");
    if !LENGTH.contains(&text.chars().count()) {
        let problem = format!("备注请写 1 到 {} 个字", LENGTH.end());
        return verdict::refuse(&request, &sent, &[(CASE_NOTE.to_owned(), problem)]).await;
    }
    let mut form = sent.clone();
    form.values.remove(CASE_NOTE); // it is added now
    let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        working_marks::keep(tx, staff, number, &form)?;
        let application = Application::by_number(tx, number)?;
        notes::add(tx, staff, &application, &text)?;
        Ok(roster::audit(tx, &staff.id, "note", number)?)
    };
    verdict::attempt(&request, &sent, work, &format!("{}#notes", paths::case(&request.number))).await
}

impl ReviewPage<'_> {
    pub(super) fn notes(&self) -> Markup {
        if self.case.standing == super::case::Standing::Own {
            return html! {};
        }
        let path = paths::notes(self.number());
        let problem = self.problem(CASE_NOTE);
        let form = html! {
            div.field id={ "f-" (CASE_NOTE) } data-error[problem.is_some()] {
                label.label for={ "i-" (CASE_NOTE) } { "添加备注（考生看不到）" }
                @if let Some(problem) = problem { p.error id={ "f-" (CASE_NOTE) "-error" } { (problem) } }
                textarea.input id={ "i-" (CASE_NOTE) } name=(CASE_NOTE) rows="2" maxlength=(LENGTH.end())
                    aria-invalid=[problem.map(|_| "true")]
                    aria-describedby=[problem.map(|_| format!("f-{CASE_NOTE}-error"))] { (self.typed_note()) }
            }
            (self.submit("note", &path, "添加备注"))
        };
        let body = html! {
            @if !self.case.notes.is_empty() {
                ul.desk-others {
                    @for note in &self.case.notes {
                        li { strong { (note.staff) } " " span.muted.small { (clock::china(note.at)) } br; (ui::words(&note.text)) }
                    }
                }
            }
            (self.in_form(path.clone(), form))
        };
        html! { div #notes { (ui::panel("内部备注", body)) } }
    }

    /// A note that was sent in vain or is saved with the marks.
    fn typed_note(&self) -> &str {
        self.sent.map_or(&*self.typed.case_note, |sent| sent.one(CASE_NOTE))
    }
}
