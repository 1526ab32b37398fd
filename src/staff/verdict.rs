//! The end of a review: what was typed is checked, confirmed, and then takes effect.

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::case::Standing;
use super::confirm::{self, Question};
use super::opened::{Opened, on_case};
use super::review_page::{Shown, Stopped};
use super::typed::Typed;
use super::version;
use crate::casework::business::Application;
use crate::casework::decision::{self, Verdict};
use crate::casework::number::ApplicationNumber;
use crate::casework::question::Problems;
use crate::files::storage::Storage;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Store, Tx};
use crate::web::{Failure, Frame, Submission, see_other};

/// `POST /staff/applications/{number}/decide`; takes effect when it is confirmed.
#[handler]
pub async fn decide(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    staff: StaffMember,
    Path(number): Path<ApplicationNumber>,
    sent: Submission,
) -> Result<Response, Failure> {
    let opened = Opened::load(store, files, &staff, &number).await?;
    let typed = Typed::of(&sent, opened.case.file.application.business);
    let seen = version(&sent)?;
    if is_overtaken(&opened, seen) {
        return Ok(stopped(&frame, opened, &typed, Stopped::Overtaken));
    }
    if sent.one("confirmed") == "no" {
        return Ok(again(&frame, StatusCode::OK, opened, &typed, &[]));
    }
    let verdict = match typed.verdict(sent.one("action"), opened.case.file.application.business) {
        Ok(verdict) => verdict,
        Err(problems) => {
            return Ok(again(&frame, StatusCode::UNPROCESSABLE_ENTITY, opened, &typed, &problems));
        }
    };
    // Without a file that was lost since the question was asked nothing is decided unasked.
    let unnamed = !matches!(verdict, Verdict::Return(_)) && sent.one("lost") != confirm::named(&opened);
    if sent.one("confirmed") != "yes" || unnamed {
        let question =
            Question { opened: &opened, typed: &typed, verdict: &verdict, action: sent.one("action") };
        return Ok(question.answer(&frame));
    }
    let (who, case) = (staff.clone(), number.clone());
    let work = move |tx: &mut Tx| settle(tx, &who, &case, &sent).map(drop);
    match on_case(store, &staff, &number, work).await {
        Ok(()) => Ok(see_other(&paths::done(&number))),
        Err(Failure::Conflict { message, .. }) => {
            let opened = Opened::load(store, files, &staff, &number).await?;
            let why = why(&opened, seen, message);
            Ok(stopped(&frame, opened, &typed, why))
        }
        Err(failure) => Err(failure),
    }
}

/// Ends a review as the form says; or gives back what was typed, with what is wrong with it.
pub fn settle(
    tx: &mut Tx,
    staff: &StaffMember,
    number: &ApplicationNumber,
    sent: &Submission,
) -> Result<Option<(Typed, Problems)>, Failure> {
    let application = Application::by_number(tx, number)?;
    let business = application.business;
    let typed = Typed::of(sent, business);
    let action = sent.one("action");
    let verdict = match typed.verdict(action, business) {
        Ok(verdict) => verdict,
        Err(problems) => return Ok(Some((typed, problems))),
    };
    decision::decide(tx, staff, &application, version(sent)?, verdict)?;
    roster::audit(tx, &staff.id, action, number)?;
    Ok(None)
}

/// Whether the page was left behind: somebody put the case back, handed it over or decided it.
fn is_overtaken(opened: &Opened, version: i32) -> bool {
    opened.case.file.application.version != version || opened.case.standing == Standing::Taken
}

/// Why a step on the version that was `seen` had no effect.
pub(super) fn why(opened: &Opened, seen: i32, message: String) -> Stopped {
    if is_overtaken(opened, seen) { Stopped::Overtaken } else { Stopped::Refused(message) }
}

/// The case as it is now, with what was typed.
pub(super) fn stopped(frame: &Frame, opened: Opened, typed: &Typed, why: Stopped) -> Response {
    let shown = Shown { typed, stopped: Some(why), ..Shown::of(&opened.case, opened.keys) };
    let page = shown.page(&opened.sidebar, opened.desk);
    frame.page_with(StatusCode::CONFLICT, page)
}

/// The case with what was typed, and what is wrong with it.
fn again(
    frame: &Frame,
    status: StatusCode,
    opened: Opened,
    typed: &Typed,
    problems: &[(String, String)],
) -> Response {
    let shown = Shown { typed, problems, ..Shown::of(&opened.case, opened.keys) };
    let page = shown.page(&opened.sidebar, opened.desk);
    frame.page_with(status, page)
}
