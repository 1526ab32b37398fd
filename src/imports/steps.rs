//! Checks of a row as a whole that several kinds share.

use super::cell::{ROUNDED, Reason};
use super::kind::Facts;
use super::world::World;
use crate::people::candidate;
use crate::people::document::{Document, DocumentType};
use crate::people::mask;

type Checked = Result<(), (&'static str, Reason)>;

/// Whose record it is: by the document, or by the hash that an export of ours has in its place.
pub(super) fn person(facts: &mut Facts, world: &World) -> Checked {
    let number = facts.get("document_number");
    if number.is_empty() {
        let hash = facts.get("holder_key").to_owned();
        let known = if hash.is_empty() { Err(("document_number", "必须填写".into())) } else { Ok(()) };
        facts.set("holder_hash", world.holder(hash));
        return known;
    }
    let kind = DocumentType::from_code(facts.get("document_type")).unwrap_or(DocumentType::Resident);
    let document = Document::parse(kind, number, world.today)
        .map_err(|why| ("document_number", if is_rounded(number) { ROUNDED } else { why }.into()))?;
    let holder = candidate::holder(&world.vault, kind, document.number());
    facts.set("holder_hash", world.holder(holder));
    facts.set("document_mask", mask::number(document.number()));
    if let Some(gender) = document.gender() {
        facts.set("gender", gender.code());
    }
    Ok(())
}

/// 18 digits of which Excel has kept 15.
fn is_rounded(number: &str) -> bool {
    number.len() == 18 && number.ends_with("000")
}

/// The exam is one of ours.
pub(super) fn exam(facts: &mut Facts, world: &World) -> Checked {
    let exam =
        world.exam(facts.get("exam_code")).ok_or(("exam_code", "没有这个考试，请先导入考试".into()))?;
    facts.set("exam_id", &*exam.id);
    Ok(())
}

/// The exam was or will be held in that month.
pub(super) fn sitting(facts: &mut Facts, world: &World) -> Checked {
    let exam = world.exam(facts.get("exam_code"));
    let id = exam.and_then(|exam| exam.sittings.get(facts.get("sitting_month")));
    let id = id.ok_or(("sitting_month", "该考试没有这个考试年月，请先导入考试".into()))?;
    facts.set("sitting_id", &**id);
    Ok(())
}

/// The exam has the level and specialty.
pub(super) fn offered(facts: &mut Facts, world: &World) -> Checked {
    let exam = world.exam(facts.get("exam_code"));
    let (level, specialty) = (facts.get("level"), facts.get("specialty"));
    let mut offered =
        exam.iter().flat_map(|exam| exam.offered.keys()).filter(|row| row.0 == level).peekable();
    if offered.peek().is_none() {
        return Err(("level", "该考试没有这个级别，请先导入考试".into()));
    }
    if !offered.any(|row| row.1 == specialty) {
        return Err(("specialty", "该级别没有这个专业，请先导入考试".into()));
    }
    Ok(())
}

/// Two days, the second not before the first.
pub(super) fn in_order(facts: &Facts, first: &str, second: &'static str, otherwise: &'static str) -> Checked {
    // Days are stored so that their texts are in their own order.
    if facts.get(second) < facts.get(first) { Err((second, otherwise.into())) } else { Ok(()) }
}
