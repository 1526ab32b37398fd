//! `/services/{business}`: the applications of a candidate for one business (manual 图3.1).

use maud::{Markup, html};
use poem::web::{Data, Query};
use poem::{Response, handler};

use super::address::BusinessOf;
use crate::casework::application::ApplicationFilter;
use crate::casework::business::{Application, Business, Origin, Outset, Record};
use crate::casework::sweep::DRAFT_AGE;
use crate::pages::cards::{self, Listed, Paging};
use crate::pages::{controls, links};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, clock};
use crate::ui::{self, Fact, Look, Page};
use crate::web::{Failure, Frame};

#[handler]
pub async fn show(
    BusinessOf(business): BusinessOf,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    let page = paging.page;
    let (draft, listed, outset) = store
        .read::<_, Failure, _>(move |tx| {
            let outset = if page == 0 { (business.outset)(tx, &candidate)? } else { Outset::default() };
            let draft = Application::draft(tx, &candidate.id, business.slug, "")?.filter(|_| page == 0);
            let filter = ApplicationFilter {
                business: Some(business.slug.to_owned()),
                page,
                ..ApplicationFilter::default()
            };
            let applications = Application::list(tx, &candidate.id, &filter)?;
            Ok((draft, Listed::load(tx, applications)?, outset))
        })
        .await?;
    let main = view(business, draft.as_ref(), &listed, &outset, page);
    let can_start = business.origin == Origin::Nothing && (outset.nothing.is_none() || draft.is_some());
    let page = Page::new(business.label, main).back(paths::SERVICES);
    Ok(frame.page(if can_start { page.bar(start(business, draft.is_some())) } else { page }))
}

fn start(business: &Business, has_draft: bool) -> Markup {
    let label = if has_draft { "继续填写草稿" } else { business.start_label };
    ui::link_button(&paths::new_application(business.slug), label, Look::Primary)
}

fn view(
    business: &Business,
    draft: Option<&Application>,
    listed: &[Listed],
    outset: &Outset,
    page: i64,
) -> Markup {
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

fn draft_banner(business: &Business, draft: &Application) -> Markup {
    let slug = business.slug;
    let (saved, days) = (clock::china(draft.updated_at), DRAFT_AGE.num_days());
    let body = html! {
        p { (saved) " 保存，尚未提交，保留 " (days) " 天。" }
        p { a href=(paths::new_application(slug)) { "继续填写" } "　" a href=(paths::discard(slug)) { "删除草稿" } }
    };
    ui::banner(ui::Tone::Info, "您有一份草稿", body)
}
