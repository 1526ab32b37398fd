//! `/services/{business}`: the applications of a candidate for one business (manual 图3.1).

use maud::{Markup, html};
use poem::web::Query;
use poem::{Response, handler};

use super::address::BusinessOf;
use crate::casework::business::{Business, Origin, Outset};
use crate::casework::listing::{self, BusinessList, ListedApplication};
use crate::casework::paging::Pages;
use crate::casework::texts::{self, TextKind};
use crate::pages::cards::{self, Paging};
use crate::pages::signed_in::as_candidate;
use crate::pages::{controls, links, views};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx, clock};
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Frame, Visitor};

#[handler]
pub async fn show(
    BusinessOf(business): BusinessOf,
    visitor: Visitor,
    frame: Frame,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    let pages = paging.pages();
    let load = move |tx: &mut Tx, candidate: Candidate| Ok(Shown::load(tx, &candidate, business, pages)?);
    let shown = as_candidate(&visitor, load).await?;
    let can_start = pages.starts_list()
        && business.origin == Origin::Nothing
        && (shown.outset.nothing.is_none() || shown.list.draft.is_some());
    let bar = start(business, &shown.list);
    let page = Page::new(business.label, view(business, &shown, pages)).back(paths::SERVICES);
    Ok(frame.page(if can_start { page.bar(bar) } else { page }))
}

struct Shown {
    list: BusinessList,
    /// Empty unless the list is shown from its beginning.
    outset: Outset,
    /// 办事说明.
    help: String,
}

impl Shown {
    fn load(tx: &mut Tx, candidate: &Candidate, business: &Business, pages: Pages) -> Result<Shown, Error> {
        let list = listing::of_business(tx, candidate, business, pages)?;
        let outset = match pages.starts_list() {
            true => (business.outset)(tx, candidate, &list.pending())?,
            false => Outset::default(),
        };
        let help =
            texts::current(tx, TextKind::Help, Some(business))?.map(|text| text.body).unwrap_or_default();
        Ok(Shown { list, outset, help })
    }
}

/// The button on the first page of the list, which begins with the last submitted application.
fn start(business: &Business, list: &BusinessList) -> Markup {
    let label = if list.draft.is_some() { "继续填写草稿" } else { business.start_label };
    let last = list.listed.first().map_or("", |listed| &*listed.application.number);
    ui::link_button(&paths::next_application(business.slug, last), label, Look::Primary)
}

fn view(business: &Business, shown: &Shown, pages: Pages) -> Markup {
    let Shown { list: BusinessList { draft, listed }, outset, help } = shown;
    html! {
        div.muted { (ui::prose(help)) }
        @if let Some(draft) = draft { (draft_banner(business, draft)) }
        (views::records(&outset.records))
        @if let Some(why) = outset.nothing {
            (ui::banner(ui::Tone::Neutral, "目前没有可以申请的项目", html! { p { (why) } }))
        }
        @if listed.is_empty() && pages.starts_list() {
            (ui::empty(controls::icon(business.icon), "还没有申请", "提交后可以在这里查看进度和结果。", None))
        }
        (cards::items(listed, &links::list(business), pages, false))
    }
}

fn draft_banner(business: &Business, draft: &ListedApplication) -> Markup {
    let slug = business.slug;
    let saved = clock::china(draft.updated_at);
    let body = html! {
        p { (ui::date(saved)) " 保存，尚未提交。长期没有提交会删除，删除前一周首页有提醒。" }
        p {
            a.text-button href=(paths::new_application(slug)) { "继续填写" }
            a.text-button href=(paths::discard(slug)) { "删除草稿" }
        }
    };
    ui::banner(ui::Tone::Info, "您有一份草稿", body)
}
