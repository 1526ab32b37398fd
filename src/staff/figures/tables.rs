//! The tables of the figures, as a page and a CSV file show them.

use super::data::{Day, Figures, Group};
use crate::casework::business::Registry;
use crate::store::codes;

codes! {
    /// What a table has a row for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum TableKind {
        Kinds = "kind", "按业务";
        Exams = "exam", "按考试";
        Days = "day", "按日";
        Staff = "staff", "按办理人";
    }
}

pub struct Table {
    pub kind: TableKind,
    pub columns: Vec<&'static str>,
    /// The first cell of a row is its heading.
    pub rows: Vec<Vec<String>>,
}

const OF_GROUPS: [&str; 9] = [
    "待审核与审核中",
    "其中已逾期",
    "办理",
    "通过",
    "退回",
    "不通过",
    "退回率",
    "不通过率",
    "办理用时（工作日）中位数",
];
const NINETIETH: &str = "九成在几个工作日内";

impl Table {
    pub fn of(figures: &Figures, kind: TableKind, registry: Registry, with_received: bool) -> Table {
        let (columns, rows) = match kind {
            TableKind::Kinds => (of_groups("业务"), kinds(figures, registry)),
            TableKind::Exams => (of_groups("考试与考次"), groups(&figures.exams, or_none)),
            TableKind::Staff => {
                let name = |id: &str| figures.names.get(id).map_or_else(|| or_none(id), Clone::clone);
                (of_groups("办理人"), groups(&figures.staff, name))
            }
            TableKind::Days => (of_days(with_received), days(figures, with_received)),
        };
        Table { kind, columns, rows }
    }
}

fn of_groups(first: &'static str) -> Vec<&'static str> {
    [first].into_iter().chain(OF_GROUPS).chain([NINETIETH]).collect()
}

fn of_days(with_received: bool) -> Vec<&'static str> {
    let received = with_received.then_some("收到");
    ["日期"].into_iter().chain(received).chain(["办理", "通过", "退回", "不通过"]).collect()
}

/// In the order of the first page, and the sum of all.
fn kinds(figures: &Figures, registry: Registry) -> Vec<Vec<String>> {
    let shown =
        registry.iter().filter_map(|business| Some((business.label, figures.kinds.get(business.slug)?)));
    let mut rows: Vec<Vec<String>> = shown.map(|(label, group)| row(label.to_owned(), group)).collect();
    if rows.len() > 1 {
        rows.push(row("合计".to_owned(), &sum(figures.kinds.values())));
    }
    rows
}

fn groups<'a>(
    groups: impl IntoIterator<Item = (&'a String, &'a Group)>,
    name: impl Fn(&str) -> String,
) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = groups.into_iter().map(|(key, group)| row(name(key), group)).collect();
    rows.sort();
    rows
}

fn or_none(name: &str) -> String {
    if name.is_empty() { "（无）".to_owned() } else { name.to_owned() }
}

pub fn sum<'a>(groups: impl Iterator<Item = &'a Group>) -> Group {
    groups.fold(Group::default(), |mut sum, group| {
        sum.waiting += group.waiting;
        sum.overdue += group.overdue;
        sum.approved += group.approved;
        sum.returned += group.returned;
        sum.rejected += group.rejected;
        sum.waits.add_all(&group.waits);
        sum
    })
}

fn row(name: String, group: &Group) -> Vec<String> {
    let decided = group.decided();
    let days = |percent| group.waits.within(percent).map_or("–".to_owned(), |days| days.to_string());
    vec![
        name,
        group.waiting.to_string(),
        group.overdue.to_string(),
        decided.to_string(),
        group.approved.to_string(),
        group.returned.to_string(),
        group.rejected.to_string(),
        share(group.returned, decided),
        share(group.rejected, decided),
        days(50),
        days(90),
    ]
}

/// A percentage with one digit.
pub fn share(part: i64, whole: i64) -> String {
    match whole {
        0 => "–".to_owned(),
        _ => {
            let thousandths = (part * 2000 + whole) / (whole * 2);
            format!("{}.{}%", thousandths / 10, thousandths % 10)
        }
    }
}

fn days(figures: &Figures, with_received: bool) -> Vec<Vec<String>> {
    let row = |(day, of): (&chrono::NaiveDate, &Day)| {
        let decided = of.approved + of.returned + of.rejected;
        let received = with_received.then_some(of.received);
        let numbers = received.into_iter().chain([decided, of.approved, of.returned, of.rejected]);
        std::iter::once(day.to_string()).chain(numbers.map(|number| number.to_string())).collect()
    };
    figures.days.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_is_rounded_to_a_tenth_of_a_percent() {
        assert_eq!(
            [(1, 3), (2, 3), (0, 5), (5, 5), (0, 0)].map(|(part, whole)| share(part, whole)),
            ["33.3%", "66.7%", "0.0%", "100.0%", "–"]
        );
    }
}
