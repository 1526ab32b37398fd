//! What staff carry out after an approval: pay, print, issue, post.

use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use serde::Deserialize;

use super::case_request::CaseRequest;
use super::review_page::{ReviewPage, TriedTask};
use super::task_forms::{CONFIRMED, confirmation_of};
use super::{verdict, version};
use crate::casework::business::{Application, Task};
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::casework::question::problem;
use crate::casework::{Refusal, materials, task};
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Tx, clock};
use crate::web::{Failure, see_other};

#[derive(Deserialize)]
struct TaskPath {
    action: String,
}

#[handler]
pub async fn carry_out(
    request: CaseRequest,
    Path(TaskPath { action }): Path<TaskPath>,
    Upload(sent, papers): Upload,
) -> Result<Response, Failure> {
    let task = request.run(move |tx, staff, number| find(tx, staff, number, &action)).await?;
    let today = clock::china_date(request.store.clock.now());
    let (received, refused) =
        materials::receive(&request.store, &request.files, task.file.as_slice(), papers).await?;
    let (noted, mut problems) = task.read(today, &sent.values, !received.is_empty());
    problems.retain(|(name, _)| !refused.iter().any(|(other, _)| other == name));
    problems.extend(refused);
    if sent.one(CONFIRMED) != "yes" {
        problems.push(problem(&confirmation_of(task), "请核对后勾选“已核对”，再登记"));
    }
    let seen = version(&sent)?;
    let mut conflict = None;
    if problems.is_empty() {
        let noted = noted.clone();
        let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
            let application = Application::by_number(tx, number)?;
            let problems = task::problems(tx, task, &application, &noted)?;
            if problems.is_empty() {
                task::carry_out(tx, task, staff, (&application, seen), (noted, received))?;
                roster::audit(tx, &staff.id, task.action.code(), number)?;
            }
            Ok(problems)
        };
        match request.run(work).await {
            Ok(wrong) if wrong.is_empty() => return Ok(see_other(&paths::done(&request.number))),
            Ok(wrong) => problems = wrong,
            Err(Failure::Conflict { message, .. }) => conflict = Some(message),
            Err(failure) => return Err(failure),
        }
    }
    let opened = request.open().await?;
    let tried = Some(TriedTask { task, noted: &noted, problems: &problems });
    let status = if conflict.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let stopped = conflict.map(|message| verdict::why(&opened, seen, message));
    let page = ReviewPage { tried, stopped, ..ReviewPage::of(&opened) };
    Ok(request.frame.page_with(status, page.page()))
}

/// The task of an action's code, if it is the work of the staff member's role.
fn find(
    tx: &mut Tx,
    staff: &StaffMember,
    number: &ApplicationNumber,
    action: &str,
) -> Result<&'static Task, Failure> {
    let application = Application::by_number(tx, number)?;
    let action = Action::from_code(action);
    let task = action.and_then(|action| application.business.task(action)).ok_or(Failure::NotFound)?;
    if !staff.duty().does(task.role, application.business.slug) {
        return Err(Refusal::NotTheirTask.into());
    }
    Ok(task)
}
