//! A request to the page of one application at the desk, and the transactions that it runs.

use poem::web::{Data, Path};
use poem::{FromRequest, Request, RequestBody};
use serde::Deserialize;

use super::case::Case;
use super::header::Header;
use super::sidebar::Sidebar;
use super::typed::Typed;
use crate::casework::number::ApplicationNumber;
use crate::casework::stored::{self, Place};
use crate::casework::working_copy;
use crate::files::storage::Storage;
use crate::pages::signed_in::as_staff;
use crate::people::staff::{self as roster, StaffMember, Unaudited};
use crate::store::{Store, Timestamp, Tx};
use crate::ui::Desk;
use crate::web::{Failure, Frame, Visitor};

/// What every handler below `/staff/applications/{number}` needs.
pub(super) struct CaseRequest {
    pub frame: Frame,
    pub store: Store,
    pub files: Storage,
    visitor: Visitor,
    pub number: ApplicationNumber,
}

/// The first value of the address; the addresses of tasks have another one.
#[derive(Deserialize)]
struct CasePath {
    number: ApplicationNumber,
}

impl<'a> FromRequest<'a> for CaseRequest {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let Data(store) = Data::<&Store>::from_request(req, body).await?;
        let Data(files) = Data::<&Storage>::from_request(req, body).await?;
        let Path(CasePath { number }) = Path::from_request(req, body).await?;
        let (store, files, visitor) = (store.clone(), files.clone(), Visitor::of_request(req)?);
        Ok(CaseRequest { frame: Frame::of(req), store, files, visitor, number })
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
    /// What the reader has typed and saved.
    pub working: Typed,
    /// When it was saved.
    pub saved_at: Option<Timestamp>,
}

impl OpenedCase {
    /// Reads the case and what its page shows beside it.
    fn load(
        tx: &mut Tx,
        staff: &StaffMember,
        number: &ApplicationNumber,
    ) -> Result<Unaudited<OpenedCase>, Failure> {
        let case = Case::load(tx, staff, number)?;
        let sidebar = Sidebar::load(tx, staff)?;
        let Header { desk, keys, .. } = Header::load(tx, staff)?;
        let (mut views, listed) = (case.views(), sidebar.numbers());
        if !listed.is_empty() {
            views.push(("list", listed));
        }
        let saved = working_copy::load(tx, &staff.id, &case.file.application.id)?;
        let saved_at = saved.as_ref().map(|(_, at)| *at);
        let working = saved.map(|(text, _)| Typed::from_json(&text)).unwrap_or_default();
        let opened = OpenedCase { case, sidebar, desk, keys, working, saved_at };
        Ok(Unaudited::new(tx, &staff.id, views, opened)?)
    }
}

impl CaseRequest {
    /// Reads the case, and then notes it in the audit. No other function shows a case.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if the business is not the work of the staff member's role, which is
    /// noted too; [`Failure::Unrecorded`] if the audit cannot be written.
    pub async fn open(&self) -> Result<OpenedCase, Failure> {
        let number = self.number.clone();
        let load = move |tx: &mut Tx, staff: StaffMember| {
            let opened = OpenedCase::load(tx, &staff, &number);
            Ok((staff, opened))
        };
        let (staff, opened) = as_staff(&self.visitor, load).await?;
        let mut opened = self.note_refusal(&staff, opened).await?.disclose(&self.store).await?;
        let mut silent = false;
        for file in [Some(&mut opened.case.file), opened.case.appealed.as_mut()].into_iter().flatten() {
            silent |= stored::check(&self.store, &self.files, &mut file.attachments).await == Place::Silent;
        }
        opened.case.files_silent = silent;
        Ok(opened)
    }

    /// Runs `work` with the staff member and the number of the application in one transaction. A
    /// refusal rolls it back, so the audit notes the refusal in a transaction of its own.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &StaffMember, &ApplicationNumber) -> Result<T, Failure> + Clone + Send + 'static,
    {
        let staff = as_staff(&self.visitor, |_, staff| Ok(staff)).await?;
        let (reader, number) = (staff.clone(), self.number.clone());
        let done = self.store.write(move |tx| work(tx, &reader, &number)).await;
        self.note_refusal(&staff, done).await
    }

    async fn note_refusal<T>(&self, staff: &StaffMember, done: Result<T, Failure>) -> Result<T, Failure> {
        if matches!(done, Err(Failure::Forbidden(_))) {
            let (staff, number) = (staff.id.clone(), self.number.clone());
            self.store.write(move |tx| roster::viewed(tx, &staff, "refused", &number)).await?;
        }
        done
    }
}
