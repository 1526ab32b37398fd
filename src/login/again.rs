//! A second sign-in before an export of personal data.

use poem::web::Query;
use poem::{Request, Response, handler};

use super::sign_out::{FRESH_FOR, fresh};
use super::way_in::NextPage;
use super::{Context, pages};
use crate::web::{Failure, Frame, Submission, Visitor, local_path, see_other, session};

/// `GET /login/again`: asks for another sign-in before an export of personal data.
#[handler]
pub async fn ask_again(
    frame: Frame,
    visitor: Visitor,
    Query(next): Query<NextPage>,
) -> Result<Response, Failure> {
    if visitor.has_recent_sign_in().await? {
        return Ok(frame.go(next.path()));
    }
    Ok(frame.page(pages::again::page(next.path())))
}

/// `POST /login/again`: ends the session. The login screen then leads to the page `next`.
#[handler]
pub async fn sign_in_again(
    req: &Request,
    Context { settings, .. }: Context<'_>,
    form: Submission,
) -> Result<Response, Failure> {
    let session = session::of(req);
    if session.id().is_some() {
        session::end(&session).await?;
    }
    let mut response = see_other(&pages::login_path(local_path(form.one("next"))));
    fresh(settings.is_https()).give(&mut response, "1", FRESH_FOR);
    Ok(response)
}
