//! The two doors: candidates and staff may sign in at different portals.

use crate::paths;
use crate::settings::{PortalSettings, Settings};
use crate::store::codes;

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Door {
        /// Everybody, unless staff have a portal of their own.
        Candidates = "candidates",
        /// Staff, who have a portal of their own.
        Staff = "staff",
    }
}

impl Door {
    /// The door to a page.
    pub fn to(next: &str, settings: &Settings) -> Door {
        let rest = next.strip_prefix(paths::STAFF);
        let is_desk = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
        if is_desk && settings.staff_portal.is_some() { Door::Staff } else { Door::Candidates }
    }

    /// The door of a session: a session with the review desk began at the staff's door, if there is one.
    pub fn of_session(is_staff: bool, settings: &Settings) -> Door {
        if is_staff && settings.staff_portal.is_some() { Door::Staff } else { Door::Candidates }
    }

    pub fn portal(self, settings: &Settings) -> &PortalSettings {
        match self {
            Door::Candidates => &settings.portal,
            Door::Staff => settings.staff_portal.as_ref().unwrap_or(&settings.portal),
        }
    }
}
