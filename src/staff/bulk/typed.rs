//! Results that are typed for each application instead of uploaded.

use std::collections::BTreeMap;

use maud::{Markup, html};
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::batch_page::BatchPath;
use super::kind::{self, BatchKind, OUTCOME_LABEL};
use super::kind_page::facts;
use super::preview::store_checked;
use super::request::{BulkRequest, batch_for, listed};
use super::table::{self, SentRow};
use crate::casework::Refusal;
use crate::casework::batch::{self, Batch, BatchRow, RowState, results};
use crate::casework::question::{AnswerRule, Question};
use crate::paths;
use crate::people::mask;
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::ui::{self, Icon, Look, Page};
use crate::web::{Failure, Submission, see_other};

/// Applications on one page. Those that are recorded make room for the next.
const SHOWN: usize = 20;

struct Typing {
    batch: Batch,
    kind: &'static BatchKind,
    rows: Vec<BatchRow>,
    /// What was typed before, by control.
    typed: BTreeMap<String, String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Earlier {
    /// Key of the checked result that is changed, or empty.
    from: String,
}

/// `GET /staff/batch/{id}/typed`
#[handler]
pub async fn type_results(
    request: BulkRequest,
    Path(path): Path<BatchPath>,
    Query(Earlier { from }): Query<Earlier>,
) -> Result<Response, Failure> {
    let back = paths::batch(&path.id);
    let load = move |tx: &mut Tx, staff: &StaffMember| {
        let (batch, kind) = batch_for(tx, staff, &path.id)?;
        let mut rows = batch::rows(tx, &batch.id)?;
        rows.retain(|row| row.state == RowState::Open && !row.has_changed());
        rows.truncate(SHOWN);
        let typed = match results::load(tx, staff, &batch.id, &from) {
            Err(Refusal::NotFound) => BTreeMap::new(),
            earlier => earlier?.rows.into_iter().flat_map(|row| row.typed).collect(),
        };
        Ok((
            listed(rows.iter().map(|row| row.application.shown_number())),
            Typing { batch, kind, rows, typed },
        ))
    };
    let (typing, desk) = request.read(load).await?;
    let main = typing.show();
    let title = format!("逐件填写 {}", typing.batch.number);
    Ok(request.frame.page(Page::new(&title, main).own_heading().wide().back(back).desk(desk)))
}

impl Typing {
    fn show(&self) -> Markup {
        let hint = format!("批次 {}。没有结果的留空，填好的先核对再登记。", self.batch.number);
        html! {
            (ui::heading(self.kind.label, "逐件填写", &hint))
            @if self.rows.is_empty() {
                (ui::empty(Icon::Check, "没有等待结果的申请", "这一批都登记好了。", None))
            } @else {
                form.bulk-form method="post" action=(paths::batch_typed(&self.batch.id)) {
                    @for row in &self.rows { (self.row(row)) }
                    div.actions { (ui::submit("go", "check", "核对", Look::Primary)) }
                }
            }
        }
    }

    fn row(&self, row: &BatchRow) -> Markup {
        let application = &row.application;
        let number = application.shown_number();
        let defaults = application.form.as_ref().map(|form| (self.kind.defaults)(form)).unwrap_or_default();
        html! {
            section.panel {
                h2 { (mask::name(&row.name)) " · " (ui::words(&application.title)) }
                p.muted.small { (ui::words(&facts(application))) }
                div.desk-filters {
                    @if self.kind.failure().is_some() {
                        label {
                            span.label { (OUTCOME_LABEL) }
                            @let name = control(kind::OUTCOME, number);
                            @let chosen = self.typed.get(&name).map_or("", String::as_str);
                            select.input name=(name) {
                                option value="" { "还没有" }
                                @for outcome in ["成功", "失败"] {
                                    option value=(outcome) selected[outcome == chosen] { (outcome) }
                                }
                            }
                        }
                    }
                    @for question in questions(self.kind) {
                        @let known = defaults.iter().find(|(name, _)| *name == question.name);
                        @let typed = self.typed.get(&control(question.name, number));
                        @let known = typed.or(known.map(|(_, value)| value));
                        (input(question, number, known.map_or("", String::as_str)))
                    }
                }
            }
        }
    }
}

fn questions(kind: &BatchKind) -> Vec<&'static Question> {
    kind.tasks().flat_map(|task| task.questions).collect()
}

fn control(name: &str, number: &str) -> String {
    format!("{name}:{number}")
}

fn input(question: &Question, number: &str, value: &str) -> Markup {
    let name = control(question.name, number);
    html! {
        label {
            span.label { (question.label) }
            @match question.rule {
                AnswerRule::OneOf(offered) => select.input name=(name) {
                    @for text in offered { option selected[*text == value] { (text) } }
                },
                AnswerRule::PastDay => input.input type="date" name=(name) value=(value);,
                _ => input.input name=(name) value=(value) maxlength="200" autocomplete="off";,
            }
        }
    }
}

/// `POST /staff/batch/{id}/typed`: checks what was typed, like a file.
#[handler]
pub async fn check_typed(
    request: BulkRequest,
    Path(path): Path<BatchPath>,
    sent: Submission,
) -> Result<Response, Failure> {
    let wanted = path.id.clone();
    let (kind, numbers) = request
        .write(move |tx, staff| {
            let (batch, kind) = batch_for(tx, staff, &wanted)?;
            let rows = batch::rows(tx, &batch.id)?;
            let numbers = rows.iter().map(|row| (row.position, row.application.shown_number().to_owned()));
            Ok((kind, numbers.collect::<Vec<_>>()))
        })
        .await?;
    let rows: Vec<SentRow> =
        numbers.iter().filter_map(|(at, number)| typed(kind, &sent, *at, number)).collect();
    if rows.is_empty() {
        return Ok(see_other(&paths::batch_typed(&path.id)));
    }
    let result = store_checked(&request, &path.id, rows).await?;
    Ok(see_other(&paths::batch_result(&path.id, result)))
}

/// The row of an application, if anything was typed that is not chosen from the start.
fn typed(kind: &BatchKind, sent: &Submission, at: i32, number: &str) -> Option<SentRow> {
    let mut row = SentRow { line: u64::try_from(at).unwrap_or_default(), ..SentRow::default() };
    let mut is_typed = false;
    let names = questions(kind).into_iter().map(|question| (question.name, question.rule));
    for (name, rule) in std::iter::once((kind::OUTCOME, AnswerRule::Pick)).chain(names) {
        let control = control(name, number);
        let value = sent.one(&control).trim();
        if !value.is_empty() {
            is_typed |= !matches!(rule, AnswerRule::OneOf(_));
            row.cells.insert(name, value.to_owned());
            row.typed.insert(control, value.to_owned());
        }
    }
    row.cells.insert(table::NUMBER, number.to_owned());
    is_typed.then_some(row)
}
