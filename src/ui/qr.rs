//! QR codes, drawn by the server: nothing to load, nothing to run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use png::{BitDepth, ColorType, Compression, Encoder};
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
    let drawn = modules(text).ok().and_then(|modules| picture(&modules).ok());
    let drawn = drawn.map(|file| PreEscaped(STANDARD.encode(file)));
    html! {
        div.qr {
            @if let Some(drawn) = drawn {
                img width="240" height="240" src={ "data:image/png;base64," (drawn) } alt=(words);
            }
        }
    }
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

/// A PNG with a pixel, of one bit, for each module: half of what it is as a path of an SVG, and
/// drawn in a tenth of the time.
fn picture(modules: &[Color]) -> Result<Vec<u8>, png::EncodingError> {
    let width = modules.len().isqrt();
    let side = width + 2 * QUIET;
    let stride = side.div_ceil(8);
    let mut pixels = vec![u8::MAX; stride * side];
    for (row, line) in modules.chunks(width).zip(pixels.chunks_mut(stride).skip(QUIET)) {
        // Without a branch: no processor foresees which modules are dark.
        for (x, module) in (QUIET..).zip(row) {
            line[x / 8] ^= u8::from(*module == Color::Dark) << (7 - x % 8);
        }
    }
    let (mut file, side) = (Vec::with_capacity(1024), side as u32);
    let mut encoder = Encoder::new(&mut file, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_compression(Compression::NoCompression);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use qrcode::QrCode;

    use super::*;

    #[test]
    fn a_code_says_where_it_leads() {
        let markup = qr("https://exam.example/s/abc", "登录二维码").0;
        assert!(markup.contains(" src=\"data:image/png;base64,") && markup.contains("alt=\"登录二维码\""));
    }

    #[test]
    fn every_dark_module_is_drawn_and_no_other() {
        let modules = modules("https://exam.example/s/01JQZX7Y8M3V5K2N9T4R6W1C0D.3.mac").unwrap();
        let width = modules.len().isqrt();
        let file = picture(&modules).unwrap();
        let drawn = image::load_from_memory(&file).unwrap().into_luma8();
        assert_eq!(drawn.width() as usize, width + 2 * QUIET);
        for (x, y, pixel) in drawn.enumerate_pixels() {
            let (x, y) = ((x as usize).wrapping_sub(QUIET), (y as usize).wrapping_sub(QUIET));
            let dark = x < width && y < width && modules[y * width + x] == Color::Dark;
            assert_eq!(pixel.0 == [0], dark, "{x} {y}");
        }
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
