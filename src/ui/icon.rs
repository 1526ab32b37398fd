//! Icons: one stroke, 24 × 24, in the colour of the surrounding text.

use maud::PreEscaped;

/// An icon never stands alone: a label is always beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Home,
    Services,
    Certificate,
    Person,
    Qr,
    Search,
    Back,
    Forward,
    Check,
    Warning,
    Clipboard,
    Refund,
    Reissue,
    Receipt,
    Shield,
    Scales,
    Pencil,
    List,
    Camera,
    File,
    Mail,
    Copy,
}

/// The whole SVG element of one path, concatenated at compile time: a page has dozens of icons.
macro_rules! svg {
    ($path:literal) => {
        concat!(
            r#"<svg class="icon" width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><path d=""#,
            $path,
            r#""></path></svg>"#
        )
    };
}

/// The icon as inline SVG, hidden from assistive technology.
pub fn icon(icon: Icon) -> PreEscaped<&'static str> {
    PreEscaped(drawn(icon))
}

fn drawn(icon: Icon) -> &'static str {
    match icon {
        Icon::Home => svg!("M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z"),
        Icon::Services => svg!(
            "M5 4h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm10 0h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM5 14h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1zm10 0h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z"
        ),
        Icon::Certificate => svg!("M12 3a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM8.5 14L7 21l5-2.5L17 21l-1.5-7"),
        Icon::Person => svg!("M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 20.5c.8-4 4-6 8-6s7.2 2 8 6"),
        Icon::Qr => svg!("M4 4h6v6H4zm10 0h6v6h-6zM4 14h6v6H4zm10 0h3v3m3-3v3m-6 3h3m3 0v-.5"),
        Icon::Search => svg!("M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20.5 20.5"),
        Icon::Back => svg!("M15 5l-7 7 7 7"),
        Icon::Forward => svg!("M9 5l7 7-7 7"),
        Icon::Check => svg!("M5 12.5l4.5 4.5L19 7.5"),
        Icon::Warning => svg!("M12 4l9 16H3zM12 10v4.5m0 2.5v.1"),
        Icon::Clipboard => svg!("M9 5H6v16h12V5h-3M9 3h6v4H9zM9 14l2 2 4-4"),
        Icon::Refund => svg!("M8 5L4 9l4 4M4 9h11a4.5 4.5 0 0 1 0 9h-4"),
        Icon::Reissue => svg!("M6 3h8l4 4v14H6zM12 11v6m-3-3h6"),
        Icon::Receipt => svg!("M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6m-6 4h6"),
        Icon::Shield => svg!("M12 3l8 3v6c0 4.5-3.5 7.5-8 9-4.5-1.5-8-4.5-8-9V6zM12 8v4.5m0 3v.1"),
        Icon::Scales => svg!("M12 4v16m-5 0h10M5 7h14M6 7l-3.5 7h7zm12 0l-3.5 7h7z"),
        Icon::Pencil => svg!("M5 19l1-4L16 5l3 3L9 18z"),
        Icon::List => svg!("M8 6h13M8 12h13M8 18h13M3.5 6h.1m-.1 6h.1m-.1 6h.1"),
        Icon::Camera => svg!("M4 8h4l1.5-3h5L16 8h4v11H4zm8 2a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z"),
        Icon::File => svg!("M6 3h8l4 4v14H6zM14 3v4h4"),
        Icon::Mail => svg!("M3 6h18v12H3zM3 7l9 6 9-6"),
        Icon::Copy => svg!("M9 9h11v11H9zM15 9V4H4v11h5"),
    }
}
