//! Checks that a PDF opens without a password and has a page.
//!
//! A PDF reader never gets the whole file, because a few kilobytes of it may inflate to gigabytes. It checks the
//! encryption on a small document with the same encryption dictionary. The page is searched for in the text of the
//! file and in its object streams, which are inflated piece by piece up to a limit.

use std::fmt::Write;

use flate2::{Decompress, FlushDecompress, Status};
use hayro_syntax::object::{Array, Dict, FromBytes, String as PdfString};
use hayro_syntax::{LoadPdfError, Pdf};
use memchr::memmem;

const BROKEN: &str = "PDF 打不开，请另存为新的 PDF 再上传";
const LOCKED: &str = "PDF 设了打开密码，审核人员打不开，请去掉密码后再上传";
const EMPTY: &str = "PDF 里没有页面，请重新导出后再上传";

/// The end of a PDF, where `%%EOF` must be: readers accept it in the last 1024 bytes (ISO 32000-1 annex H).
const TAIL: usize = 1024;

/// Most bytes of a dictionary that is looked for. Trailers and encryption dictionaries have a few hundred.
const DICTIONARY: usize = 64 << 10;

/// Most places at which an encryption dictionary is looked for.
const PLACES: usize = 16;

/// Most bytes that all object streams may inflate to. Beyond this and [`STREAMS`], a file counts as having a page.
const INFLATED: usize = 64 << 20;

/// Most object streams that are searched. A document of 10 MB has about a thousand.
const STREAMS: usize = 10_000;

/// The error says in Chinese what to do.
pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    if !is_whole(bytes) {
        return Err(BROKEN);
    }
    let encryption = Encryption::find(bytes);
    encryption.as_ref().map_or(Ok(()), Encryption::opens)?;
    let mut found = Found::default();
    found.search(bytes);
    // Encrypted object streams cannot be read here.
    let all_read = found.page || (encryption.is_none() && found.search_object_streams(bytes));
    if found.page || !all_read {
        return Ok(());
    }
    Err(if found.catalog { EMPTY } else { BROKEN })
}

/// A PDF must begin with `%PDF-`, so that it is not a web page at the same time, and contain its end.
fn is_whole(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    bytes.starts_with(b"%PDF-") && memmem::find(tail, b"%%EOF").is_some()
}

/// What a file says about its encryption.
struct Encryption<'a> {
    dictionary: &'a [u8],
    /// The first of the two file identifiers, which the key depends on.
    id: Vec<u8>,
}

impl<'a> Encryption<'a> {
    /// The newest one: the trailer of the last update is at the end.
    fn find(bytes: &'a [u8]) -> Option<Encryption<'a>> {
        memmem::rfind_iter(bytes, b"/Encrypt").take(PLACES).find_map(|at| Encryption::named_at(bytes, at))
    }

    /// That of the trailer around `at`, or of the cross-reference stream.
    fn named_at(bytes: &'a [u8], at: usize) -> Option<Encryption<'a>> {
        let before = &bytes[at.saturating_sub(DICTIONARY)..at];
        let start = [&b"trailer"[..], b"obj"]
            .into_iter()
            .filter_map(|word| Some(memmem::rfind(before, word)? + word.len()));
        let trailer = dictionary(&bytes[at - before.len() + start.max()?..])?;
        let dictionary = match trailer.get::<Dict>("Encrypt") {
            Some(inside) => inside,
            None => object(bytes, trailer.get_ref("Encrypt")?.to_string().strip_suffix('R')?)?,
        };
        let id = trailer.get::<Array>("ID").and_then(|ids| ids.iter::<PdfString>().next());
        let id = id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        Some(Encryption { dictionary: dictionary.data(), id })
    }

    /// Whether the empty password opens the document.
    fn opens(&self) -> Result<(), &'static str> {
        match Pdf::new(self.document()) {
            Ok(_) => Ok(()),
            Err(LoadPdfError::Decryption(_)) => Err(LOCKED),
            Err(LoadPdfError::Invalid) => Err(BROKEN),
        }
    }

    /// A document of one page with this encryption.
    fn document(&self) -> Vec<u8> {
        let objects = [
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            "<</Type/Page/Parent 2 0 R>>",
        ];
        let (mut text, mut table) = (String::from("%PDF-1.7\n"), String::from("0000000000 65535 f \n"));
        for (number, object) in (1..).zip(objects) {
            let _ = writeln!(table, "{:010} 00000 n ", text.len());
            let _ = writeln!(text, "{number} 0 obj{object}endobj");
        }
        let (start, id) = (text.len(), self.id.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let _ = write!(text, "xref\n0 4\n{table}trailer\n<</Size 4/Root 1 0 R/ID[<{id}><{id}>]/Encrypt ");
        [text.as_bytes(), self.dictionary, format!(">>\nstartxref\n{start}\n%%EOF\n").as_bytes()].concat()
    }
}

/// The dictionary after white space.
fn dictionary(bytes: &[u8]) -> Option<Dict<'_>> {
    let bytes = bytes[..bytes.len().min(DICTIONARY)].trim_ascii_start();
    Dict::from_bytes(bytes)
}

/// The dictionary of the object with a number such as `5 0 `, in its newest version.
fn object<'a>(bytes: &'a [u8], number: &str) -> Option<Dict<'a>> {
    let head = format!("{number}obj");
    let whole = |at: &usize| *at == 0 || !bytes[at - 1].is_ascii_digit();
    let at = memmem::rfind_iter(bytes, head.as_bytes()).filter(whole).take(PLACES);
    at.into_iter().find_map(|at| dictionary(&bytes[at + head.len()..]))
}

/// The objects that were found.
#[derive(Default)]
struct Found {
    catalog: bool,
    page: bool,
}

impl Found {
    fn search(&mut self, text: &[u8]) {
        for at in memmem::find_iter(text, b"/Type") {
            let value = text[at + 5..].trim_ascii_start();
            self.catalog |= value.starts_with(b"/Catalog");
            // `/Pages` and `/PageLabel` are other types.
            self.page |= value
                .strip_prefix(b"/Page")
                .is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_alphanumeric));
        }
    }

    /// Returns whether all of the object streams could be read.
    fn search_object_streams(&mut self, bytes: &[u8]) -> bool {
        let mut room = INFLATED;
        for (count, at) in memmem::find_iter(bytes, b"/ObjStm").enumerate() {
            if count == STREAMS {
                return false;
            }
            let Some(start) = memmem::find(&bytes[at..(at + DICTIONARY).min(bytes.len())], b"stream") else {
                continue;
            };
            let content = bytes[at + start + 6..].trim_ascii_start();
            match self.search_inflated(content, room) {
                Some(inflated) => room -= inflated,
                None => return false,
            }
            if self.page {
                return true;
            }
        }
        true
    }

    /// Searches a compressed stream. Returns its length, or `None` if it is longer than `room` or compressed in
    /// another way.
    fn search_inflated(&mut self, compressed: &[u8], room: usize) -> Option<usize> {
        const PIECE: usize = 64 << 10;
        /// Bytes that are searched again, because a type may lie across two pieces.
        const OVERLAP: usize = 64;
        let mut inflater = Decompress::new(true);
        let (mut piece, mut total) = (Vec::with_capacity(PIECE), 0);
        loop {
            let (read, had) = (inflater.total_in() as usize, piece.len());
            let status =
                inflater.decompress_vec(&compressed[read..], &mut piece, FlushDecompress::None).ok()?;
            total += piece.len() - had;
            self.search(&piece);
            let stuck = inflater.total_in() as usize == read && piece.len() == had;
            match status {
                _ if total > room => return None,
                Status::StreamEnd => return Some(total),
                _ if stuck => return None,
                _ => drop(piece.drain(..piece.len().saturating_sub(OVERLAP))),
            }
        }
    }
}

#[cfg(test)]
mod tests;
