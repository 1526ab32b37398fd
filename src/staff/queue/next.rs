//! 领取下一件.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Date;

use super::part::{QueuePart, businesses};
use super::selection::{DUE, Reviewer, Selection};
use crate::casework::application::PAGE;
use crate::casework::business::{Application, Registry};
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::casework::{Refusal, assignment, permission};
use crate::either;
use crate::people::person;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::schema::applications;
use crate::store::{Error, Tx};

/// Takes the first application that is neither the reviewer's own nor an appeal against their own
/// decision, and skips those that somebody else takes at the same time. Returns its number.
pub fn take_next(tx: &mut Tx, reviewer: &StaffMember) -> Result<Option<ApplicationNumber>, Refusal> {
    permission::refuse_more(tx, reviewer)?;
    for id in first_for(tx, reviewer)? {
        let application = Application::by_id(tx, &id)?;
        match assignment::take(tx, reviewer, &application) {
            Err(Refusal::Overtaken { .. }) => {}
            taken => {
                taken?;
                roster::audit(tx, &reviewer.id, Action::Take.code(), application.shown_number())?;
                return Ok(application.number);
            }
        }
    }
    Ok(None)
}

/// Keys of the first applications that a reviewer may take.
fn first_for(tx: &mut Tx, reviewer: &StaffMember) -> Result<Vec<String>, Error> {
    let kinds = businesses(Registry::of(tx), &reviewer.duty(), QueuePart::Waiting);
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let candidates = person::candidates_of(tx, std::slice::from_ref(&reviewer.candidate))?;
    let entries = roster::entries_of(tx, std::slice::from_ref(&reviewer.id))?;
    let selection = Selection {
        reviewer: Some(Reviewer { candidates, entries }),
        ..Selection::of(QueuePart::Waiting, kinds)
    };
    Ok(either!(tx.conn, conn => applications::table
        .filter(selection.is_among_first(PAGE))
        .order((sql::<Date>(DUE), applications::submitted_at, applications::id))
        .select(applications::id)
        .load(conn))?)
}
