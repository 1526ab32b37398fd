//! Checks of a whole row that several kinds share.

use super::cell::ROUNDED;
use super::kind::{Facts, RowProblem};
use super::reference::ReferenceData;
use crate::people::document::{Document, DocumentType};
use crate::people::holder_hash::HolderHash;
use crate::people::mask;

/// Adds `document_hash`, the hash of the document as the file has it: from the number, or as an export writes it in
/// its place. Adds `first_hash`, see [`HolderHash::first`], if it is known, and `holder_hash`, the hash under which the person's records are stored today.
/// A number also gives `document_mask` and, where it contains it, `gender`; that of a permit gives `permit_number`, see
/// [`joined`](super::joined).
pub(super) fn person(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    let number = facts.get("document_number");
    if number.is_empty() {
        let given = facts.get("holder_key").to_owned();
        if given.is_empty() {
            return Err(RowProblem::new("document_number", "必须填写"));
        }
        if let Some(first) = HolderHash::from_stored(&given) {
            facts.set("first_hash", first.first());
        }
        let hash = reference.present_hash(given);
        facts.set("document_hash", &*hash);
        facts.set("holder_hash", reference.holder(hash));
        return Ok(());
    }
    let kind = DocumentType::from_code(facts.get("document_type")).unwrap_or(DocumentType::Resident);
    let document = Document::parse(kind, number, reference.today)
        .map_err(|why| RowProblem::new("document_number", if lost_digits(number) { ROUNDED } else { why }))?;
    let holder = HolderHash::of(&reference.vault, kind, document.number());
    facts.set("first_hash", holder.first());
    let hash = holder.stored(&reference.vault);
    facts.set("document_hash", &*hash);
    facts.set("holder_hash", reference.holder(hash));
    facts.set("document_mask", mask::number(document.number()));
    if kind == DocumentType::HkMacaoPermit {
        facts.set("permit_number", document.number());
    }
    if let Some(gender) = document.gender() {
        facts.set("gender", gender.code());
    }
    Ok(())
}

/// Whether a number of 18 digits looks as if Excel has kept 15 of them.
fn lost_digits(number: &str) -> bool {
    number.len() == 18 && number.ends_with("000")
}

/// Adds `exam_id`.
pub(super) fn exam(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    let exam = reference
        .exam(facts.get("exam_code"))
        .ok_or_else(|| RowProblem::new("exam_code", "没有这个考试，请先导入考试"))?;
    facts.set("exam_id", &*exam.id);
    Ok(())
}

/// Adds `sitting_id`.
pub(super) fn sitting(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    let exam = reference.exam(facts.get("exam_code"));
    let id = exam.and_then(|exam| exam.sittings.get(facts.get("sitting_month")));
    let id = id.ok_or_else(|| RowProblem::new("sitting_month", "该考试没有这个考试年月，请先导入考试"))?;
    facts.set("sitting_id", &**id);
    Ok(())
}

/// The exam offers the level and the specialty.
pub(super) fn offered(facts: &mut Facts, reference: &ReferenceData) -> Result<(), RowProblem> {
    let exam = reference.exam(facts.get("exam_code"));
    let (level, specialty) = (facts.get("level"), facts.get("specialty"));
    let mut offered =
        exam.iter().flat_map(|exam| exam.offered.keys()).filter(|row| row.0 == level).peekable();
    if offered.peek().is_none() {
        return Err(RowProblem::new("level", "该考试没有这个级别，请先导入考试"));
    }
    if !offered.any(|row| row.1 == specialty) {
        return Err(RowProblem::new("specialty", "该级别没有这个专业，请先导入考试"));
    }
    Ok(())
}

/// The second day is not before the first. Stored days compare as texts.
pub(super) fn in_order(
    facts: &Facts,
    first: &str,
    second: &'static str,
    otherwise: &'static str,
) -> Result<(), RowProblem> {
    if facts.get(second) < facts.get(first) { Err(RowProblem::new(second, otherwise)) } else { Ok(()) }
}
