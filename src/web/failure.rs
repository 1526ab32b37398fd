//! What can go wrong with a request, and the page that says so.

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
    /// As many login screens wait as this process can hold.
    #[error("too many waiters")]
    Full,
    /// A session could not be ended.
    #[error("not signed out")]
    NotSignedOut,
    /// The database is out of reach for now.
    #[error("unavailable: {0}")]
    Unavailable(String),
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
            store::Error::Unavailable(_) | store::Error::Closed => Failure::Unavailable(error.to_string()),
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
            Failure::Forbidden(_) | Failure::NoLogin { .. } => StatusCode::FORBIDDEN,
            Failure::Conflict { .. } => StatusCode::CONFLICT,
            Failure::BadRequest(_) => StatusCode::BAD_REQUEST,
            Failure::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Failure::Method => StatusCode::METHOD_NOT_ALLOWED,
            Failure::Portal { .. } => StatusCode::BAD_GATEWAY,
            Failure::Full | Failure::NotSignedOut | Failure::Unavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
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

    /// [`Failure::words`] for the few pages that are read in English.
    fn english(&self) -> (&str, String, (&str, &str)) {
        let list = ("All examinations", "/en/lookup");
        match self {
            Failure::NotFound => {
                ("Page not found", "The address may be wrong, or the page was removed.".into(), list)
            }
            Failure::TooMany(seconds) => (
                "Too many searches",
                format!("Please try again in {}.", waiting(*seconds, " seconds", " minutes")),
                list,
            ),
            Failure::Unavailable(_) | Failure::Internal(_) => {
                ("The service is unavailable", "Please try again a little later.".into(), list)
            }
            _ => ("This request cannot be taken", "Please start again from the list.".into(), list),
        }
    }

    /// What happened, what to do, and one button.
    fn words(&self) -> (&str, String, (&str, &str)) {
        let home = ("返回首页", "/");
        match self {
            Failure::SignIn => (
                "登录已超时",
                "请在新窗口重新登录，再回到本页刷新，浏览器会重新提交您填写的内容。".into(),
                ("重新登录", "/login"),
            ),
            Failure::NotFound => ("没有找到这个页面", "网址可能有误，或内容已被移除。".into(), home),
            Failure::Forbidden(need) => ("您不能进行这个操作", (*need).into(), home),
            Failure::Conflict { message, action } => {
                (message, "您可以查看最新情况后再决定。".into(), (action.0, &action.1))
            }
            Failure::BadRequest(why) => (why, "请返回上一页检查后重试。".into(), home),
            Failure::TooLarge => ("上传的内容太大", "请压缩或分开上传，每个文件不超过 10 MB。".into(), home),
            Failure::TooMany(seconds) => {
                ("操作太频繁", format!("请在 {}后再试。", waiting(*seconds, " 秒", " 分钟")), home)
            }
            Failure::Method => ("这个地址不支持该操作", "请从页面上的按钮进入。".into(), home),
            Failure::Portal { happened, again } | Failure::NoLogin { happened, again } => {
                (happened, "没有登录任何账号，您可以再试一次。".into(), ("重新登录", again))
            }
            Failure::Full => {
                let wait = format!("请在 {} 秒后再试，也可以先办理其他事项。", Failure::FULL_FOR);
                ("现在登录的人很多，请稍后再试", wait, ("再试一次", "/login"))
            }
            Failure::NotSignedOut => {
                ("没有退出登录", "这台设备仍处于登录状态。请稍后再试一次。".into(), ("返回“我的”", "/me"))
            }
            Failure::Unavailable(_) => {
                ("系统正忙", "您的操作没有完成，已提交过的申请不受影响。请稍后再试。".into(), home)
            }
            Failure::Internal(_) => {
                ("系统出了问题", "我们已记录，已提交过的申请不受影响。请稍后再试。".into(), home)
            }
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

/// How long to wait, in the unit that one would say.
fn waiting(seconds: u64, of_seconds: &str, of_minutes: &str) -> String {
    if seconds < 120 {
        format!("{seconds}{of_seconds}")
    } else {
        format!("{}{of_minutes}", seconds.div_ceil(60))
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
            Failure::Internal(_) | Failure::Unavailable(_) => tracing::error!(%failure, "a request failed"),
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
            Failure::Full => Some(Failure::FULL_FOR),
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
            | Failure::TooMany(_)
            | Failure::Unavailable(_)
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
