//! The reasons for which a request fails, and the page or notice about each.

mod words;

use std::borrow::Cow;

use diesel::result::{DatabaseErrorKind, Error};
use poem::error::ResponseError;
use poem::http::{Method, StatusCode, header};
use poem::{Request, Response};

use super::Frame;
use crate::settings::Contact;
use crate::ui::{self, Lang, Look, Page};
use crate::{paths, store};

/// Why a request failed. `Display` is for logs; people read [`Failure::words`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    #[error("not signed in")]
    SignIn,
    /// The sign-in is too old for an export of personal data. The path leads to the page of the export.
    #[error("the sign-in is not recent")]
    SignInAgain(String),
    /// The candidate has not agreed to the privacy notice or, with codes of purposes, not to these.
    #[error("a consent is missing")]
    AskConsent(String),
    /// It does not exist, or it belongs to another person: the answers do not differ.
    #[error("not found")]
    NotFound,
    /// Signed in but not allowed. The text says what is needed.
    #[error("forbidden")]
    Forbidden(&'static str),
    /// The present state does not allow it, often because of a concurrent request.
    #[error("conflict")]
    Conflict {
        message: String,
        /// Label and path of what to do next.
        action: (&'static str, String),
    },
    /// The request is malformed. The text says why.
    #[error("bad request")]
    BadRequest(&'static str),
    #[error("too large")]
    TooLarge,
    /// The body arrived too slowly or stopped.
    #[error("too slow")]
    TooSlow,
    #[error("long address")]
    LongAddress,
    /// The headers are too large, usually because of cookies.
    #[error("large head")]
    LargeHead,
    /// No upload permit became free.
    #[error("too many uploads")]
    ManyUploads,
    /// A rate limit is exceeded. The number is the seconds to wait.
    #[error("too many requests")]
    TooMany(u64),
    #[error("method not allowed")]
    Method,
    /// The portal did not answer, or not as specified.
    #[error("portal: {happened}")]
    Portal { happened: &'static str, again: Cow<'static, str> },
    /// A login failed although the portal answered as specified.
    #[error("no login: {happened}")]
    NoLogin { happened: &'static str, again: Cow<'static, str> },
    /// The portal answered as specified, and another attempt would fail in the same way.
    #[error("not admitted: {happened}")]
    NotAdmitted {
        happened: &'static str,
        /// What to do, in a sentence.
        help: String,
        /// Label and address of what helps, if there is such a page.
        remedy: Option<(&'static str, String)>,
    },
    /// All permits for parked login screens are taken.
    #[error("too many waiters")]
    Full,
    /// A stored file is lost or damaged. The text says what to do.
    #[error("gone")]
    Gone(&'static str),
    /// The audit entry for a look at personal data could not be written, so nothing is shown.
    #[error("the audit cannot be written: {0}")]
    Unrecorded(String),
    #[error("not signed out")]
    NotSignedOut,
    /// The database does not answer in time.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The connection broke during a commit, so the change may or may not be saved.
    #[error("in doubt: {0}")]
    InDoubt(String),
    /// The disk is full or the database is read-only. Reading still works.
    #[error("nothing can be saved: {0}")]
    NotSaved(String),
    /// A defect of this program. The text is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

/// What happened, what to do, and one button.
struct Words<'a> {
    headline: &'a str,
    advice: Cow<'a, str>,
    label: &'a str,
    href: &'a str,
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            // A unique index let only one of two concurrent requests through.
            store::Error::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                let message = "刚才有另一处操作同时进行，这一次没有生效".to_owned();
                Failure::Conflict { message, action: ("查看最新情况", paths::PROGRESS.to_owned()) }
            }
            store::Error::Database(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) => {
                Failure::Unavailable(error.to_string())
            }
            // diesel does not expose the SQLSTATE, so only the message identifies a timeout.
            store::Error::Database(Error::DatabaseError(DatabaseErrorKind::Unknown, ref info))
                if info.message().starts_with("canceling statement due to") =>
            {
                Failure::Unavailable(error.to_string())
            }
            store::Error::Unavailable(_) | store::Error::Closed => Failure::Unavailable(error.to_string()),
            store::Error::InDoubt(_) => Failure::InDoubt(error.to_string()),
            store::Error::Unrecorded(why) => Failure::Unrecorded(why),
            store::Error::NotSaved(why) => Failure::NotSaved(why),
            other => Failure::Internal(other.to_string()),
        }
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        store::Error::from(error).into()
    }
}

impl From<tower_sessions::session::Error> for Failure {
    fn from(error: tower_sessions::session::Error) -> Self {
        Failure::Unavailable(format!("session: {error}"))
    }
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        match self {
            Failure::SignIn | Failure::SignInAgain(_) => StatusCode::UNAUTHORIZED,
            Failure::NotFound => StatusCode::NOT_FOUND,
            Failure::AskConsent(_)
            | Failure::Forbidden(_)
            | Failure::NoLogin { .. }
            | Failure::NotAdmitted { .. } => StatusCode::FORBIDDEN,
            Failure::Conflict { .. } => StatusCode::CONFLICT,
            Failure::BadRequest(_) => StatusCode::BAD_REQUEST,
            Failure::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Failure::LongAddress => StatusCode::URI_TOO_LONG,
            Failure::LargeHead => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Failure::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Failure::Method => StatusCode::METHOD_NOT_ALLOWED,
            Failure::Portal { .. } => StatusCode::BAD_GATEWAY,
            Failure::Gone(_) => StatusCode::GONE,
            Failure::Full
            | Failure::ManyUploads
            | Failure::NotSignedOut
            | Failure::Unavailable(_)
            | Failure::InDoubt(_)
            | Failure::NotSaved(_)
            | Failure::Unrecorded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Failure {
    /// Seconds to wait when every permit is taken.
    const RETRY_SECONDS: u64 = 30;

    /// [`Failure::Portal`] with the login screen as the page to try again.
    pub const fn portal(happened: &'static str) -> Failure {
        Failure::Portal { happened, again: Cow::Borrowed(paths::LOGIN) }
    }

    /// [`Failure::NoLogin`] with the login screen as the page to try again.
    pub const fn no_login(happened: &'static str) -> Failure {
        Failure::NoLogin { happened, again: Cow::Borrowed(paths::LOGIN) }
    }

    /// Replaces the page from which to try to log in again.
    pub fn again_at(self, path: String) -> Failure {
        match self {
            Failure::Portal { happened, .. } => Failure::Portal { happened, again: path.into() },
            Failure::NoLogin { happened, .. } => Failure::NoLogin { happened, again: path.into() },
            other => other,
        }
    }

    fn of(error: poem::Error) -> Failure {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return failure.clone();
        }
        match error.status() {
            StatusCode::NOT_FOUND => Failure::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Failure::Method,
            StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
            status if status.is_client_error() => Failure::BadRequest("请求的内容不完整"),
            _ => Failure::Internal(error.to_string()),
        }
    }

    fn page(&self, lang: Lang, contact: &Contact) -> Page {
        let Words { headline, advice, label, href } = lang.pick(self.words(), self.english());
        let action = match self {
            // The user's input stays in the present window.
            Failure::SignIn => ui::window_button(href, label, Look::Primary),
            _ => ui::link_button(href, label, Look::Primary),
        };
        let main = maud::html! {
            (ui::error_page(headline, &advice, action))
            (ui::contact(contact, lang))
        };
        Page::new(lang.pick("出现问题", "Problem"), main).about(headline).own_heading()
    }
}

/// Turns the errors of one request into responses.
pub struct ErrorResponder {
    frame: Frame,
    is_read: bool,
}

impl ErrorResponder {
    pub fn of(req: &Request) -> ErrorResponder {
        ErrorResponder { frame: Frame::of(req), is_read: req.method() == Method::GET }
    }

    /// A page in plain Chinese, or a fragment for htmx.
    pub fn respond(&self, error: poem::Error) -> Response {
        if error.is_from_response() {
            return error.into_response();
        }
        let failure = Failure::of(error);
        match &failure {
            Failure::Internal(_)
            | Failure::Unavailable(_)
            | Failure::InDoubt(_)
            | Failure::NotSaved(_)
            | Failure::Unrecorded(_) => {
                tracing::error!(%failure, "a request failed");
            }
            Failure::Portal { .. } => tracing::warn!(%failure, "the portal failed"),
            _ => {}
        }
        self.page(&failure)
    }

    fn page(&self, failure: &Failure) -> Response {
        let ErrorResponder { frame, is_read } = self;
        let mut response = match failure {
            Failure::SignIn if *is_read => return frame.go(&paths::with_next(paths::LOGIN, frame.here())),
            Failure::AskConsent(need) if *is_read => return frame.go(&paths::consent(need, frame.here())),
            Failure::SignInAgain(next) => return frame.go(&paths::with_next(paths::LOGIN_AGAIN, next)),
            _ if is_shown_as_notice(frame, failure, *is_read) => notice(frame, failure),
            _ => frame.page_with(failure.status(), failure.page(frame.lang(), frame.contact())),
        };
        let wait = match failure {
            Failure::TooMany(seconds) => Some(*seconds),
            Failure::Full | Failure::ManyUploads => Some(Failure::RETRY_SECONDS),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Whether the present page stays and a notice appears above it: when htmx asked for a part of the
/// page, and when a form that may be sent again holds the user's input.
fn is_shown_as_notice(frame: &Frame, failure: &Failure, is_read: bool) -> bool {
    let is_part = frame.target().is_some_and(|target| target != "main");
    let may_be_sent_again = matches!(
        failure,
        Failure::SignIn
            | Failure::AskConsent(_)
            | Failure::TooLarge
            | Failure::TooSlow
            | Failure::ManyUploads
            | Failure::TooMany(_)
            | Failure::Unavailable(_)
            | Failure::InDoubt(_)
            | Failure::NotSaved(_)
            | Failure::Unrecorded(_)
            | Failure::Internal(_)
    );
    frame.is_fragment() && (is_part || (!is_read && may_be_sent_again))
}

/// A banner above the present page.
fn notice(frame: &Frame, failure: &Failure) -> Response {
    let Words { headline, advice, label, href } = failure.words();
    let body = maud::html! {
        @if matches!(failure, Failure::SignIn) {
            p { "您填写的内容仍在本页。请先在新窗口登录，再回到这里重新提交。" }
            p { a href=(href) target="_blank" hx-boost="false" { "在新窗口登录" } }
        } @else if matches!(failure, Failure::AskConsent(_)) {
            p { (advice) "您填写的内容仍在本页。请先在新窗口查看并同意，再回到这里重新提交。" }
            p { a href=(href) target="_blank" hx-boost="false" { "在新窗口查看" } }
        } @else if matches!(failure, Failure::NotSaved(_)) {
            p { "您的操作没有完成，已提交过的申请不受影响，仍可查询。您填写的内容仍在本页，请过几分钟再提交一次。" }
        } @else {
            p { (advice) "您填写的内容仍在本页。" }
            @if href != paths::HOME { p { a href=(href) { (label) } } }
        }
    };
    let mut response = frame.part(ui::banner(ui::Tone::Warn, headline, body));
    response.headers_mut().insert("HX-Retarget", header::HeaderValue::from_static("#notice"));
    response.headers_mut().insert("HX-Reswap", header::HeaderValue::from_static("innerHTML show:top"));
    response.set_status(failure.status());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_about_an_uncertain_commit_advises_to_look_first() {
        let failure = Failure::from(store::Error::InDoubt("no answer".into()));
        let Words { headline, advice, href, .. } = failure.words();
        assert_eq!(failure.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!((headline, href), ("不能确定这次操作是否已经完成", paths::PROGRESS));
        assert!(advice.contains("请先查看最新情况") && !advice.contains("没有完成"), "{advice}");
    }

    #[test]
    fn database_timeout_is_unavailable() {
        let of =
            |kind, message: &str| Failure::from(Error::DatabaseError(kind, Box::new(message.to_owned())));
        for (kind, message) in [
            (DatabaseErrorKind::Unknown, "canceling statement due to statement timeout"),
            (DatabaseErrorKind::Unknown, "canceling statement due to lock timeout"),
            (DatabaseErrorKind::ClosedConnection, "server closed the connection unexpectedly"),
        ] {
            assert!(matches!(of(kind, message), Failure::Unavailable(_)), "{message}");
        }
        let defect = of(DatabaseErrorKind::Unknown, "division by zero");
        assert!(matches!(defect, Failure::Internal(_)));
    }
}
