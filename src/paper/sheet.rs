//! What a printed sheet says.

use crate::store::Timestamp;

/// Facts below a heading, which may be empty.
#[derive(Clone, Debug, Default)]
pub struct Section {
    pub heading: String,
    /// Labels and values.
    pub facts: Vec<(String, String)>,
}

/// A sheet of A4, or several if it does not fit on one.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Small, above the title.
    pub above: String,
    pub title: String,
    /// Below the title; may be empty.
    pub below: String,
    pub sections: Vec<Section>,
    /// A portrait as JPEG.
    pub portrait: Option<Vec<u8>>,
    /// Who signs, and when; the seal is put on it. May be empty.
    pub signed: Vec<String>,
    /// The office's seal as PNG.
    pub seal: Option<Vec<u8>>,
    /// What a QR code at the end has.
    pub qr: Option<String>,
    /// Next to the QR code, or at the end.
    pub notes: Vec<String>,
    /// A text that programs find inside of the file.
    pub attached: Option<String>,
    /// When it is made.
    pub made_at: Timestamp,
    pub language: String,
}

impl Sheet {
    /// An empty one. `language` is a BCP 47 tag.
    pub fn new(made_at: Timestamp, language: &str) -> Sheet {
        Sheet {
            above: String::new(),
            title: String::new(),
            below: String::new(),
            sections: Vec::new(),
            portrait: None,
            signed: Vec::new(),
            seal: None,
            qr: None,
            notes: Vec::new(),
            attached: None,
            made_at,
            language: language.to_owned(),
        }
    }
}
