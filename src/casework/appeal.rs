//! Appealing against a rejection: once, and within thirty days.

use super::business::Business;
use super::deadline;
use super::lifecycle::Status;
use super::record::Application;
use crate::people::candidate::Candidate;
use crate::store::clock::china_date;
use crate::store::{Error, Tx};
use crate::web::Failure;

/// Whether and until when an application can be appealed against.
pub enum Standing {
    /// This kind has no appeal, or it was not rejected.
    None,
    /// It can be, up to and including this day.
    Until(chrono::NaiveDate),
    /// It could have been until this day.
    Over(chrono::NaiveDate),
    /// It was: this is the appeal.
    Made(Box<Application>),
}

/// How an application stands towards an appeal, today in China.
pub fn standing(tx: &mut Tx, business: &Business, application: &Application) -> Result<Standing, Error> {
    if business.appeal.is_none() {
        return Ok(Standing::None);
    }
    if let Some(made) = Application::appeal_of(tx, &application.candidate_id, &application.id)? {
        return Ok(Standing::Made(Box::new(made)));
    }
    let (Status::Rejected, Some(decided_at)) = (application.status, application.decided_at) else {
        return Ok(Standing::None);
    };
    let last_day = deadline::last_day_to_appeal(china_date(decided_at));
    Ok(if tx.today() <= last_day { Standing::Until(last_day) } else { Standing::Over(last_day) })
}

/// The business of the appeal and the rejected application that it is about.
///
/// # Errors
/// [`Failure::NotFound`] for what is not the candidate's; [`Failure::Conflict`], with the
/// reason, when it cannot be appealed against. A late appeal is no error here: its form keeps what
/// was typed and says that it is too late.
pub fn against(
    tx: &mut Tx,
    business: &'static Business,
    candidate: &Candidate,
    number: &str,
) -> Result<(&'static Business, Application), Failure> {
    let rejected = Application::own(tx, &candidate.id, business.slug, number)?;
    let by = business.appeal.ok_or(Failure::NotFound)?;
    let refuse = |message: String| Failure::Conflict { message, action: ("查看申请", rejected.path()) };
    match standing(tx, business, &rejected)? {
        Standing::Until(_) | Standing::Over(_) => Ok((by, rejected)),
        Standing::None => Err(refuse("只有审核不通过的申请可以申诉".into())),
        Standing::Made(made) => {
            let action = ("查看申诉详情", made.path());
            Err(Failure::Conflict {
                message: "这件申请已经申诉过，每件只能申诉一次".into(), action
            })
        }
    }
}
