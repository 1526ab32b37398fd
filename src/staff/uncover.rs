//! The full number of a candidate's document, which a press uncovers. The press is on record.

use maud::{Markup, html};
use poem::{Response, handler};

use super::case_request::CaseRequest;
use super::review_page::ReviewPage;
use super::typed::Typed;
use super::working_marks;
use crate::casework::business::Application;
use crate::casework::number::ApplicationNumber;
use crate::casework::permission;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::Tx;
use crate::ui::{self, Look};
use crate::web::{Failure, Submission};

/// What the audit notes.
const UNCOVERED: &str = "uncover";

/// `POST /staff/applications/{number}/uncover`: the page of the case with the full number, this once. What was typed
/// into the form of the decision stays.
#[handler]
pub async fn show_number(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let form = sent.clone();
    request.run(move |tx, staff, number| Ok(working_marks::keep(tx, staff, number, &form)?)).await?;
    let note = |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        let application = Application::by_number(tx, number)?;
        permission::refuse_uncovering(tx, staff, &application)?;
        Ok(roster::audit(tx, &staff.id, UNCOVERED, number)?)
    };
    request.run(note).await?;
    let opened = request.open().await?;
    let typed = Typed::of(&sent, opened.case.file.application.business);
    let page = ReviewPage { uncovered: true, ..ReviewPage::of(&opened) };
    let page = if page.may_decide() { ReviewPage { typed: &typed, ..page } } else { page };
    Ok(request.frame.page(page.page()))
}

impl ReviewPage<'_> {
    /// The number of the document: masked, or in full after the press.
    pub(super) fn document_number(&self) -> Markup {
        let person = &self.case.candidate;
        if self.uncovered {
            return html! { (person.document_number) };
        }
        let masked = crate::people::mask::number(&person.document_number);
        html! { (masked) @if self.case.may_uncover() { " " (self.button()) } }
    }

    fn button(&self) -> Markup {
        let action = paths::uncover(self.number());
        if self.may_decide() {
            return html! { button.text-button type="submit" formaction=(action) { "显示完整号码" } };
        }
        html! { form method="post" action=(action) { (ui::submit("go", "uncover", "显示完整号码", Look::Plain)) } }
    }
}
