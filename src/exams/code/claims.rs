//! What a code says: the claims of its token, as CBOR.

use ciborium::Value;

use crate::exams::certificate::NumberKind;
use crate::store::{Timestamp, codes};

/// Numbers of claims (RFC 8392 §4, Token Status List §14.4). Private ones are below −65536.
const ISSUER: i64 = 1;
pub(super) const SUBJECT: i64 = 2;
pub(super) const EXPIRES: i64 = 4;
pub(super) const ISSUED: i64 = 6;
const STATUS: i64 = 65535;
const FACTS: i64 = -70001;

codes! {
    /// A fact of a certificate. Its code is its number in the CBOR map of facts.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Part {
        Name = "1", "姓名";
        /// Masked.
        Document = "2", "证件号码";
        Exam = "3", "考试";
        Level = "4", "级别";
        Specialty = "5", "专业";
        Month = "6", "考试年月";
        Management = "7", "证书管理号";
        Query = "8", "查询编号";
        Print = "9", "证书印制号";
        ApprovedOn = "10", "批准日期";
        IssuingBody = "11", "发证机关";
        /// 加注: what the holder made it for.
        Purpose = "12", "仅用于";
    }
}

impl Part {
    pub fn of(kind: NumberKind) -> Part {
        match kind {
            NumberKind::Management => Part::Management,
            NumberKind::Query => Part::Query,
            NumberKind::Print => Part::Print,
        }
    }

    fn number(self) -> i64 {
        self.code().parse().unwrap_or_default()
    }

    pub fn english(self) -> &'static str {
        match self {
            Part::Name => "Name",
            Part::Document => "Document no.",
            Part::Exam => "Examination",
            Part::Level => "Level",
            Part::Specialty => "Specialty",
            Part::Month => "Month of the examination",
            Part::Management => "Management no.",
            Part::Query => "Query no.",
            Part::Print => "Print no.",
            Part::ApprovedOn => "Approved on",
            Part::IssuingBody => "Issued by",
            Part::Purpose => "Only for",
        }
    }
}

/// The place of a code in a status list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRef {
    pub index: u64,
    /// Where the list is.
    pub uri: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Scheme and host of the site that issued it.
    pub issuer: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub status: StatusRef,
    /// None is empty.
    pub facts: Vec<(Part, String)>,
}

impl Claims {
    pub fn fact(&self, part: Part) -> &str {
        self.facts.iter().find(|(own, _)| *own == part).map_or("", |(_, text)| text)
    }

    pub(super) fn to_cbor(&self) -> Vec<u8> {
        let text = |text: &str| Value::from(text);
        let facts = self.facts.iter().map(|(part, fact)| (Value::from(part.number()), text(fact)));
        let status = map([(text("idx"), self.status.index.into()), (text("uri"), text(&self.status.uri))]);
        encoded(&map([
            (ISSUER.into(), text(&self.issuer)),
            (EXPIRES.into(), seconds(self.expires_at)),
            (ISSUED.into(), seconds(self.issued_at)),
            (STATUS.into(), map([(text("status_list"), status)])),
            (FACTS.into(), Value::Map(facts.collect())),
        ]))
    }

    /// `None` if a claim is missing or has another type.
    pub(super) fn from_cbor(bytes: &[u8]) -> Option<Claims> {
        let claims = decoded(bytes)?;
        let status = get(get(&claims, STATUS)?, "status_list")?;
        let facts = get(&claims, FACTS)?.as_map()?;
        let fact = |part: Part| {
            let (_, text) = facts.iter().find(|(key, _)| *key == part.number().into())?;
            Some((part, text.as_text()?.to_owned()))
        };
        Some(Claims {
            issuer: get(&claims, ISSUER)?.as_text()?.to_owned(),
            issued_at: time(get(&claims, ISSUED)?)?,
            expires_at: time(get(&claims, EXPIRES)?)?,
            status: StatusRef {
                index: get(status, "idx")?.as_integer()?.try_into().ok()?,
                uri: get(status, "uri")?.as_text()?.to_owned(),
            },
            facts: Part::ALL.into_iter().filter_map(fact).collect(),
        })
    }
}

pub(super) fn map<const N: usize>(entries: [(Value, Value); N]) -> Value {
    Value::Map(entries.into())
}

pub(super) fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("writing to memory does not fail");
    bytes
}

pub(super) fn decoded(bytes: &[u8]) -> Option<Value> {
    ciborium::from_reader(bytes).ok()
}

pub(super) fn get(map: &Value, key: impl Into<Value>) -> Option<&Value> {
    let key = key.into();
    map.as_map()?.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
}

pub(super) fn seconds(at: Timestamp) -> Value {
    at.and_utc().timestamp().into()
}

pub(super) fn time(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_integer()?.try_into().ok()?;
    Some(chrono::DateTime::from_timestamp(seconds, 0)?.into())
}
