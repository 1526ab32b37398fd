//! 重新办理 of a decided case, for administrators.

use maud::{Markup, html};
use poem::{Response, handler};

use super::case::Standing;
use super::case_request::CaseRequest;
use super::review_page::ReviewPage;
use super::{verdict, version};
use crate::casework::business::Application;
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::casework::question::{Problems, problem};
use crate::casework::reopen::{self, WORDS};
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::Tx;
use crate::ui::{self, Control, FormField, Look};
use crate::web::{Failure, Submission};

/// Names of the controls.
const REASON: &str = "reopen_reason";
const TOLD: &str = "reopen_told";

/// What the candidate reads, unless the administrator writes something else.
const USUAL: &str = "经复核，这件申请需要重新审核，请留意结果。";

const TAKEN_BACK: &str = "办结登记有误，已撤回，我们会继续办理。";

/// `POST /staff/applications/{number}/reopen`.
#[handler]
pub async fn reopen_case(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let problems = problems(&sent);
    if !problems.is_empty() {
        return verdict::refuse(&request, &sent, &problems).await;
    }
    let (seen, form) = (version(&sent)?, sent.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        let application = Application::by_number(tx, number)?;
        let words = (form.one(REASON).trim(), form.one(TOLD).trim());
        reopen::reopen(tx, staff, (&application, seen), words)?;
        let action = reopen::action(application.status).unwrap_or(Action::Reopen);
        Ok(roster::audit(tx, &staff.id, action.code(), number)?)
    };
    verdict::attempt(&request, &sent, work, &paths::case(&request.number)).await
}

fn problems(sent: &Submission) -> Problems {
    let wrong = |(name, what): (&str, &str)| {
        let is_right = WORDS.contains(&sent.one(name).trim().chars().count());
        (!is_right).then(|| problem(name, format!("请写明{what}，{} 到 {} 个字", WORDS.start(), WORDS.end())))
    };
    [(REASON, "原因"), (TOLD, "给考生的说明")].into_iter().filter_map(wrong).collect()
}

impl ReviewPage<'_> {
    /// The form of an administrator.
    pub(super) fn reopening(&self) -> Markup {
        let application = &self.case.file.application;
        let is_open_to_reader = self.case.manages && self.case.standing != Standing::Own;
        let Some(action) = reopen::action(application.status).filter(|_| is_open_to_reader) else {
            return html! {};
        };
        let (label, what) = match action {
            Action::TakeBack => (
                "撤回办结登记",
                "没有办成却登记了办结的，从这里撤回；这件申请回到待办结。只是登记的内容有误，请更正登记。",
            ),
            _ => (
                "重新办理",
                "这件申请回到待审核，原来的结果作废，办理期限重新计算。已经产生的影响会一并撤回；不能撤回的，会说明原因。",
            ),
        };
        let area = |name, label, hint, value| FormField {
            hint,
            error: self.problem(name),
            ..FormField::new(name, label, Control::Area { value, max: *WORDS.end() })
        };
        let is_sent = self.sent.is_some_and(|sent| sent.values.contains_key(TOLD));
        let usual = if action == Action::TakeBack { TAKEN_BACK } else { USUAL };
        let told = if is_sent { self.sent_of(TOLD) } else { usual };
        let is_tried = self.problem(REASON).or(self.problem(TOLD)).is_some();
        html! {
            details.panel open[is_tried] {
                summary { (label) }
                form method="post" action=(paths::reopen(application.shown_number())) {
                    input type="hidden" name="version" value=(application.version);
                    p { (what) }
                    (ui::field(&area(REASON, "原因", "考生看不到", self.sent_of(REASON))))
                    (ui::field(&area(TOLD, "给考生的说明", "考生可以看到", told)))
                    div.actions { (ui::submit("go", "reopen", label, Look::Danger)) }
                }
            }
        }
    }
}
