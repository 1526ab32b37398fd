//! What reviewers do with an application besides deciding it: take it, put it back, take the next.

use poem::web::Data;
use poem::{Response, handler};

use super::case_request::{CaseRequest, OpenedCase};
use super::{queue, verdict, version, working_marks};
use crate::casework::business::{Application, Registry};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::number::ApplicationNumber;
use crate::casework::{assignment, history};
use crate::pages::views;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Store, Tx};
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Submission, see_other};

#[handler]
pub async fn next(Data(store): Data<&Store>, staff: StaffMember) -> Result<Response, Failure> {
    if !queue::decides(Registry::of_store(store), &staff.duty()) {
        return Ok(see_other(paths::QUEUE));
    }
    let taken = store.write(move |tx| queue::take_next(tx, &staff)).await?;
    Ok(match taken {
        Some(number) => see_other(&paths::case(&number)),
        None => see_other(&format!("{}?none=1", paths::QUEUE)),
    })
}

#[handler]
pub async fn take(request: CaseRequest) -> Result<Response, Failure> {
    let work = |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        let application = Application::by_number(tx, number)?;
        assignment::take(tx, staff, &application)?;
        Ok(roster::audit(tx, &staff.id, Action::Take.code(), number)?)
    };
    request.run(work).await?;
    Ok(see_other(&paths::case(&request.number)))
}

/// `POST /staff/applications/{number}/put-back`. The button is part of the decision form, so the
/// request also contains what was typed; after a conflict the page shows it again.
#[handler]
pub async fn put_back(request: CaseRequest, sent: Submission) -> Result<Response, Failure> {
    let (seen, form) = (version(&sent)?, sent.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember, number: &ApplicationNumber| {
        working_marks::keep(tx, staff, number, &form)?;
        let application = Application::by_number(tx, number)?;
        assignment::put_back(tx, staff, &application, seen)?;
        Ok(roster::audit(tx, &staff.id, Action::PutBack.code(), number)?)
    };
    verdict::attempt(&request, &sent, work, paths::QUEUE).await
}

/// `GET /staff/applications/{number}/done`: shows what was decided and links to what comes next.
#[handler]
pub async fn done(request: CaseRequest) -> Result<Response, Failure> {
    let OpenedCase { case, desk, .. } = request.open().await?;
    let application = &case.file.application;
    let marks = history::last_marks(&case.file.events).len();
    let word = views::word(application);
    let title = match application.status {
        Status::Returned if application.result.is_empty() => format!("已退回，标注 {marks} 处"),
        Status::Rejected if application.result.is_empty() => "已办理：不通过".to_owned(),
        Status::Approved if application.result.is_empty() => "已办理：通过".to_owned(),
        Status::Returned | Status::Rejected | Status::Approved | Status::Completed => {
            format!("已办理：{word}")
        }
        _ => return Ok(see_other(&paths::case(application.shown_number()))),
    };
    let main = maud::html! {
        (ui::confirmation(&title, &application.title, application.shown_number(), maud::html! {}))
        div.actions {
            form method="post" action=(paths::QUEUE_NEXT) {
                (ui::submit("go", "next", "下一件", Look::Primary))
            }
            (ui::link_button(paths::QUEUE, "返回待办", Look::Plain))
            (ui::link_button(&paths::case(application.shown_number()), "查看这件申请", Look::Plain))
        }
    };
    Ok(request
        .frame
        .page(Page::new("办理结果", main).about(application.shown_number()).own_heading().desk(desk)))
}
