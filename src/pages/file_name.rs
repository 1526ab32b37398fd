//! The name of a sent file, in whatever encoding the browser wrote it.

use encoding_rs::GB18030;
use percent_encoding::percent_decode;
use poem::http::{HeaderMap, header};

use crate::files::UNNAMED;

/// The file name in the headers of a part; empty for an empty file control, and `None` for a text field.
///
/// A name that cannot be decoded is replaced, because the file matters more than its name.
pub(super) fn sent_file_name(headers: &HeaderMap) -> Option<String> {
    let disposition = headers.get(header::CONTENT_DISPOSITION)?.as_bytes();
    let parameters = parameters(disposition);
    let value = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    };
    let extended = value("filename*");
    let decoded = extended.and_then(decode_extended).or_else(|| value("filename").and_then(decode));
    let is_file = extended.or(value("filename")).is_some();
    is_file.then(|| decoded.unwrap_or_else(|| UNNAMED.to_owned()))
}

/// Browsers of old Chinese systems send GBK, which GB18030 contains.
fn decode(name: &[u8]) -> Option<String> {
    let utf8 = std::str::from_utf8(name).ok().map(str::to_owned);
    utf8.or_else(|| Some(GB18030.decode_without_bom_handling_and_without_replacement(name)?.into_owned()))
}

/// `UTF-8''%E8%AF%81.pdf` (RFC 8187 §3.2).
fn decode_extended(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _language, name) = (parts.next()?, parts.next()?, parts.next()?);
    let name: Vec<u8> = percent_decode(name).collect();
    let known = encoding_rs::Encoding::for_label(charset);
    let named = known.and_then(|known| known.decode_without_bom_handling_and_without_replacement(&name));
    named.map(|name| name.into_owned()).or_else(|| decode(&name))
}

/// The parameters after the type, as names and values without their quotes.
fn parameters(disposition: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = after(disposition, b';');
    while let Some(at) = rest.iter().position(|byte| *byte == b'=') {
        let name = rest[..at].trim_ascii().to_vec();
        let (value, end) = value(rest[at + 1..].trim_ascii_start());
        found.push((name, value));
        rest = after(end, b';');
    }
    found
}

/// The value at the start of some bytes, and what follows it.
fn value(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = bytes.strip_prefix(b"\"") else {
        let end = bytes.iter().position(|byte| *byte == b';').unwrap_or(bytes.len());
        return (bytes[..end].trim_ascii().to_vec(), &bytes[end..]);
    };
    // Browsers escape a quote alone: a backslash may be part of a path, or of a GBK character.
    let (mut value, mut at) = (Vec::new(), 0);
    while at < quoted.len() {
        match &quoted[at..] {
            [b'\\', b'"', ..] => {
                value.push(b'"');
                at += 2;
            }
            [b'"', ..] => return (value, &quoted[at + 1..]),
            [byte, ..] => {
                value.push(*byte);
                at += 1;
            }
            [] => break,
        }
    }
    (value, &[])
}

fn after(bytes: &[u8], separator: u8) -> &[u8] {
    bytes.iter().position(|byte| *byte == separator).map_or(&[], |at| &bytes[at + 1..])
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn named(disposition: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_bytes(disposition).unwrap());
        sent_file_name(&headers)
    }

    #[test]
    fn names_are_decoded_from_utf_8_and_gbk() {
        let cases: [(&[u8], &str); 9] = [
            ("form-data; name=\"file.a\"; filename=\"证书.pdf\"".as_bytes(), "证书.pdf"),
            (b"form-data; name=\"file.a\"; filename=\"\xd6\xa4\xca\xe9.pdf\"", "证书.pdf"),
            (b"form-data; filename=\"a; name=b \\\"c\\\".pdf\"; name=\"file.a\"", "a; name=b \"c\".pdf"),
            (b"form-data; name=file.a; filename=plain.pdf", "plain.pdf"),
            (b"form-data; name=\"file.a\"; FileName = \"C:\\x\\y.pdf\"", "C:\\x\\y.pdf"),
            (b"form-data; name=\"file.a\"; filename*=UTF-8''%E8%AF%81.pdf", "证.pdf"),
            (b"form-data; name=\"file.a\"; filename=\"x.pdf\"; filename*=GBK'zh'%D6%A4.pdf", "证.pdf"),
            (b"form-data; name=\"file.a\"; filename=\"x.pdf\"; filename*=broken", "x.pdf"),
            (b"form-data; name=\"file.a\"; filename=\"\"", ""),
        ];
        for (disposition, name) in cases {
            assert_eq!(named(disposition).as_deref(), Some(name));
        }
    }

    #[test]
    fn name_that_cannot_be_decoded_is_replaced() {
        assert_eq!(named(b"form-data; name=\"file.a\"; filename=\"\xff\xff.pdf\"").as_deref(), Some(UNNAMED));
        assert_eq!(named(b"form-data; name=\"file.a\"; filename*=UTF-8''%FF").as_deref(), Some(UNNAMED));
    }

    #[test]
    fn text_field_has_no_file_name() {
        assert_eq!(named(b"form-data; name=\"filename\""), None);
        assert_eq!(named(b"form-data; name=\"a; filename=b\""), None);
        assert_eq!(named(b"form-data"), None);
    }
}
