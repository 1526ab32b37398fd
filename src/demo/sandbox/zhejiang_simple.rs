//! 浙江政务服务网, the older interface, for persons.
//!
//! Calls are GET or a form; each is signed by MD5 of the access key (`servicecode`), the secret and the time, which may
//! differ by five minutes. The user's data is JSON in a JSON string. The portal returns no `state`: what the site wants to
//! know again is in the query of `redirectUrl`. The path of the calls is `/sso/servlet/simpleauth`. Made up are the sign-out,
//! `/sso/logout?redirectUrl=`, and the numbers of errors.

use std::sync::Arc;

use chrono::{Duration, NaiveDateTime};
use md5::{Digest, Md5};
use poem::web::Data;
use poem::{Response, handler};
use serde_json::{Value, json};

use super::fields::{Fields, answer, hex};
use super::people::{Account, OFFICER_CARD};
use super::portal::{
    AuthorizationRequest, CLIENT_ID, CLIENT_SECRET, Fault, Grants, OwnSite, Portal, SignOut, check_client,
};
use crate::paths::sandbox::zhejiang_simple as at;
use crate::people::document::DocumentType::{
    ForeignPermanent, HkMacaoPermit, Passport, Resident, TaiwanPermit,
};
use crate::store::clock::CHINA;
use crate::store::{Store, Timestamp};

/// How far the time of a call may be off.
const TOLERANCE: Duration = Duration::minutes(5);

const TIME_OFF: (&str, &str) = ("5002", "time超出允许范围");

pub static PORTAL: Portal = Portal {
    name: "模拟浙江政务服务网",
    path: at::PORTAL,
    cookie: "sandbox-zhejiang-simple",
    documents: &[
        (Resident.label(), "1"),
        (Passport.label(), "2"),
        (OFFICER_CARD, "3"),
        (HkMacaoPermit.label(), "4"),
        (TaiwanPermit.label(), "5"),
        (ForeignPermanent.label(), "6"),
    ],
    admits: |account| account.is_person,
    read,
    ticket: "ticket",
    ticket_prefix: "",
    ticket_lifetime: Duration::minutes(5),
    declined: None,
    faults: &[Fault::Expired, Fault::Dropped, Fault::Clock, Fault::Refused],
    sign_out: Some(SignOut { target: "redirectUrl", client: "", state: "" }),
};

fn read(fields: &Fields, site: &OwnSite) -> Result<AuthorizationRequest, &'static str> {
    check_client(fields.one("servicecode"))?;
    if fields.one("action") != "oauth" || fields.one("scope") != "1" {
        return Err("演示平台不认识这个登录请求");
    }
    Ok(AuthorizationRequest::plain(site.callback(fields.one("redirectUrl"))?, "", fields))
}

/// Both calls.
#[handler]
pub fn call(Data(store): Data<&Store>, Data(grants): Data<&Arc<Grants>>, fields: Fields) -> Response {
    let now = store.clock.now();
    let checked = check(&fields, now);
    match fields.one("method") {
        "ticketValidation" => {
            answer(checked.and_then(|()| token(store, grants, &fields)).unwrap_or_else(refused))
        }
        "getUserInfo" => {
            let user = checked.and_then(|()| user(grants, fields.one("token"), now)).unwrap_or_else(refused);
            answer(Value::String(user.to_string()))
        }
        _ => answer(refused(("5000", "method不存在"))),
    }
}

type Refused = (&'static str, &'static str);

fn refused((result, errmsg): Refused) -> Value {
    json!({ "result": result, "errmsg": errmsg })
}

/// Checks key, form, time and signature of a call.
fn check(fields: &Fields, now: Timestamp) -> Result<(), Refused> {
    check_client(fields.one("servicecode")).map_err(|_| ("5001", "servicecode不存在"))?;
    if fields.one("datatype") != "json" {
        return Err(("5005", "datatype不支持"));
    }
    let time = fields.one("time");
    let said = NaiveDateTime::parse_from_str(time, "%Y%m%d%H%M%S").map_err(|_| TIME_OFF)?;
    if (Timestamp::from_utc(said) - (now + CHINA)).abs() > TOLERANCE {
        return Err(TIME_OFF);
    }
    let expected = hex(&Md5::digest(format!("{CLIENT_ID}{CLIENT_SECRET}{time}")));
    (fields.one("sign") == expected).then_some(()).ok_or(("5003", "sign错误"))
}

fn token(store: &Store, grants: &Grants, fields: &Fields) -> Result<Value, Refused> {
    let grant = grants.redeem(&PORTAL, fields.one("st"), store.clock.now());
    let grant = grant.ok_or(("5004", "票据无效或已过期"))?;
    match grant.fault {
        Fault::Clock => Err(TIME_OFF),
        Fault::Refused => Err(("9999", "系统繁忙")),
        _ => Ok(json!({ "result": "0", "errmsg": "success", "token": grants.token(store, grant) })),
    }
}

fn user(grants: &Grants, token: &str, now: Timestamp) -> Result<Value, Refused> {
    let account = grants.bearer(&PORTAL, token, now).ok_or(("5006", "token无效或已过期"))?;
    Ok(json!({
        "result": "0",
        "errmsg": "success",
        "userid": account.id,
        "authlevel": level(&account),
        "idtype": PORTAL.code(&account),
        "username": account.name,
        "idnum": account.number,
        "mobile": account.phone,
        "sex": account.sex(),
    }))
}

fn level(account: &Account) -> &'static str {
    match account.level {
        "L3" => "3",
        "L2" => "2",
        _ => "1",
    }
}
