//! The window of a browser that sends a form, and what it showed.
//!
//! A page sends its form many times: scripts save each answer. Its requests carry the same name, so that the page does
//! not conflict with itself. See [`Window::has_missed_a_save`].

use std::fmt;

use crate::casework::answers::{SentValues, values};
use crate::casework::business::Application;

/// Maximum characters of a window's name. The program names windows by ULIDs.
const LONGEST_NAME: usize = 26;

/// The state of an application that a page showed. Its text is `id.version.saves`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub id: String,
    pub version: i32,
    pub saves: i32,
}

impl Seen {
    pub fn of(application: &Application) -> Seen {
        Seen { id: application.id.clone(), version: application.version, saves: application.saves }
    }

    fn parse(text: &str) -> Option<Seen> {
        let (rest, saves) = text.rsplit_once('.')?;
        let (id, version) = rest.rsplit_once('.')?;
        Some(Seen { id: id.to_owned(), version: version.parse().ok()?, saves: saves.parse().ok()? })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.id, self.version, self.saves)
    }
}

/// The window that sent a form.
#[derive(Clone, Debug)]
pub struct Window {
    /// Empty if the request does not come from a page with the form.
    pub name: String,
    /// `None` if the page showed a form that was never saved.
    pub seen: Option<Seen>,
}

impl Window {
    pub fn of(sent: &SentValues) -> Window {
        let one = |name| values(sent, name).first().map_or("", String::as_str);
        let is_a_name = |text: &&str| {
            text.len() <= LONGEST_NAME && text.chars().all(|letter| letter.is_ascii_alphanumeric())
        };
        let name = Some(one("window")).filter(is_a_name).unwrap_or_default();
        Window { name: name.to_owned(), seen: Seen::parse(one("seen")) }
    }

    /// Whether another window saved the form after this one loaded it.
    pub fn has_missed_a_save(&self, application: &Application) -> bool {
        let is_current = self.seen.as_ref().is_some_and(|seen| *seen == Seen::of(application));
        !self.name.is_empty() && application.saves > 0 && application.saved_by != self.name && !is_current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_showed_is_read_back() {
        let seen = Seen { id: "01H".into(), version: 2, saves: 7 };
        assert_eq!(Seen::parse(&seen.to_string()), Some(seen));
        for text in ["", "01H", "01H.2", "01H.x.7", "01H.2.99999999999"] {
            assert_eq!(Seen::parse(text), None, "{text}");
        }
    }

    #[test]
    fn malformed_name_of_a_window_is_dropped() {
        let named = |name: &str| {
            let sent = SentValues::from([("window".to_owned(), vec![name.to_owned()])]);
            Window::of(&sent).name
        };
        assert_eq!(named("01KB6Z3M8Q2V7T9X4C5D6E8F0G"), "01KB6Z3M8Q2V7T9X4C5D6E8F0G");
        assert_eq!(named("01KB6Z3M8Q2V7T9X4C5D6E8F0G1"), "");
        assert_eq!(named("<b>"), "");
    }
}
