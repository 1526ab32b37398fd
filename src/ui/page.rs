//! One page, as a handler describes it, and what its frame shows besides. [`layout`](super::layout) puts them together.

use maud::Markup;

use super::Lang;
use crate::settings::Contact;

/// The part of the frame that does not depend on the page.
pub struct Chrome<'a> {
    pub authority: &'a str,
    pub contact: &'a Contact,
    /// The filing number of the site (ICP备案号), or empty.
    pub filing: &'a str,
    /// Scheme and host, which a printed page shows.
    pub address: &'a str,
    /// When the page was made, in China, to the second. A printed page shows it.
    pub time: &'a str,
    pub css: &'a str,
    /// URLs of the scripts, loaded with `defer`.
    pub scripts: &'a [String],
    pub icon: &'a str,
    /// For the home screen of iOS.
    pub touch_icon: &'a str,
    pub manifest: &'a str,
    pub senior: bool,
    /// Whether to show that all data is fictional.
    pub demo: bool,
    /// Path and query of this page; the switch of senior mode returns here.
    pub here: &'a str,
    pub lang: Lang,
    /// Whether the page shows a form again with what is wrong in it; its title then says so.
    pub refused: bool,
}

/// The sections of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Home,
    Services,
    Certificates,
    Me,
}

/// The navigation of the review desk, in place of the tabs.
#[derive(Clone)]
pub struct Desk {
    pub who: String,
    pub links: Vec<DeskLink>,
}

/// A link of the desk's navigation. It is current on its page and on the pages below it.
#[derive(Clone)]
pub struct DeskLink {
    pub label: String,
    pub path: &'static str,
}

/// One page: its content and what its frame shows.
pub struct Page {
    /// Shown in the window title and the top bar.
    pub title: String,
    /// What distinguishes the page from others of its title, such as a number. Shown in the window title.
    pub about: String,
    /// `main` contains the `h1`.
    pub own_heading: bool,
    /// URL of the back link.
    pub back: Option<String>,
    pub tab: Option<Tab>,
    pub desk: Option<Desk>,
    pub main: Markup,
    /// The sticky action bar at the bottom.
    pub bar: Option<Markup>,
    /// Seconds and URL of a reload by the browser, for browsers in which htmx does not run.
    pub refresh: Option<(u32, String)>,
    /// Uses up to 75 rem of a wide screen.
    pub wide: bool,
    /// Fills the window without a margin, for a case of the review desk.
    pub full: bool,
}

impl Page {
    /// A page whose title is its `h1`.
    pub fn new(title: impl Into<String>, main: Markup) -> Page {
        Page {
            title: title.into(),
            about: String::new(),
            own_heading: false,
            back: None,
            tab: None,
            desk: None,
            main,
            bar: None,
            refresh: None,
            wide: false,
            full: false,
        }
    }

    /// Adds what distinguishes the page from others of its title.
    pub fn about(self, about: impl Into<String>) -> Page {
        Page { about: about.into(), ..self }
    }

    pub fn own_heading(self) -> Page {
        Page { own_heading: true, ..self }
    }

    pub fn back(self, url: impl Into<String>) -> Page {
        Page { back: Some(url.into()), ..self }
    }

    pub fn tab(self, tab: Tab) -> Page {
        Page { tab: Some(tab), ..self }
    }

    /// Shows `bar` at the bottom. Its submit buttons are those of [`super::bar_submit`].
    pub fn bar(self, bar: Markup) -> Page {
        Page { bar: Some(bar), ..self }
    }

    pub fn desk(self, desk: Desk) -> Page {
        Page { desk: Some(desk), ..self }
    }

    /// Loads `url` after `seconds`. Where htmx runs, `app.js` cancels the reload.
    pub fn refresh(self, seconds: u32, url: impl Into<String>) -> Page {
        Page { refresh: Some((seconds, url.into())), ..self }
    }

    pub fn wide(self) -> Page {
        Page { wide: true, ..self }
    }

    pub fn full(self) -> Page {
        Page { full: true, ..self }
    }
}
