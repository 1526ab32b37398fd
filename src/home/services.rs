//! 业务办理: the list of all businesses (manual 图2.1).

use maud::html;
use poem::web::Data;
use poem::{Response, handler};

use crate::casework::business::{Origin, Registry};
use crate::casework::listing;
use crate::pages::{controls, links};
use crate::paths;
use crate::store::{Store, Tx};
use crate::ui::{self, Icon, ListRow, Page, Tab, Tile};
use crate::web::session::live::Live;
use crate::web::{Failure, Frame, Visitor};

/// `GET /services`. The list needs no sign-in; its links do.
#[handler]
pub async fn show(visitor: Visitor, frame: Frame, Data(store): Data<&Store>) -> Result<Response, Failure> {
    let count = |tx: &mut Tx, live: Option<Live>| match live {
        Some(live) => Ok(listing::count_waiting(tx, &live.who.candidate)?),
        None => Ok(0),
    };
    let waiting = visitor.read(count).await?;
    let main = html! {
        p.muted { "选择要办理的业务。已提交的申请在业务查询里查看。" }
        (ui::tiles(&tiles(Registry::of_store(store), waiting)))
        (ui::rows(&[ListRow {
            title: html! { "证书查询（免登录）" },
            detail: "核验他人证书的真伪".to_owned(),
            href: paths::LOOKUP.to_owned(),
            trailing: html! { (ui::icon(Icon::Forward)) },
        }]))
    };
    Ok(frame.page(Page::new("业务办理", main).tab(Tab::Services)))
}

/// The businesses of [`Origin::Nothing`], 证书管理, and 业务查询 with the number of waiting applications.
pub(super) fn tiles(registry: Registry, waiting: usize) -> Vec<Tile> {
    let businesses = registry.iter().filter(|business| business.origin == Origin::Nothing);
    let mut tiles: Vec<Tile> = businesses
        .map(|business| Tile {
            icon: controls::icon(business.icon),
            label: business.label.to_owned(),
            href: links::list(business),
            badge: 0,
        })
        .collect();
    let certificates = Tile {
        icon: Icon::Certificate,
        label: "证书管理".to_owned(),
        href: paths::CERTIFICATES.to_owned(),
        badge: 0,
    };
    tiles.insert(1, certificates);
    tiles.push(Tile {
        icon: Icon::List,
        label: "业务查询".to_owned(),
        href: paths::PROGRESS.to_owned(),
        badge: i64::try_from(waiting).unwrap_or(i64::MAX),
    });
    tiles
}
