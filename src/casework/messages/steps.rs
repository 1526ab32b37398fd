//! What the steps of an application tell its candidate.

use super::topic::{Facts, Slot, Topic};
use super::{News, tell};
use crate::casework::business::Application;
use crate::casework::change::Change;
use crate::casework::history::Content;
use crate::casework::lifecycle::Action;
use crate::store::{Error, Tx};

/// Tells the candidate of a step, unless it is one among staff. `before` is the application before it.
pub(in crate::casework) fn tell_step(
    tx: &mut Tx,
    before: &Application,
    (action, change): (Action, &Change),
    content: &Content,
) -> Result<(), Error> {
    let Some(topic) = topic(before, action, change) else { return Ok(()) };
    let news = News {
        topic,
        business: Some(before.business),
        subject: before.id.clone(),
        facts: facts(before, change, content),
        once: None,
    };
    tell(tx, &before.candidate_id, &news)?;
    Ok(())
}

/// Every action is named, so that a new one cannot be forgotten.
fn topic(before: &Application, action: Action, change: &Change) -> Option<Topic> {
    let business = before.business;
    let is_document = business.decision.is_some();
    Some(match action {
        Action::Submit => Topic::Submitted,
        Action::Withdraw => Topic::Withdrawn,
        Action::Hold => Topic::Held,
        Action::Resume => Topic::Resumed,
        Action::Return => Topic::Returned,
        Action::Approve | Action::Reject if is_document => Topic::DecisionReady,
        Action::Approve if business.is_appeal() => Topic::AppealUpheld,
        Action::Reject if business.is_appeal() => Topic::AppealDismissed,
        // A posting has no verdict: staff post it.
        Action::Approve if business.task(action).is_some() => Topic::Posted,
        Action::Approve => Topic::Approved,
        Action::Reject if change.appeal_until.flatten().is_some() => Topic::RejectedAppealable,
        Action::Reject => Topic::Rejected,
        Action::Fulfil => Topic::Fulfilled,
        Action::Fail => Topic::Failed,
        Action::ComeBack => Topic::CameBack,
        Action::Collect => Topic::Collected,
        Action::Amend => Topic::Amended,
        Action::Reopen | Action::TakeBack => Topic::Reopened,
        Action::Serve => Topic::DecisionServed,
        Action::Lapse => Topic::Lapsed,
        // The candidate sees it at once, or it is a step among staff.
        Action::Revise | Action::Take | Action::PutBack | Action::HandOver => return None,
        Action::Propose | Action::SendBack | Action::Retract => return None,
        // The message of the appeal tells it.
        Action::Uphold => return None,
    })
}

fn facts(before: &Application, change: &Change, content: &Content) -> Facts {
    let number = change.number.as_ref().or(before.number.as_ref());
    let last_day = change.appeal_until.flatten().or(change.due_on.flatten());
    let title = change.title.as_ref().unwrap_or(&before.title);
    let outcome = change.result.as_ref().unwrap_or(&before.result);
    let posting = content.outcome.as_ref().zip(before.business.task(Action::Approve));
    let posting = posting.map(|(noted, task)| {
        let values = task.questions.iter().map(|question| noted.one(question.name));
        values.filter(|value| !value.is_empty()).collect::<Vec<_>>().join(" ")
    });
    vec![
        (Slot::Business, before.business.label.to_owned()),
        (Slot::Number, number.map(ToString::to_string).unwrap_or_default()),
        (Slot::Title, title.clone()),
        (Slot::Outcome, outcome.clone()),
        (Slot::LastDay, last_day.map(|day| day.to_string()).unwrap_or_default()),
        (Slot::Posting, posting.unwrap_or_default()),
    ]
}
