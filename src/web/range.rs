//! Answers with the part of a file that a request asks for (RFC 9110 §14). Players fetch recordings in parts.

use std::ops;

use hyper::body::Bytes;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::headers::{ETag, HeaderMapExt, IfRange};
use poem::{Request, Response};

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(ops::Range<u64>),
    /// The file ends before the part begins.
    Beyond,
}

/// Whether a request asks for a part that does not begin with the file.
pub fn is_later_part(req: &Request) -> bool {
    req.header(header::RANGE).is_some_and(|range| !range.trim().starts_with("bytes=0-"))
}

/// A response with the whole file or with a part. The tag identifies the content of the file.
pub fn respond(req: &Request, tag: &ETag, file: Vec<u8>) -> Response {
    let length = file.len() as u64;
    let mut response = match wanted(req, tag, length) {
        Wanted::Whole => Response::builder().body(file),
        Wanted::Part(part) => Response::builder()
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, format!("bytes {}-{}/{length}", part.start, part.end - 1))
            .body(Bytes::from(file).slice(part.start as usize..part.end as usize)),
        Wanted::Beyond => Response::builder()
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, format!("bytes */{length}"))
            .finish(),
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.typed_insert(tag.clone());
    response
}

fn wanted(req: &Request, tag: &ETag, length: u64) -> Wanted {
    let headers = req.headers();
    let same =
        headers.typed_get::<IfRange>().is_some_and(|condition| !condition.is_modified(Some(tag), None));
    match req.header(header::RANGE) {
        Some(range) if same || !headers.contains_key(header::IF_RANGE) => {
            part(range, length).unwrap_or(Wanted::Whole)
        }
        _ => Wanted::Whole,
    }
}

/// `None` for several parts and for what is no range: a server may ignore both.
fn part(range: &str, length: u64) -> Option<Wanted> {
    let (first, last) = range.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    let part = match (first, last) {
        ("", count) => length.saturating_sub(number(count)?)..length,
        (first, "") => number(first)?..length,
        (first, last) if number(first)? <= number(last)? => {
            number(first)?..number(last)?.saturating_add(1).min(length)
        }
        _ => return None,
    };
    Some(if part.start < part.end { Wanted::Part(part) } else { Wanted::Beyond })
}

fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_file_is_read_from_the_header() {
        let cases = [
            ("bytes=0-", Some(Wanted::Part(0..100))),
            ("bytes=0-0", Some(Wanted::Part(0..1))),
            ("bytes=10-19", Some(Wanted::Part(10..20))),
            ("bytes=90-500", Some(Wanted::Part(90..100))),
            ("bytes=-10", Some(Wanted::Part(90..100))),
            ("bytes=-500", Some(Wanted::Part(0..100))),
            ("bytes=100-", Some(Wanted::Beyond)),
            ("bytes=100-200", Some(Wanted::Beyond)),
            ("bytes=-0", Some(Wanted::Beyond)),
            ("bytes=99999999999999999999-", Some(Wanted::Beyond)),
            ("bytes=20-10", None),
            ("bytes=0-1,5-6", None),
            ("bytes=+1-2", None),
            ("bytes=-", None),
            ("bytes=a-b", None),
            ("lines=0-1", None),
        ];
        for (range, expected) in cases {
            assert_eq!(part(range, 100), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Some(Wanted::Beyond));
    }
}
