//! The maud components of every page. They depend neither on HTTP nor on the database.
//!
//! Their styles are in `assets/css`, one file a component. Pages may use these classes on their own
//! markup:
//!
//! | class | effect |
//! | --- | --- |
//! | `twin` | two columns from 768 px: text left, a card right (login) |
//! | `sides` | two equal columns from 768 px, for a comparison |
//! | `split` | the values of facts inside stand at the right edge |
//! | `certificate` | a `panel` styled as a certificate; its `head` holds text and [`seal`] |
//! | `code` | the 64 px number of a login handshake |
//! | `choices` | large buttons in a column, each with a description |
//! | `actions` | a row of buttons that share the width |
//! | `muted`, `small` | muted text, 14 px text |
//! | `notice` | a numbered text to agree to |
//! | `bullets` | a list with bullets |
//! | `titled` | a heading that equals the next field's label; the label is only read aloud |
//! | `changed` | a value that changed since the last review |
//! | `desk`, `desk-queue`, `desk-facts`, `desk-side`, `desk-viewer`, `desk-bar` | the review desk |
//! | `desk-filters` | a form of filters in one row |
//! | `saved-views` | the filters that a staff member has saved |
//! | `found` | the applications of one candidate |
//! | `figures` | a table of numbers that scrolls sideways |
//! | `bulk-form` | a form with space between its parts |
//! | `bulk-lines` | a list of lines with smaller text below each |
//! | `desk-aside` | secondary buttons beside the heading of a case |
//! | `desk-mark`, `desk-file`, `desk-others` | a mark on an answer; a link that opens the viewer; other applications |

mod area;
mod basics;
mod chart;
mod choice;
mod field;
mod footer;
mod form;
mod icon;
mod lang;
mod layout;
mod lists;
mod page;
mod prose;
mod qr;
mod stylesheet;
mod upload;

pub use area::{
    Tone, answer, banner, confirmation, countdown, empty, error_page, greeting, heading, name_heading,
    numbered_heading, panel, qr_card, seal, steps, viewer,
};
pub use basics::{
    Fact, Look, Name, copyable, date, digits, download_button, facts, facts_under, keyed_submit, link_button,
    print_button, submit, tag, window_button, words,
};
pub use chart::{Bar, Chart, chart};
pub use choice::{Applied, Choice, Control, TextMode};
pub use field::{FormField, field};
pub use footer::contact;
pub use form::{
    Confirm, Mark, bar_submit, confirm, confirm_form, default_submit, marks, summary, summary_errors,
};
pub use icon::{Icon, icon};
pub use lang::Lang;
pub use layout::{document, fragment};
pub use lists::{Card, Link, ListRow, Moment, Tile, card, door, more, page_mark, rows, tiles, timeline};
pub use page::{Chrome, Desk, DeskLink, Page, Tab};
pub use prose::prose;
pub use qr::{Medium, qr};
pub use stylesheet::stylesheet;
pub use upload::{HARMFUL, Player, REMOVED, Recording, UploadField, Uploaded, materials, recording, upload};
