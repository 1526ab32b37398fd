//! Pages of signed-in people: who asks and what the page shows are read in one transaction.

use poem::{FromRequest, Request, RequestBody};

use crate::people::candidate::Candidate;
use crate::people::consent::Purpose;
use crate::people::staff::{self, StaffMember};
use crate::store::Tx;
use crate::web::session::live::Live;
use crate::web::{Failure, Visitor};

/// Runs `page` for the signed-in candidate, in one read transaction.
///
/// # Errors
/// [`Failure::SignIn`] if nobody is signed in, [`Failure::AskConsent`] if the candidate has not agreed to the privacy
/// notice.
pub async fn as_candidate<T, F>(visitor: &Visitor, page: F) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce(&mut Tx, Candidate) -> Result<T, Failure> + Clone + Send + 'static,
{
    let is_read = visitor.is_read;
    let read = move |tx: &mut Tx, live: Live| {
        let candidate = Candidate::load(tx, &live.who.candidate)?.ok_or(Failure::SignIn)?;
        require_consent(&live, &candidate, is_read)?;
        page(tx, candidate)
    };
    visitor.read_signed_in(read).await
}

/// Every page of a candidate begins with it, unless it asks for the consent. Staff are not asked. A form that is sent is
/// not refused because a new version of the notice was published meanwhile; the next page asks.
///
/// # Errors
/// [`Failure::AskConsent`]
pub fn require_consent(live: &Live, candidate: &Candidate, is_read: bool) -> Result<(), Failure> {
    let consents = &candidate.consents;
    let is_enough = if is_read { consents.is_current() } else { consents.is_given() };
    if is_enough || live.who.staff.is_some() { Ok(()) } else { Err(Failure::AskConsent(String::new())) }
}

/// What a business needs beyond the privacy notice: a consent for each purpose of sensitive data.
///
/// # Errors
/// [`Failure::AskConsent`]
pub fn require_purposes(candidate: &Candidate, purposes: &[Purpose]) -> Result<(), Failure> {
    let missing = purposes.iter().filter(|purpose| !candidate.consents.has(**purpose));
    let missing: Vec<&str> = missing.map(|purpose| purpose.code()).collect();
    if missing.is_empty() { Ok(()) } else { Err(Failure::AskConsent(missing.join(" "))) }
}

/// Runs `page` for the signed-in staff member, in one read transaction. The roster is read each time, so that a
/// removal takes effect at once.
///
/// # Errors
/// [`Failure::SignIn`] if nobody is signed in, [`Failure::Forbidden`] if somebody who is not on the roster is.
pub async fn as_staff<T, F>(visitor: &Visitor, page: F) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce(&mut Tx, StaffMember) -> Result<T, Failure> + Clone + Send + 'static,
{
    const NOT_STAFF: Failure = Failure::Forbidden("这里是工作人员的审核台，您的账号不在工作人员名单上。");
    let read = move |tx: &mut Tx, live: Live| {
        let id = live.who.staff.ok_or(NOT_STAFF)?;
        let staff = staff::member_of(tx, &id, &live.who.candidate)?.ok_or(NOT_STAFF)?;
        page(tx, staff)
    };
    visitor.read_signed_in(read).await
}

/// Sends staff whose sign-in is not recent to sign in once more. Every export of personal data begins with it:
/// `recent_sign_in(&visitor, &path).await?`. `back` is the address of a page, with everything that was chosen in its
/// query, because the person comes back to it by a GET request.
///
/// # Errors
/// [`Failure::SignInAgain`], which is a redirect.
pub async fn recent_sign_in(visitor: &Visitor, back: &str) -> Result<(), Failure> {
    match visitor.has_recent_sign_in().await? {
        true => Ok(()),
        false => Err(Failure::SignInAgain(back.to_owned())),
    }
}

/// For handlers that write. Without a session, the request is sent to the login screen.
impl<'a> FromRequest<'a> for Candidate {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(as_candidate(&Visitor::of_request(req)?, |_, candidate| Ok(candidate)).await?)
    }
}

/// For handlers that write.
impl<'a> FromRequest<'a> for StaffMember {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(as_staff(&Visitor::of_request(req)?, |_, staff| Ok(staff)).await?)
    }
}
