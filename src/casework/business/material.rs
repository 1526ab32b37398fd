//! Files that a business asks for.

use crate::casework::question::When;
use crate::files::inspect::Limits;
use crate::people::staff::Role;

/// A slot for uploaded files.
#[derive(Clone, Copy)]
pub struct Material {
    /// Name in the form and in the stored answers.
    pub slot: &'static str,
    pub label: &'static str,
    /// A line of help, or empty.
    pub hint: &'static str,
    pub optional: bool,
    /// Largest number of files.
    pub most: usize,
    pub kind: MaterialKind,
    /// When it is asked for. `None`: always.
    pub when: Option<When>,
    /// The roles that read it besides who decides the application, because their task needs it.
    pub readers: &'static [Role],
}

/// Which files a slot accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaterialKind {
    /// A picture or a PDF of a document.
    Document,
    /// 证件照: a picture of fixed proportions.
    Portrait,
    /// A document or a recording.
    Evidence,
    /// A PDF.
    Pdf,
}

/// The help of a document.
pub const DOCUMENT_HINT: &str = Limits::STANDARD.document_hint;

/// A required document.
pub const fn need(slot: &'static str, label: &'static str, hint: &'static str) -> Material {
    Material {
        slot,
        label,
        hint,
        optional: false,
        most: 1,
        kind: MaterialKind::Document,
        when: None,
        readers: &[],
    }
}

/// Up to `most` optional documents.
pub const fn extra(slot: &'static str, label: &'static str, most: usize) -> Material {
    Material { optional: true, most, ..need(slot, label, DOCUMENT_HINT) }
}

/// A required portrait.
pub const fn portrait(slot: &'static str, label: &'static str, hint: &'static str) -> Material {
    Material { kind: MaterialKind::Portrait, ..need(slot, label, hint) }
}

impl Material {
    /// The same material, asked for only if another question has one of these answers.
    pub const fn when(self, question: &'static str, any_of: &'static [&'static str]) -> Material {
        Material { when: Some(When { question, any_of }), ..self }
    }
}
