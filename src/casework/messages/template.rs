//! Texts of messages with placeholders in braces, such as `{受理号}`.

use diesel::prelude::*;

use super::topic::{Facts, Slot, Topic};
use crate::casework::business::Business;
use crate::store::schema::office_texts as t;
use crate::store::{Error, Tx};

/// Most characters of a text with its values, which is what gateways take as one long SMS.
pub const LONGEST: usize = 500;

/// Characters of a single SMS, and of each part of a longer one.
const SINGLE: usize = 70;
const PART: usize = 67;

/// A text that is in use.
pub(super) struct MessageText {
    /// Topic, business or `office`, and version, such as `returned/office/2`.
    pub name: String,
    pub body: String,
}

/// The text of a topic: the one that the business has of its own, or the office's.
pub(super) fn current(tx: &mut Tx, topic: Topic, business: Option<&Business>) -> Result<MessageText, Error> {
    let slug = business.map_or("", |business| business.slug);
    let both: Vec<(String, i32, String)> = t::table
        .filter(t::name.eq(topic.code()))
        .filter(t::kind.eq(slug).or(t::kind.eq("")))
        .order(t::version.desc())
        .select((t::kind, t::version, t::body))
        .load(tx.conn)?;
    let newest = |of: &str| both.iter().find(|(kind, ..)| kind == of);
    // An empty text of a business stands for the office's.
    let own = newest(slug).filter(|(.., body)| !body.is_empty()).or_else(|| newest(""));
    let (scope, version, body) = match own {
        Some((kind, version, body)) => (kind.as_str(), *version, body.as_str()),
        None => ("", 0, topic.built_in()),
    };
    let scope = if scope.is_empty() { "office" } else { scope };
    Ok(MessageText { name: format!("{}/{scope}/{version}", topic.code()), body: body.to_owned() })
}

enum Piece<'a> {
    Plain(&'a str),
    Named(&'a str),
}

/// The pieces of a text, or `None` if a brace has no partner.
fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, named) = rest.split_at(at);
        let (name, after) = named.strip_prefix('{')?.split_once('}')?;
        pieces.extend([Piece::Plain(plain), Piece::Named(name)]);
        rest = after;
    }
    pieces.push(Piece::Plain(rest));
    Some(pieces)
}

/// The text of a topic in the form in which it is published: one line. Otherwise what is wrong with it, in Chinese.
pub fn check(topic: Topic, typed: &str) -> Result<String, String> {
    let text = typed.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned();
    if text.is_empty() {
        return Err("请填写内容".to_owned());
    }
    let pieces = pieces(&text).ok_or("花括号要成对，里面写名称，例如 {受理号}".to_owned())?;
    for piece in pieces {
        let Piece::Named(name) = piece else { continue };
        if !topic.slots().iter().any(|slot| slot.code() == name) {
            return Err(format!("不能使用 {{{name}}}；{}", offered(topic)));
        }
    }
    match example(topic, &text).chars().count() {
        length if length > LONGEST => Err(format!("按示例共 {length} 字，短信最多 {LONGEST} 字")),
        _ => Ok(text),
    }
}

/// The placeholders that a text of the topic may have, in a sentence.
pub fn offered(topic: Topic) -> String {
    let names: Vec<String> = topic.slots().iter().map(|slot| format!("{{{}}}", slot.code())).collect();
    match names.is_empty() {
        true => "这里没有可以使用的占位名称".to_owned(),
        false => format!("可以使用 {}", names.join("、")),
    }
}

/// The text with its values. What has none is left out, and what is too long is cut off.
pub fn render(text: &str, facts: &Facts) -> String {
    let full = fill(text, facts);
    if full.chars().count() <= LONGEST {
        return full;
    }
    full.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn fill(text: &str, facts: &Facts) -> String {
    let value = |name: &str| {
        let named = facts.iter().find(|(slot, _)| slot.code() == name);
        named.map_or("", |(_, value)| value.as_str())
    };
    let pieces = pieces(text).unwrap_or_default();
    let filled = pieces.iter().map(|piece| match piece {
        Piece::Plain(plain) => plain,
        Piece::Named(name) => value(name),
    });
    filled.collect()
}

/// The text with values that show what it looks like.
pub fn example(topic: Topic, text: &str) -> String {
    fill(text, &topic.slots().iter().map(|slot| (*slot, slot.example().to_owned())).collect())
}

/// How many SMS a text takes.
pub fn parts(text: &str) -> usize {
    match text.chars().count() {
        length if length <= SINGLE => 1,
        length => length.div_ceil(PART),
    }
}

/// The values of a text by their names.
pub(super) fn named(facts: &Facts) -> serde_json::Value {
    let value = |(slot, value): &(Slot, String)| (slot.code().to_owned(), value.as_str().into());
    facts.iter().map(value).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_the_program_is_a_text_of_its_topic() {
        for topic in Topic::ALL {
            let text = topic.built_in();
            assert_eq!(check(topic, text).as_deref(), Ok(text), "{topic:?}");
            let shown = example(topic, text);
            assert!(!shown.contains('{') && parts(&shown) <= 2, "{shown}");
        }
    }

    #[test]
    fn placeholders_are_filled_once() {
        let facts = vec![(Slot::Business, "{受理号}".to_owned()), (Slot::Number, "TF1".to_owned())];
        assert_eq!(render("{业务} {受理号}{事项}。", &facts), "{受理号} TF1。");
    }

    #[test]
    fn unknown_placeholders_and_lone_braces_are_refused() {
        for (typed, told) in [
            ("您好 {身份证号}", "不能使用 {身份证号}；可以使用 {业务}、{受理号}、{事项}"),
            ("您好 {截止日期}", "不能使用 {截止日期}"),
            ("{}", "不能使用 {}"),
            ("{业务", "花括号要成对"),
            ("业务}", "花括号要成对"),
            ("{{业务}}", "花括号要成对"),
            (" \n ", "请填写内容"),
        ] {
            let refused = check(Topic::Approved, typed).expect_err(typed);
            assert!(refused.starts_with(told), "{typed}: {refused}");
        }
        assert_eq!(check(Topic::Approved, " {业务}\r\n 已通过 ").as_deref(), Ok("{业务} 已通过"));
    }

    #[test]
    fn length_counts_the_values_and_not_the_names() {
        assert_eq!((parts(&"字".repeat(70)), parts(&"字".repeat(71)), parts(&"字".repeat(135))), (1, 2, 3));
        assert!(check(Topic::Approved, &"字".repeat(LONGEST)).is_ok());
        assert!(check(Topic::Approved, &"字".repeat(LONGEST + 1)).is_err());
        let refused = check(Topic::Approved, &format!("{}{{受理号}}", "字".repeat(LONGEST - 10)));
        assert_eq!(refused, Err("按示例共 507 字，短信最多 500 字".to_owned()));
        let facts = vec![(Slot::Title, "长".repeat(600))];
        let cut = render("{事项}", &facts);
        assert!(cut.chars().count() == LONGEST && cut.ends_with('…'));
    }
}
