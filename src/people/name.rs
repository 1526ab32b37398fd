//! Names of people: what is stored, and the one form in which names are compared.
//!
//! A name that the portal or the authority vouches for is stored as they write it ([`given`]). A name that
//! somebody types is checked and tidied ([`parse`]). Names are compared and hashed by their [`key`] alone.

mod variants;

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::width;
use variants::{is_ignorable, usual};

/// Most characters of a name from the portal or a file. It bounds memory; no document has so many.
const LONGEST: usize = 200;

/// Lengths of a typed name, in characters.
pub const TYPED_LENGTH: RangeInclusive<usize> = 1..=60;

const WHAT_TO_DO: &str =
    "请按证件填写姓名，1 到 60 个字：汉字或字母，可以有空格、间隔号“·”、撇号、连字符、点、逗号和括号";

/// Punctuation of names on documents: O'NEIL, JEAN-LUC, JOHN F. KENNEDY, GARCÍA, JOSÉ, 王（小明）.
const PUNCTUATION: &str = " ·'-.,()（），。/";

/// A name as the portal or the authority writes it, with single spaces and without invisible characters.
/// `None` if nothing is left, or if it is far longer than a name.
pub fn given(text: &str) -> Option<String> {
    let dropped = |c: &char| width::is_invisible(*c) || c.is_control() && !c.is_whitespace();
    let visible: String = text.chars().filter(|c| !dropped(c)).collect();
    let name = single_spaced(&visible);
    (!name.is_empty() && name.chars().count() <= LONGEST).then_some(name)
}

/// Tidies a typed name: Chinese with `·` and without spaces, others with single spaces. The error says in
/// Chinese what to do.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let name = tidied(text);
    let letters = name.chars().filter(|c| is_letter(*c)).count();
    let digits = name.chars().filter(|c| c.is_numeric() && !is_letter(*c)).count();
    let is_mark = |c: char| is_combining_mark(c) || PUNCTUATION.contains(usual(c));
    let known = |c: char| is_letter(c) || c.is_numeric() || is_mark(c);
    // A document number in the wrong field has more digits than letters.
    let holds = letters > digits && name.chars().all(known) && TYPED_LENGTH.contains(&name.chars().count());
    if holds { Ok(name) } else { Err(WHAT_TO_DO) }
}

/// The form in which names are compared and hashed: equal for all spellings that a person would call one name.
///
/// It is the compatibility form NFKC of Unicode (UAX #15), after which these are equal too:
/// - radicals and the old private-use code points of rare ideographs, see [`variants`];
/// - middle dots, apostrophes, hyphens and spaces of every sort;
/// - capital and small letters;
/// - spaces beside punctuation, and all spaces in Chinese, Japanese and Korean names, where a dot and a hyphen
///   are equal as well.
///
/// Stored hashes contain it. A change here needs a migration that computes them anew, see
/// [`name_hashes`](crate::exams::name_hashes).
pub fn key(name: &str) -> String {
    if name.is_ascii() && !name.contains('`') {
        return spaced(&name.to_ascii_uppercase());
    }
    // Accents that stand for an apostrophe must be replaced first: NFKC makes a space and an accent of them.
    let usual_first: String = name.chars().filter(|c| !is_ignorable(*c)).map(usual).collect();
    let composed: String = usual_first.nfkc().collect();
    // To small letters first, since ẞ has no capitals, and to capitals last, since ß has two.
    let capitals = composed.to_lowercase().to_uppercase();
    let form: String = capitals.nfkc().map(usual).map(|c| if c == 'İ' { 'I' } else { c }).collect();
    if form.chars().any(is_unspaced) { closed(&form) } else { spaced(&form) }
}

/// Whether two spellings are one name.
pub fn same(one: &str, other: &str) -> bool {
    key(one) == key(other)
}

fn tidied(text: &str) -> String {
    let text = width::half(text);
    if !text.chars().any(is_unspaced) {
        return single_spaced(&text);
    }
    let closed = text.chars().filter(|c| !c.is_whitespace());
    closed.map(|c| if matches!(c, '.' | '。' | '．') || usual(c) == '·' { '·' } else { c }).collect()
}

/// Of names in scripts without spaces: parts separated by single dots.
fn closed(name: &str) -> String {
    let visible: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    let parts = visible.split(['·', '-', '.', '。']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("·")
}

/// Of names in other scripts: single spaces, and none beside punctuation.
fn spaced(name: &str) -> String {
    let mut form = String::with_capacity(name.len());
    for word in name.replace('。', ".").split_whitespace() {
        let punctuated = form.ends_with(is_mark) || word.starts_with(is_mark);
        if !form.is_empty() && !punctuated {
            form.push(' ');
        }
        form.push_str(word);
    }
    form
}

fn is_mark(c: char) -> bool {
    matches!(c, '\'' | '-' | '·' | '.' | ',' | '(' | ')' | '/')
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters of any script, and rare ideographs at the private-use code points that old systems give them.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || is_han(c) || is_han(usual(c))
}

/// Characters of scripts that are written without spaces: Han, kana and hangul.
fn is_unspaced(c: char) -> bool {
    is_han(c)
        || is_han(usual(c))
        || matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3041}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}'
            | '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}')
}

/// The Han blocks of Unicode 16: URO, extensions A–I, compatibility, and 〇.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{323af}'
        | '\u{f900}'..='\u{faff}' | '〇')
}

#[cfg(test)]
mod tests;
