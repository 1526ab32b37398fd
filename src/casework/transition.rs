//! Changes the status of an application and runs the business's `after` in the same transaction.

use super::application::{By, Change};
use super::business::{Application, Transition};
use super::history::Content;
use super::lifecycle::{Action, Status};
use super::refusal::Refusal;
use super::working_copy;
use crate::store::Tx;

pub(super) fn step(
    tx: &mut Tx,
    application: &Application,
    action: Action,
    by: By,
    change: Change,
    content: Content,
) -> Result<(), Refusal> {
    application.advance(tx, action, by, change, &content)?;
    let application = &Application::by_id(tx, &application.id)?;
    if !matches!(application.status, Status::Submitted | Status::InReview) {
        working_copy::forget(tx, &application.id)?;
    }
    (application.business.after)(tx, &Transition { application, action, content: &content })
}
