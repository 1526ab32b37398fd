//! QR codes, drawn by the server: nothing to load, nothing to run.

use maud::{Markup, PreEscaped, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// A code for `text`, dark on white in both modes; `words` say where it leads. Empty when
/// the text is too long for a code (2,331 bytes at this level).
pub fn qr(text: &str, words: &str) -> Markup {
    let drawn = QrCode::with_error_correction_level(text, EcLevel::M)
        .map(|code| code.render::<svg::Color>().quiet_zone(true).build())
        .unwrap_or_default();
    // The prologue belongs to a file, not into a page.
    let picture = drawn.split_once("?>").map_or(drawn.as_str(), |(_, picture)| picture);
    html! { div.qr role="img" aria-label=(words) { (PreEscaped(picture)) } }
}

#[cfg(test)]
mod tests {
    use super::qr;

    #[test]
    fn a_code_is_a_picture_without_prologue_or_style() {
        let markup = qr("https://exam.example/s/abc", "登录二维码").0;
        assert!(markup.contains("><svg"), "{markup}");
        assert!(!markup.contains("<?xml") && !markup.contains("style="), "{markup}");
    }
}
