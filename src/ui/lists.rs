//! Lists of links (cards, tiles, rows) and timelines.

use maud::{Markup, html};

use super::{Fact, Icon, facts, icon, words};

/// One application or certificate in a list. The whole card opens `href`.
pub struct Card {
    /// Exam and sitting.
    pub title: String,
    pub href: String,
    /// The state, from [`super::tag`].
    pub tag: Markup,
    /// Three to five lines.
    pub facts: Vec<Fact>,
    /// A note, as (state that gives its colour, text).
    pub note: Option<(&'static str, String)>,
    pub actions: Vec<Link>,
}

#[derive(Clone)]
pub struct Link {
    pub label: &'static str,
    pub href: String,
}

impl Link {
    pub const fn new(label: &'static str, href: String) -> Link {
        Link { label, href }
    }
}

pub fn card(card: &Card) -> Markup {
    html! {
        article.card {
            div.card-body {
                header {
                    h2 { a.cover href=(card.href) { (words(&card.title)) } }
                    (card.tag)
                }
                (facts(&card.facts))
                @if let Some((state, note)) = &card.note { p.note data-state=(state) { (words(note)) } }
            }
            @if !card.actions.is_empty() {
                div.card-actions {
                    @for Link { label, href } in &card.actions {
                        a href=(href) { (label) span.hidden { "：" (card.title) } }
                    }
                }
            }
        }
    }
}

/// One entry of a timeline.
pub struct Moment {
    /// A state of [`super::tag`]. It gives the newest dot its colour.
    pub state: String,
    pub title: String,
    /// `2026-04-01 09:30`.
    pub when: String,
    /// A person or a note; may be empty.
    pub detail: String,
}

/// A history, newest first.
pub fn timeline(moments: &[Moment]) -> Markup {
    html! {
        ol.timeline {
            @for moment in moments {
                li data-state=(moment.state) {
                    strong { (moment.title) }
                    span.muted.small {
                        (words(&moment.when))
                        @if !moment.detail.is_empty() { " · " (words(&moment.detail)) }
                    }
                }
            }
        }
    }
}

/// One square of the home page.
pub struct Tile {
    pub icon: Icon,
    pub label: String,
    pub href: String,
    /// Number of things that wait there; 0 shows no badge.
    pub badge: i64,
}

/// The grid of the home page: three tiles a row.
pub fn tiles(tiles: &[Tile]) -> Markup {
    html! {
        ul.tiles {
            @for tile in tiles {
                li {
                    a href=(tile.href) {
                        span.badge { (icon(tile.icon)) }
                        span.tile-name { (tile.label) }
                        @if tile.badge > 0 {
                            span.count-badge { (tile.badge) span.hidden { " 项待处理" } }
                        }
                    }
                }
            }
        }
    }
}

/// One link of [`rows`].
pub struct ListRow {
    pub title: Markup,
    /// Muted text below the title; may be empty.
    pub detail: String,
    pub href: String,
    /// A date, a tag or an arrow at the right edge.
    pub trailing: Markup,
}

/// A list of links in one white area.
pub fn rows(rows: &[ListRow]) -> Markup {
    html! {
        ul.rows {
            @for row in rows {
                li {
                    a href=(row.href) {
                        span.row-name {
                            span { (row.title) }
                            @if !row.detail.is_empty() { span.muted.small { (words(&row.detail)) } }
                        }
                        span.row-end { (row.trailing) }
                    }
                }
            }
        }
    }
}

/// A large link of the first page.
pub fn door(picture: Icon, title: &str, detail: &str, href: &str, primary: bool) -> Markup {
    html! {
        a.door href=(href) data-look=[primary.then_some("primary")] {
            span.badge { (icon(picture)) }
            span { strong { (title) } span.small { (detail) } }
            (icon(Icon::Forward))
        }
    }
}

/// The link to the rest of a list. The list is `#items` and this link its last child. htmx replaces the
/// link with the children of `#items` on the next page, and the address with `grown`: the address of the list with
/// that page, so that a reload and going back show it again.
pub fn more(next: &str, grown: &str) -> Markup {
    html! {
        a.button.more data-look="plain" href=(next) hx-get=(next) hx-target="this"
            hx-swap="outerHTML" hx-select="#items > *" hx-replace-url=(grown) { "加载更多" }
    }
}

/// Where a page of a list begins. Read out and focused when the page is added to the list.
pub fn page_mark(number: i64) -> Markup {
    html! { @if number > 0 { p.hidden tabindex="-1" { "第 " (number + 1) " 页" } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_links_to_its_page_and_names_its_actions() {
        let shown = card(&Card {
            title: "一级建造师 · 2026-05".into(),
            href: "/a/1".into(),
            tag: html! {},
            facts: vec![Fact::of("受理号", "<1>")],
            note: None,
            actions: vec![Link::new("修改", "/a/1/edit".into())],
        })
        .into_string();
        assert!(shown.contains(r#"<a class="cover" href="/a/1">一级建造师"#));
        assert!(shown.contains("<dd>&lt;1&gt;</dd>"));
        assert!(shown.contains(r#"修改<span class="hidden">：一级建造师 · 2026-05</span>"#));
    }

    #[test]
    fn tile_without_waiting_things_has_no_badge() {
        let tile = |badge| Tile { icon: Icon::List, label: "业务查询".into(), href: "/p".into(), badge };
        assert!(!tiles(&[tile(0)]).into_string().contains("待处理"));
        assert!(tiles(&[tile(2)]).into_string().contains("2<span class=\"hidden\"> 项待处理"));
    }

    #[test]
    fn more_link_replaces_itself_and_works_without_scripts() {
        let shown = more("/list?from=1&page=1", "/list?page=1").into_string();
        assert!(shown.contains(r#" href="/list?from=1&amp;page=1""#));
        assert!(shown.contains(r#"hx-replace-url="/list?page=1""#));
        assert!(shown.contains(r##"hx-target="this" hx-swap="outerHTML" hx-select="#items &gt; *""##));
    }
}
