//! Carries out tasks after an approval, such as paying a refund or printing a certificate.

use chrono::NaiveDate;

use super::answers::Answers;
use super::application::{By, Change};
use super::business::{Application, Business, Since, Task};
use super::deadline::Due;
use super::history::{self, Content, Mark};
use super::lifecycle::{Action, Status};
use super::materials::{self, Received};
use super::question::{Problems, problem};
use super::refusal::Refusal;
use super::rules::Rule;
use super::{hold, permission, transition};
use crate::people::staff::StaffMember;
use crate::store::{Error, Tx, clock};

/// Carries out a task. `seen` has the version that the staff member saw.
///
/// # Errors
/// [`Refusal::NotTheirTask`] if another role carries it out. [`Refusal::Overtaken`] if the application changed.
pub fn carry_out(
    tx: &mut Tx,
    task: &'static Task,
    staff: &StaffMember,
    seen: (&Application, i32),
    noted: (Answers, Vec<Received>),
) -> Result<(), Refusal> {
    let ((application, version), (mut outcome, files)) = (seen, noted);
    permission::refuse_own(tx, staff, application)?;
    if !staff.duty().does(task.role, application.business.slug) {
        return Err(Refusal::NotTheirTask);
    }
    if application.version != version || !task.is_due(application.status) {
        return Err(application.overtaken(By::Staff(&staff.id)));
    }
    if application.status == Status::InReview {
        permission::refuse_others(staff, application)?;
        hold::refuse_held(application)?;
    }
    if let Some(slot) = task.file {
        outcome.materials.insert(slot.slot.to_owned(), materials::hand_over(tx, application, files)?);
    }
    let content = Content {
        marks: marks(application.business, task, application, &outcome),
        outcome: Some(outcome),
        result: task.result.to_owned(),
        ..Content::default()
    };
    let change = change(tx, task, application.business)?;
    transition::step(tx, application, task.action, By::Staff(&staff.id), change, content)
}

/// What is wrong with the answers of a task for this application: a day before its event, or what
/// [`Task::check`] finds.
pub fn problems(
    tx: &mut Tx,
    task: &Task,
    application: &Application,
    noted: &Answers,
) -> Result<Problems, Error> {
    let mut problems = Problems::new();
    for (name, since) in task.not_before {
        let (Ok(day), Some((earliest, event))) =
            (noted.one(name).parse::<NaiveDate>(), earliest(tx, application, *since)?)
        else {
            continue;
        };
        if day < earliest {
            let label = task.questions.iter().find(|question| question.name == *name);
            let label = label.map_or("日期", |question| question.label);
            problems.push(problem(name, format!("{label}不能早于{event}（{earliest}）")));
        }
    }
    problems.extend((task.check)(tx, noted)?);
    Ok(problems)
}

/// The day of an event, and its name.
fn earliest(
    tx: &mut Tx,
    application: &Application,
    since: Since,
) -> Result<Option<(NaiveDate, &'static str)>, Error> {
    Ok(match since {
        Since::Submission => application.submitted_at.map(|at| (clock::china_date(at), "申请日期")),
        Since::Approval => {
            history::last_approval(tx, &application.id)?.map(|at| (clock::china_date(at), "审核通过的日期"))
        }
        Since::Noted(name, event) => {
            let events = history::of(tx, &application.id)?;
            let outcomes = events.iter().rev().filter_map(|event| event.content.outcome.as_ref());
            let noted = outcomes.filter_map(|outcome| outcome.one(name).parse().ok()).next();
            noted.map(|day| (day, event))
        }
    })
}

fn change(tx: &mut Tx, task: &Task, business: &Business) -> Result<Change, Error> {
    let change =
        Change { result: Some(task.result.to_owned()), decided_at: Some(Some(tx.now)), ..Change::default() };
    Ok(match task.action {
        Action::Fail => change.due(Due::by_rule(tx, Rule::MendDays, business)?),
        _ => change.not_due(),
    })
}

/// Marks on the questions that the candidate has to correct and that the form asks.
fn marks(business: &Business, task: &Task, application: &Application, outcome: &Answers) -> Vec<Mark> {
    let reason = task.questions.first().map_or("", |question| outcome.one(question.name));
    let form = application.form.clone().unwrap_or_default();
    let mark =
        |name: &&str| Mark { name: business.place_of(name, &form).to_owned(), reason: reason.to_owned() };
    task.mends.iter().map(mark).collect()
}
