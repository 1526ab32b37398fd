//! 业务查询: all applications of a candidate, with filters (manual 图2.2).

use chrono::Duration;
use maud::{Markup, html};
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::casework::business::Registry;
use crate::casework::lifecycle::Status;
use crate::casework::listing::{self, ApplicationFilter};
use crate::casework::number;
use crate::casework::paging::Pages;
use crate::pages::cards;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Store, Timestamp, Tx};
use crate::ui::{self, Choice, Control, FormField, Icon, Page, Tab, TextMode};
use crate::web::{Failure, Frame, Visitor};

/// The filters in the query string. An unknown value is no filter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    kind: String,
    status: String,
    period: String,
    number: String,
    from: i64,
    page: i64,
}

/// Periods to choose from, as (value, label, days).
const PERIODS: &[(&str, &str, i64)] =
    &[("month", "近一个月", 31), ("half", "近半年", 183), ("year", "近一年", 366)];

impl Search {
    fn filter(&self, now: Timestamp) -> ApplicationFilter {
        let days = PERIODS.iter().find(|(value, ..)| *value == self.period).map(|(.., days)| *days);
        let typed = !self.number.trim().is_empty();
        ApplicationFilter {
            business: (!self.kind.is_empty()).then(|| self.kind.clone()),
            status: Status::from_code(&self.status),
            // A text that is no number becomes the empty number, which no application has.
            number: typed.then(|| number::parse(&self.number).unwrap_or_default()),
            since: days.map(|days| now - Duration::days(days)),
            pages: self.pages(),
        }
    }

    fn pages(&self) -> Pages {
        Pages::new(self.from, self.page)
    }

    /// The address of the list. A number finds one application at most, so it has no further page.
    fn href(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("kind", &self.kind), ("status", &self.status), ("period", &self.period)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        match query.finish().as_str() {
            "" => paths::PROGRESS.to_owned(),
            query => format!("{}?{query}", paths::PROGRESS),
        }
    }

    fn has_filters(&self) -> bool {
        [&self.kind, &self.status, &self.period, &self.number].iter().any(|text| !text.is_empty())
    }
}

#[handler]
pub async fn show(
    visitor: Visitor,
    frame: Frame,
    Data(store): Data<&Store>,
    Query(search): Query<Search>,
) -> Result<Response, Failure> {
    if let Some(tidy) = frame.tidy_address() {
        return Ok(tidy);
    }
    let filter = search.filter(store.clock.now());
    let load = move |tx: &mut Tx, candidate: Candidate| Ok(listing::page(tx, &candidate, &filter)?);
    let listed = as_candidate(&visitor, load).await?;
    let main = html! {
        (form(Registry::of_store(store), &search))
        @if listed.is_empty() && search.pages().starts_list() { (empty(&search)) }
        (cards::items(&listed, &search.href(), search.pages(), true))
    };
    Ok(frame.page(Page::new("业务查询", main).tab(Tab::Services).back(paths::SERVICES)))
}

fn empty(search: &Search) -> Markup {
    if search.has_filters() {
        return ui::empty(
            Icon::Search,
            "没有符合条件的申请",
            "请换一个条件再查。",
            Some(("查看全部", paths::PROGRESS)),
        );
    }
    ui::empty(Icon::List, "还没有申请", "提交过的申请会显示在这里。", Some(("去办理业务", paths::SERVICES)))
}

fn form(registry: Registry, search: &Search) -> Markup {
    let kinds: Vec<_> = registry.iter().map(|business| Choice::new(business.slug, business.label)).collect();
    let submitted = Status::ALL.into_iter().filter(|status| *status != Status::Draft);
    let states: Vec<_> = submitted.map(|status| Choice::new(status.code(), status.label())).collect();
    let periods: Vec<_> = PERIODS.iter().map(|(value, label, _)| Choice::new(*value, *label)).collect();
    let number = Control::Text { value: &search.number, mode: TextMode::IdNumber, max: 24, suffix: "" };
    html! {
        details.panel open[search.has_filters()] {
            summary { "筛选和查找" }
            form method="get" action=(paths::PROGRESS) role="search" {
                (field("kind", "业务", Control::Select { options: &kinds, value: &search.kind }))
                (field("status", "办理结果", Control::Select { options: &states, value: &search.status }))
                (field("period", "申请时间", Control::Select { options: &periods, value: &search.period }))
                (field("number", "受理号", number))
                button.button type="submit" data-look="primary" { "查询" }
            }
        }
    }
}

fn field(name: &str, label: &str, control: Control) -> Markup {
    ui::field(&FormField { optional: true, ..FormField::new(name, label, control) })
}
