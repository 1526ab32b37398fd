//! QR codes, drawn by the server: nothing to load, nothing to run.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};
use qrcode::bits::encode_auto;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::ec::construct_codewords;
use qrcode::types::QrResult;
use qrcode::{Color, EcLevel};

/// Light modules around a code (ISO/IEC 18004 §5.3.8).
const QUIET: usize = 4;

/// Readers take any of the eight masks; a printer of labels would try them all and keep the most
/// even one, at eight times the work. What we draw ends in random letters, which this one leaves
/// as even as they are, and ten thousand screens want a new picture every fifteen seconds.
const MASK: MaskPattern = MaskPattern::DiagonalLines;

/// A code for `text`, dark on white in both modes; `words` say where it leads. Empty when
/// the text is too long for a code (2,331 bytes at this level).
pub fn qr(text: &str, words: &str) -> Markup {
    let drawn = modules(text).map(|modules| picture(&modules)).unwrap_or_default();
    html! { div.qr role="img" aria-label=(words) { (PreEscaped(drawn)) } }
}

/// Row after row of a square.
fn modules(text: &str) -> QrResult<Vec<Color>> {
    let bits = encode_auto(text.as_bytes(), EcLevel::M)?;
    let version = bits.version();
    let (data, correction) = construct_codewords(&bits.into_bytes(), version, EcLevel::M)?;
    let mut canvas = Canvas::new(version, EcLevel::M);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    canvas.apply_mask(MASK);
    Ok(canvas.into_colors())
}

/// One path, of a horizontal line for each run of dark modules.
fn picture(modules: &[Color]) -> String {
    let width = modules.len().isqrt();
    let all = width + 2 * QUIET;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {all} {all}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{all}v{all}H0z\"/><path stroke=\"#000\" d=\""
    );
    for (y, row) in modules.chunks(width).enumerate() {
        let mut x = QUIET;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let _ = write!(svg, "M{x} {}.5h{}", y + QUIET, run.len());
            }
            x += run.len();
        }
    }
    svg.push_str("\"/></svg>");
    svg
}

#[cfg(test)]
mod tests {
    use qrcode::QrCode;

    use super::*;

    #[test]
    fn a_code_is_a_picture_without_prologue_or_style() {
        let markup = qr("https://exam.example/s/abc", "登录二维码").0;
        assert!(markup.contains("><svg"), "{markup}");
        assert!(!markup.contains("<?xml") && !markup.contains("style="), "{markup}");
    }

    #[test]
    fn every_dark_module_is_drawn_and_no_other() {
        let modules = modules("https://exam.example/s/01JQZX7Y8M3V5K2N9T4R6W1C0D.3.mac").unwrap();
        let (width, svg) = (modules.len().isqrt(), picture(&modules));
        let mut drawn = vec![Color::Light; modules.len()];
        let (_, path) = svg.split_once("stroke=\"#000\" d=\"M").unwrap();
        for run in path.trim_end_matches("\"/></svg>").split('M') {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, length) = rest.split_once(".5h").unwrap();
            let [x, y, length] = [x, y, length].map(|number| number.parse::<usize>().unwrap());
            let start = (y - QUIET) * width + x - QUIET;
            drawn[start..start + length].fill(Color::Dark);
        }
        assert_eq!(drawn, modules);
    }

    #[test]
    fn a_code_is_as_large_as_the_library_makes_it() {
        for text in ["a", "https://exam.example/v/abcdefghijklmnop", &"x".repeat(2331)] {
            let theirs = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
            assert_eq!(modules(text).unwrap().len().isqrt(), theirs.width(), "{} bytes", text.len());
        }
        assert!(modules(&"x".repeat(2332)).is_err());
    }
}
