//! The import of a year's holidays and make-up workdays, and what it changes.

use super::calendar::Calendar;
use super::calendar::arrangement::{self, Arrangement, ImportEffect};
use super::deadline::{self, Postponement};
use crate::store::{Error, Tx};

/// The result of an import, or what it would be.
pub struct Outcome {
    pub effect: ImportEffect,
    /// Open applications with a later due day.
    pub postponed: usize,
}

/// What an import would change.
pub fn examine(tx: &mut Tx, arrangement: &Arrangement) -> Result<Outcome, Error> {
    Ok(compare(tx, arrangement)?.0)
}

fn compare(tx: &mut Tx, arrangement: &Arrangement) -> Result<(Outcome, Vec<Postponement>), Error> {
    let effect = arrangement::effect(tx, arrangement)?;
    let calendar = Calendar::load(tx)?.with(arrangement.clone());
    let early = deadline::postponements(tx, &calendar)?;
    Ok((Outcome { effect, postponed: early.len() }, early))
}

/// Adds or replaces a year, and makes due days later.
pub fn save(tx: &mut Tx, arrangement: &Arrangement) -> Result<Outcome, Error> {
    let (outcome, early) = compare(tx, arrangement)?;
    if outcome.effect != ImportEffect::Unchanged {
        arrangement::save(tx, arrangement)?;
    }
    deadline::postpone(tx, &early)?;
    Ok(outcome)
}

/// Recalculates the due days of open applications: a new version of the program may know more years. Returns the
/// number of those that have a later one.
pub fn recount(tx: &mut Tx) -> Result<usize, Error> {
    let calendar = Calendar::load(tx)?;
    let early = deadline::postponements(tx, &calendar)?;
    deadline::postpone(tx, &early)?;
    Ok(early.len())
}
