//! The banner about a request that had no effect: the reason, and what was typed.

use maud::{Markup, html};

use super::state::{ReviewPage, Stopped};
use crate::casework::lifecycle::Status;
use crate::pages::views;
use crate::staff::case::Standing;
use crate::staff::typed::ANSWER;
use crate::ui::{self, Fact, Tone};

impl ReviewPage<'_> {
    pub(super) fn stopped(&self) -> Markup {
        let title = match &self.stopped {
            None => return html! {},
            Some(Stopped::Overtaken) => self.what_happened(),
            Some(Stopped::Refused(why)) => why.clone(),
        };
        let typed = self.typed_facts();
        let body = html! {
            p {
                "您刚才的操作没有生效。"
                @if self.may_decide() { "请核对最新情况后再决定，您填写的内容还在。" }
                @else if !typed.is_empty() { "您填写的内容保留在下面，可以复制。" }
            }
        };
        html! {
            (ui::banner(Tone::Warn, &title, body))
            @if !self.may_decide() && !typed.is_empty() {
                (ui::panel("您填写的内容（没有生效）", ui::facts(&typed)))
            }
        }
    }

    fn what_happened(&self) -> String {
        let file = &self.case.file;
        let taker = self.case.assignee.as_deref().unwrap_or("其他工作人员");
        match (file.application.status, self.case.standing) {
            (Status::Submitted, _) => "这件申请已被放回，现在没有人领取".to_owned(),
            (Status::InReview, Standing::Proposed | Standing::Second) => {
                "这件申请已有办理意见，等待复核".to_owned()
            }
            (Status::InReview, Standing::Mine) => "这件申请在您打开以后有变动".to_owned(),
            (Status::InReview, _) => format!("这件申请现在由{taker}办理"),
            _ => format!("这件申请已经办理：{}", views::word(&file.application)),
        }
    }

    fn typed_facts(&self) -> Vec<Fact> {
        let business = self.case.file.application.business;
        let marks = self.typed.marks.iter();
        let mut facts: Vec<Fact> =
            marks.map(|(name, reason)| Fact::of(business.label_of(name), reason)).collect();
        let words = self.typed.words();
        if !words.is_empty() {
            facts.push(Fact::of("审核意见", words));
        }
        let answer = self.sent_of(ANSWER);
        if !answer.is_empty() {
            facts.push(Fact::of("给办理人的意见", answer));
        }
        if let Some(tried) = &self.tried {
            facts.extend(views::facts(tried.task.questions, tried.noted, None));
        }
        facts
    }
}
