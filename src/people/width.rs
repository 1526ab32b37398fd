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

/// Normalises a number: [`half`] width, no spaces, capital letters, and `-` for each sort of hyphen.
pub fn compact(text: &str) -> String {
    let mut number = joined(text);
    number.make_ascii_uppercase();
    number
}

/// [`compact`] without a change of case.
pub fn joined(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_owned();
    }
    let half = half(text);
    let visible = half.chars().filter(|c| !c.is_whitespace());
    visible.map(|c| if is_hyphen(c) { '-' } else { c }).collect()
}

/// Hyphens, dashes and minus signs. Word processors and input methods write one for another.
pub fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}' | '\u{5be}' | '\u{2d7}' | '\u{1806}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{2501}'
                | '\u{2796}'
                | '\u{2e17}'
                | '\u{2e1a}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{2e40}'
                | '\u{30a0}'
                | '\u{fe31}'
                | '\u{fe32}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
    )
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
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
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

    #[test]
    fn compact_writes_one_sort_of_hyphen() {
        for hyphen in "-‐‑‒–—―−﹣－".chars() {
            assert_eq!(compact(&format!("a{hyphen}1")), "A-1", "{hyphen}");
        }
    }
}
