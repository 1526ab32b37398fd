//! 统计: what waits, and how a period's applications were decided.

mod data;
mod period;
mod tables;
mod waits;

use maud::{Markup, html};
use poem::http::{StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::header::Header;
use super::queue;
use crate::casework::business::Registry;
use crate::imports::report::{BOM, without_formula};
use crate::pages::signed_in::as_staff;
use crate::paths;
use crate::people::staff::{Role, StaffMember, Unaudited};
use crate::store::{Store, Tx};
use crate::ui::{self, Bar, Chart, Fact, Look, Page};
use crate::web::{Failure, Frame, Visitor};
use data::Figures;
use period::Period;
use tables::{Table, TableKind, share, sum};

/// The chart has a bar for each day up to so many days, and for more one for each month.
const MOST_BARS: usize = 62;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Typed {
    from: String,
    to: String,
}

/// `GET /staff/figures`.
#[handler]
pub async fn show_figures(
    frame: Frame,
    visitor: Visitor,
    Query(typed): Query<Typed>,
) -> Result<Response, Failure> {
    if let Some(tidy) = frame.tidy_address() {
        return Ok(tidy);
    }
    let load = move |tx: &mut Tx, staff: StaffMember| {
        require_reader(tx, &staff)?;
        let header = Header::load(tx, &staff)?;
        let (main, status) = match Period::parse(&typed.from, &typed.to, tx.today()) {
            Ok(period) => (Report::load(tx, &staff, period)?.show(), StatusCode::OK),
            Err(problem) => (form(&typed, Some(problem)), StatusCode::UNPROCESSABLE_ENTITY),
        };
        Ok((Page::new("统计", main).own_heading().wide().desk(header.desk), status))
    };
    let (page, status) = as_staff(&visitor, load).await?;
    Ok(frame.page_with(status, page))
}

/// `GET /staff/figures/{table}`: a table as a CSV file. It has no data of candidates; the audit notes it as it notes
/// every export.
#[handler]
pub async fn export_figures(
    Data(store): Data<&Store>,
    visitor: Visitor,
    Path(table): Path<String>,
    Query(typed): Query<Typed>,
) -> Result<Response, Failure> {
    let kind = TableKind::from_code(&table).ok_or(Failure::NotFound)?;
    let load = move |tx: &mut Tx, staff: StaffMember| {
        require_reader(tx, &staff)?;
        let period = Period::parse(&typed.from, &typed.to, tx.today()).map_err(Failure::BadRequest)?;
        let report = Report::load(tx, &staff, period)?;
        let table = report.tables.into_iter().find(|table| table.kind == kind).ok_or(Failure::NotFound)?;
        let noted = vec![("export_figures", format!("{} {} {}", kind.code(), period.from, period.to))];
        Ok(Unaudited::new(tx, &staff.id, noted, (table, period))?)
    };
    let (table, period) = as_staff(&visitor, load).await?.disclose(store).await?;
    let name = format!("figures-{}-{}-{}.csv", table.kind.code(), period.from, period.to);
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "text/csv; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .header(header::CACHE_CONTROL, "private, no-store")
        .body(csv_of(&table)?))
}

fn csv_of(table: &Table) -> Result<Vec<u8>, Failure> {
    let mut file = csv::Writer::from_writer(BOM.to_vec());
    let columns = table.columns.iter().map(|column| (*column).to_owned()).collect();
    for row in std::iter::once(&columns).chain(&table.rows) {
        let cells = row.iter().map(|cell| without_formula(cell).into_owned());
        file.write_record(cells).map_err(|error| Failure::Internal(error.to_string()))?;
    }
    file.into_inner().map_err(|error| Failure::Internal(error.to_string()))
}

fn require_reader(tx: &Tx, staff: &StaffMember) -> Result<(), Failure> {
    match queue::decides(Registry::of(tx), &staff.duty()) {
        true => Ok(()),
        false => Err(Failure::Forbidden("统计供审核员和管理员查看。")),
    }
}

/// What the page shows.
struct Report {
    period: Period,
    figures: Figures,
    tables: Vec<Table>,
    registry: Registry,
    /// Whether it is about one reviewer.
    is_own: bool,
}

impl Report {
    fn load(tx: &mut Tx, reader: &StaffMember, period: Period) -> Result<Report, Failure> {
        let (registry, is_own) = (Registry::of(tx), reader.role != Role::Administrator);
        let figures = Figures::load(tx, period, is_own.then_some(reader))?;
        let kinds = TableKind::ALL.into_iter().filter(|kind| !(is_own && *kind == TableKind::Staff));
        let tables = kinds.map(|kind| Table::of(&figures, kind, registry, !is_own)).collect();
        Ok(Report { period, figures, tables, registry, is_own })
    }

    fn show(&self) -> Markup {
        let typed = Typed { from: self.period.from.to_string(), to: self.period.to.to_string() };
        html! {
            (form(&typed, None))
            @if let Some(before) = self.period.month_before() {
                p {
                    a.text-button href={ (paths::FIGURES) "?" (before.query()) } {
                        (ui::words(&before.from.format("%Y-%m 整月").to_string()))
                    }
                }
            }
            (self.summary())
            @for table in &self.tables { (self.section(table)) }
        }
    }

    fn summary(&self) -> Markup {
        let all = sum(self.figures.kinds.values());
        let (decided, whose) = (all.decided(), if self.is_own { "我的办理" } else { "全部" });
        let days = |percent| match all.waits.within(percent) {
            Some(days) => format!("{days} 个工作日"),
            None => "–".to_owned(),
        };
        let facts = [
            Fact::of("待审核与审核中", all.waiting.to_string()),
            Fact::of("其中已逾期", all.overdue.to_string()),
            Fact::of("期间办理", decided.to_string()),
            Fact::of("退回率", share(all.returned, decided)),
            Fact::of("不通过率", share(all.rejected, decided)),
            Fact::of("办理用时中位数", days(50)),
            Fact::of("九成用时不超过", days(90)),
        ];
        ui::panel(
            whose,
            html! {
                (ui::facts(&facts))
                p.muted.small {
                    "待审核与审核中是现在的件数；其余为所选日期内作出的决定，退回和不通过也计为办理。"
                    "用时从最近一次提交起算，按工作日，当天办结为 0。"
                }
            },
        )
    }

    fn section(&self, table: &Table) -> Markup {
        let file = format!("{}?{}", paths::figures_table(table.kind.code()), self.period.query());
        ui::panel(
            table.kind.label(),
            html! {
                @if table.rows.is_empty() { p.muted { "这段时间没有数据。" } } @else {
                    (self.chart(table.kind))
                    (show_table(table))
                }
                p { (ui::download_button(&file, "下载 CSV", Look::Plain)) }
            },
        )
    }

    fn chart(&self, kind: TableKind) -> Markup {
        match kind {
            TableKind::Kinds => self.waiting_chart(),
            TableKind::Days => self.decided_chart(),
            TableKind::Exams | TableKind::Staff => html! {},
        }
    }

    fn waiting_chart(&self) -> Markup {
        let of_business = |business: &'static crate::casework::business::Business| {
            let group = self.figures.kinds.get(business.slug)?;
            let part = Some((group.overdue, "逾期"));
            Some(Bar { label: business.label.to_owned(), value: group.waiting, part })
        };
        let bars: Vec<Bar> = self.registry.iter().filter_map(of_business).collect();
        let (waiting, overdue) =
            self.figures.kinds.values().fold((0, 0), |sum, one| (sum.0 + one.waiting, sum.1 + one.overdue));
        let about = format!("各业务现在待审核与审核中的件数，共 {waiting} 件，其中已逾期 {overdue} 件。");
        drawn(&Chart { id: "waiting", title: "各业务待办", about, bars: &bars })
    }

    fn decided_chart(&self) -> Markup {
        let by_month = self.figures.days.len() > MOST_BARS;
        let mut bars: Vec<Bar> = Vec::new();
        for (day, of) in &self.figures.days {
            let label = day.format(if by_month { "%Y-%m" } else { "%m-%d" }).to_string();
            let decided = of.approved + of.returned + of.rejected;
            match bars.last_mut() {
                Some(bar) if bar.label == label => bar.value += decided,
                _ => bars.push(Bar { label, value: decided, part: None }),
            }
        }
        let total: i64 = bars.iter().map(|bar| bar.value).sum();
        let about = format!("{} 至 {} 办理的件数，共 {total} 件。", self.period.from, self.period.to);
        let title = if by_month { "每月办理" } else { "每日办理" };
        drawn(&Chart { id: "decided", title, about, bars: &bars })
    }
}

fn drawn(chart: &Chart) -> Markup {
    html! { h3 { (chart.title) } p.muted.small { (ui::words(&chart.about)) } (ui::chart(chart)) }
}

fn show_table(table: &Table) -> Markup {
    html! {
        div.figures role="region" aria-label={ (table.kind.label()) "的数据" } tabindex="0" {
            table {
                thead { tr { @for column in &table.columns { th scope="col" { (column) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (at, cell) in row.iter().enumerate() {
                                @if at == 0 { th scope="row" { (ui::words(cell)) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn form(typed: &Typed, problem: Option<&str>) -> Markup {
    let day = |name: &str, label: &str, value: &str| {
        html! {
            label {
                span.label { (label) }
                input.input type="date" name=(name) value=(value) aria-invalid=[problem.map(|_| "true")]
                    aria-describedby=[problem.map(|_| "period-error")];
            }
        }
    };
    html! {
        (ui::heading("", "统计", ""))
        @if let Some(problem) = problem { p.error #period-error role="alert" { (problem) } }
        form.desk-filters method="get" action=(paths::FIGURES) {
            (day("from", "从", &typed.from))
            (day("to", "到", &typed.to))
            button.button type="submit" data-look="plain" { "统计" }
        }
    }
}
