//! 提交: turns a form into an application, in one transaction.

use diesel::prelude::*;

use super::application::{By, Change};
use super::business::{About, Application};
use super::deadline::Due;
use super::history::Content;
use super::lifecycle::Action;
use super::materials;
use super::number::{self, ApplicationNumber};
use super::refusal::Refusal;
use super::rules::Rule;
use super::sheet::Sheet;
use super::transition::step;
use crate::either;
use crate::store::schema::number_sequences::dsl as n;
use crate::store::{Error, Tx};

/// Submits a form that has no problems. Returns its 受理号, which stays the same when it is edited.
///
/// # Errors
/// [`Refusal::OpenAlready`] if the subject has an open application. [`Refusal::Overtaken`] if the application
/// changed since it was read.
pub fn submit(tx: &mut Tx, sheet: &Sheet) -> Result<ApplicationNumber, Refusal> {
    let application =
        sheet.application.as_ref().ok_or(Refusal::Defect("a form was submitted before it was saved"))?;
    let business = sheet.business;
    let action = business
        .submits_by(application.status)
        .ok_or_else(|| application.not_now(By::Candidate, Action::Submit))?;
    let about = (business.describe)(tx, &sheet.context())?;
    refuse_second(tx, sheet, application, &about)?;
    let number = match &application.number {
        Some(number) => number.clone(),
        None => next_number(tx, business.prefix)?,
    };
    let answers = sheet.submitted_answers();
    let due = Due::by_rule(tx, Rule::ReviewDays, business)?;
    let change = Change {
        number: Some(number.clone()),
        subject: Some(about.subject),
        title: Some(about.title),
        summary: Some(about.summary),
        result: Some(String::new()),
        round: Some(application.round + 1),
        form: Some(answers.seal(tx.vault)?),
        working: Some(None),
        assignee_id: Some(None),
        submitted_at: application.submitted_at.is_none().then_some(tx.now),
        ..Change::default().due(due)
    };
    materials::submit(tx, &application.id, &answers)?;
    let content = Content { answers: Some(answers), ..Content::default() };
    step(tx, application, action, By::Candidate, change, content)?;
    Ok(number)
}

/// A candidate has at most one open application of a business about one subject. `Candidate::lock` makes their
/// windows wait for each other, and the index `applications_one_open` enforces the rule.
fn refuse_second(
    tx: &mut Tx,
    sheet: &Sheet,
    application: &Application,
    about: &About,
) -> Result<(), Refusal> {
    let business = sheet.business;
    let states = business.open_states();
    let open = Application::open_about(tx, &sheet.candidate.id, business.slug, &about.subject, &states)?;
    match open {
        Some(number) if application.number.as_ref() != Some(&number) => {
            let title = about.title.clone();
            Err(Refusal::OpenAlready { slug: business.slug, label: business.label, number, title })
        }
        _ => Ok(()),
    }
}

/// The next number with a prefix on today's date. Concurrent transactions wait for the row.
fn next_number(tx: &mut Tx, prefix: &str) -> Result<ApplicationNumber, Error> {
    let today = tx.today();
    let name = format!("{prefix}{today}");
    let first = (n::name.eq(&name), n::last.eq(1));
    let count: i64 = either!(tx.conn, conn => diesel::insert_into(n::number_sequences)
        .values(first)
        .on_conflict(n::name)
        .do_update()
        .set(n::last.eq(n::last + 1))
        .returning(n::last)
        .get_result(conn))?;
    let count = u32::try_from(count).ok().filter(|count| *count < 1_000_000);
    Ok(number::format(prefix, &today, count.ok_or(Error::Corrupt("number_sequences.last"))?))
}
