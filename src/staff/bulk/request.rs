//! A request to the rooms of 批量办理, and the transactions that it runs.

use poem::{FromRequest, Request, RequestBody};

use super::kind::BatchKind;
use crate::casework::Refusal;
use crate::casework::batch::{self, Batch};
use crate::files::storage::Storage;
use crate::pages::signed_in::{as_staff, recent_sign_in};
use crate::people::staff::{StaffMember, Unaudited, View};
use crate::staff::header::Header;
use crate::store::{Store, Tx};
use crate::ui::Desk;
use crate::web::{Failure, Frame, Visitor, attached};

pub(super) struct BulkRequest {
    pub frame: Frame,
    pub store: Store,
    pub files: Storage,
    visitor: Visitor,
}

impl<'a> FromRequest<'a> for BulkRequest {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let (store, files) = (attached::<Store>(req)?.clone(), attached::<Storage>(req)?.clone());
        Ok(BulkRequest { frame: Frame::of(req), store, files, visitor: Visitor::of_request(req)? })
    }
}

impl BulkRequest {
    /// Reads what a page shows, and notes the views in the audit before it is shown.
    pub async fn read<T, F>(&self, load: F) -> Result<(T, Desk), Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &StaffMember) -> Result<(Vec<View>, T), Failure> + Clone + Send + 'static,
    {
        let load = move |tx: &mut Tx, staff: StaffMember| {
            let (views, data) = load(tx, &staff)?;
            let desk = Header::load(tx, &staff)?.desk;
            Ok(Unaudited::new(tx, &staff.id, views, (data, desk))?)
        };
        Ok(as_staff(&self.visitor, load).await?.disclose(&self.store).await?)
    }

    /// Runs `work` with the staff member in one transaction.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &StaffMember) -> Result<T, Failure> + Clone + Send + 'static,
    {
        let staff = self.staff().await?;
        self.store.write(move |tx| work(tx, &staff)).await
    }

    /// Asks for another sign-in before personal data leaves the desk. The person comes back to `page`.
    pub async fn recent_sign_in(&self, page: &str) -> Result<(), Failure> {
        recent_sign_in(&self.visitor, page).await
    }

    pub async fn staff(&self) -> Result<StaffMember, Failure> {
        as_staff(&self.visitor, |_, staff| Ok(staff)).await
    }
}

/// A kind by its code, for a staff member whose role works on it.
pub(super) fn kind_for(staff: &StaffMember, code: &str) -> Result<&'static BatchKind, Failure> {
    let kind = BatchKind::find(code).ok_or(Failure::NotFound)?;
    if !kind.is_work_of(staff) {
        return Err(Refusal::NotTheirTask.into());
    }
    Ok(kind)
}

/// A batch and its kind, for a staff member whose role works on it.
pub(super) fn batch_for(
    tx: &mut Tx,
    staff: &StaffMember,
    id: &str,
) -> Result<(Batch, &'static BatchKind), Failure> {
    let batch = batch::load(tx, id)?;
    let kind = kind_for(staff, &batch.kind)?;
    Ok((batch, kind))
}

/// The view of a list of applications, as the audit notes it.
pub(super) fn listed<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Vec<View> {
    let numbers: Vec<&str> = numbers.into_iter().collect();
    if numbers.is_empty() { Vec::new() } else { vec![("list", numbers.join(" "))] }
}
