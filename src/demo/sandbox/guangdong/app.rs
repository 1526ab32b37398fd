//! 粤省事: the app opens the site with a one-off token, and links to it from 办事指南.
//!
//! The token works once, within two minutes. The call that exchanges it is signed with a secret of its own; its time
//! may differ by three minutes. What the call answers is not publicly known; it is made up after `tokeninfo`.

use std::sync::Arc;

use chrono::Duration;
use maud::html;
use poem::web::Data;
use poem::{Request, Response, handler};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{DOCUMENTS, user};
use crate::demo::sandbox::chooser;
use crate::demo::sandbox::fields::{JsonBody, answer, hex};
use crate::demo::sandbox::portal::{AuthorizationRequest, CLIENT_ID, Fault, Grant, Grants, OwnSite, Portal};
use crate::paths;
use crate::paths::sandbox::guangdong as at;
use crate::settings::Settings;
use crate::store::{Store, Timestamp};
use crate::ui::{self, Page};
use crate::web::Frame;

/// The site's name at the app's gateway.
pub const PAASID: &str = "kaozheng-demo-paas";
/// The secret of the signature.
pub const TIF_TOKEN: &str = "not-a-secret-tif";

/// By how many seconds the time of a call may be off.
const TOLERANCE: u64 = 180;

const TIME_OFF: (i32, &str) = (41002, "x-tif-timestamp超出允许范围");

pub static PORTAL: Portal = Portal {
    name: "模拟粤省事",
    path: at::APP,
    cookie: "sandbox-guangdong-app",
    documents: DOCUMENTS,
    admits: |_| true,
    read: |fields, site| Ok(AuthorizationRequest::plain(site.at(paths::LOGIN_APP), "", fields)),
    ticket: "tif_token",
    ticket_prefix: "tif:yrz:userdata:",
    ticket_lifetime: Duration::minutes(2),
    declined: None,
    faults: &[Fault::Expired, Fault::Clock, Fault::Refused],
    sign_out: None,
};

/// The page of the service in the app. The chooser answers its form.
#[handler]
pub fn show(req: &Request, frame: Frame, Data(settings): Data<&Arc<Settings>>) -> Response {
    let guide = guide(&OwnSite::of(req, settings));
    let main = html! {
        (chooser::introduction(PORTAL.name, &format!("您已在手机上登录粤省事，现在打开“{}考证通”。", settings.authority)))
        form method="post" action=(at::APP) hx-boost="false" {
            (chooser::fault_field(&PORTAL))
            (chooser::people(PORTAL.accounts()))
        }
        (ui::panel("办事指南", html! {
            p { "办事指南里的“在线办理”直接进入统一身份认证平台，不经过本站。" }
            p.actions { a.button data-look="plain" href=(guide) hx-boost="false" { "在线办理" } }
        }))
    };
    frame.page(Page::new(PORTAL.name, main).own_heading().back(paths::HOME))
}

/// An authorization request that the site did not begin: the link of 办事指南.
fn guide(site: &OwnSite) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("service", "initService"),
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("scope", "all"),
            ("redirect_uri", site.at(paths::LOGIN_CALLBACK).as_str()),
        ])
        .finish();
    format!("{}?{query}", at::AUTHORIZE)
}

/// The account of a one-off token.
#[handler]
pub fn account(
    req: &Request,
    Data(store): Data<&Store>,
    Data(grants): Data<&Arc<Grants>>,
    body: JsonBody,
) -> Response {
    let answered = match redeem(req, grants, body.one("ryz_access_token"), store.clock.now()) {
        Ok(grant) => user::described(&PORTAL, &grant.account),
        Err((errcode, errmsg)) => json!({ "errcode": errcode, "errmsg": errmsg }),
    };
    answer(answered)
}

fn redeem(req: &Request, grants: &Grants, token: &str, now: Timestamp) -> Result<Grant, (i32, &'static str)> {
    let header = |name: &str| req.header(name).unwrap_or_default();
    let (timestamp, nonce) = (header("x-tif-timestamp"), header("x-tif-nonce"));
    if header("x-tif-paasid") != PAASID || nonce.is_empty() {
        return Err((41001, "x-tif-paasid或x-tif-nonce无效"));
    }
    let seconds: i64 = timestamp.parse().map_err(|_| TIME_OFF)?;
    if seconds.abs_diff(now.and_utc().timestamp()) > TOLERANCE {
        return Err(TIME_OFF);
    }
    let expected = Sha256::digest(format!("{timestamp}{TIF_TOKEN}{nonce}{timestamp}"));
    if header("x-tif-signature") != hex(&expected).to_uppercase() {
        return Err((41003, "签名错误"));
    }
    let grant = grants.redeem(&PORTAL, token, now).ok_or((41004, "ryz_access_token无效或已过期"))?;
    match grant.fault {
        Fault::Clock => Err(TIME_OFF),
        Fault::Refused => Err((50000, "系统繁忙")),
        _ => Ok(grant),
    }
}
