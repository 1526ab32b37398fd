//! The page of one case: queue, facts, materials, decision.

mod facts;
mod state;
mod stopped;

pub(super) use state::{ReviewPage, Stopped, TriedTask};

use maud::{Markup, html};
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use self::state::{anchor, view_path};
use super::case::Standing;
use super::case_request::CaseRequest;
use super::task_forms;
use super::typed::{REASON_LENGTH, template_value};
use crate::casework::history::Event;
use crate::casework::lifecycle::Action;
use crate::casework::materials::Attachment;
use crate::casework::question::Problems;
use crate::pages::refusal::DECIDED_BEFORE;
use crate::pages::views::{self, Reader};
use crate::paths;
use crate::ui::{self, Choice, Control, FormField, Look, Page, Tone};
use crate::web::Failure;

#[derive(Default, Deserialize)]
#[serde(default)]
struct ViewerQuery {
    material: String,
}

/// `GET /staff/applications/{number}`; the audit notes every opening.
#[handler]
pub async fn review(request: CaseRequest, Query(query): Query<ViewerQuery>) -> Result<Response, Failure> {
    let opened = request.open().await?;
    let page = ReviewPage { material: Some(&query.material), ..ReviewPage::of(&opened) };
    Ok(request.frame.page(page.page()))
}

/// Keys of the ways to approve; no business has more ways.
const APPROVE_KEYS: [char; 3] = ['A', 'B', 'C'];

impl ReviewPage<'_> {
    pub(super) fn page(&self) -> Page {
        let sidebar = &self.opened.sidebar;
        let side = self.side();
        let has_side = !side.0.is_empty();
        let parts = html! {
            (sidebar.show(self.number()))
            div.desk-facts { (self.facts()) }
            (side)
            div.desk-bar data-keys[self.opened.keys] { (self.warning()) (self.bar()) }
        };
        let main = match self.may_decide() {
            true => html! {
                form.desk data-side[has_side] method="post" action=(paths::decide(self.number())) {
                    // Enter in a text field must not decide anything.
                    (ui::default_submit("stay"))
                    input type="hidden" name="version" value=(self.case.file.application.version);
                    (parts)
                }
                // The confirmation opens here, outside the form, since forms cannot be nested.
                div #confirming {}
            },
            false => html! { div.desk data-side[has_side] { (parts) } },
        };
        let title = format!("审核 {}", self.number());
        Page::new(title, main).own_heading().wide().full().desk(self.opened.desk.clone())
    }

    fn facts(&self) -> Markup {
        html! {
            (self.heading())
            (self.opened.sidebar.days.uncertain(self.case.file.application.due_on))
            (self.stopped())
            (ui::summary_errors(&self.anchored_problems()))
            (self.standing())
            (self.second_pair())
            (self.held())
            (self.handed_over())
            (facts::outcome(self.case))
            (self.identity())
            (views::records(&self.case.cited))
            (self.sections())
            (self.materials())
            @if let Some(appealed) = &self.case.appealed { (facts::appealed(appealed, &self.path())) }
            @if self.may_decide() { (self.opinion()) }
            (self.handover())
            (self.amendments())
            (self.reopening())
            (self.notes())
            @if self.due().is_empty() { (self.past()) }
        }
    }

    /// The candidate's other records, and the history of this application.
    fn past(&self) -> Markup {
        // Applicants who are staff read what every candidate reads.
        let is_own = self.case.standing == Standing::Own;
        let reader = if is_own { Reader::Candidate } else { Reader::Staff };
        let file = &self.case.file;
        let seen = file.events.iter().filter(|event| self.case.sight.event(event.action));
        let seen: Vec<Event> = seen.cloned().collect();
        html! {
            (facts::background(self.case))
            (ui::panel("办理过程", views::timeline(file.application.business, &seen, reader)))
        }
    }

    fn heading(&self) -> Markup {
        let application = &self.case.file.application;
        let marks = self.case.file.earlier_marks().len();
        let above = [
            Some(application.shown_number().to_owned()),
            Some(format!("第 {} 轮", application.round)),
            (marks > 0).then(|| format!("上轮退回 {marks} 处")),
        ];
        let above = above.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let title = format!("{} · {}", self.case.shown_name(), application.title);
        let below = format!("{} · {}", self.case.file.application.business.label, application.summary);
        html! {
            div.head {
                (ui::heading(&above, &title, &below))
                @if self.may_decide() {
                    div.desk-aside {
                        (elsewhere(&paths::put_back(self.number()), "放回"))
                        button.text-button type="submit" formaction=(paths::marks(self.number())) name="then"
                            value="next" { "下一件" }
                    }
                }
            }
        }
    }

    fn anchored_problems(&self) -> Problems {
        let tried = self.tried.as_ref().map_or(&[][..], |tried| tried.problems.as_slice());
        let amended = self.amended.as_ref().map_or(&[][..], |tried| tried.problems.as_slice());
        self.problems
            .iter()
            .chain(tried)
            .chain(amended)
            .map(|(control, text)| (anchor(control), text.clone()))
            .collect()
    }

    /// Why there is nothing to decide, or who decides.
    fn standing(&self) -> Markup {
        let word = views::word(&self.case.file.application);
        let assignee = self.case.assignee.as_deref().unwrap_or("其他审核员");
        let (title, body) = match self.case.standing {
            _ if self.may_decide() => return html! {},
            _ if self.case.file.application.held_at.is_some() => return html! {},
            _ if !self.due().is_empty() => return self.what_to_do(word),
            Standing::Free => ("待审核".to_owned(), "领取后由您审核，其他审核员不能同时办理。"),
            Standing::Taken => (format!("{assignee}正在办理"), "您可以查看，不能办理。"),
            Standing::Proposed => return self.proposed(),
            Standing::Second => return html! {},
            Standing::Own => ("这是您本人的申请".to_owned(), "请由其他审核员办理。"),
            Standing::Involved => ("您不能办理这件申诉".to_owned(), DECIDED_BEFORE),
            Standing::Mine | Standing::Closed => (word.to_owned(), "这件申请目前不需要审核。"),
        };
        ui::banner(Tone::Info, &title, html! { p { (body) } })
    }

    /// Names the task that is due and links to its form.
    fn what_to_do(&self, word: &str) -> Markup {
        let due = self.due();
        let waiting = due.iter().map(|task| task.waiting).find(|waiting| !waiting.is_empty());
        let body = html! {
            p { "请按以下信息办理，办完后登记结果。" }
            @if let Some(first) = due.first() { p { a href={ "#" (task_forms::anchor(first)) } { "去登记" } } }
        };
        ui::banner(Tone::Info, waiting.unwrap_or(word), body)
    }

    /// 审核意见: the words that the candidate reads with 通过 or 不通过.
    fn opinion(&self) -> Markup {
        let reasons = &self.case.reasons;
        let options: Vec<Choice> = reasons.remarks.iter().map(template).collect();
        let field = |name, label, hint, control| FormField {
            hint,
            optional: true,
            error: self.problem(name),
            ..FormField::new(name, label, control)
        };
        let templates = Control::Select { options: &options, value: &self.typed.template };
        let note = Control::Area { value: &self.typed.note, max: *REASON_LENGTH.end() };
        let hint = "考生可以看到。不通过时必须写明理由；退回时请写在标注里。";
        let body = html! {
            (facts::mark_of_whole(self))
            (ui::field(&field("template", "常用意见", "", templates)))
            (ui::field(&field("note", "补充意见", hint, note)))
            (self.saving())
        };
        html! {
            (ui::panel("审核意见", body))
            datalist #mark-reasons { @for reason in &reasons.marks { option value=(reason) {} } }
        }
    }

    fn bar(&self) -> Markup {
        let verdicts = &self.case.file.application.business.verdicts;
        let code = |action: Action| action.code();
        match self.case.standing {
            Standing::Mine if self.may_decide() => html! {
                @for (way, approval) in verdicts.approve.iter().enumerate() {
                    @let value = format!("{}:{way}", code(Action::Approve));
                    (ui::keyed_submit("action", &value, approval.label, Look::Primary, self.key(APPROVE_KEYS[way])))
                }
                (ui::keyed_submit("action", code(Action::Return), "退回并标注", Look::Plain, self.key('R')))
                (ui::keyed_submit("action", code(Action::Reject), verdicts.reject, Look::Danger, self.key('J')))
            },
            Standing::Mine | Standing::Involved | Standing::Proposed if self.case.mine => html! {
                form method="post" action=(paths::put_back(self.number())) {
                    input type="hidden" name="version" value=(self.case.file.application.version);
                    (ui::submit("go", "back", "放回", Look::Plain))
                    @if self.case.file.application.held_at.is_some() {
                        button.button type="submit" data-look="primary" formaction=(paths::resume(self.number())) {
                            "恢复办理"
                        }
                    }
                }
                (self.next())
            },
            Standing::Free => html! {
                form method="post" action=(paths::take(self.number())) {
                    (ui::submit("go", "take", "领取", Look::Primary))
                }
                (self.next())
            },
            Standing::Second => html! { (self.to_second_pair()) (self.next()) },
            _ => html! { (ui::link_button(paths::QUEUE, "返回待办", Look::Plain)) (self.next()) },
        }
    }

    fn next(&self) -> Markup {
        html! {
            form method="post" action=(paths::QUEUE_NEXT) {
                (ui::keyed_submit("go", "next", "下一件", Look::Plain, self.key('N')))
            }
        }
    }

    fn key(&self, key: char) -> Option<char> {
        self.opened.keys.then_some(key)
    }

    fn warning(&self) -> Markup {
        html! { @if let Some(words) = self.case.warning_of_unreadable() { p.error.desk-lost { (words) } } }
    }

    /// The right column: materials. The forms of tasks come first, beside the sums and addresses
    /// that they need; on a phone they are below them.
    fn side(&self) -> Markup {
        let (tasks, viewer) = (self.tasks(), self.viewer());
        html! {
            @if !tasks.0.is_empty() {
                div.desk-side data-tasks { (tasks) (viewer) (self.past()) }
            } @else if !viewer.0.is_empty() {
                div.desk-side { (viewer) }
            }
        }
    }

    fn viewer(&self) -> Markup {
        let sheets = self.case.sheets();
        let at = sheets.iter().position(|(_, file)| Some(file.id.as_str()) == self.material).unwrap_or(0);
        let Some((label, file)) = sheets.get(at) else {
            return html! {};
        };
        let next = sheets.get((at + 1) % sheets.len()).filter(|_| sheets.len() > 1);
        let next = next.map(|(_, file)| view_path(&self.path(), file));
        let title = format!("{label} {} / {}", at + 1, sheets.len());
        ui::viewer(&title, sheet(label, file), next.as_deref(), self.opened.keys)
    }
}

fn sheet(label: &str, file: &Attachment) -> Markup {
    let url = paths::file(&file.id);
    html! {
        @if file.removed {
            p { (ui::REMOVED) "。" }
        } @else if file.harmful {
            p { (ui::HARMFUL) "。" }
        } @else if file.unreadable {
            p { "这份文件打不开：存储的文件已丢失或损坏。" }
        } @else if file.is_picture() {
            img src=(url) alt={ (label) "：" (file.name) };
        } @else if let Some(recording) = views::recording(file) {
            (ui::recording(&recording))
        } @else {
            p { a href=(url) target="_blank" hx-boost="false" { "在新窗口打开 " (file.name) } }
            // Chromium shows no PDF in a frame with the attribute `sandbox`; the file's own
            // Content-Security-Policy confines it instead.
            iframe src=(url) title={ (label) "：" (file.name) } {}
        }
    }
}

/// A button of the decision form that posts to another address.
fn elsewhere(path: &str, label: &str) -> Markup {
    html! { button.text-button type="submit" formaction=(path) { (label) } }
}

fn template((action, text): &(Action, String)) -> Choice {
    let verdict = if *action == Action::Approve { "通过" } else { "不通过" };
    Choice::new(template_value(*action, text), format!("{verdict}：{text}"))
}
