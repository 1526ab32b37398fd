//! Saves and deletes views of the queue.

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::queue::QueueFilter;
use super::queue_page::Listing;
use super::saved_views;
use crate::pages::signed_in::as_staff;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::{Store, Tx};
use crate::ui::Page;
use crate::web::{Failure, Frame, Submission, Visitor, see_other};

/// `POST /staff/views`. A name that is refused stays in the form.
#[handler]
pub async fn save(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    staff: StaffMember,
    sent: Submission,
) -> Result<Response, Failure> {
    let filter = QueueFilter::of_form(&sent);
    let name = sent.one("name").trim().to_owned();
    let (typed, shown) = (name.clone(), filter.clone());
    let refused = store.write(move |tx| saved_views::save(tx, &staff, &name, &filter)).await?;
    let Some(why) = refused else {
        return Ok(see_other(&format!("{}?{}", paths::QUEUE, shown.query())));
    };
    let load = move |tx: &mut Tx, staff: StaffMember| Ok(Listing::load(tx, &staff, shown)?);
    let (mut listing, header) = as_staff(&visitor, load).await?.disclose(store).await?;
    listing.views.refused = Some((typed, why));
    let page = Page::new("待办", listing.show(false)).own_heading().wide().desk(header.desk);
    Ok(frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, page))
}

/// `POST /staff/views/{id}`.
#[handler]
pub async fn delete(
    Data(store): Data<&Store>,
    staff: StaffMember,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    store.write(move |tx| saved_views::delete(tx, &staff, &id)).await?;
    Ok(see_other(paths::QUEUE))
}
