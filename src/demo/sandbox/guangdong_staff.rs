//! 广东统一身份认证平台, for civil servants.
//!
//! It has neither levels nor companies: every account belongs to a person whom the government employs, or once did.
//! `state` is returned if it was sent. The codes of documents and of `sex`, the fields of the token request and the
//! numbers of errors are made up: those of OAuth 2.0 and of the portal for citizens.

use std::sync::Arc;

use chrono::Duration;
use poem::web::Data;
use poem::{Response, handler};
use serde_json::{Value, json};

use super::fields::{Fields, answer};
use super::people::{Account, OFFICER_CARD};
use super::portal::{
    AuthorizationRequest, CLIENT_SECRET, Fault, Grant, Grants, OwnSite, Portal, SignOut, check_client,
};
use crate::paths::sandbox::guangdong_staff as at;
use crate::people::document::DocumentType::Resident;
use crate::store::{Store, Timestamp};
use crate::web::Submission;

pub static PORTAL: Portal = Portal {
    name: "模拟广东公务人员认证平台",
    path: at::PORTAL,
    cookie: "sandbox-guangdong-staff",
    documents: &[(Resident.label(), "10"), (OFFICER_CARD, "40")],
    admits: |account| account.is_person && account.is_verified(),
    read,
    ticket: "code",
    ticket_prefix: "",
    ticket_lifetime: Duration::minutes(5),
    declined: None,
    faults: &[Fault::Expired, Fault::Dropped, Fault::Refused],
    sign_out: Some(SignOut { target: "backurl", client: "client_id", state: "" }),
};

fn read(fields: &Fields, site: &OwnSite) -> Result<AuthorizationRequest, &'static str> {
    check_client(fields.one("client_id"))?;
    if fields.one("response_type") != "code" || fields.one("scope") != "all" {
        return Err("演示平台不认识这个登录请求");
    }
    Ok(AuthorizationRequest::plain(site.callback(fields.one("redirect_uri"))?, "state", fields))
}

/// The token of a code.
#[handler]
pub fn token(Data(store): Data<&Store>, Data(grants): Data<&Arc<Grants>>, form: Submission) -> Response {
    let redeemed = redeem(grants, &form, store.clock.now());
    enveloped(redeemed.map(|grant| json!({ "access_token": grants.token(store, grant) })))
}

fn redeem(grants: &Grants, form: &Submission, now: Timestamp) -> Result<Grant, (i32, &'static str)> {
    let is_client = form.one("client_secret") == CLIENT_SECRET;
    check_client(form.one("client_id")).ok().filter(|()| is_client).ok_or((1001, "应用标识或密钥错误"))?;
    if form.one("grant_type") != "authorization_code" {
        return Err((1002, "参数错误"));
    }
    let grant = grants.redeem(&PORTAL, form.one("code"), now).ok_or((1003, "授权码无效或已过期"))?;
    let returns = form.one("redirect_uri");
    match grant.fault {
        Fault::Refused => Err((9999, "系统繁忙")),
        _ if !returns.is_empty() && !grant.returned_to(returns) => Err((1004, "回调地址不一致")),
        _ => Ok(grant),
    }
}

/// The account of a token.
#[handler]
pub fn user(Data(store): Data<&Store>, Data(grants): Data<&Arc<Grants>>, form: Submission) -> Response {
    let account = grants.bearer(&PORTAL, form.one("access_token"), store.clock.now());
    enveloped(account.map(|account| described(&account)).ok_or((1005, "access_token无效或已过期")))
}

fn described(account: &Account) -> Value {
    let kind: Option<u32> = PORTAL.code(account).and_then(|code| code.parse().ok());
    json!({
        "userId": account.id,
        "name": account.name,
        "mobile": account.phone,
        "certificateType": kind,
        "certificateNumber": account.number,
        "sex": account.sex(),
    })
}

fn enveloped(data: Result<Value, (i32, &str)>) -> Response {
    answer(match data {
        Ok(data) => json!({ "status": 0, "message": "success", "data": data }),
        Err((status, message)) => json!({ "status": status, "message": message, "data": null }),
    })
}
