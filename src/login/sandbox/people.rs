//! The people of the demo portal. None of them exists.

use crate::people::document::DocumentType;

/// Somebody to sign in as.
pub struct Person {
    /// Full name.
    pub name: &'static str,
    /// Kind of the identity document.
    pub document_type: DocumentType,
    /// Its number.
    pub document_number: &'static str,
    /// Mobile number.
    pub phone: &'static str,
    /// What they are to us, such as 考生; shown beside the name.
    pub role: &'static str,
}

/// Everybody the demo portal knows.
pub const PEOPLE: &[Person] = &[
    Person {
        name: "张小三",
        document_type: DocumentType::Resident,
        document_number: "11010519491231002X",
        phone: "13800138000",
        role: "考生",
    },
    Person {
        name: "陳大文",
        document_type: DocumentType::HkMacaoPermit,
        document_number: "H12345678",
        phone: "13900139000",
        role: "考生",
    },
];
