//! 长者模式 (senior mode): larger type, switched by a cookie.

use poem::http::{HeaderValue, header};
use poem::{Request, Response, handler};

use crate::web::frame::{SENIOR_COOKIE, cookie};
use crate::web::{Submission, local_path, see_other};

#[handler]
pub fn toggle(req: &Request, sent: Submission) -> Response {
    let age = if cookie(req.headers(), SENIOR_COOKIE).is_some() { 0 } else { 365 * 24 * 60 * 60 };
    let value = format!("{SENIOR_COOKIE}=1; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax");
    let mut response = see_other(local_path(sent.one("next")));
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
