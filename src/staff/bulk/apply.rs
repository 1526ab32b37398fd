//! Applies a checked result: each row is one transaction, so that a row that changed meanwhile stops no other.

use futures_util::StreamExt;
use poem::web::Path;
use poem::{Response, handler};

use super::preview::ResultPath;
use super::request::{BulkRequest, batch_for};
use crate::casework::batch::results::{self, ResultRow};
use crate::casework::batch::{self, RowState};
use crate::casework::business::{Application, Business};
use crate::casework::lifecycle::Action;
use crate::casework::{Refusal, task};
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Store, Tx};
use crate::web::{Failure, see_other};

/// Rows that are written at the same time. The database commits them together.
const AT_ONCE: usize = 8;

/// `POST /staff/batch/{id}/results/{result}`
#[handler]
pub async fn confirm_result(request: BulkRequest, Path(path): Path<ResultPath>) -> Result<Response, Failure> {
    let ResultPath { id, result } = path;
    let page = paths::batch(&id);
    let claimed = request
        .write(move |tx, staff| {
            let (batch, kind) = batch_for(tx, staff, &id)?;
            let found = results::load(tx, staff, &batch.id, &result)?;
            let is_first = results::claim(tx, &result)?;
            Ok((staff.clone(), batch, kind, if is_first { found.rows } else { Vec::new() }))
        })
        .await?;
    let (staff, batch, kind, rows) = claimed;
    let valid = rows.into_iter().filter(ResultRow::is_valid);
    let (store, business) = (&request.store, kind.business());
    let work = valid.map(|row| record(store, &staff, &batch.id, business, row));
    let done: Vec<Result<(), Failure>> =
        futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect().await;
    done.into_iter().collect::<Result<(), Failure>>()?;
    Ok(see_other(&page))
}

/// Records one row. A refusal is noted in the batch, where its page shows it.
async fn record(
    store: &Store,
    staff: &StaffMember,
    batch: &str,
    business: &'static Business,
    row: ResultRow,
) -> Result<(), Failure> {
    let (by, of, known) = (staff.clone(), batch.to_owned(), row.clone());
    let recorded = store.write(move |tx| carry_out(tx, &by, &of, business, known)).await;
    let Err(failure) = recorded else { return Ok(()) };
    let why = reason(failure)?;
    let (of, application) = (batch.to_owned(), row.application);
    store.write::<_, Failure, _>(move |tx| Ok(batch::note(tx, &of, &application, &why)?)).await
}

/// What a refusal tells the staff member. Any other failure is an error of the whole request.
pub(super) fn reason(failure: Failure) -> Result<String, Failure> {
    match failure {
        Failure::Conflict { message, .. } => Ok(message),
        Failure::Forbidden(text) | Failure::BadRequest(text) => Ok(text.to_owned()),
        other => Err(other),
    }
}

fn carry_out(
    tx: &mut Tx,
    staff: &StaffMember,
    batch: &str,
    business: &'static Business,
    row: ResultRow,
) -> Result<(), Failure> {
    let action = Action::from_code(&row.action);
    let task =
        action.and_then(|action| business.task(action)).ok_or(Refusal::Defect("a result without a task"))?;
    let state = if task.action == Action::Fail { RowState::Failed } else { RowState::Done };
    if !batch::settle(tx, batch, &row.application, state)? {
        return Ok(()); // recorded by a colleague
    }
    let application = Application::by_id(tx, &row.application)?;
    if let Some((_, problem)) = task::problems(tx, task, &application, &row.noted)?.into_iter().next() {
        let action = ("查看申请", paths::case(application.shown_number()));
        return Err(Failure::Conflict { message: problem, action });
    }
    task::carry_out(tx, task, staff, (&application, row.version), (row.noted, row.files))?;
    Ok(roster::audit(tx, &staff.id, task.action.code(), application.shown_number())?)
}
