//! What a candidate is asked to correct, and what of the form can change then.

use std::collections::BTreeSet;

use crate::casework::business::Application;
use crate::casework::history::{self, Mark};
use crate::casework::lifecycle::Status;
use crate::store::{Error, Tx};

/// What the candidate was asked to correct.
#[derive(Default)]
pub(super) struct Asked {
    pub marks: Vec<Mark>,
    /// Names of the questions and slots that can change. `None`: all.
    pub opened: Option<BTreeSet<String>>,
    /// Whether it can be sent again unchanged: a failed task can succeed with the same answers.
    pub can_retry: bool,
}

impl Asked {
    pub fn load(tx: &mut Tx, application: &Application) -> Result<Asked, Error> {
        if application.status != Status::Returned {
            return Ok(Asked::default());
        }
        let events = history::of(tx, &application.id)?;
        let Some(event) = history::last_asking(&events) else { return Ok(Asked::default()) };
        let marks = event.content.marks.clone();
        let task = application.business.task(event.action);
        let opens = task.map_or(&[][..], |task| task.opens);
        // A refund to the original channel, not to an account that is wrong.
        let can_retry =
            task.is_some_and(|task| marks.iter().all(|mark| !task.mends.contains(&mark.name.as_str())));
        let marked = marks.iter().map(|mark| mark.name.clone());
        let opened = opens.iter().map(|name| (*name).to_owned()).chain(marked).collect();
        Ok(Asked { opened: (!opens.is_empty()).then_some(opened), can_retry, marks })
    }
}
