//! Texts of the office: the privacy notice, messages to candidates, and by business notices, help and ready-made reasons.
//!
//! The text of the program is version 0. Each text that an administrator publishes is a version more, and none is ever
//! changed, so that the text that somebody agreed to can be read later.

mod privacy;

use diesel::prelude::*;

use super::business::{Business, Notice};
use super::lifecycle::Action;
use super::messages::template;
use super::messages::topic::Topic;
use super::question::{AnswerRule, Choice, Choices, PROMISED, Question};
use super::refusal::Refusal;
use crate::either;
use crate::people::candidate::PRIVACY_NOTICE;
use crate::people::staff::{self as roster, StaffMember};
use crate::settings::Contact;
use crate::store::schema::{office_texts as t, staff};
use crate::store::{Error, Timestamp, Tx};

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

/// A version that an administrator published.
pub struct Published {
    pub version: i32,
    pub staff: String,
    pub at: Timestamp,
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
    fn offered_by(question: &Question) -> Option<TextKind> {
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
            _ if text.is_empty() && !self.can_be_empty(scope) => Err(format!("请填写{}", self.label())),
            TextKind::Notice | TextKind::Privacy | TextKind::Help | TextKind::Promise => Ok(text),
            TextKind::Remarks | TextKind::Marks | TextKind::Areas => self.check_lines(&text),
            TextKind::Contact => Contact::parse(&text).map(|_| text),
            TextKind::Message(_) if text.is_empty() && scope.is_some() => Ok(text),
            TextKind::Message(topic) => template::check(topic, &text),
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

fn parse_remark(line: &str) -> Option<(Action, String)> {
    let (action, text) = match (line.strip_prefix(APPROVED), line.strip_prefix(REJECTED)) {
        (Some(text), _) => (Action::Approve, text),
        (_, Some(text)) => (Action::Reject, text),
        _ => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| (action, text.to_owned()))
}

/// The value of the column `kind`.
fn slug(scope: Option<&Business>) -> &'static str {
    scope.map_or("", |business| business.slug)
}

/// The text that is in use. `None` if the business, or the office, has no such text.
pub fn current(tx: &mut Tx, kind: TextKind, scope: Option<&Business>) -> Result<Option<OfficeText>, Error> {
    let Some(built_in) = kind.built_in(scope) else { return Ok(None) };
    let newest: Option<(i32, String)> = t::table
        .filter(t::kind.eq(slug(scope)))
        .filter(t::name.eq(kind.code()))
        .order(t::version.desc())
        .select((t::version, t::body))
        .first(tx.conn)
        .optional()?;
    Ok(Some(newest.map_or(built_in, |(version, body)| OfficeText { version, body })))
}

/// A version of a text.
pub fn of_version(
    tx: &mut Tx,
    kind: TextKind,
    scope: Option<&Business>,
    version: i32,
) -> Result<Option<OfficeText>, Error> {
    if version == 0 {
        return Ok(kind.built_in(scope));
    }
    let body: Option<String> = t::table
        .filter(t::kind.eq(slug(scope)))
        .filter(t::name.eq(kind.code()))
        .filter(t::version.eq(version))
        .select(t::body)
        .first(tx.conn)
        .optional()?;
    Ok(body.map(|body| OfficeText { version, body }))
}

/// The published versions, the newest first.
pub fn versions(tx: &mut Tx, kind: TextKind, scope: Option<&Business>) -> Result<Vec<Published>, Error> {
    let rows: Vec<(i32, String, Timestamp)> = t::table
        .inner_join(staff::table)
        .filter(t::kind.eq(slug(scope)))
        .filter(t::name.eq(kind.code()))
        .order(t::version.desc())
        .select((t::version, staff::name, t::published_at))
        .load(tx.conn)?;
    Ok(rows.into_iter().map(|(version, staff, at)| Published { version, staff, at }).collect())
}

/// Publishes a checked text as the version after `seen`.
///
/// # Errors
/// [`Refusal::ChangedMeanwhile`] if `seen` is not in use any more.
pub fn publish(
    tx: &mut Tx,
    staff: &StaffMember,
    (kind, scope): (TextKind, Option<&Business>),
    seen: i32,
    body: &str,
) -> Result<(), Refusal> {
    let current = current(tx, kind, scope)?.ok_or(Refusal::NotFound)?;
    if current.version != seen {
        return Err(Refusal::ChangedMeanwhile);
    }
    let row = (
        t::id.eq(tx.id()),
        t::name.eq(kind.code()),
        t::kind.eq(slug(scope)),
        t::version.eq(seen + 1),
        t::body.eq(body),
        t::staff_id.eq(&staff.id),
        t::published_at.eq(tx.now),
    );
    // Of two who publish at once, the other finds the version taken.
    let added = either!(tx.conn, conn => diesel::insert_into(t::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    if added == 0 {
        return Err(Refusal::ChangedMeanwhile);
    }
    let target = format!("{} {} {}", scope.map_or("office", |business| business.slug), kind.code(), seen + 1);
    Ok(roster::audit(tx, &staff.id, "text", &target)?)
}

/// The privacy notice that is in use.
pub fn privacy_notice(tx: &mut Tx) -> Result<OfficeText, Error> {
    current(tx, TextKind::Privacy, None)?.ok_or(Error::Corrupt("office_texts"))
}

/// The notice of a business that is in use, with the name of its version that an application keeps.
#[derive(Clone)]
pub struct CurrentNotice {
    pub title: &'static str,
    pub version: String,
    pub body: String,
}

/// The notice to agree to before a form, if the business has one.
pub fn notice(tx: &mut Tx, business: &Business) -> Result<Option<CurrentNotice>, Error> {
    let Some(notice) = &business.notice else { return Ok(None) };
    let text = current(tx, TextKind::Notice, Some(business))?;
    Ok(text.map(|OfficeText { version, body }| CurrentNotice {
        title: notice.title,
        version: version_name(notice, version),
        body,
    }))
}

/// The notice of a version that an application keeps. `None` if the program has another text now.
pub fn agreed_notice(tx: &mut Tx, business: &Business, name: &str) -> Result<Option<CurrentNotice>, Error> {
    let Some(notice) = &business.notice else { return Ok(None) };
    let number = name.strip_prefix(REVISION).and_then(|number| number.parse().ok());
    let Some(version) = number.or((name == notice.version).then_some(0)) else { return Ok(None) };
    let text = of_version(tx, TextKind::Notice, Some(business), version)?;
    let shown =
        |text: OfficeText| CurrentNotice { title: notice.title, version: name.to_owned(), body: text.body };
    Ok(text.map(shown))
}

/// Begins the name of a version that an administrator published.
const REVISION: &str = "r";

fn version_name(notice: &Notice, version: i32) -> String {
    if version == 0 { notice.version.to_owned() } else { format!("{REVISION}{version}") }
}

/// What the questions of a business offer that the office publishes. An answer stays what it was when another version
/// is published: a promise is named by its version.
pub fn published_choices(tx: &mut Tx, business: &Business) -> Result<Choices, Error> {
    let mut choices = Choices::new();
    for question in business.questions() {
        let Some(kind) = TextKind::offered_by(question) else { continue };
        let text = current(tx, kind, Some(business))?.ok_or(Error::Corrupt("office_texts"))?;
        let offered = match kind {
            TextKind::Promise => vec![Choice::new(promise_name(text.version), text.body)],
            _ => text.body.lines().map(|line| Choice::new(line, line)).collect(),
        };
        choices.insert(question.name, offered);
    }
    Ok(choices)
}

fn promise_name(version: i32) -> String {
    if version == 0 { PROMISED.to_owned() } else { format!("{REVISION}{version}") }
}

/// The office's contact, if an administrator has published one.
pub fn published_contact(tx: &mut Tx) -> Result<Option<Contact>, Error> {
    let text = current(tx, TextKind::Contact, None)?.filter(|text| text.version > 0);
    text.map(|text| Contact::parse(&text.body).map_err(|_| Error::Corrupt("office_texts.body"))).transpose()
}

/// The ready-made texts of a reviewer.
#[derive(Clone, Default)]
pub struct Reasons {
    /// Remarks, each for a verdict.
    pub remarks: Vec<(Action, String)>,
    pub marks: Vec<String>,
}

impl Reasons {
    pub fn load(tx: &mut Tx, business: &Business) -> Result<Reasons, Error> {
        let remarks =
            current(tx, TextKind::Remarks, Some(business))?.map(|text| text.body).unwrap_or_default();
        let marks = current(tx, TextKind::Marks, Some(business))?.map(|text| text.body).unwrap_or_default();
        Ok(Reasons {
            remarks: remarks.lines().filter_map(parse_remark).collect(),
            marks: marks.lines().map(str::to_owned).collect(),
        })
    }
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
