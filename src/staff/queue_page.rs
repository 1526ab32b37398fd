//! The page of the queue.

use std::collections::HashMap;

use maud::{Markup, html};
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::count::Count;
use super::days::Days;
use super::filters::Filters;
use super::header::Header;
use super::queue::{self, QueueFilter, QueueItem, QueuePart};
use super::saved_views::SavedViews;
use super::{identities, keys};
use crate::casework::business::Registry;
use crate::casework::lifecycle::Status;
use crate::casework::{Refusal, history};
use crate::pages::signed_in::as_staff;
use crate::pages::views;
use crate::paths;
use crate::people::staff::{Duty, Role, StaffMember, Unaudited};
use crate::store::clock::china;
use crate::store::{Store, Timestamp, Tx};
use crate::ui::{self, Icon, ListRow, Look, Page, Tone};
use crate::web::{Failure, Frame, Visitor, see_other};

#[handler]
pub fn home() -> Response {
    see_other(paths::QUEUE)
}

/// Set when another page redirects here.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Redirected {
    /// Not empty: 领取下一件 found no application.
    none: String,
}

#[handler]
pub async fn show_queue(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    Query(filter): Query<QueueFilter>,
    Query(redirected): Query<Redirected>,
) -> Result<Response, Failure> {
    if let Some(tidy) = frame.tidy_address() {
        return Ok(tidy);
    }
    let load = move |tx: &mut Tx, staff: StaffMember| Ok(Listing::load(tx, &staff, filter)?);
    let (listing, header) = as_staff(&visitor, load).await?.disclose(store).await?;
    let main = html! { (listing.show(!redirected.none.is_empty())) (keys::show(header.keys)) };
    Ok(frame.page(Page::new("待办", main).own_heading().wide().desk(header.desk)))
}

pub(super) struct Listing {
    /// One more than the pages have if there is a next page. That one is not shown.
    items: Vec<QueueItem>,
    /// Number of open identity cases, if the reader decides them.
    identities: Option<Count>,
    filter: QueueFilter,
    filters: Filters,
    pub views: SavedViews,
    registry: Registry,
    duty: Duty,
    now: Timestamp,
    days: Days,
    /// Of those that a colleague handed to the reader: who, and the word. By the key of the application.
    words: HashMap<String, String>,
}

impl Listing {
    /// Reads everything that the page shows.
    pub fn load(
        tx: &mut Tx,
        staff: &StaffMember,
        filter: QueueFilter,
    ) -> Result<Unaudited<(Listing, Header)>, Refusal> {
        let filter = filter.for_role(Registry::of(tx), &staff.duty());
        let titles = queue::Titles::load(tx, filter.part())?;
        let items = queue::list_of(tx, staff, &filter, &titles)?;
        let filters = Filters::load(tx, staff, &filter, titles)?;
        let views = SavedViews::load(tx, staff)?;
        let (days, header) = (Days::load(tx)?, Header::load(tx, staff)?);
        let identities = (staff.role == Role::Administrator).then_some(header.identities);
        let listed = queue::numbers(filter.pages().split(&items).0.flat_map(|(_, items)| items));
        let noted = if listed.is_empty() { Vec::new() } else { vec![("list", listed)] };
        let (registry, duty, now) = (Registry::of(tx), staff.duty(), tx.now);
        let words = match filter.part() {
            QueuePart::Mine => {
                let ids: Vec<String> = items.iter().map(|item| item.position.id.clone()).collect();
                history::words_of_handover(tx, &ids)?
            }
            _ => HashMap::new(),
        };
        let listing = Listing { items, identities, filter, filters, views, registry, duty, now, days, words };
        Unaudited::new(tx, &staff.id, noted, (listing, header)).map_err(Refusal::from)
    }

    /// `none`: 领取下一件 found no application.
    pub fn show(&self, none: bool) -> Markup {
        html! {
            div.head {
                (ui::heading("", self.filter.part().label(), ""))
                @if queue::decides(self.registry, &self.duty) {
                    form method="post" action=(paths::QUEUE_NEXT) {
                        (ui::submit("go", "next", "领取下一件", Look::Primary))
                    }
                }
            }
            @if none {
                (ui::banner(Tone::Info, "目前没有可以领取的申请", html! {
                    p { "新的申请提交后会出现在这里；您本人的申请，以及对您办理过的申请的申诉，由其他工作人员办理。" }
                }))
            }
            (self.uncertain())
            @if let Some(waiting) = self.identities { (identities::home_link(waiting)) }
            (self.filters.show(&self.filter, self.registry, &self.duty))
            (self.views.show(&self.filter))
            @if self.items.is_empty() { (self.nothing()) }
            @else { div #items { (self.rows()) } }
        }
    }

    fn uncertain(&self) -> Markup {
        let with_desk = self.items.iter().filter(|item| is_with_desk(item.status));
        self.days.uncertain(with_desk.filter_map(|item| item.due_on).max())
    }

    fn nothing(&self) -> Markup {
        if self.filter.is_narrow() {
            let action = ("清除筛选条件", paths::QUEUE);
            let is_taken = self.filter.part() != QueuePart::Waiting;
            let help = match (self.filter.time(), &*self.filter.q, &*self.filter.taker) {
                (Some(time), ..) if !time.concerns(self.filter.part()) => "这个状态的申请不计办理期限。",
                (_, "", taker) if !(taker.is_empty() || is_taken) => {
                    "待审核的申请还没有人领取，请把状态改为“审核中”或“已办理”。"
                }
                (_, "", _) => "请换一个条件再试。",
                _ => "请换一个条件再试。要按姓名、证件号码或在全部状态中找，请用“查找”。",
            };
            return ui::empty(Icon::Search, "没有符合条件的申请", help, Some(action));
        }
        let words = match self.filter.part() {
            QueuePart::Waiting => ("待审核的都办完了", "新的申请提交后会出现在这里。"),
            QueuePart::InReview => ("没有审核中的申请", "领取后的申请会出现在这里。"),
            QueuePart::Mine => ("您没有领取申请", "按“领取下一件”开始审核。"),
            QueuePart::Held => ("没有暂缓的申请", "审核员暂缓的申请会出现在这里。"),
            QueuePart::Returned => ("没有待补正的申请", "退回考生、还没有重新提交的申请会出现在这里。"),
            QueuePart::ToDo => {
                ("没有待办结的申请", "审核通过、还需要退款、制证、开票或签收的申请会出现在这里。")
            }
            QueuePart::Decided => ("还没有办理过的申请", "审核通过、退回和不通过的申请会出现在这里。"),
        };
        let also_carries_out = queue::carries_out(self.registry, &self.duty);
        let todo = (self.filter.part() == QueuePart::Waiting && also_carries_out)
            .then(|| format!("{}?status={}", paths::QUEUE, QueuePart::ToDo.code()));
        let action = todo.as_deref().map(|path| ("查看待办结", path));
        ui::empty(Icon::Check, words.0, words.1, action)
    }

    fn rows(&self) -> Markup {
        let (pages, has_next) = self.filter.pages().split(&self.items);
        html! {
            @for (number, items) in pages {
                (ui::page_mark(number))
                (ui::rows(&items.iter().map(|item| self.row(item)).collect::<Vec<ListRow>>()))
            }
            @if has_next { (self.more()) }
        }
    }

    fn row(&self, item: &QueueItem) -> ListRow {
        let since = format!("{} 提交", china(item.since));
        let waits = matches!(
            self.filter.part(),
            QueuePart::Waiting | QueuePart::InReview | QueuePart::Mine | QueuePart::Held
        );
        let facts = [
            Some(item.business.label.to_owned()),
            Some(since),
            waits.then(|| format!("已等待{}", span(item.since, self.now))),
            (item.round > 1).then(|| format!("第 {} 轮", item.round)),
            item.assignee.as_ref().map(|name| format!("{name}{}", if waits { "已领取" } else { "办理" })),
            self.words.get(&item.position.id).cloned(),
        ];
        ListRow {
            title: html! { (item.name) " · " (ui::words(&item.title)) },
            detail: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            href: paths::case(&item.number),
            trailing: due_tag(item, &self.days),
        }
    }

    /// A list that has become very long goes on at another address, which shows one page.
    fn more(&self) -> Markup {
        let last = self.items.iter().rev().nth(1).map(|item| item.position.to_string()).unwrap_or_default();
        let next = self.address_of_next(&last);
        ui::more(&next, &if self.filter.pages().can_grow() { self.address_of_next("") } else { next.clone() })
    }

    fn address_of_next(&self, after: &str) -> String {
        let page = self.filter.pages().next().to_string();
        format!("{}?{}", paths::QUEUE, self.filter.query_with(&[("after", after), ("page", &page)]))
    }
}

/// Warns if the due day is past or near, otherwise shows the state.
pub(super) fn due_tag(item: &QueueItem, days: &Days) -> Markup {
    match item.due_on.filter(|_| is_with_desk(item.status)) {
        Some(due) if due < days.today => ui::tag("overdue", "已逾期"),
        Some(due) if due == days.today => ui::tag("due", "今日到期"),
        Some(due) if due <= days.next => ui::tag("due", "将逾期"),
        _ => match item.business.awaited_task(item.status) {
            Some(task) => ui::tag("due", task.waiting),
            None => views::state_tag(item.business, item.status, &item.result),
        },
    }
}

fn is_with_desk(status: Status) -> bool {
    matches!(status, Status::Submitted | Status::InReview)
}

/// A duration in days, or in hours below one day.
pub(super) fn span(since: Timestamp, now: Timestamp) -> String {
    let passed = now - since;
    match (passed.num_days(), passed.num_hours()) {
        (_, ..1) => "不到 1 小时".to_owned(),
        (..1, hours) => format!(" {hours} 小时"),
        (days, _) => format!(" {days} 天"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::casework::business::Business;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn tag_warns_one_working_day_ahead() {
        let days = Days::at("2026-09-30"); // the last working day before 国庆
        let shown = |due: &str, status| {
            let item = QueueItem {
                number: Default::default(),
                business: &Business::PLAIN,
                title: String::new(),
                name: String::new(),
                status,
                result: String::new(),
                round: 1,
                since: Timestamp::MIN,
                due_on: Some(day(due)),
                assignee: None,
                position: queue::Position { due: day(due), at: Timestamp::MIN, id: String::new() },
            };
            due_tag(&item, &days).into_string()
        };
        assert!(shown("2026-09-29", Status::Submitted).contains("已逾期"));
        assert!(shown("2026-09-30", Status::InReview).contains("今日到期"));
        assert!(shown("2026-10-08", Status::Submitted).contains("将逾期"));
        assert!(shown("2026-10-09", Status::Submitted).contains("待审核"));
        assert!(shown("2026-09-29", Status::Returned).contains("审核退回"));
    }

    #[test]
    fn waiting_time_is_shown_in_its_largest_unit() {
        let start: Timestamp = "2026-11-23T01:00:00".parse().unwrap();
        let after = |minutes| span(start, start + chrono::TimeDelta::minutes(minutes));
        assert_eq!(after(59), "不到 1 小时");
        assert_eq!(after(60), " 1 小时");
        assert_eq!(after(24 * 60 - 1), " 23 小时");
        assert_eq!(after(49 * 60), " 2 天");
    }
}
