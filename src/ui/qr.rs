//! QR codes as pictures inside the page, so that browsers load nothing and run no script for them.

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

/// Width of the light border in modules (ISO/IEC 18004 §5.3.8).
const QUIET_ZONE: usize = 4;

/// Readers accept any of the eight masks. The standard's choice evaluates all eight, which is eight times
/// the work. Our codes end in random letters, so any mask leaves dark and light modules balanced.
const MASK: MaskPattern = MaskPattern::DiagonalLines;

/// Where a code is shown; decides its level of error correction.
#[derive(Clone, Copy)]
pub enum Medium {
    /// Up to 7 % may be unreadable; the modules are larger.
    Screen,
    /// Folded, copied or stamped: up to 15 % may be unreadable.
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

/// A code for `text`, dark on white in light and dark mode; `words` is its alternative text. Empty if the
/// text is too long: more than 2,331 bytes on paper, 2,953 on a screen.
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

/// The side of the picture in pixels, and one bit for each pixel, row by row. A module is one pixel.
fn pixels(text: &str, level: EcLevel) -> QrResult<(usize, Vec<u8>)> {
    let bits = encode_auto(text.as_bytes(), level)?;
    let version = bits.version();
    let (data, correction) = construct_codewords(&bits.into_bytes(), version, level)?;
    let size = (version.width() as usize - 21) / 4;
    let template =
        TEMPLATES[level as usize][size].get_or_init(|| Template::new(version, level, &data, &correction));
    Ok((template.side, template.filled(data.iter().chain(&correction))))
}

/// By level and size.
static TEMPLATES: [[OnceLock<Template>; 40]; 2] = [const { [const { OnceLock::new() }; 40] }; 2];

/// The fixed patterns of one level and size, and the position of each data bit. The library draws them
/// once; each code then only sets its bits. A waiting screen gets a new code every 15 seconds
/// (`benches/README.md` has what that saves).
struct Template {
    side: usize,
    /// The code whose bits are all 0.
    blank: Vec<u8>,
    /// The pixel that each bit inverts.
    positions: Vec<usize>,
}

impl Template {
    /// Only the numbers of codewords in `data` and `correction` matter.
    fn new(version: Version, level: EcLevel, data: &[u8], correction: &[u8]) -> Template {
        let (words, width) = (data.len() + correction.len(), version.width() as usize);
        let draw = |bit: &dyn Fn(usize) -> bool| {
            let word = |word| (0..8).fold(0, |byte, i| byte << 1 | u8::from(bit(word * 8 + i)));
            let drawn: Vec<u8> = (0..words).map(word).collect();
            let (data, correction) = drawn.split_at(data.len());
            modules(version, level, data, correction)
        };
        let blank = draw(&|_| false);
        // Draws, for each binary digit, the bits whose number has that digit. The digits that appear at a
        // module are the number of its bit.
        let mut numbers = vec![0; blank.len()];
        for digit in 0..=(words * 8).ilog2() {
            let drawn = draw(&|bit| (bit + 1) >> digit & 1 == 1);
            for (number, (drawn, blank)) in numbers.iter_mut().zip(drawn.iter().zip(&blank)) {
                *number |= usize::from(drawn != blank) << digit;
            }
        }
        let side = width + 2 * QUIET_ZONE;
        let line = side.next_multiple_of(8);
        let pixel = |module: usize| (module / width + QUIET_ZONE) * line + module % width + QUIET_ZONE;
        let mut template =
            Template { side, blank: vec![u8::MAX; line / 8 * side], positions: vec![0; words * 8] };
        for (module, number) in numbers.into_iter().enumerate() {
            if blank[module] == Color::Dark {
                template.blank[pixel(module) / 8] ^= 0x80 >> (pixel(module) % 8);
            }
            if let Some(position) = template.positions.get_mut(number.wrapping_sub(1)) {
                *position = pixel(module);
            }
        }
        template
    }

    fn filled<'a>(&self, words: impl Iterator<Item = &'a u8>) -> Vec<u8> {
        let mut pixels = self.blank.clone();
        for (word, positions) in words.zip(self.positions.chunks(8)) {
            for (bit, position) in positions.iter().enumerate() {
                // Without a branch, which the processor would predict wrongly half of the time.
                pixels[position / 8] ^= (word >> (7 - bit) & 1) << (7 - position % 8);
            }
        }
        pixels
    }
}

/// The modules as the library draws them, row by row.
fn modules(version: Version, level: EcLevel, data: &[u8], correction: &[u8]) -> Vec<Color> {
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(data, correction);
    canvas.apply_mask(MASK);
    canvas.into_colors()
}

/// A PNG of one bit a pixel. It is half the size of an SVG path and takes a tenth of the time.
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

    /// The longest text in bytes.
    const MAX_BYTES: [(EcLevel, usize); 2] = [(EcLevel::L, 2953), (EcLevel::M, 2331)];

    #[test]
    fn a_code_has_an_alternative_text() {
        let markup = qr("https://exam.example/s/abc", "登录二维码", Medium::Screen).0;
        assert!(markup.contains(" src=\"data:image/png;base64,") && markup.contains("alt=\"登录二维码\""));
    }

    #[test]
    fn a_code_equals_the_librarys_with_a_quiet_zone() {
        for (level, most) in MAX_BYTES {
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
        assert_eq!(ours.width() as usize, width + 2 * QUIET_ZONE);
        for (x, y, pixel) in ours.enumerate_pixels() {
            let (x, y) = ((x as usize).wrapping_sub(QUIET_ZONE), (y as usize).wrapping_sub(QUIET_ZONE));
            let dark = x < width && y < width && theirs[y * width + x] == Color::Dark;
            assert_eq!(pixel.0 == [0], dark, "{x} {y} of {text}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_gives_no_code() {
        for (level, most) in MAX_BYTES {
            assert!(
                pixels(&"x".repeat(most), level).is_ok() && pixels(&"x".repeat(most + 1), level).is_err()
            );
        }
    }
}
