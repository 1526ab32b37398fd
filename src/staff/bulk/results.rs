//! Checks the rows of a result against its batch and the applications.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::kind::{self, BatchKind, amount};
use super::table::{self, SentRow};
use crate::casework::answers::{Answers, SentValues};
use crate::casework::batch::results::ResultRow;
use crate::casework::batch::{self, Batch, BatchRow, RowState};
use crate::casework::business::{Application, Task};
use crate::casework::lifecycle::Status;
use crate::casework::{number, task};
use crate::exams::yuan;
use crate::pages::views;
use crate::people::person;
use crate::people::staff::StaffMember;
use crate::people::width;
use crate::store::{Error, Tx};

/// Words of the column 结果.
const PAID: [&str; 4] = ["成功", "已退款", "支付成功", "交易成功"];
const FAILED: [&str; 4] = ["失败", "退款失败", "支付失败", "交易失败"];

/// Checks every row. A row with a problem is kept, so that it can be shown.
pub(super) fn check(
    tx: &mut Tx,
    staff: &StaffMember,
    (batch, kind): (&Batch, &'static BatchKind),
    sent: &[SentRow],
) -> Result<Vec<ResultRow>, Error> {
    let rows = batch::rows(tx, &batch.id)?;
    let by_number = rows.iter().map(|row| (row.application.shown_number().to_owned(), row)).collect();
    let mut checker =
        Checker { staff, batch, kind, rows: by_number, seen: HashMap::new(), today: tx.today() };
    sent.iter().map(|row| checker.check(tx, row)).collect()
}

struct Checker<'a> {
    staff: &'a StaffMember,
    batch: &'a Batch,
    kind: &'static BatchKind,
    /// By 受理号.
    rows: HashMap<String, &'a BatchRow>,
    /// Lines of the file by the name of a column and a value that occurs once.
    seen: HashMap<(&'static str, String), u64>,
    today: NaiveDate,
}

impl<'a> Checker<'a> {
    fn check(&mut self, tx: &mut Tx, sent: &SentRow) -> Result<ResultRow, Error> {
        let mut checked = ResultRow {
            line: sent.line,
            number: sent.cell(table::NUMBER).to_owned(),
            typed: sent.typed.clone(),
            ..ResultRow::default()
        };
        let found = match self.find(sent) {
            Ok(row) => row,
            Err(problem) => return Ok(ResultRow { problem, ..checked }),
        };
        let application = &found.application;
        checked.number = application.shown_number().to_owned();
        checked.application.clone_from(&application.id);
        checked.version = application.version;
        let outcome = match person::is_same(tx, &self.staff.candidate, &application.candidate_id)? {
            true => Err("这是您本人的申请，请由其他工作人员办理".to_owned()),
            false => {
                self.state_problem(found).map_or(Ok(()), Err).and_then(|()| self.noted(sent, application))
            }
        };
        let (task, noted) = match outcome {
            Ok(outcome) => outcome,
            Err(problem) => return Ok(ResultRow { problem, ..checked }),
        };
        checked.action = task.action.code().to_owned();
        checked.problem = match self.repeated(sent.line, &noted) {
            Some(problem) => problem,
            None => joined(task::problems(tx, task, application, &noted)?.into_iter().map(|(_, text)| text)),
        };
        checked.noted = noted;
        Ok(checked)
    }

    /// The row of the batch that a line is about.
    fn find(&mut self, sent: &SentRow) -> Result<&'a BatchRow, String> {
        if !sent.problem.is_empty() {
            return Err(sent.problem.clone());
        }
        let text = sent.cell(table::NUMBER);
        if text.is_empty() {
            return Err("没有受理号".into());
        }
        let number = number::parse(text).ok_or("受理号有误，请与下载的文件核对")?;
        let other = width::compact(sent.cell(table::BATCH));
        if !other.is_empty() && other != self.batch.number {
            return Err(format!("这一行属于另一批（{other}）"));
        }
        let Some(row) = self.rows.get(&*number).copied() else {
            return Err("这一批里没有这个受理号".into());
        };
        match self.seen.insert((table::NUMBER, number.to_string()), sent.line) {
            Some(earlier) => Err(format!("与第 {earlier} 行的受理号相同")),
            None => Ok(row),
        }
    }

    /// Why a row of the batch cannot be recorded at all.
    fn state_problem(&self, row: &BatchRow) -> Option<String> {
        let application = &row.application;
        match row.state {
            RowState::Done | RowState::Failed => Some(format!("已经登记过（{}）", views::word(application))),
            RowState::Dropped => Some("已从这一批移出".into()),
            RowState::Open if row.has_changed() => {
                Some(format!("做成批次后有变动，现在是“{}”，请单独办理", views::word(application)))
            }
            RowState::Open
                if application.status == Status::InReview
                    && application.assignee_id.as_deref() != Some(&self.staff.id) =>
            {
                Some(format!("由{}打包，请由本人登记", self.batch.made_by))
            }
            RowState::Open => None,
        }
    }

    /// The task of a line, and its answers.
    fn noted(&self, sent: &SentRow, application: &Application) -> Result<(&'static Task, Answers), String> {
        let form = application.form.clone().unwrap_or_default();
        let task = self.task(sent.cell(kind::OUTCOME))?;
        if let (Some(expected), told) = (amount(&form), sent.cell(table::AMOUNT))
            && !told.is_empty()
            && told != expected.to_string()
        {
            let told = told.parse().map(yuan).unwrap_or_default();
            return Err(format!("金额是 {told}，应当是 {}", yuan(expected)));
        }
        let mut values = SentValues::new();
        for (name, value) in (self.kind.defaults)(&form) {
            values.insert(name.to_owned(), vec![value]);
        }
        for question in task.questions {
            let value = sent.cell(question.name);
            if !value.is_empty() {
                values.insert(question.name.to_owned(), vec![value.to_owned()]);
            }
        }
        let (noted, problems) = task.read(self.today, &values, true);
        let problem = joined(problems.into_iter().map(|(_, text)| text));
        if problem.is_empty() { Ok((task, noted)) } else { Err(problem) }
    }

    fn task(&self, outcome: &str) -> Result<&'static Task, String> {
        let Some(failure) = self.kind.failure() else { return Ok(self.kind.task()) };
        match outcome {
            paid if PAID.contains(&paid) => Ok(self.kind.task()),
            failed if FAILED.contains(&failed) => Ok(failure),
            "" => Err(format!("没有结果，请填写“{}”或“{}”", PAID[0], FAILED[0])),
            other => Err(format!("结果“{other}”不明，请填写“{}”或“{}”", PAID[0], FAILED[0])),
        }
    }

    /// Says on which line an answer stood that must not be repeated.
    fn repeated(&mut self, line: u64, noted: &Answers) -> Option<String> {
        for name in self.kind.distinct {
            let value = noted.one(name);
            if value.is_empty() {
                continue;
            }
            if let Some(earlier) = self.seen.insert((name, value.to_owned()), line) {
                let label = self.kind.task().questions.iter().find(|question| question.name == *name);
                let label = label.map_or("号码", |question| question.label);
                return Some(format!("与第 {earlier} 行的{label}相同"));
            }
        }
        None
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("；")
}
