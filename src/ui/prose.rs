//! Text that staff write: paragraphs and lists, and nothing else.

use maud::{Markup, html};

use super::words;

/// A part of a text between blank lines.
enum Block<'a> {
    Paragraph(Vec<&'a str>),
    /// Lines that begin with `- `.
    Bullets(Vec<&'a str>),
    /// Lines that begin with a number and a dot.
    Numbers(Vec<&'a str>),
}

/// Renders a text. A line that begins with `- ` is an item of a list, one that begins with `1. ` of a numbered list,
/// and a blank line ends a paragraph.
pub fn prose(text: &str) -> Markup {
    html! {
        @for block in blocks(text) {
            @match block {
                Block::Paragraph(lines) => p {
                    @for (at, line) in lines.iter().enumerate() { @if at > 0 { br; } (words(line)) }
                },
                Block::Bullets(items) => ul.bullets { @for item in items { li { (words(item)) } } },
                Block::Numbers(items) => ol.notice { @for item in items { li { (words(item)) } } },
            }
        }
    }
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            is_open = false;
            continue;
        }
        let last = blocks.last_mut().filter(|_| is_open);
        match (bullet(line), number(line), last) {
            (Some(item), _, Some(Block::Bullets(items))) => items.push(item),
            (Some(item), ..) => blocks.push(Block::Bullets(vec![item])),
            (_, Some(item), Some(Block::Numbers(items))) => items.push(item),
            (_, Some(item), _) => blocks.push(Block::Numbers(vec![item])),
            (.., Some(Block::Paragraph(lines))) => lines.push(line),
            _ => blocks.push(Block::Paragraph(vec![line])),
        }
        is_open = true;
    }
    blocks
}

fn bullet(line: &str) -> Option<&str> {
    ["- ", "• ", "· "].iter().find_map(|sign| line.strip_prefix(sign)).map(str::trim)
}

fn number(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - rest.len();
    let item = rest.strip_prefix(['.', '、', '．']).filter(|_| (1..=2).contains(&digits))?;
    // 1.5 is a number, and no item.
    (!item.starts_with(|c: char| c.is_ascii_digit())).then(|| item.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_paragraphs_and_lists() {
        let table = [
            ("一\n二\n\n三", "<p>一<br>二</p><p>三</p>"),
            ("- 甲\n- 乙", "<ul class=\"bullets\"><li>甲</li><li>乙</li></ul>"),
            ("1. 甲\n2、乙", "<ol class=\"notice\"><li>甲</li><li>乙</li></ol>"),
            ("请带：\n- 甲", "<p>请带：</p><ul class=\"bullets\"><li>甲</li></ul>"),
            ("1.5 倍", "<p>1.5 倍</p>"),
            ("<b>&", "<p>&lt;b&gt;&amp;</p>"),
            ("", ""),
        ];
        for (text, shown) in table {
            assert_eq!(prose(text).into_string(), shown, "{text}");
        }
    }
}
