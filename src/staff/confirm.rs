//! The confirmation before a decision: the result, the candidate, and what they will read.

use maud::{Markup, html};
use poem::Response;
use poem::http::HeaderValue;

use super::case_request::OpenedCase;
use super::typed::{CASE_NOTE, Typed, mark_control};
use crate::casework::decision::Verdict;
use crate::paths;
use crate::ui::{self, Fact, Look, Page, Tone};
use crate::web::Frame;

pub(super) struct Confirmation<'a> {
    pub opened: &'a OpenedCase,
    pub typed: &'a Typed,
    pub verdict: &'a Verdict,
    /// The `action` of the button that was pressed.
    pub action: &'a str,
}

/// Ids of the unreadable files that the confirmation names, separated by spaces.
pub(super) fn named(opened: &OpenedCase) -> String {
    opened.case.unreadable().iter().map(|file| file.id.as_str()).collect::<Vec<_>>().join(" ")
}

impl Confirmation<'_> {
    /// A dialog over the page if the browser runs scripts, otherwise a page.
    pub(super) fn answer(self, frame: &Frame) -> Response {
        if !frame.is_fragment() {
            let main = html! {
                section.panel { (self.summary()) (self.form(html! {
                    button.button type="submit" name="confirmed" value="no" data-look="plain" autofocus { "返回修改" }
                })) }
            };
            return frame.page(Page::new("确认办理结果", main).desk(self.opened.desk.clone()));
        }
        let dialog = html! {
            dialog #confirm aria-labelledby="confirm-title" {
                (self.summary())
                (self.form(html! {
                    button.button type="button" data-look="plain" data-close autofocus { "返回修改" }
                }))
            }
        };
        let mut response = frame.part(dialog);
        for (name, value) in
            [("HX-Retarget", "#confirming"), ("HX-Reswap", "innerHTML"), ("HX-Push-Url", "false")]
        {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn label(&self) -> &'static str {
        let verdicts = &self.opened.case.file.application.business.verdicts;
        match self.verdict {
            Verdict::Approve(way, _) => {
                verdicts.approve.get(*way).map_or("通过", |approval| approval.label)
            }
            Verdict::Return(_) => "退回",
            Verdict::Reject(_) => verdicts.reject,
        }
    }

    fn summary(&self) -> Markup {
        let case = &self.opened.case;
        let application = &case.file.application;
        let facts = [
            Fact::of("申请人", format!("{}（{}）", case.candidate.name, case.candidate.masked_document())),
            Fact::number(ui::Lang::Chinese, "受理号", application.shown_number()),
            Fact::of("业务", format!("{} · {}", case.file.application.business.label, application.title)),
            Fact::of("结果", self.label()),
            Fact { label: "告知考生", value: self.message() },
        ];
        html! {
            h2 #confirm-title { "确认" (self.label()) "？" }
            (self.warning())
            (ui::facts(&facts))
            p.muted { "确认后立即生效，考生马上可以看到。" }
        }
    }

    /// What the candidate will read.
    fn message(&self) -> Markup {
        match self.verdict {
            Verdict::Return(marks) => html! {
                ol {
                    @for mark in marks {
                        li { (self.opened.case.file.application.business.label_of(&mark.name)) "：" (mark.reason) }
                    }
                }
            },
            Verdict::Approve(_, note) | Verdict::Reject(note) => html! {
                @if note.is_empty() { span.muted { "只告知结果，没有附言" } } @else { (note) }
            },
        }
    }

    /// Names the unreadable files, unless the application is returned.
    fn warning(&self) -> Markup {
        match self.opened.case.warning_of_unreadable() {
            Some(words) if !matches!(self.verdict, Verdict::Return(_)) => {
                ui::banner(Tone::Warn, &words, html! { p { "没有看到这些材料就作出决定，请再想一想。" } })
            }
            _ => html! {},
        }
    }

    fn form(&self, safe: Markup) -> Markup {
        let application = &self.opened.case.file.application;
        let label = format!("确认{}", self.label());
        let look = if matches!(self.verdict, Verdict::Reject(_)) { Look::Danger } else { Look::Primary };
        html! {
            form method="post" action=(paths::decide(application.shown_number())) {
                input type="hidden" name="version" value=(application.version);
                input type="hidden" name="action" value=(self.action);
                input type="hidden" name="lost" value=(named(self.opened));
                input type="hidden" name="template" value=(self.typed.template);
                input type="hidden" name="note" value=(self.typed.note);
                input type="hidden" name=(CASE_NOTE) value=(self.typed.case_note);
                @for (name, reason) in &self.typed.marks {
                    input type="hidden" name=(mark_control(name)) value=(reason);
                }
                // The first button of a dialog gets the focus, so the safe choice comes first.
                div.actions { (safe) (ui::submit("confirmed", "yes", &label, look)) }
            }
        }
    }
}
