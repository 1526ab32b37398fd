//! The filters above the queue.

use diesel::prelude::*;
use maud::{Markup, html};

use super::queue::{Counts, QueueFilter, QueuePart, TimeFilter, Titles};
use crate::casework::business::Registry;
use crate::paths;
use crate::people::staff::{Duty, Role, StaffMember};
use crate::store::schema::staff::dsl as s;
use crate::store::{Error, Tx};

/// What the filters offer.
pub(super) struct Filters {
    counts: Counts,
    titles: Titles,
    takers: Vec<Taker>,
}

/// Somebody who takes or has taken applications.
struct Taker {
    id: String,
    name: String,
    role: Option<Role>,
    is_active: bool,
}

impl Filters {
    pub fn load(
        tx: &mut Tx,
        reader: &StaffMember,
        filter: &QueueFilter,
        titles: Titles,
    ) -> Result<Filters, Error> {
        Ok(Filters { counts: Counts::load(tx, reader, filter)?, titles, takers: takers(tx)? })
    }

    pub fn show(&self, filter: &QueueFilter, registry: Registry, duty: &Duty) -> Markup {
        let is_open = [&filter.exam, &filter.taker].iter().any(|value| !value.is_empty());
        html! {
            form.desk-filters method="get" action=(paths::QUEUE) role="search" {
                label {
                    span.label { "状态" }
                    select.input name="status" {
                        @for part in QueuePart::ALL {
                            (self.counted("status", part.code(), part.label(), part == filter.part()))
                        }
                    }
                }
                label {
                    span.label { "业务" }
                    select.input name="kind" {
                        option value="" { "全部业务" }
                        @for business in registry.iter().filter(|business| business.is_work_of(duty)) {
                            (self.counted("kind", business.slug, business.label, business.slug == filter.business))
                        }
                    }
                }
                label {
                    span.label { "时间" }
                    select.input name="time" {
                        option value="" { "不限" }
                        @for time in TimeFilter::ALL {
                            (self.counted("time", time.code(), time.label(), Some(time) == filter.time()))
                        }
                    }
                }
                label {
                    span.label { "考试名称或受理号" }
                    input.input type="search" name="q" value=(filter.q) maxlength="60" autocomplete="off"
                        enterkeyhint="search";
                }
                button.button type="submit" data-look="plain" { "筛选" }
                details open[is_open] {
                    summary { "更多条件" }
                    div.desk-filters {
                        label {
                            span.label { "考试与考次" }
                            select.input name="exam" {
                                option value="" { "全部考试" }
                                (self.exams(&filter.exam))
                            }
                        }
                        label {
                            span.label { "办理人" }
                            select.input name="taker" {
                                option value="" { "不限" }
                                @for taker in &self.takers {
                                    option value=(taker.id) selected[taker.id == filter.taker] { (taker.shown()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// An option with the number of applications that the list has with it.
    fn counted(&self, filter: &str, value: &str, label: &str, is_chosen: bool) -> Markup {
        html! {
            option value=(value) selected[is_chosen] {
                (label)
                @if let Some(count) = self.counts.of(filter, value) { "（" (count) "）" }
            }
        }
    }

    /// The exams, each with its sittings. A chosen one that the list has no more stays chosen.
    fn exams(&self, chosen: &str) -> Markup {
        let exams = self.titles.by_exam();
        let is_known = exams.iter().any(|(exam, titles)| *exam == chosen || titles.contains(&chosen));
        html! {
            @if !(chosen.is_empty() || is_known) { option value=(chosen) selected { (chosen) } }
            @for (exam, titles) in &exams {
                @if titles.len() > 1 {
                    option value=(exam) selected[*exam == chosen] { (exam) "（全部考次）" }
                }
                @for title in titles { option value=(title) selected[*title == chosen] { (title) } }
            }
        }
    }
}

impl Taker {
    fn shown(&self) -> String {
        let role = self.role.map_or("", Role::label);
        format!("{}（{}）", self.name, if self.is_active { role } else { "已离岗" })
    }
}

/// Everybody of the roster; the history keeps what those who have left did.
fn takers(tx: &mut Tx) -> Result<Vec<Taker>, Error> {
    let rows =
        s::staff.order((s::active.desc(), s::name, s::id)).select((s::id, s::name, s::role, s::active));
    let rows: Vec<(String, String, String, bool)> = rows.load(tx.conn)?;
    let taker = |(id, name, role, is_active): (String, String, String, bool)| Taker {
        id,
        name,
        role: Role::from_code(&role),
        is_active,
    };
    Ok(rows.into_iter().map(taker).collect())
}
