//! What was sent and had no effect: why, and what had been typed.

use maud::{Markup, html};

use super::Shown;
use crate::casework::lifecycle::Status;
use crate::pages::views;
use crate::staff::case::Standing;
use crate::ui::{self, Fact, Tone};

/// Why what was sent had no effect.
pub(in crate::staff) enum Stopped {
    /// Somebody put the case back, handed it over or decided it meanwhile.
    Overtaken,
    /// A rule forbids it now; in a sentence.
    Refused(String),
}

impl Shown<'_> {
    /// Says that nothing was done, why, and what was typed.
    pub(super) fn stopped(&self) -> Markup {
        let title = match &self.stopped {
            None => return html! {},
            Some(Stopped::Overtaken) => self.what_happened(),
            Some(Stopped::Refused(why)) => why.clone(),
        };
        let kept = self.kept();
        let body = html! {
            p {
                "您刚才的操作没有生效。"
                @if self.may_decide() { "请核对最新情况后再决定，您填写的内容还在。" }
                @else if !kept.is_empty() { "您填写的内容保留在下面，可以复制。" }
            }
        };
        html! {
            (ui::banner(Tone::Warn, &title, body))
            @if !self.may_decide() && !kept.is_empty() {
                (ui::panel("您填写的内容（没有生效）", ui::facts(&kept)))
            }
        }
    }

    fn what_happened(&self) -> String {
        let file = &self.case.file;
        let taker = self.case.assignee.as_deref().unwrap_or("其他工作人员");
        match (file.application.status, self.case.standing) {
            (Status::Submitted, _) => "这件申请已被放回，现在没有人领取".to_owned(),
            (Status::InReview, Standing::Mine) => "这件申请在您打开以后有变动".to_owned(),
            (Status::InReview, _) => format!("这件申请现在由{taker}办理"),
            _ => format!("这件申请已经办理：{}", views::word(&file.application)),
        }
    }

    /// What was typed, as label and value.
    fn kept(&self) -> Vec<Fact> {
        let business = self.case.file.application.business;
        let marks = self.typed.marks.iter();
        let mut kept: Vec<Fact> =
            marks.map(|(name, reason)| Fact::of(business.label_of(name), reason)).collect();
        let words = format!("{}{}", self.typed.template, self.typed.note);
        if !words.is_empty() {
            kept.push(Fact::of("审核意见", words));
        }
        if let Some(tried) = &self.tried {
            kept.extend(views::facts(tried.task.questions, tried.noted, None));
        }
        kept
    }
}
