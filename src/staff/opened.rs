//! A case with everything its page needs, opened in one transaction and noted in the audit.

use super::case::Case;
use super::sidebar::Sidebar;
use super::{desk, keys};
use crate::casework::number::ApplicationNumber;
use crate::casework::stored;
use crate::files::storage::Storage;
use crate::pages::refusal::looking;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Store, Tx};
use crate::ui::Desk;
use crate::web::Failure;

/// One case, opened for a member of staff.
pub(super) struct Opened {
    /// The case; whether its files open was checked.
    pub case: Case,
    /// The short queue beside it.
    pub sidebar: Sidebar,
    /// The frame of the page.
    pub desk: Desk,
    /// Whether single keys press buttons.
    pub keys: bool,
}

impl Opened {
    /// Opens the application of a number.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] for who does not work on its kind, which is noted too;
    /// [`Failure::Unrecorded`] when the audit cannot be written.
    pub(super) async fn load(
        store: &Store,
        files: &Storage,
        staff: &StaffMember,
        number: &ApplicationNumber,
    ) -> Result<Opened, Failure> {
        let (reader, wanted) = (staff.clone(), number.clone());
        let open = move |tx: &mut Tx| {
            Ok(Opened {
                case: Case::open(tx, &reader, &wanted)?,
                sidebar: Sidebar::load(tx, &reader)?,
                desk: desk(tx, &reader)?,
                keys: keys::are_on(tx, &reader.id)?,
            })
        };
        let mut opened = looking(on_case(store, staff, number, open).await)?;
        for file in [Some(&mut opened.case.file), opened.case.appealed.as_mut()].into_iter().flatten() {
            stored::check(store, files, &mut file.attachments).await;
        }
        Ok(opened)
    }
}

/// Runs `work` of a member of staff on a case in one transaction. A refusal rolls it back, so it is
/// noted in a transaction of its own.
pub(super) async fn on_case<T, F>(
    store: &Store,
    staff: &StaffMember,
    number: &ApplicationNumber,
    work: F,
) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce(&mut Tx) -> Result<T, Failure> + Clone + Send + 'static,
{
    let done = store.write(work).await;
    if matches!(done, Err(Failure::Forbidden(_))) {
        let (staff, number) = (staff.id.clone(), number.clone());
        store.write(move |tx| roster::viewed(tx, &staff, "refused", &number)).await?;
    }
    done
}
