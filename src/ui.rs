//! The maud components every page is made of. They know neither HTTP nor the database.
//!
//! Looks live in `assets/css`, one file for each group of components. Besides the components below,
//! pages may use these classes on their own markup:
//!
//! | class | what it does |
//! | --- | --- |
//! | `twin` | two columns from 768 px: words left, a card right (login) |
//! | `sides` | two equal columns from 768 px, to compare |
//! | `split` | facts inside show their values at the right edge |
//! | `certificate` | a `panel` that looks like a certificate; its `head` holds words and [`seal`] |
//! | `code` | the 64 px number of the login handshake |
//! | `numbers` | a row of large number buttons on the phone |
//! | `choices` | large buttons below each other, each with words of its own |
//! | `actions` | a row of buttons sharing the width |
//! | `muted`, `small` | muted text, 14 px text |
//! | `notice` | a numbered text to be agreed to |
//! | `titled` | a heading that is the next field's label, which is then only read out |
//! | `changed` | a value marked as changed since the last round |
//! | `desk`, `desk-queue`, `desk-facts`, `desk-side`, `desk-viewer`, `desk-bar` | the review desk |
//! | `desk-filters` | a form of filters in one row, above a list of the desk |
//! | `desk-aside` | quieter buttons beside the heading of a case |
//! | `desk-mark`, `desk-file`, `desk-others` | a mark on a fact; a link into the viewer; other applications |

mod area;
mod basics;
mod choice;
mod field;
mod form;
mod icon;
mod lang;
mod layout;
mod lists;
mod qr;
mod stylesheet;
mod upload;

pub use area::{
    Tone, banner, confirmation, countdown, empty, error_page, greeting, heading, panel, qr_card, seal, steps,
    viewer,
};
pub use basics::{
    Fact, Look, download_button, facts, facts_under, keyed_submit, link_button, print_button, submit, tag,
    window_button, words,
};
pub use choice::{Choice, Control, TextMode};
pub use field::{FormField, field};
pub use form::{Confirm, bar_submit, confirm, confirm_form, default_submit, marks, summary, summary_errors};
pub use icon::{Icon, icon};
pub use lang::Lang;
pub use layout::{Chrome, Desk, Page, Tab, document, fragment};
pub use lists::{Card, ListRow, Moment, Tile, card, door, more, rows, tiles, timeline};
pub use qr::{Medium, qr};
pub use stylesheet::stylesheet;
pub use upload::{UploadField, Uploaded, materials, upload};
