//! The form of the lookup as it was sent.

use crate::people::width;
use crate::web::Submission;

#[derive(Default)]
pub(super) struct TypedFields<'a> {
    pub name: &'a str,
    pub document: &'a str,
    pub number: &'a str,
}

impl TypedFields<'_> {
    pub(super) fn of(sent: &Submission) -> TypedFields<'_> {
        let [name, document, number] = ["name", "document", "number"].map(|field| sent.one(field));
        TypedFields { name, document, number }
    }

    /// Whether no field is blank.
    pub(super) fn is_complete(&self) -> bool {
        ![self.name, self.document, self.number].into_iter().any(width::is_blank)
    }
}
