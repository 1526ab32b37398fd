//! What an administrator does with any case, and a reviewer with their own: hand it over or put it back.

use maud::{Markup, html};
use poem::{Response, handler};

use super::case::Standing;
use super::case_request::CaseRequest;
use super::review_page::ReviewPage;
use super::{verdict, version, working_marks};
use crate::casework::assignment::{self, WORD};
use crate::casework::business::Application;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::number::ApplicationNumber;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::Tx;
use crate::ui::{self, Look, Tone};
use crate::web::{Failure, Submission};

#[handler]
pub async fn hand_over(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let (seen, form) = (version(&sent)?, sent.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        working_marks::keep(tx, staff, number, &form)?;
        let application = Application::by_number(tx, number)?;
        assignment::hand_over(tx, staff, (&application, seen), (form.one("to"), form.one("word")))?;
        Ok(roster::audit(tx, &staff.id, Action::HandOver.code(), number)?)
    };
    verdict::attempt(&request, &sent, work, &paths::case(&request.number)).await
}

impl ReviewPage<'_> {
    /// The buttons of an administrator or of the assignee. If the reader may decide, they are part of the decision
    /// form.
    pub(super) fn handover(&self) -> Markup {
        let application = &self.case.file.application;
        let waits = matches!(application.status, Status::Submitted | Status::InReview);
        let may = self.case.manages || self.case.mine;
        if !may || self.case.standing == Standing::Own || !waits {
            return html! {};
        }
        let body = html! {
            @if self.case.manages && self.case.standing == Standing::Taken { (self.put_back_form()) }
            (self.in_form(paths::hand_over(application.shown_number()), self.hand_over_form()))
            (self.holding())
        };
        ui::panel("转交与暂缓", body)
    }

    /// The word of the colleague who handed the case over.
    pub(super) fn handed_over(&self) -> Markup {
        let Some(event) = self.case.file.handed_over().filter(|_| self.case.mine) else { return html! {} };
        let title = format!("{}{}", event.staff.as_deref().unwrap_or_default(), event.content.staff_note);
        ui::banner(Tone::Info, &title, html! {})
    }

    fn put_back_form(&self) -> Markup {
        let taker = self.case.assignee.as_deref().unwrap_or("领取人");
        let action = paths::put_back(self.case.file.application.shown_number());
        self.in_form(
            action.clone(),
            html! {
                p { "放回后，" (taker) "不能再办理，这件申请重新排队。" }
                (self.submit("put-back", &action, "放回"))
            },
        )
    }

    fn hand_over_form(&self) -> Markup {
        html! {
            @if self.case.colleagues.is_empty() {
                p.muted { "名单上没有其他可以办理这件申请的同事。" }
            } @else {
                div.desk-filters {
                    label {
                        span.label { "转交给" }
                        select.input name="to" {
                            @for member in &self.case.colleagues {
                                option value=(member.id) selected[member.id == self.sent_of("to")] { (member.name) " · " (member.role.label()) }
                            }
                        }
                    }
                    label {
                        span.label { "附言（选填，考生看不到）" }
                        input.input name="word" value=(self.sent_of("word")) maxlength=(WORD) autocomplete="off";
                    }
                    (self.submit("hand-over", &paths::hand_over(self.case.file.application.shown_number()), "转交"))
                }
            }
        }
    }

    /// A text of a form whose request had no effect.
    pub(super) fn sent_of(&self, name: &str) -> &str {
        self.sent.map_or("", |sent| sent.one(name))
    }

    /// Wraps `body` in a form unless it is inside the decision form already.
    pub(super) fn in_form(&self, action: String, body: Markup) -> Markup {
        if self.may_decide() {
            return body;
        }
        let application = &self.case.file.application;
        html! {
            form method="post" action=(action) {
                input type="hidden" name="version" value=(application.version);
                (body)
            }
        }
    }

    pub(super) fn submit(&self, step: &str, action: &str, label: &str) -> Markup {
        if !self.may_decide() {
            return ui::submit("go", step, label, Look::Plain);
        }
        html! { button.button type="submit" data-look="plain" formaction=(action) { (label) } }
    }
}
