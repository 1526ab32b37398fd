//! What a business wants to have uploaded.

use crate::casework::question::When;

/// One slot for uploads.
#[derive(Clone, Copy)]
pub struct Material {
    /// Name in the form and in the stored answers.
    pub slot: &'static str,
    /// What is wanted.
    pub label: &'static str,
    /// What must be readable on it, or empty.
    pub hint: &'static str,
    /// May be left out.
    pub optional: bool,
    /// Most files.
    pub most: usize,
    /// What may be sent.
    pub kind: MaterialKind,
    /// When it is wanted; always, if nothing is said.
    pub when: Option<When>,
}

/// What a slot takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaterialKind {
    /// A picture or a PDF of a document.
    Document,
    /// 证件照: a picture of fixed proportions.
    Portrait,
    /// Also a recording.
    Evidence,
    /// A PDF.
    Pdf,
}

/// What documents are told to be.
pub const DOCUMENT_HINT: &str = "JPG、PNG 或 PDF，不超过 10 MB";

/// A document that must be there.
pub const fn need(slot: &'static str, label: &'static str, hint: &'static str) -> Material {
    Material { slot, label, hint, optional: false, most: 1, kind: MaterialKind::Document, when: None }
}

/// Documents that may be added.
pub const fn extra(slot: &'static str, label: &'static str, most: usize) -> Material {
    Material { optional: true, most, ..need(slot, label, DOCUMENT_HINT) }
}

/// A portrait that must be there.
pub const fn portrait(slot: &'static str, label: &'static str, hint: &'static str) -> Material {
    Material { kind: MaterialKind::Portrait, ..need(slot, label, hint) }
}

impl Material {
    /// The same material, wanted only for certain answers of a question.
    pub const fn when(self, question: &'static str, any_of: &'static [&'static str]) -> Material {
        Material { when: Some(When { question, any_of }), ..self }
    }
}
