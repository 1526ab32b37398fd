//! Sign-out here and, if the person wants, at the portal.

use poem::http::{HeaderValue, header};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::door::Door;
use super::{Context, pages};
use crate::paths;
use crate::web::binding::Binding;
use crate::web::session::{self, Way};
use crate::web::{Failure, Frame, SignedIn, Submission, user_agent};

/// How long a browser that has signed out makes the portal ask for a person again, in seconds.
pub(super) const FRESH_FOR: i64 = 12 * 3600;

/// The cookie of a browser that has signed out. Its next attempt asks for a fresh sign-in at the portal.
pub fn fresh(https: bool) -> Binding<'static> {
    Binding { name: "fresh", path: paths::LOGIN, https }
}

/// `POST /logout`. Without the field `portal` a computer, which others may use, also signs out at the portal.
#[handler]
pub async fn sign_out(
    req: &Request,
    frame: Frame,
    Context { settings, .. }: Context<'_>,
    form: Submission,
) -> Result<Response, Failure> {
    let session = session::of(req);
    let who = SignedIn::find(req).await?;
    // Without a session there is nothing to end, and the log would have a warning for each such request.
    if session.id().is_some() {
        session::end(&session).await?;
    }
    let is_wanted = match form.one("asked") {
        "" => !user_agent::is_phone(user_agent::of(req)),
        _ => form.one("portal") == "yes",
    };
    // Only a browser that was at the portal has a session there.
    let was_there = who.filter(|who| who.way == Way::Portal);
    let door = was_there.map(|who| Door::of_session(who.staff.is_some(), settings));
    let next = match door {
        None => paths::HOME.to_owned(),
        Some(door) if is_wanted => paths::signed_out_at(door.code()),
        Some(door) => paths::signed_out(door.code()),
    };
    let mut response = frame.go(&next);
    if door.is_some() {
        fresh(settings.is_https()).give(&mut response, "1", FRESH_FOR);
    }
    // Thumbnails are the only pages of a person that a browser keeps.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// `GET /logout/{door}`: says that the portal may still be signed in.
#[handler]
pub async fn signed_out(
    frame: Frame,
    Context { login, .. }: Context<'_>,
    Path(door): Path<String>,
) -> Result<Response, Failure> {
    let door = Door::from_code(&door).ok_or(Failure::NotFound)?;
    Ok(frame.page(pages::signed_out::here(login.portal(door).can_ask_again())))
}

/// `GET /logout/{door}/portal`: leads to the portal, which ends its session and leads back. It is a page and not a
/// redirect, because the content security policy keeps the redirects of a form on this site.
#[handler]
pub async fn sign_out_at_portal(
    req: &Request,
    frame: Frame,
    Context { login, .. }: Context<'_>,
    Path(door): Path<String>,
) -> Result<Response, Failure> {
    let portal = login.portal(Door::from_code(&door).ok_or(Failure::NotFound)?);
    Ok(frame.page(match portal.sign_out_url(req.header(header::HOST)).await {
        Some(url) => pages::signed_out::at_portal(url.as_str()),
        None => pages::signed_out::here(portal.can_ask_again()),
    }))
}
