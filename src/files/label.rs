//! Names and sizes of files, as pages show them.

const LONGEST: usize = 80;
pub const UNNAMED: &str = "未命名文件";

/// The name to show for the one that a browser sent: the last part of a path, at most 80 characters
/// including the extension, without control, direction and zero-width characters, which could make `exe`
/// look like `jpg`. It is never used as a path.
pub fn clean_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|c| !is_hidden(*c)).collect();
    let name = visible.trim().trim_matches('.');
    if name.is_empty() { UNNAMED.to_owned() } else { shorten(name) }
}

/// `512 B`, `84 KB`, `1.2 MB` (1 KB is 1024 bytes).
pub fn human_size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_064 => format!("{} KB", (bytes + 512) / 1024),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.chars().count() <= 10 { ending } else { "" };
    let room = LONGEST - 1 - ending.chars().count();
    name.chars().take(room).chain(['…']).chain(ending.chars()).collect()
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_paths_and_invisible_characters() {
        let cases = [
            ("身份证 正面.jpg", "身份证 正面.jpg"),
            ("C:\\fakepath\\证书.PDF", "证书.PDF"),
            ("../../etc/passwd", "passwd"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("a\0b\r\nc.png", "abc.png"),
            ("..", UNNAMED),
            (" / ", UNNAMED),
            ("", UNNAMED),
        ];
        for (sent, shown) in cases {
            assert_eq!(clean_name(sent), shown);
        }
    }

    #[test]
    fn long_names_keep_their_extension() {
        let shown = clean_name(&format!("{}.jpeg", "证".repeat(200)));
        assert_eq!(shown.chars().count(), 80);
        assert!(shown.ends_with("证….jpeg"));
        let odd = clean_name(&format!("a.{}", "b".repeat(200)));
        assert_eq!(odd.chars().count(), 80);
        assert_eq!(clean_name(&"证".repeat(80)), "证".repeat(80));
    }

    #[test]
    fn sizes_have_a_unit() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KB"),
            (86_016, "84 KB"),
            (1_048_063, "1023 KB"),
            (1_048_064, "1.0 MB"),
            (1_258_291, "1.2 MB"),
            (10 << 20, "10.0 MB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(human_size(bytes), text);
        }
    }
}
