//! The status list: one bit for each code, set if the code is not valid any more (IETF Token Status List, as CWT).

use std::io::{Read, Write};

use chrono::TimeDelta;
use ciborium::Value;
use coset::HeaderBuilder;
use ed25519_dalek::SigningKey;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::claims::{EXPIRES, ISSUED, SUBJECT, StatusRef, decoded, encoded, get, map, seconds, time};
use super::keys::PublicKeys;
use super::token::{Refused, sign_bytes, verify_bytes};
use crate::store::Timestamp;

/// Numbers of the claims (Token Status List §14.4).
const LIST: i64 = 65533;
const TIME_TO_LIVE: i64 = 65534;

/// The media type of the list, and its type in the header (RFC 9596).
pub const MEDIA_TYPE: &str = "application/statuslist+cwt";
const TYPE: i64 = 16;

/// How long a verifier may use a list before it fetches a new one.
pub const FRESH: TimeDelta = TimeDelta::days(1);

/// After this, a list says nothing any more.
const VALID: TimeDelta = TimeDelta::days(30);

/// Most bytes of an unpacked list: of sixteen million codes.
const LARGEST: u64 = 2 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    pub uri: String,
    pub issued_at: Timestamp,
    bits: Vec<u8>,
}

impl StatusList {
    /// A list of `length` codes with the bits of `set`.
    pub fn new(uri: String, issued_at: Timestamp, length: u64, set: &[u64]) -> StatusList {
        let mut bits = vec![0; usize::try_from(length.div_ceil(8)).unwrap_or_default()];
        for index in set {
            if let Some(byte) = usize::try_from(index / 8).ok().and_then(|at| bits.get_mut(at)) {
                *byte |= 1 << (index % 8);
            }
        }
        StatusList { uri, issued_at, bits }
    }

    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let packed = encoder.write_all(&self.bits).and_then(|()| encoder.finish());
        let packed = packed.expect("writing to memory does not fail");
        let list = map([("bits".into(), 1.into()), ("lst".into(), Value::Bytes(packed))]);
        let claims = map([
            (SUBJECT.into(), self.uri.as_str().into()),
            (EXPIRES.into(), seconds(self.issued_at + VALID)),
            (ISSUED.into(), seconds(self.issued_at)),
            (TIME_TO_LIVE.into(), FRESH.num_seconds().into()),
            (LIST.into(), list),
        ]);
        sign_bytes(encoded(&claims), key, HeaderBuilder::new().value(TYPE, MEDIA_TYPE.into()))
    }

    pub fn verify(token: &[u8], keys: &PublicKeys, now: Timestamp) -> Result<StatusList, Refused> {
        let payload = verify_bytes(token, keys)?;
        StatusList::from_cbor(&payload, now).ok_or(Refused::Broken)
    }

    fn from_cbor(payload: &[u8], now: Timestamp) -> Option<StatusList> {
        let claims = decoded(payload)?;
        let list = get(&claims, LIST)?;
        let is_over = get(&claims, EXPIRES).and_then(time).is_some_and(|end| end <= now);
        if is_over || *get(list, "bits")? != 1.into() {
            return None;
        }
        let mut bits = Vec::new();
        let packed = get(list, "lst")?.as_bytes()?;
        ZlibDecoder::new(&packed[..]).take(LARGEST).read_to_end(&mut bits).ok()?;
        let uri = get(&claims, SUBJECT)?.as_text()?.to_owned();
        Some(StatusList { uri, issued_at: time(get(&claims, ISSUED)?)?, bits })
    }

    /// Whether a code is invalid. `None` if the list is another one, or older than the code.
    pub fn is_invalid(&self, status: &StatusRef) -> Option<bool> {
        if status.uri != self.uri {
            return None;
        }
        let byte = self.bits.get(usize::try_from(status.index / 8).ok()?)?;
        Some(byte >> (status.index % 8) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims::{Claims, Part};
    use super::super::{text, token};
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn keys() -> PublicKeys {
        PublicKeys::from(key().verifying_key())
    }

    fn now() -> Timestamp {
        "2026-04-01T01:30:00".parse().unwrap()
    }

    /// As long as the facts of a certificate are.
    fn claims() -> Claims {
        let fact = |part: Part| {
            let text = match part {
                Part::Name => "买买提·艾力",
                Part::Document => "1101************2X",
                Part::Exam => "一级注册消防工程师资格考试",
                Part::IssuingBody => "示范省人力资源和社会保障厅",
                Part::Purpose => "示范建设集团有限公司招聘资格审查",
                Part::Month => "201803",
                Part::ApprovedOn => "2018-06-01",
                _ => "20180344030000001234",
            };
            (part, text.to_owned())
        };
        Claims {
            issuer: "https://exam.example.gov.cn".into(),
            issued_at: now(),
            expires_at: now() + TimeDelta::days(90),
            status: StatusRef {
                index: 123_456,
                uri: "https://exam.example.gov.cn/.well-known/certificate-status".into(),
            },
            facts: Part::ALL.into_iter().map(fact).collect(),
        }
    }

    #[test]
    fn a_code_says_what_was_signed_as_text_and_as_link() {
        let code = text::write(&token::sign(&claims(), &key()));
        let link = text::link("https://exam.example.gov.cn/verify", &code);
        let wrapped =
            code.as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>();
        for typed in [code.clone(), link.clone(), wrapped.join("\r\n"), format!(" {link}\n")] {
            let token = text::read(&typed).expect("a token");
            assert_eq!(token::verify(&token, &keys()), Ok(claims()), "{typed}");
        }
        let qr = qrcode::QrCode::with_error_correction_level(&link, qrcode::EcLevel::M).expect("a QR code");
        assert!(qr.width() <= 17 + 4 * 18, "{} modules for {} characters", qr.width(), link.len());
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let code = text::write(&token::sign(&claims(), &key()));
        for at in text::PREFIX.len()..code.len() {
            for other in ["0", "Z", ""] {
                let mut changed = code.clone();
                changed.replace_range(at..=at, other);
                let checked = text::read(&changed).and_then(|token| token::verify(&token, &keys()));
                assert!(changed == code || checked.is_err(), "{other} at {at}");
            }
        }
        let other = PublicKeys::from(SigningKey::from_bytes(&[8; 32]).verifying_key());
        let token = text::read(&code).expect("a token");
        assert_eq!(token::verify(&token, &other), Err(Refused::UnknownKey));
        for nonsense in ["", "KZ1:", "KZ1: :", "https://exam.example/verify", "KZ2:6BF", "KZ1:é"] {
            assert!(
                text::read(nonsense).and_then(|token| token::verify(&token, &keys())).is_err(),
                "{nonsense}"
            );
        }
    }

    #[test]
    fn a_status_list_is_no_code_and_a_code_is_no_list() {
        let uri = claims().status.uri;
        let list = StatusList::new(uri, now(), 20, &[3, 19]).sign(&key());
        assert_eq!(token::verify(&list, &keys()), Err(Refused::NoCode));
        let code = token::sign(&claims(), &key());
        assert_eq!(StatusList::verify(&code, &keys(), now()), Err(Refused::Broken));
    }

    #[test]
    fn a_list_tells_which_codes_are_invalid() {
        let at = |index| StatusRef { index, uri: claims().status.uri };
        let token = StatusList::new(claims().status.uri, now(), 20, &[3, 19, 400]).sign(&key());
        let list = StatusList::verify(&token, &keys(), now()).expect("a list");
        let invalid: Vec<u64> = (0..20).filter(|index| list.is_invalid(&at(*index)) == Some(true)).collect();
        assert_eq!(invalid, [3, 19]);
        assert_eq!(list.is_invalid(&at(400)), None, "newer than the list");
        assert_eq!(list.is_invalid(&StatusRef { index: 3, uri: "https://other.example".into() }), None);
        let late = StatusList::verify(&token, &keys(), now() + TimeDelta::days(31));
        assert_eq!(late, Err(Refused::Broken));
    }

    #[test]
    fn public_keys_are_read_as_they_are_written() {
        let read = PublicKeys::from_json(&keys().to_json()).expect("keys");
        let token = token::sign(&claims(), &key());
        assert_eq!(token::verify(&token, &read), Ok(claims()));
        assert!(PublicKeys::from_json("{\"keys\":[]}").is_none() && PublicKeys::from_json("x").is_none());
    }
}
