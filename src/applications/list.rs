//! `/services/{business}`: the applications of a candidate for one business (manual 图3.1).

use maud::{Markup, html};
use poem::web::Query;
use poem::{Response, handler};

use super::address::BusinessOf;
use crate::casework::business::{Business, Origin, Outset, Record};
use crate::casework::listing::{self, BusinessList, ListedApplication};
use crate::casework::sweep::DRAFT_AGE;
use crate::pages::cards::{self, Paging};
use crate::pages::signed_in::as_candidate;
use crate::pages::{controls, links};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx, clock};
use crate::ui::{self, Fact, Look, Page};
use crate::web::{Failure, Frame, Visitor};

#[handler]
pub async fn show(
    BusinessOf(business): BusinessOf,
    visitor: Visitor,
    frame: Frame,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    let page = paging.page;
    let load = move |tx: &mut Tx, candidate: Candidate| Ok(Shown::load(tx, &candidate, business, page)?);
    let shown = as_candidate(&visitor, load).await?;
    let can_start = page == 0
        && business.origin == Origin::Nothing
        && (shown.outset.nothing.is_none() || shown.list.draft.is_some());
    let bar = start(business, &shown.list);
    let page = Page::new(business.label, view(business, &shown, page)).back(paths::SERVICES);
    Ok(frame.page(if can_start { page.bar(bar) } else { page }))
}

struct Shown {
    list: BusinessList,
    /// Empty on pages after the first.
    outset: Outset,
}

impl Shown {
    fn load(tx: &mut Tx, candidate: &Candidate, business: &Business, page: i64) -> Result<Shown, Error> {
        let list = listing::of_business(tx, candidate, business, page)?;
        let outset = match page {
            0 => (business.outset)(tx, candidate, &list.pending())?,
            _ => Outset::default(),
        };
        Ok(Shown { list, outset })
    }
}

/// The button on the first page of the list, which begins with the last submitted application.
fn start(business: &Business, list: &BusinessList) -> Markup {
    let label = if list.draft.is_some() { "继续填写草稿" } else { business.start_label };
    let last = list.listed.first().map_or("", |listed| &*listed.application.number);
    ui::link_button(&paths::next_application(business.slug, last), label, Look::Primary)
}

fn view(business: &Business, shown: &Shown, page: i64) -> Markup {
    let Shown { list: BusinessList { draft, listed }, outset } = shown;
    html! {
        p.muted { (business.about) }
        @if let Some(draft) = draft { (draft_banner(business, draft)) }
        @for record in &outset.records { (recorded(record)) }
        @if let Some(why) = outset.nothing {
            (ui::banner(ui::Tone::Neutral, "目前没有可以申请的项目", html! { p { (why) } }))
        }
        @if listed.is_empty() && page == 0 {
            (ui::empty(controls::icon(business.icon), "还没有申请", "提交后可以在这里查看进度和结果。", None))
        }
        (cards::items(listed, &|page| format!("{}?page={page}", links::list(business)), page, false))
    }
}

/// A record of the authority, with the deadline for an application.
fn recorded(record: &Record) -> Markup {
    let facts: Vec<_> = record.facts.iter().map(|(label, value)| Fact::of(label, value)).collect();
    ui::panel(
        &record.title,
        html! {
            (ui::facts(&facts))
            @if let Some((state, words)) = &record.deadline { p.note data-state=(state) { (words) } }
        },
    )
}

fn draft_banner(business: &Business, draft: &ListedApplication) -> Markup {
    let slug = business.slug;
    let (saved, days) = (clock::china(draft.updated_at), DRAFT_AGE.num_days());
    let body = html! {
        p { (saved) " 保存，尚未提交，保留 " (days) " 天。" }
        p { a href=(paths::new_application(slug)) { "继续填写" } "　" a href=(paths::discard(slug)) { "删除草稿" } }
    };
    ui::banner(ui::Tone::Info, "您有一份草稿", body)
}
