//! What reviewers do: take, put back, decide, go on.

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::case::Case;
use super::sidebar::Sidebar;
use super::typed::Typed;
use super::{desk, path, queue, review_page};
use crate::casework::business::{self, Registry};
use crate::casework::decision;
use crate::casework::field::Problems;
use crate::casework::history;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::record::Application;
use crate::casework::views;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Store, Tx};
use crate::ui::{self, Look, Page};
use crate::web::{Failure, Frame, Submission, see_other};

/// `POST /staff/queue/next`: takes the next one.
#[handler]
pub async fn next(
    Data(store): Data<&Store>,
    Data(registry): Data<&Registry>,
    staff: StaffMember,
) -> poem::Result<Response> {
    let registry = *registry;
    if !queue::decides(registry, staff.role) {
        return Ok(see_other("/staff/queue"));
    }
    let taken = store.write(move |tx| queue::take_next(tx, registry, &staff)).await?;
    Ok(match taken {
        Some(number) => see_other(&path(&number)),
        None => see_other("/staff/queue?none=1"),
    })
}

/// `POST /staff/applications/{number}/take`
#[handler]
pub async fn take(
    Data(store): Data<&Store>,
    Data(registry): Data<&Registry>,
    staff: StaffMember,
    Path(number): Path<String>,
) -> poem::Result<Response> {
    let (registry, page) = (*registry, path(&number));
    let work = move |tx: &mut Tx| {
        let application = Application::by_number(tx, &number)?;
        decision::take(tx, registry, &staff, &application)?;
        Ok::<_, Failure>(roster::audit(tx, &staff.id, Action::Take.code(), &number)?)
    };
    store.write(work).await?;
    Ok(see_other(&page))
}

/// `POST /staff/applications/{number}/put-back`
#[handler]
pub async fn put_back(
    Data(store): Data<&Store>,
    Data(registry): Data<&Registry>,
    staff: StaffMember,
    Path(number): Path<String>,
) -> poem::Result<Response> {
    let registry = *registry;
    let work = move |tx: &mut Tx| {
        let application = Application::by_number(tx, &number)?;
        decision::put_back(tx, registry, &staff, &application)?;
        Ok::<_, Failure>(roster::audit(tx, &staff.id, Action::PutBack.code(), &number)?)
    };
    store.write(work).await?;
    Ok(see_other("/staff/queue"))
}

/// `POST /staff/applications/{number}/decide`
#[handler]
pub async fn decide(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(registry): Data<&Registry>,
    staff: StaffMember,
    Path(number): Path<String>,
    sent: Submission,
) -> poem::Result<Response> {
    let (registry, page) = (*registry, format!("{}/done", path(&number)));
    let work = move |tx: &mut Tx| {
        let Some((typed, problems)) = settle(tx, registry, &staff, &number, &sent)? else {
            return Ok::<_, Failure>(None);
        };
        let case = Case::load(tx, registry, &staff, &number)?;
        let sidebar = Sidebar::load(tx, registry, &staff)?;
        let shown =
            review_page::Shown { typed: &typed, problems: &problems, ..review_page::Shown::of(&case) };
        Ok(Some(shown.page(&sidebar, desk(tx, registry, &staff)?)))
    };
    Ok(match store.write(work).await? {
        None => see_other(&page),
        Some(again) => frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, again),
    })
}

/// Ends a review as the form says; or gives back what was typed, with what is wrong with it.
pub fn settle(
    tx: &mut Tx,
    registry: Registry,
    staff: &StaffMember,
    number: &str,
    sent: &Submission,
) -> Result<Option<(Typed, Problems)>, Failure> {
    let application = Application::by_number(tx, number)?;
    let business = business::find(registry, &application.kind).ok_or(Failure::NotFound)?;
    let typed = Typed::of(sent, business);
    let action = sent.one("action");
    let verdict = match typed.verdict(action, business) {
        Ok(verdict) => verdict,
        Err(problems) => return Ok(Some((typed, problems))),
    };
    let version = sent.one("version").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))?;
    decision::decide(tx, registry, staff, &application, version, verdict)?;
    roster::audit(tx, &staff.id, action, number)?;
    Ok(None)
}

/// `GET /staff/applications/{number}/done`: what was decided, and the way on.
#[handler]
pub async fn done(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(registry): Data<&Registry>,
    staff: StaffMember,
    Path(number): Path<String>,
) -> poem::Result<Response> {
    let registry = *registry;
    let load = move |tx: &mut Tx| {
        let application = Application::by_number(tx, &number)?;
        let events = history::of(tx, &application.id)?;
        let marks = history::last_marks(&events).len();
        let case = Case::load(tx, registry, &staff, &number)?;
        let word = views::word(case.file.business, &application).to_owned();
        Ok::<_, Failure>((application, marks, word, desk(tx, registry, &staff)?))
    };
    let (application, marks, word, desk) = store.read(load).await?;
    let title = match application.status {
        Status::Returned if application.result.is_empty() => format!("已退回，标注 {marks} 处"),
        Status::Rejected if application.result.is_empty() => "已办理：不通过".to_owned(),
        Status::Approved if application.result.is_empty() => "已办理：通过".to_owned(),
        Status::Returned | Status::Rejected | Status::Approved | Status::Completed => {
            format!("已办理：{word}")
        }
        _ => return Ok(see_other(&path(application.shown_number()))),
    };
    let main = maud::html! {
        (ui::confirmation(&title, &application.title, application.shown_number(), maud::html! {}))
        div.actions {
            form method="post" action="/staff/queue/next" {
                (ui::keyed_submit("go", "next", "下一件", Look::Primary, 'N'))
            }
            (ui::link_button("/staff/queue", "返回待办", Look::Plain))
            (ui::link_button(&path(application.shown_number()), "查看这件申请", Look::Plain))
        }
    };
    Ok(frame.page(Page::new("办理结果", main).own_heading().desk(desk)))
}
