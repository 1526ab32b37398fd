//! The text of a code, and the link in which a QR code has it.
//!
//! The link has the text after `#`, which browsers do not send: a phone's camera opens our page, and the page checks
//! the code without our server seeing it.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

use super::token::Refused;

/// Begins every text, with the version of the format.
pub const PREFIX: &str = "KZ1:";

/// Longest text that is read. Ours have some 600 characters.
pub const LONGEST: usize = 6000;

/// Most bytes of a token. Ours have some 400.
const TOKEN: usize = 16 << 10;

/// `KZ1:` and the compressed token in base45.
pub fn write(token: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed =
        encoder.write_all(token).and_then(|()| encoder.finish()).expect("writing to memory does not fail");
    format!("{PREFIX}{}", base45::encode(packed))
}

/// The link to the page that checks, with a text. Space and `%` of base45 are escaped; what escapes consist of is alphanumeric for a QR code.
pub fn link(page: &str, text: &str) -> String {
    let text = text.replace('%', "%25").replace(' ', "%20");
    format!("{page}#{text}")
}

/// The token of a text, or of a link with it. Line breaks are ignored, because a copied text may be wrapped.
pub fn read(typed: &str) -> Result<Vec<u8>, Refused> {
    if typed.len() > LONGEST {
        return Err(Refused::NoCode);
    }
    let at = typed.find(PREFIX).ok_or(Refused::NoCode)?;
    let (before, code) = (&typed[..at], &typed[at + PREFIX.len()..]);
    let code: String = code.trim_end().chars().filter(|c| !matches!(c, '\r' | '\n' | '\t')).collect();
    let code = match before.ends_with('#') {
        true => percent_encoding::percent_decode_str(&code).decode_utf8_lossy().into_owned(),
        false => code,
    };
    let packed = base45::decode(&code).map_err(|_| Refused::Broken)?;
    inflated(&packed).ok_or(Refused::Broken)
}

/// `None` unless all of `packed` is one whole stream.
fn inflated(packed: &[u8]) -> Option<Vec<u8>> {
    let (mut inflater, mut token) = (Decompress::new(true), Vec::with_capacity(TOKEN));
    let status = inflater.decompress_vec(packed, &mut token, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && inflater.total_in() == packed.len() as u64).then_some(token)
}
