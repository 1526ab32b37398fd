//! Normalises full-width characters and spaces, which Chinese keyboards produce.

/// Replaces full-width characters (U+FF01–U+FF5E) by ASCII and the ideographic space by a space, and
/// removes zero-width characters.
pub fn half(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut half = String::with_capacity(text.len());
    half.extend(text.chars().filter(|c| !is_invisible(*c)).map(narrow));
    half
}

/// Normalises a number: [`half`] width, no spaces, capital letters.
pub fn compact(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_ascii_uppercase();
    }
    let mut half = half(text);
    half.retain(|c| !c.is_whitespace());
    half.make_ascii_uppercase();
    half
}

/// Whether the text has only spaces and invisible characters.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Text copied from chats and web pages contains these characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_becomes_ascii() {
        assert_eq!(half("１３８　ａＺ（Ｂ）～！"), "138 aZ(B)~!");
        assert_eq!(half("\u{feff}138\u{200b}00\u{202e}"), "13800");
        assert_eq!(half("张·三"), "张·三");
    }

    #[test]
    fn invisible_characters_are_blank() {
        for blank in ["", " \t\n", "\u{3000}\u{a0}", "\u{200b}\u{feff} \u{202e}"] {
            assert!(is_blank(blank) && compact(blank).is_empty(), "{blank:?}");
        }
        assert!(!is_blank(" 张") && !is_blank("\u{200b}."));
    }

    #[test]
    fn compact_removes_spaces_and_lower_case() {
        assert_eq!(compact("11010519491231002x"), "11010519491231002X");
        assert_eq!(compact(" 1101 0519\u{a0}４９１２ 31002ｘ\n"), "11010519491231002X");
    }
}
