//! A second pair of eyes (复核): the panel of a proposed decision, and the answers to it.

use maud::{Markup, html};
use poem::{Response, handler};

use super::case::Standing;
use super::case_request::CaseRequest;
use super::review_page::ReviewPage;
use super::typed::{ANSWER, REASON_LENGTH};
use super::{verdict, version};
use crate::casework::business::Application;
use crate::casework::history::{Event, Proposed};
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::casework::proposal;
use crate::pages::views;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Tx, clock};
use crate::ui::{self, Control, Fact, FormField, Look, Tone};
use crate::web::{Failure, Submission};

/// Value of the button that confirms a proposal, and its action in the audit.
const CONFIRM: &str = "confirm";

/// `POST /staff/applications/{number}/second-pair`: confirms the proposal, sends it back or retracts it.
#[handler]
pub async fn answer(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    if !is_answer(sent.one("action")) {
        request.open().await?;
        return Err(Failure::BadRequest("请求的内容不完整"));
    }
    let problem = problem(&sent);
    if let Some(problem) = problem {
        return verdict::refuse(&request, &sent, &[(ANSWER.to_owned(), problem)]).await;
    }
    let next = match sent.one("action") {
        CONFIRM => paths::done(&request.number),
        _ => paths::case(&request.number),
    };
    let form = sent.clone();
    let work =
        move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| settle(tx, staff, number, &form);
    verdict::attempt(&request, &sent, work, &next).await
}

fn is_answer(action: &str) -> bool {
    action == CONFIRM || matches!(Action::from_code(action), Some(Action::SendBack | Action::Retract))
}

/// What is wrong with the word of somebody who sends a proposal back.
fn problem(sent: &Submission) -> Option<String> {
    let (least, most) = REASON_LENGTH.into_inner();
    let length = sent.one(ANSWER).trim().chars().count();
    let is_wrong = sent.one("action") == Action::SendBack.code() && !REASON_LENGTH.contains(&length);
    is_wrong.then(|| format!("退回办理人时请写明意见，{least} 到 {most} 个字"))
}

/// Answers a proposal by what was sent, whose word has been checked.
pub fn settle(
    tx: &mut Tx,
    staff: &StaffMember,
    number: &ApplicationNumber,
    sent: &Submission,
) -> Result<(), Failure> {
    let (application, version) = (Application::by_number(tx, number)?, version(sent)?);
    let action = sent.one("action");
    match Action::from_code(action) {
        _ if action == CONFIRM => proposal::confirm(tx, staff, &application, version)?,
        Some(Action::SendBack) => {
            proposal::send_back(tx, staff, &application, version, sent.one(ANSWER).trim())?;
        }
        Some(Action::Retract) => proposal::retract(tx, staff, &application, version)?,
        _ => return Err(Failure::BadRequest("请求的内容不完整")),
    }
    Ok(roster::audit(tx, &staff.id, action, number)?)
}

impl ReviewPage<'_> {
    /// The proposal that waits, with the form of whoever may confirm it.
    pub(super) fn second_pair(&self) -> Markup {
        let file = &self.case.file;
        let Some(event) = proposal::waiting(&file.application, &file.events) else {
            return html! {};
        };
        let Some(proposed) = &event.content.proposed else { return html! {} };
        html! {
            section.panel #second-pair {
                h2 { "待复核的办理意见" }
                (ui::facts(&self.proposal(event, proposed)))
                @if self.case.standing == Standing::Second { (self.second_form()) }
            }
        }
    }

    fn proposal(&self, event: &Event, proposed: &Proposed) -> [Fact; 3] {
        let by = format!("{} · {}", event.staff.as_deref().unwrap_or_default(), clock::china(event.at));
        let note = if proposed.note.is_empty() { "只告知结果，没有附言" } else { &proposed.note };
        [
            Fact::of("办理人", by),
            Fact::of("拟办结果", views::proposed_state(self.case.file.application.business, proposed)),
            Fact::of("告知考生", note),
        ]
    }

    fn second_form(&self) -> Markup {
        let word = FormField {
            hint: "只有工作人员能看到。退回时必须填写。",
            optional: true,
            error: self.problem(ANSWER),
            ..FormField::new(
                ANSWER,
                "给办理人的意见",
                Control::Area { value: self.sent_of(ANSWER), max: *REASON_LENGTH.end() },
            )
        };
        html! {
            form method="post" action=(paths::second_pair(self.number())) {
                input type="hidden" name="version" value=(self.case.file.application.version);
                (ui::field(&word))
                p.muted { "同意后立即生效，考生马上可以看到。" }
                div.actions {
                    (ui::submit("action", Action::SendBack.code(), "退回办理人", Look::Plain))
                    (ui::submit("action", CONFIRM, "同意并生效", Look::Primary))
                }
            }
        }
    }

    /// What the proposer reads, and the button that takes the proposal back.
    pub(super) fn proposed(&self) -> Markup {
        let body = html! {
            p { "另一位同事确认后才生效，承诺的办结期限照常计算。考生现在看到的仍是“审核中”。" }
            @if self.case.colleagues.is_empty() {
                p { "名单上没有其他可以复核的同事。请增加一位，或把这类申请的复核比例改为 0，再收回重办。" }
            }
            form method="post" action=(paths::second_pair(self.number())) {
                input type="hidden" name="version" value=(self.case.file.application.version);
                (ui::submit("action", Action::Retract.code(), "收回重办", Look::Plain))
            }
        };
        ui::banner(Tone::Info, "已提出，待同事复核", body)
    }

    /// Leads to the proposal from the bar at the bottom.
    pub(super) fn to_second_pair(&self) -> Markup {
        ui::link_button("#second-pair", "去复核", Look::Primary)
    }
}
