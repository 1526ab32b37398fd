//! Names of people: normalisation for storage, and a key for comparison.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use super::width;

/// Characters typed for the middle dot of a name such as 买买提·艾力.
const DOTS: [char; 8] = ['·', '•', '・', '･', '‧', '∙', '.', '。'];

/// Lengths of a name, in characters.
const LENGTH: RangeInclusive<usize> = 2..=50;

static WRONG_LENGTH: LazyLock<String> =
    LazyLock::new(|| format!("请填写 {} 到 {} 个字的姓名", LENGTH.start(), LENGTH.end()));

/// Normalises a name: Chinese with `·` and without spaces, or Latin letters with single spaces. The
/// error says in Chinese what to do.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let name = normalise(text);
    if !LENGTH.contains(&name.chars().count()) {
        return Err(&WRONG_LENGTH);
    }
    if is_chinese(&name) || is_latin(&name) {
        Ok(name)
    } else {
        Err("请按证件填写姓名，只用汉字或字母")
    }
}

/// Equal for all spellings of a name: for comparison and for hashes.
pub fn key(name: &str) -> String {
    normalise(name).to_uppercase()
}

/// Whether two spellings are one name. Sign-ins compare names so, in `identity::decision`: case, spaces and the kind of dot are ignored.
pub fn same(one: &str, other: &str) -> bool {
    key(one) == key(other)
}

fn normalise(text: &str) -> String {
    let text = width::half(text);
    if text.chars().any(is_han) {
        let closed = text.chars().filter(|c| !c.is_whitespace());
        return closed.map(|c| if DOTS.contains(&c) { '·' } else { c }).collect();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_chinese(name: &str) -> bool {
    name.split('·').all(|part| !part.is_empty() && part.chars().all(is_han))
}

/// Letters and the punctuation that passports print: O'NEIL, JEAN-LUC, JOHN F. KENNEDY.
fn is_latin(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, 'À'..='ɏ') && c.is_alphabetic();
    let begins = name.chars().next().is_some_and(letter);
    begins && name.chars().all(|c| letter(c) || matches!(c, ' ' | '\'' | '’' | '-' | '.'))
}

/// The Han blocks of Unicode 16: URO, extensions A–I, compatibility, and 〇.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{323af}'
        | '\u{f900}'..='\u{faff}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_names_get_one_dot_and_no_spaces() {
        let cases = [
            ("张三", "张三"),
            (" 张 三　", "张三"),
            ("买买提•艾力", "买买提·艾力"),
            ("买买提．艾力", "买买提·艾力"),
            ("买买提・艾力", "买买提·艾力"),
            ("㐂一", "㐂一"),
            ("𠮷田", "𠮷田"),
        ];
        for (typed, stored) in cases {
            assert_eq!(parse(typed).as_deref(), Ok(stored));
        }
    }

    #[test]
    fn latin_names_keep_single_spaces() {
        assert_eq!(parse("Wang   Xiao Ming ").as_deref(), Ok("Wang Xiao Ming"));
        assert_eq!(parse("ＷＡＮＧ").as_deref(), Ok("WANG"));
        assert_eq!(parse("José O'Neil-Müller Jr.").as_deref(), Ok("José O'Neil-Müller Jr."));
    }

    #[test]
    fn other_text_is_refused() {
        let long = "张".repeat(51);
        for text in
            ["", "张", " 张 ", "张三1", "·张三", "张三·", "张··三", "张A", "12", "--", "<b>a", "Иван", &long]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"张".repeat(50)).is_ok());
    }

    #[test]
    fn spellings_of_one_name_are_the_same() {
        assert!(same("wang  Xiaoming", "WANG XIAOMING"));
        assert!(same("买买提.艾力", "买买提·艾力"));
        assert!(same("张　三", "张三"));
        assert!(!same("张三", "张王"));
        assert!(!same("WANG XIAO", "WANGXIAO"));
    }
}
