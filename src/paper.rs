//! PDF files that are printed: certificates, reports and slips. Labels use its fonts.
//!
//! | file | what it has |
//! | --- | --- |
//! | `face` | the fonts, and the width of a text |
//! | `sheet` | what a sheet says |
//! | `layout` | where it stands on the pages |
//! | `pdf` | the file: PDF/A-3b with embedded fonts |

mod face;
mod layout;
mod pdf;
mod sheet;

pub use face::{Face, MISSING, face, load_common_font};
pub use pdf::pdf;
pub use sheet::{Section, Sheet};
