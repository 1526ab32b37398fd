//! The size of a picture, read from its header, and the memory needed to decode it.

use std::io::{Read, Seek, SeekFrom};

use image::ImageFormat;

use super::inspect::Limits;

/// Most pixels of the long side. A longer screenshot cannot be read on one page.
const LONGEST: u32 = 20_000;

/// Greatest ratio of the long side to the short one.
const NARROWEST: u32 = 50;

/// Long side of a stored picture, in pixels: an A4 page at 200 dpi, where small print is readable.
const LONG_SIDE: u32 = 2400;

/// Least short sides of a picture that is shrunk, in pixels: a long screenshot keeps the width of a phone's screen,
/// so that its text stays readable. The second is for pictures that would need more than [`USUAL_MEMORY`] with the
/// first.
const SHORT_SIDES: [u32; 2] = [1080, 720];

/// Most bytes of memory for the first of [`SHORT_SIDES`]: the default budget without the reserve of each file.
const USUAL_MEMORY: u64 = 255 << 20;

/// The header of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bytes of one decoded pixel.
    depth: u64,
    /// Bytes of the decoder's own buffers: a progressive JPEG is decoded from coefficients of two bytes.
    buffers: u64,
}

impl Frame {
    /// `None` if there is no valid header.
    pub(super) fn read(source: &mut (impl Read + Seek), format: ImageFormat) -> Option<Frame> {
        source.rewind().ok()?;
        if format == ImageFormat::Png { png(source) } else { jpeg(source) }
    }

    /// The error says in Chinese what to do.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), &'static str> {
        let (long, short) = (self.width.max(self.height), self.width.min(self.height));
        if long > LONGEST {
            Err("图片太长，请分成几张上传")
        } else if long / NARROWEST >= short {
            Err("图片太窄，看不清内容，请重新拍照或截图")
        } else if self.pixels() > limits.pixels {
            Err(limits.too_many_pixels)
        } else {
            Ok(())
        }
    }

    /// Width and height of the stored picture.
    pub(super) fn stored_size(&self) -> (u32, u32) {
        let [usual, least] = SHORT_SIDES.map(|side| self.scaled(side));
        if self.shrinking_needs(usual) <= USUAL_MEMORY { usual } else { least }
    }

    fn scaled(&self, short_side: u32) -> (u32, u32) {
        let (long, short) = (self.width.max(self.height), self.width.min(self.height));
        let scale = ratio(LONG_SIDE, long).max(ratio(short_side, short)).min(1.0);
        let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        (scaled(self.width), scaled(self.height))
    }

    /// Most bytes of memory that a file of `size` bytes needs while it is decoded, shrunk, rotated and encoded.
    pub(super) fn memory_needed(&self, size: u64) -> u64 {
        // The JPEG decoder of `image` copies the file.
        let decoding = 2 * size + self.decoded() + self.buffers;
        decoding.max(self.shrinking_needs(self.stored_size()))
    }

    /// Bytes for shrinking the decoded picture, and for rotating and encoding the result.
    fn shrinking_needs(&self, (width, height): (u32, u32)) -> u64 {
        let (width, height) = (u64::from(width), u64::from(height));
        // `fast_image_resize` shrinks the width first.
        let shrinking = self.decoded() + self.depth * width * (u64::from(self.height) + height);
        shrinking.max(width * height * 12)
    }

    fn decoded(&self) -> u64 {
        self.pixels() * self.depth
    }

    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

fn ratio(wanted: u32, side: u32) -> f64 {
    f64::from(wanted) / f64::from(side.max(1))
}

/// `IHDR` is the first chunk (ISO/IEC 15948 §11.2.2).
fn png(source: &mut impl Read) -> Option<Frame> {
    let mut head = [0; 29];
    source.read_exact(&mut head).ok()?;
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    // Any colour type may have a transparent colour, which adds a channel.
    let depth = if matches!(head[25], 0 | 4) { 2 } else { 4 };
    (head[12..16] == *b"IHDR").then(|| Frame { width: number(16), height: number(20), depth, buffers: 0 })
}

/// The frame header that needs most memory, of those before the first scan (ITU-T T.81 §B.2.2).
fn jpeg(source: &mut (impl Read + Seek)) -> Option<Frame> {
    const SCAN: u8 = 0xda;
    let mut found: Option<Frame> = None;
    source.seek(SeekFrom::Start(2)).ok()?;
    while let Some(marker) = next_marker(source).filter(|&marker| marker != SCAN) {
        let length = u64::from(u16::from_be_bytes(bytes(source)?)).checked_sub(2)?;
        let after = source.stream_position().ok()? + length;
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let next = frame_header(source, marker)?;
            found = found.filter(|found| found.memory_needed(0) >= next.memory_needed(0)).or(Some(next));
        }
        source.seek(SeekFrom::Start(after)).ok()?;
    }
    found
}

fn frame_header(source: &mut impl Read, marker: u8) -> Option<Frame> {
    let [_, h1, h0, w1, w0, components] = bytes(source)?;
    let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
    let mut samples: Vec<u64> = Vec::new();
    for _ in 0..components {
        let [_, sampling, _] = bytes(source)?;
        samples.push(u64::from(sampling >> 4) * u64::from(sampling & 15));
    }
    let pixels = u64::from(width) * u64::from(height);
    let most = samples.iter().max().copied().unwrap_or(1).max(1);
    let progressive = matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
    let buffers = if progressive { 2 * pixels * samples.iter().sum::<u64>() / most } else { 0 };
    let depth = if components == 1 { 1 } else { 3 };
    Some(Frame { width: width.into(), height: height.into(), depth, buffers })
}

/// Skips to the next marker and returns its code.
fn next_marker(source: &mut impl Read) -> Option<u8> {
    while bytes::<1>(source)? != [0xff] {}
    loop {
        match bytes(source)? {
            [0xff] => {}
            [code] => return Some(code),
        }
    }
}

fn bytes<const N: usize>(source: &mut impl Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(width: u32, height: u32) -> Frame {
        Frame { width, height, depth: 3, buffers: 0 }
    }

    #[test]
    fn long_screenshots_keep_their_width_when_shrunk() {
        let cases = [
            ((4000, 3000), (2400, 1800)),
            ((2400, 100), (2400, 100)),
            ((8000, 5000), (2400, 1500)),
            ((1080, 16_000), (1080, 16_000)),
            ((16_000, 1080), (16_000, 1080)),
            ((1440, 20_000), (1080, 15_000)),
            ((2000, 20_000), (1080, 10_800)),
            ((600, 9000), (600, 9000)),
        ];
        for ((width, height), stored) in cases {
            assert_eq!(of(width, height).stored_size(), stored, "{width}×{height}");
        }
    }

    #[test]
    fn too_long_narrow_or_large_pictures_are_refused() {
        let told = |width, height| of(width, height).check(&Limits::STANDARD);
        assert_eq!(told(39_000_000, 1), Err("图片太长，请分成几张上传"));
        assert_eq!(told(1, 20_001), Err("图片太长，请分成几张上传"));
        assert_eq!(told(1, 20_000), Err("图片太窄，看不清内容，请重新拍照或截图"));
        assert_eq!(told(0, 0), Err("图片太窄，看不清内容，请重新拍照或截图"));
        assert_eq!(told(8000, 5001), Err("图片尺寸太大，请缩小到 4000 万像素以内再上传"));
        assert_eq!(told(8000, 5000), Ok(()));
        assert_eq!(told(1080, 16_000), Ok(()));
    }

    #[test]
    fn largest_pictures_fit_into_the_default_budget() {
        let usual = 256 << 20;
        let size = 10 << 20;
        assert!(of(8000, 5000).memory_needed(size) < usual);
        assert!(Frame { depth: 4, ..of(8000, 5000) }.memory_needed(size) < usual);
        assert!(Frame { depth: 4, ..of(20_000, 2000) }.memory_needed(size) < usual);
        assert!(Frame { depth: 4, ..of(1080, 20_000) }.memory_needed(size) < usual);
    }
}
