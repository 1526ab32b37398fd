//! 广东统一身份认证平台, for citizens.
//!
//! Authorization code without PKCE; all calls are GET, and an error has status 200. `state` is returned if it was
//! sent. Documents other than 居民身份证 and 护照 are 40. The numbers of errors are made up.

pub mod app;
mod user;

use std::sync::Arc;

use chrono::Duration;
use maud::html;
use poem::web::Data;
use poem::{Request, Response, handler};
use serde_json::json;

use super::fields::{Fields, answer};
use super::people::{HK_MACAO_CARD, OFFICER_CARD};
use super::portal::{
    AuthorizationRequest, CLIENT_SECRET, Fault, Grant, Grants, OwnSite, Portal, SignOut, check_client,
    token_seconds,
};
use crate::paths;
use crate::paths::sandbox::guangdong as at;
use crate::people::document::DocumentType::{
    ForeignPermanent, HkMacaoPermit, HmtResidence, Passport, Resident, TaiwanPermit,
};
use crate::settings::Settings;
use crate::store::{Store, Timestamp};
use crate::ui::{self, Look, Page, Tone};
use crate::web::Frame;

/// The portal's codes for types of documents.
const DOCUMENTS: &[(&str, &str)] = &[
    (Resident.label(), "10"),
    (Passport.label(), "20"),
    (HkMacaoPermit.label(), OTHER),
    (TaiwanPermit.label(), OTHER),
    (HmtResidence.label(), OTHER),
    (ForeignPermanent.label(), OTHER),
    (OFFICER_CARD, OTHER),
    (HK_MACAO_CARD, OTHER),
];

/// The parameter of the page to which a sign-out returns.
const SIGN_OUT_TARGET: &str = "redirect_uri";

/// 其他
const OTHER: &str = "40";

pub static PORTAL: Portal = Portal {
    name: "模拟广东统一身份认证平台",
    path: at::PORTAL,
    cookie: "sandbox-guangdong",
    documents: DOCUMENTS,
    admits: |_| true,
    read,
    ticket: "code",
    ticket_prefix: "",
    ticket_lifetime: Duration::minutes(5),
    declined: None,
    faults: &[Fault::Expired, Fault::Dropped, Fault::Refused],
    sign_out: Some(SignOut { target: SIGN_OUT_TARGET, client: "", state: "" }),
};

fn read(fields: &Fields, site: &OwnSite) -> Result<AuthorizationRequest, &'static str> {
    check_client(fields.one("client_id"))?;
    let expected = [("service", "initService"), ("response_type", "code"), ("scope", "all")];
    if expected.iter().any(|(name, value)| fields.one(name) != *value) {
        return Err("演示平台不认识这个登录请求");
    }
    Ok(AuthorizationRequest::plain(site.callback(fields.one("redirect_uri"))?, "state", fields))
}

/// The token of a code.
#[handler]
pub fn token(Data(store): Data<&Store>, Data(grants): Data<&Arc<Grants>>, fields: Fields) -> Response {
    let answered = match redeem(grants, &fields, store.clock.now()) {
        Ok(grant) => {
            json!({ "access_token": grants.token(store, grant), "expires_in": token_seconds(), "scope": "all" })
        }
        Err((errcode, errmsg)) => json!({ "errcode": errcode, "errmsg": errmsg }),
    };
    answer(answered)
}

fn redeem(grants: &Grants, fields: &Fields, now: Timestamp) -> Result<Grant, (i32, &'static str)> {
    check_client(fields.one("client_id")).map_err(|_| (40001, "client_id不存在"))?;
    if fields.one("client_secret") != CLIENT_SECRET {
        return Err((40002, "client_secret错误"));
    }
    if fields.one("grant_type") != "authorization_code" || fields.one("scope") != "all" {
        return Err((40003, "参数错误"));
    }
    let grant = grants.redeem(&PORTAL, fields.one("code"), now).ok_or((40004, "授权码无效或已过期"))?;
    match grant.fault {
        Fault::Refused => Err((50000, "系统繁忙")),
        _ if !grant.returned_to(fields.one("redirect_uri")) => Err((40005, "redirect_uri不一致")),
        _ => Ok(grant),
    }
}

/// The account of a token.
#[handler]
pub fn token_info(Data(store): Data<&Store>, Data(grants): Data<&Arc<Grants>>, fields: Fields) -> Response {
    let account = grants.bearer(&PORTAL, fields.one("access_token"), store.clock.now());
    let unknown = || json!({ "errcode": 40006, "errmsg": "access_token无效或已过期" });
    answer(account.map_or_else(unknown, |account| user::described(&PORTAL, &account)))
}

/// 实名认证, the page to which services send accounts that are not verified.
#[handler]
pub fn verification(req: &Request, frame: Frame, Data(settings): Data<&Arc<Settings>>) -> Response {
    let login = OwnSite::of(req, settings).at(paths::LOGIN);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(SIGN_OUT_TARGET, login.as_str())
        .finish();
    let main = html! {
        (ui::heading("演示环境", "实名认证", PORTAL.name))
        (ui::banner(Tone::Info, "这是演示平台", html! {
            p { "真实平台在这里核验身份证件和人脸，通过后账号升为已实名。演示平台不核验，账号等级不会改变。" }
        }))
        p.actions { (ui::link_button(&format!("{}?{query}", at::SIGN_OUT), "换一个账号登录", Look::Primary)) }
    };
    frame.page(Page::new(PORTAL.name, main).own_heading().back(paths::LOGIN))
}
