//! The kinds of texts: their names, the text of the program, and what may be published.

use super::privacy;
use crate::casework::business::{Business, Notice};
use crate::casework::lifecycle::Action;
use crate::casework::messages::template;
use crate::casework::messages::topic::Topic;
use crate::casework::question::{AnswerRule, Question};
use crate::people::candidate::PRIVACY_NOTICE;
use crate::settings::Contact;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// The privacy notice, which every candidate agrees to. A text of the whole office.
    Privacy,
    /// What a candidate agrees to before the form.
    Notice,
    /// What the list of a business says about it.
    Help,
    /// What a candidate promises at the end of the form.
    Promise,
    /// The exam areas to choose from, one a line.
    Areas,
    /// How people reach the office: see [`Contact`]. A text of the whole office.
    Contact,
    /// Ready-made remarks of a verdict, one a line.
    Remarks,
    /// Ready-made reasons of a mark, one a line.
    Marks,
    /// What candidates are told, on the site and by SMS. The office has a text of each topic. A business may have its own;
    /// an empty one stands for the office's.
    Message(Topic),
}

/// Reasons of a mark that no administrator has changed.
const MARKS: &[&str] = &[
    "照片不清晰，请重新上传",
    "与证件不一致，请核对后修改",
    "与上传的材料不一致，请核对后修改",
    "缺少单位公章，请盖章后重新上传",
    "材料不完整，请补齐所有页",
    "材料已过有效期，请上传有效的材料",
    "上传的不是所要求的材料，请更换",
];

const APPROVED: &str = "通过：";
const REJECTED: &str = "不通过：";

/// Most characters of a text, of a line of reasons, and most of those lines.
pub const LONGEST: usize = 5_000;
const LONGEST_LINE: usize = 200;
const MOST_LINES: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeText {
    pub version: i32,
    /// Notices and help are paragraphs and lists; reasons are lines.
    pub body: String,
}

impl TextKind {
    /// The kinds besides messages.
    pub const PAGES: [TextKind; 8] = [
        TextKind::Privacy,
        TextKind::Notice,
        TextKind::Help,
        TextKind::Promise,
        TextKind::Areas,
        TextKind::Contact,
        TextKind::Remarks,
        TextKind::Marks,
    ];

    /// The name under which its versions are stored, also in addresses.
    pub fn code(self) -> &'static str {
        match self {
            TextKind::Privacy => PRIVACY_NOTICE,
            TextKind::Notice => "notice",
            TextKind::Help => "help",
            TextKind::Promise => "promise",
            TextKind::Areas => "areas",
            TextKind::Contact => "contact",
            TextKind::Remarks => "remarks",
            TextKind::Marks => "marks",
            TextKind::Message(topic) => topic.code(),
        }
    }

    /// The kind of a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<TextKind> {
        let topic = || Topic::from_code(code).map(TextKind::Message);
        TextKind::PAGES.into_iter().find(|kind| kind.code() == code).or_else(topic)
    }

    pub fn label(self) -> &'static str {
        match self {
            TextKind::Privacy => "个人信息处理规则",
            TextKind::Notice => "须知",
            TextKind::Help => "办事说明",
            TextKind::Promise => "承诺",
            TextKind::Areas => "考区",
            TextKind::Contact => "联系方式",
            TextKind::Remarks => "常用意见",
            TextKind::Marks => "常用标注",
            TextKind::Message(topic) => topic.label(),
        }
    }

    /// Most characters that can be typed.
    pub fn longest(self) -> usize {
        match self {
            TextKind::Message(_) => template::LONGEST,
            _ => LONGEST,
        }
    }

    /// The text of the program for a business, or with `None` for the office. `None` if there is no such text.
    pub fn built_in(self, scope: Option<&Business>) -> Option<OfficeText> {
        let body = match (self, scope) {
            (TextKind::Privacy, None) => privacy::NOTICE.to_owned(),
            (TextKind::Message(topic), None) => topic.built_in().to_owned(),
            // The operator's settings have it.
            (TextKind::Contact, None) => String::new(),
            (_, None) => return None,
            (_, Some(business)) => self.built_in_of(business)?,
        };
        Some(OfficeText { version: 0, body: body.trim_end().to_owned() })
    }

    fn built_in_of(self, business: &Business) -> Option<String> {
        let decided = !business.verdicts.approve.is_empty();
        match self {
            TextKind::Notice => Some(numbered(business.notice.as_ref()?)),
            TextKind::Help => Some(business.about.to_owned()),
            TextKind::Promise | TextKind::Areas => {
                business.questions().find_map(|question| self.built_in_for(question))
            }
            TextKind::Remarks if decided => Some(business.verdicts.remarks.iter().map(remark).collect()),
            TextKind::Marks if decided => Some(MARKS.join("\n")),
            TextKind::Message(topic) if topic.is_of_business() => Some(String::new()),
            TextKind::Privacy
            | TextKind::Contact
            | TextKind::Remarks
            | TextKind::Marks
            | TextKind::Message(_) => None,
        }
    }

    fn built_in_for(self, question: &Question) -> Option<String> {
        match (self, question.rule) {
            (TextKind::Promise, AnswerRule::Promise(text)) => Some(text.to_owned()),
            (TextKind::Areas, AnswerRule::Published(lines)) => Some(lines.join("\n")),
            _ => None,
        }
    }

    /// The text whose lines a question offers.
    pub(super) fn offered_by(question: &Question) -> Option<TextKind> {
        match question.rule {
            AnswerRule::Promise(_) => Some(TextKind::Promise),
            AnswerRule::Published(_) => Some(TextKind::Areas),
            _ => None,
        }
    }

    /// A message of the office cannot, and an empty one of a business stands for the office's.
    pub fn can_be_empty(self, scope: Option<&Business>) -> bool {
        match self {
            TextKind::Privacy | TextKind::Notice | TextKind::Promise | TextKind::Areas => false,
            TextKind::Message(_) => scope.is_some(),
            TextKind::Help | TextKind::Contact | TextKind::Remarks | TextKind::Marks => true,
        }
    }

    /// The text in the form in which it is published, or what is wrong with it in Chinese.
    pub fn check(self, scope: Option<&Business>, typed: &str) -> Result<String, String> {
        let lines: Vec<&str> = typed.lines().map(str::trim_end).collect();
        let text = lines.join("\n").trim().to_owned();
        if text.chars().count() > LONGEST {
            return Err(format!("请不要超过 {LONGEST} 个字"));
        }
        match self {
            TextKind::Message(_) if text.is_empty() && scope.is_some() => Ok(text),
            TextKind::Message(topic) => template::check(topic, &text),
            _ if text.is_empty() && !self.can_be_empty(scope) => Err(format!("请填写{}", self.label())),
            TextKind::Notice | TextKind::Privacy | TextKind::Help | TextKind::Promise => Ok(text),
            TextKind::Remarks | TextKind::Marks | TextKind::Areas => self.check_lines(&text),
            TextKind::Contact => Contact::parse(&text).map(|_| text),
        }
    }

    fn check_lines(self, text: &str) -> Result<String, String> {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.len() > MOST_LINES {
            return Err(format!("请不要超过 {MOST_LINES} 行"));
        }
        for (at, line) in lines.iter().enumerate() {
            if line.chars().count() > LONGEST_LINE {
                return Err(format!("第 {} 行超过 {LONGEST_LINE} 个字", at + 1));
            }
            if self == TextKind::Remarks && parse_remark(line).is_none() {
                return Err(format!("第 {} 行请以“{APPROVED}”或“{REJECTED}”开头，后面写意见", at + 1));
            }
            if self == TextKind::Areas && lines[..at].contains(line) {
                return Err(format!("第 {} 行与前面的重复", at + 1));
            }
        }
        Ok(lines.join("\n"))
    }
}

/// The paragraphs of a notice as a numbered list.
fn numbered(notice: &Notice) -> String {
    notice.text.iter().enumerate().map(|(at, line)| format!("{}. {line}\n", at + 1)).collect()
}

fn remark((action, text): &(Action, &str)) -> String {
    let verdict = if *action == Action::Approve { APPROVED } else { REJECTED };
    format!("{verdict}{text}\n")
}

pub(super) fn parse_remark(line: &str) -> Option<(Action, String)> {
    let (action, text) = match (line.strip_prefix(APPROVED), line.strip_prefix(REJECTED)) {
        (Some(text), _) => (Action::Approve, text),
        (_, Some(text)) => (Action::Reject, text),
        _ => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| (action, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_name_their_verdict() {
        let typed = "通过：材料齐全\r\n\n 不通过：学历不符合  \n";
        assert_eq!(TextKind::Remarks.check(None, typed).as_deref(), Ok("通过：材料齐全\n不通过：学历不符合"));
        for wrong in ["材料齐全", "通过：", "通过 材料齐全"] {
            assert!(TextKind::Remarks.check(None, wrong).is_err(), "{wrong}");
        }
        assert!(TextKind::Marks.check(None, &"字".repeat(201)).is_err());
        assert!(TextKind::Marks.check(None, &"字\n".repeat(41)).is_err());
        assert_eq!(TextKind::Marks.check(None, "").as_deref(), Ok(""), "no ready-made reason is needed");
    }

    #[test]
    fn privacy_notice_is_of_the_office_alone() {
        let text = TextKind::Privacy.built_in(None).expect("a text");
        assert_eq!(TextKind::Privacy.check(None, &text.body).as_ref(), Ok(&text.body));
        assert_eq!(TextKind::Help.built_in(None), None);
        assert!(TextKind::Privacy.check(None, " \n").is_err());
    }

    #[test]
    fn notice_cannot_be_empty() {
        assert!(TextKind::Notice.check(None, " \n ").is_err());
        assert_eq!(TextKind::Help.check(None, " \n ").as_deref(), Ok(""));
        assert!(TextKind::Help.check(None, &"字".repeat(LONGEST + 1)).is_err());
    }
}
