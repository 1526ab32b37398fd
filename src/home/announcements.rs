//! 通知公告: announcements of the authority.

use diesel::prelude::*;
use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{Response, handler};

use crate::either;
use crate::paths;
use crate::store::schema::announcements::dsl as a;
use crate::store::{Error, Store, Timestamp, Tx, clock};
use crate::ui::{self, ListRow, Page};
use crate::web::{Failure, Frame};

/// Number of announcements on the first page.
const LATEST: i64 = 4;

/// Id, title and time of an announcement.
pub(super) type Headline = (String, String, Timestamp);

pub(super) fn latest(tx: &mut Tx) -> Result<Vec<Headline>, Error> {
    let published = a::announcements
        .filter(a::published_at.le(tx.now))
        .filter(a::taken_down_at.is_null())
        .order(a::published_at.desc());
    let latest = published.limit(LATEST).select((a::id, a::title, a::published_at));
    Ok(either!(tx.conn, conn => latest.load(conn))?)
}

/// The list for a page; empty if there is no announcement.
pub(super) fn list(news: &[Headline]) -> Markup {
    let rows: Vec<ListRow> = news
        .iter()
        .map(|(id, title, at)| ListRow {
            title: html! { (ui::words(title)) },
            detail: String::new(),
            href: paths::announcement(id),
            trailing: html! { time.date { (clock::china_date(*at)) } },
        })
        .collect();
    html! { @if !rows.is_empty() { h2 { "通知公告" } (ui::rows(&rows)) } }
}

#[handler]
pub async fn show(
    Path(id): Path<String>,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let found: Option<(String, String, Timestamp)> = store
        .read::<_, Error, _>(move |tx| {
            let shown = a::published_at.le(tx.now).and(a::taken_down_at.is_null());
            let row = a::announcements.find(id).filter(shown);
            Ok(row.select((a::title, a::body, a::published_at)).first(tx.conn).optional()?)
        })
        .await?;
    let (title, body, at) = found.ok_or(Failure::NotFound)?;
    let main = html! {
        (ui::heading("", &title, &clock::china(at)))
        (ui::panel("", ui::prose(&body)))
    };
    Ok(frame.page(Page::new("通知公告", main).about(title).own_heading().back(paths::HOME)))
}
