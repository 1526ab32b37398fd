//! What reviewers do besides deciding: take, put back, go on.

use poem::web::{Data, Path};
use poem::{Response, handler};

use super::opened::{Opened, on_case};
use super::typed::Typed;
use super::{queue, verdict, version};
use crate::casework::assignment;
use crate::casework::business::{Application, Registry};
use crate::casework::history;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::number::ApplicationNumber;
use crate::files::storage::Storage;
use crate::pages::views;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Store, Tx};
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Frame, Submission, see_other};

/// `POST /staff/queue/next`: takes the next one.
#[handler]
pub async fn next(Data(store): Data<&Store>, staff: StaffMember) -> Result<Response, Failure> {
    if !queue::decides(Registry::of_store(store), staff.role) {
        return Ok(see_other(paths::QUEUE));
    }
    let taken = store.write(move |tx| queue::take_next(tx, &staff)).await?;
    Ok(match taken {
        Some(number) => see_other(&paths::case(&number)),
        None => see_other(&format!("{}?none=1", paths::QUEUE)),
    })
}

/// `POST /staff/applications/{number}/take`
#[handler]
pub async fn take(
    Data(store): Data<&Store>,
    staff: StaffMember,
    Path(number): Path<ApplicationNumber>,
) -> Result<Response, Failure> {
    let (page, case, who) = (paths::case(&number), number.clone(), staff.clone());
    let work = move |tx: &mut Tx| {
        let application = Application::by_number(tx, &number)?;
        assignment::take(tx, &who, &application)?;
        Ok(roster::audit(tx, &who.id, Action::Take.code(), &number)?)
    };
    on_case(store, &staff, &case, work).await?;
    Ok(see_other(&page))
}

/// `POST /staff/applications/{number}/put-back`: one's own case, or as an administrator anybody's.
/// The button is in the decision form, so what was typed comes along; it is lost by putting back,
/// and kept when the case is not the sender's any more.
#[handler]
pub async fn put_back(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    staff: StaffMember,
    Path(number): Path<ApplicationNumber>,
    sent: Submission,
) -> Result<Response, Failure> {
    let seen = version(&sent)?;
    let (who, case) = (staff.clone(), number.clone());
    let work = move |tx: &mut Tx| {
        let application = Application::by_number(tx, &case)?;
        assignment::put_back(tx, &who, &application, seen)?;
        Ok(roster::audit(tx, &who.id, Action::PutBack.code(), &case)?)
    };
    match on_case(store, &staff, &number, work).await {
        Err(Failure::Conflict { message, .. }) => {
            let opened = Opened::load(store, files, &staff, &number).await?;
            let typed = Typed::of(&sent, opened.case.file.application.business);
            let why = verdict::why(&opened, seen, message);
            Ok(verdict::stopped(&frame, opened, &typed, why))
        }
        other => other.map(|()| see_other(paths::QUEUE)),
    }
}

/// `GET /staff/applications/{number}/done`: what was decided, and the way on.
#[handler]
pub async fn done(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    staff: StaffMember,
    Path(number): Path<ApplicationNumber>,
) -> Result<Response, Failure> {
    let Opened { case, desk, .. } = Opened::load(store, files, &staff, &number).await?;
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
    Ok(frame.page(Page::new("办理结果", main).own_heading().desk(desk)))
}
