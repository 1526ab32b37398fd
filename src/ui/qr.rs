//! QR codes as inline PNG images, drawn by the server.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use png::{BitDepth, ColorType, Compression, Encoder};
use qrcode::bits::encode_auto;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::ec::construct_codewords;
use qrcode::types::QrResult;
use qrcode::{Color, EcLevel, Version};

/// Light modules around a code (ISO/IEC 18004 §5.3.8).
const QUIET: usize = 4;

/// Readers accept any of the eight masks. ISO/IEC 18004 §7.8.3 draws a code with each of them and selects
/// the most even pattern, which is eight times the work. Our texts end in random letters, so that this mask
/// is even enough, and ten thousand login screens need a new picture every 15 seconds.
const MASK: MaskPattern = MaskPattern::DiagonalLines;

/// Where a code is shown, which decides the level of error correction.
#[derive(Clone, Copy)]
pub enum Medium {
    /// A display: 7 % of the code may be unreadable, and the modules are larger.
    Screen,
    /// May be folded, copied or stamped: 15 % may be unreadable.
    Paper,
}

impl Medium {
    fn level(self) -> EcLevel {
        match self {
            Medium::Screen => EcLevel::L,
            Medium::Paper => EcLevel::M,
        }
    }
}

/// A code for `text`, dark on white also in dark mode. `words` is the alternative text. The `div` is empty
/// if the text is too long for a code: over 2,953 bytes on a screen, 2,331 on paper.
pub fn qr(text: &str, words: &str, on: Medium) -> Markup {
    let drawn = pixels(text, on.level()).ok().and_then(|(side, pixels)| picture(side, &pixels).ok());
    let drawn = drawn.map(|file| PreEscaped(STANDARD.encode(file)));
    html! {
        div.qr {
            @if let Some(drawn) = drawn {
                img width="240" height="240" src={ "data:image/png;base64," (drawn) } alt=(words);
            }
        }
    }
}

/// The side of the square and its pixels row by row: one bit for each module.
fn pixels(text: &str, level: EcLevel) -> QrResult<(usize, Vec<u8>)> {
    let bits = encode_auto(text.as_bytes(), level)?;
    let version = bits.version();
    let (data, correction) = construct_codewords(&bits.into_bytes(), version, level)?;
    let size = (version.width() as usize - 21) / 4;
    let form = FORMS[level as usize][size].get_or_init(|| Form::new(version, level, &data, &correction));
    Ok((form.side, form.filled(data.iter().chain(&correction))))
}

/// By level and size, made at first use.
static FORMS: [[OnceLock<Form>; 40]; 2] = [const { [const { OnceLock::new() }; 40] }; 2];

/// A code of one level and size that can be filled with any text.
///
/// For each text the library would draw the same patterns, look for the free modules and mask them.
/// Here the library is used once for each level and size, to find the module of each bit. That halves
/// the time for a code.
struct Form {
    side: usize,
    /// Pixels of a code whose data bits are all 0.
    blank: Vec<u8>,
    /// For each data bit, the pixel that a 1 inverts.
    places: Vec<usize>,
}

impl Form {
    /// A form for a version whose codes have as many codewords as `data` and `correction`.
    fn new(version: Version, level: EcLevel, data: &[u8], correction: &[u8]) -> Form {
        let (words, width) = (data.len() + correction.len(), version.width() as usize);
        let draw = |bit: &dyn Fn(usize) -> bool| {
            let word = |word| (0..8).fold(0, |byte, i| byte << 1 | u8::from(bit(word * 8 + i)));
            let drawn: Vec<u8> = (0..words).map(word).collect();
            let (data, correction) = drawn.split_at(data.len());
            modules(version, level, data, correction)
        };
        let blank = draw(&|_| false);
        // Draw each binary digit of the bits' numbers in turn; together they number the modules.
        let mut numbers = vec![0; blank.len()];
        for digit in 0..=(words * 8).ilog2() {
            let drawn = draw(&|bit| (bit + 1) >> digit & 1 == 1);
            for (number, (drawn, blank)) in numbers.iter_mut().zip(drawn.iter().zip(&blank)) {
                *number |= usize::from(drawn != blank) << digit;
            }
        }
        let side = width + 2 * QUIET;
        let line = side.next_multiple_of(8);
        let pixel = |module: usize| (module / width + QUIET) * line + module % width + QUIET;
        let mut form = Form { side, blank: vec![u8::MAX; line / 8 * side], places: vec![0; words * 8] };
        for (module, number) in numbers.into_iter().enumerate() {
            if blank[module] == Color::Dark {
                form.blank[pixel(module) / 8] ^= 0x80 >> (pixel(module) % 8);
            }
            if let Some(place) = form.places.get_mut(number.wrapping_sub(1)) {
                *place = pixel(module);
            }
        }
        form
    }

    fn filled<'a>(&self, words: impl Iterator<Item = &'a u8>) -> Vec<u8> {
        let mut pixels = self.blank.clone();
        for (word, places) in words.zip(self.places.chunks(8)) {
            for (bit, place) in places.iter().enumerate() {
                // No branch: bits are random, so a processor cannot predict one.
                pixels[place / 8] ^= (word >> (7 - bit) & 1) << (7 - place % 8);
            }
        }
        pixels
    }
}

/// The modules row by row, as the library draws them.
fn modules(version: Version, level: EcLevel, data: &[u8], correction: &[u8]) -> Vec<Color> {
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(data, correction);
    canvas.apply_mask(MASK);
    canvas.into_colors()
}

/// A PNG with one bit for each pixel: half the size of an SVG path, made in a tenth of the time.
fn picture(side: usize, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let (mut file, side) = (Vec::with_capacity(1024), side as u32);
    let mut encoder = Encoder::new(&mut file, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_compression(Compression::NoCompression);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use qrcode::QrCode;

    use super::*;

    /// Maximum length in bytes of any text.
    const MOST: [(EcLevel, usize); 2] = [(EcLevel::L, 2953), (EcLevel::M, 2331)];

    #[test]
    fn code_has_an_alternative_text() {
        let markup = qr("https://exam.example/s/abc", "登录二维码", Medium::Screen).0;
        assert!(markup.contains(" src=\"data:image/png;base64,") && markup.contains("alt=\"登录二维码\""));
    }

    /// With the quiet zone around it, and with several texts filled into the same form.
    #[test]
    fn code_equals_the_one_of_the_library() {
        for (level, most) in MOST {
            for length in [1, 20, 76, 77, 78, 300, most] {
                for text in ["a", "b9", "https://exam.example/s/01JQZX7Y8M3V5K2N9T4R6W1C0D.3.mac"] {
                    let text: String = text.chars().cycle().take(length).collect();
                    is_as_drawn(&text, level);
                }
            }
        }
    }

    fn is_as_drawn(text: &str, level: EcLevel) {
        let bits = encode_auto(text.as_bytes(), level).unwrap();
        let (version, width) = (bits.version(), bits.version().width() as usize);
        let (data, correction) = construct_codewords(&bits.into_bytes(), version, level).unwrap();
        let theirs = modules(version, level, &data, &correction);
        assert_eq!(QrCode::with_error_correction_level(text, level).unwrap().width(), width);
        let (side, pixels) = pixels(text, level).unwrap();
        let ours = image::load_from_memory(&picture(side, &pixels).unwrap()).unwrap().into_luma8();
        assert_eq!(ours.width() as usize, width + 2 * QUIET);
        for (x, y, pixel) in ours.enumerate_pixels() {
            let (x, y) = ((x as usize).wrapping_sub(QUIET), (y as usize).wrapping_sub(QUIET));
            let dark = x < width && y < width && theirs[y * width + x] == Color::Dark;
            assert_eq!(pixel.0 == [0], dark, "{x} {y} of {text}");
        }
    }

    #[test]
    fn text_that_is_too_long_is_refused() {
        for (level, most) in MOST {
            assert!(
                pixels(&"x".repeat(most), level).is_ok() && pixels(&"x".repeat(most + 1), level).is_err()
            );
        }
    }
}
