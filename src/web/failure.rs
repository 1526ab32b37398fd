//! What can go wrong with a request, and the page that says so.

mod words;

use std::borrow::Cow;

use diesel::result::{DatabaseErrorKind, Error};
use poem::error::ResponseError;
use poem::http::{Method, StatusCode, header};
use poem::{Request, Response};

use super::Frame;
use crate::store;
use crate::ui::{self, Lang, Look, Page};

/// Why a request was not served. Displayed in logs only; people see a page.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// Nobody is signed in.
    #[error("not signed in")]
    SignIn,
    /// It does not exist, or is somebody else's: both look the same.
    #[error("not found")]
    NotFound,
    /// Signed in, but not allowed; the text says what is needed.
    #[error("forbidden")]
    Forbidden(&'static str),
    /// Somebody or something was faster, or a rule forbids it now.
    #[error("conflict")]
    Conflict {
        /// What happened, in a sentence.
        message: String,
        /// Label and path of what to do next.
        action: (&'static str, String),
    },
    /// The request cannot be understood; the text says why.
    #[error("bad request")]
    BadRequest(&'static str),
    /// More bytes than allowed.
    #[error("too large")]
    TooLarge,
    /// The body came too slowly, or stopped.
    #[error("too slow")]
    TooSlow,
    /// An address that is too long to be one of ours.
    #[error("long address")]
    LongAddress,
    /// Larger headers than allowed, cookies most likely.
    #[error("large head")]
    LargeHead,
    /// So many others are sending files now that there is no place for these.
    #[error("too many uploads")]
    ManyUploads,
    /// Too many requests; try again after so many seconds.
    #[error("too many requests")]
    TooMany(u64),
    /// The method does not exist here.
    #[error("method not allowed")]
    Method,
    /// The government portal did not do its part.
    #[error("portal: {happened}")]
    Portal {
        /// What happened, in a sentence.
        happened: &'static str,
        /// Path where one may try again.
        again: Cow<'static, str>,
    },
    /// A login came to nothing although the portal did its part.
    #[error("no login: {happened}")]
    NoLogin {
        /// What happened, in a sentence.
        happened: &'static str,
        /// Path where one may try again.
        again: Cow<'static, str>,
    },
    /// The portal did its part, and trying again would end the same way.
    #[error("not admitted: {happened}")]
    NotAdmitted {
        /// What happened, in a sentence.
        happened: &'static str,
        /// What helps.
        help: String,
    },
    /// As many login screens wait as this process can hold.
    #[error("too many waiters")]
    Full,
    /// What was here is lost or damaged; the text says what helps.
    #[error("gone")]
    Gone(&'static str),
    /// A look at somebody's data could not be noted in the audit, so nothing was shown.
    #[error("the audit cannot be written: {0}")]
    Unrecorded(String),
    /// A session could not be ended.
    #[error("not signed out")]
    NotSignedOut,
    /// The database is out of reach for now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database went away while it committed: the change was made or was not.
    #[error("in doubt: {0}")]
    InDoubt(String),
    /// The disk is full or the database is read-only; reading goes on.
    #[error("nothing can be saved: {0}")]
    NotSaved(String),
    /// A defect of ours; the text is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            // Two requests at one moment, of which the database's own rule let only one through.
            store::Error::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                let message = "刚才有另一处操作同时进行，这一次没有生效".to_owned();
                Failure::Conflict { message, action: ("查看最新情况", "/progress".to_owned()) }
            }
            store::Error::Database(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) => {
                Failure::Unavailable(error.to_string())
            }
            // Nothing else of PostgreSQL's answer tells a limit of time from other errors.
            store::Error::Database(Error::DatabaseError(DatabaseErrorKind::Unknown, ref info))
                if info.message().starts_with("canceling statement due to") =>
            {
                Failure::Unavailable(error.to_string())
            }
            store::Error::Unavailable(_) | store::Error::Closed => Failure::Unavailable(error.to_string()),
            store::Error::InDoubt(_) => Failure::InDoubt(error.to_string()),
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
            Failure::SignIn => StatusCode::UNAUTHORIZED,
            Failure::NotFound => StatusCode::NOT_FOUND,
            Failure::Forbidden(_) | Failure::NoLogin { .. } | Failure::NotAdmitted { .. } => {
                StatusCode::FORBIDDEN
            }
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
    /// Seconds after which some who wait have gone.
    const FULL_FOR: u64 = 30;

    /// The portal did not do its part.
    pub const fn portal(happened: &'static str) -> Failure {
        Failure::Portal { happened, again: Cow::Borrowed("/login") }
    }

    /// A login came to nothing although the portal did its part.
    pub const fn no_login(happened: &'static str) -> Failure {
        Failure::NoLogin { happened, again: Cow::Borrowed("/login") }
    }

    /// Where a login came to nothing, one may try again at `path`.
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

    fn page(&self, lang: Lang) -> Page {
        let (headline, what_to_do, (label, href)) = lang.pick(self.words(), self.english());
        let action = match self {
            // What was typed is in this window.
            Failure::SignIn => ui::window_button(href, label, Look::Primary),
            _ => ui::link_button(href, label, Look::Primary),
        };
        Page::new(lang.pick("出现问题", "Problem"), ui::error_page(headline, &what_to_do, action))
            .own_heading()
    }
}

/// How a request asked, for the page that says why it was not served.
pub struct Asked {
    frame: Frame,
    reading: bool,
}

impl Asked {
    /// Reads what the request says about itself; works for any.
    pub fn of(req: &Request) -> Asked {
        Asked { frame: Frame::of(req), reading: req.method() == Method::GET }
    }

    /// Turns an error into a page in plain Chinese, or a fragment when htmx asked.
    pub fn answer(&self, error: poem::Error) -> Response {
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
        let Asked { frame, reading } = self;
        let mut response = match failure {
            Failure::SignIn if *reading => return frame.go(&login_path(frame.here())),
            _ if keeps_the_page(frame, failure, *reading) => notice(frame, failure),
            _ => frame.page_with(failure.status(), failure.page(frame.lang())),
        };
        let wait = match failure {
            Failure::TooMany(seconds) => Some(*seconds),
            Failure::Full | Failure::ManyUploads => Some(Failure::FULL_FOR),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Whether the page on the screen stays: a piece of it cannot show a whole page, and a form
/// that could not be taken holds what somebody typed.
fn keeps_the_page(frame: &Frame, failure: &Failure, reading: bool) -> bool {
    let piece = frame.target().is_some_and(|target| target != "main");
    let not_taken = matches!(
        failure,
        Failure::SignIn
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
    frame.is_fragment() && (piece || (!reading && not_taken))
}

fn login_path(next: &str) -> String {
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/login?{query}")
}

/// What went wrong, above the page that stays.
fn notice(frame: &Frame, failure: &Failure) -> Response {
    let (headline, what_to_do, (label, href)) = failure.words();
    let body = maud::html! {
        @if matches!(failure, Failure::SignIn) {
            p { "您填写的内容仍在本页。请先在新窗口登录，再回到这里重新提交。" }
            p { a href=(href) target="_blank" hx-boost="false" { "在新窗口登录" } }
        } @else if matches!(failure, Failure::NotSaved(_)) {
            p { "您的操作没有完成，已提交过的申请不受影响，仍可查询。您填写的内容仍在本页，请过几分钟再提交一次。" }
        } @else {
            p { (what_to_do) "您填写的内容仍在本页。" }
            @if href != "/" { p { a href=(href) { (label) } } }
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
    fn who_may_have_changed_something_is_not_told_that_nothing_was_done() {
        let failure = Failure::from(store::Error::InDoubt("no answer".into()));
        let (headline, what_to_do, (_, href)) = failure.words();
        assert_eq!(failure.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!((headline, href), ("不能确定这次操作是否已经完成", "/progress"));
        assert!(what_to_do.contains("请先查看最新情况") && !what_to_do.contains("没有完成"), "{what_to_do}");
    }

    #[test]
    fn a_statement_that_ran_out_of_time_is_a_busy_system() {
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
