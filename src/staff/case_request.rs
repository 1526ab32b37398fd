//! A request to the page of one application at the desk, and the transactions that it runs.

use poem::web::{Data, Path};
use poem::{FromRequest, Request, RequestBody};
use serde::Deserialize;

use super::case::Case;
use super::sidebar::Sidebar;
use super::{desk, keys};
use crate::casework::stored;
use crate::files::storage::Storage;
use crate::pages::refusal::explain_audit;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::{Store, Tx};
use crate::ui::Desk;
use crate::web::{Failure, Frame};

/// What every handler below `/staff/applications/{number}` needs.
pub(super) struct CaseRequest {
    pub frame: Frame,
    pub store: Store,
    pub files: Storage,
    pub staff: StaffMember,
    pub number: String,
}

/// The first value of the address; the addresses of tasks have another one.
#[derive(Deserialize)]
struct CasePath {
    number: String,
}

impl<'a> FromRequest<'a> for CaseRequest {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let Data(store) = Data::<&Store>::from_request(req, body).await?;
        let Data(files) = Data::<&Storage>::from_request(req, body).await?;
        let staff = StaffMember::from_request(req, body).await?;
        let Path(CasePath { number }) = Path::from_request(req, body).await?;
        Ok(CaseRequest { frame: Frame::of(req), store: store.clone(), files: files.clone(), staff, number })
    }
}

/// A case with everything that its page shows.
pub(super) struct OpenedCase {
    /// The flag `unreadable` of its attachments is up to date.
    pub case: Case,
    pub sidebar: Sidebar,
    pub desk: Desk,
    /// Whether single keys press buttons.
    pub keys: bool,
}

impl CaseRequest {
    /// Loads the case in one transaction and notes it in the audit.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if the business is not the work of the staff member's role, which is
    /// noted too; [`Failure::Unrecorded`] if the audit cannot be written.
    pub async fn open(&self) -> Result<OpenedCase, Failure> {
        let open = |tx: &mut Tx, staff: &StaffMember, number: &str| {
            Ok(OpenedCase {
                case: Case::open(tx, staff, number)?,
                sidebar: Sidebar::load(tx, staff)?,
                desk: desk(tx, staff)?,
                keys: keys::are_on(tx, &staff.id)?,
            })
        };
        let mut opened = explain_audit(self.run(open).await)?;
        for file in [Some(&mut opened.case.file), opened.case.appealed.as_mut()].into_iter().flatten() {
            stored::check(&self.store, &self.files, &mut file.attachments).await;
        }
        Ok(opened)
    }

    /// Runs `work` with the staff member and the number of the application in one transaction. A
    /// refusal rolls it back, so the audit notes the refusal in a transaction of its own.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &StaffMember, &str) -> Result<T, Failure> + Clone + Send + 'static,
    {
        let (staff, number) = (self.staff.clone(), self.number.clone());
        let done = self.store.write(move |tx| work(tx, &staff, &number)).await;
        if matches!(done, Err(Failure::Forbidden(_))) {
            let (staff, number) = (self.staff.id.clone(), self.number.clone());
            self.store.write(move |tx| roster::viewed(tx, &staff, "refused", &number)).await?;
        }
        done
    }
}
