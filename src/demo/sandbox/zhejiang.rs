//! 浙江政务服务网, the present interface (V2).
//!
//! The return address is registered: the site's callback. `sp` is returned as it came. Both calls are POST with JSON and
//! pass a gateway ([`gateway`]), whose access key is `appId` and whose answer to a wrong signature is a 401. Accounts have
//! no level, so only verified ones exist here. Made up are the paths of the two calls,
//! `/restapi/prod/uc/sso/access_token` and `/restapi/prod/uc/sso/getUserInfo`, the parameter `redirectUrl` of the sign-out,
//! the numbers of errors, and `legalPersonInfo` of a company.

mod gateway;

use std::sync::Arc;

use chrono::Duration;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Request, Response, handler};
use serde_json::{Value, json};

use super::fields::{Fields, JsonBody, answer};
use super::people::{Account, HK_MACAO_CARD, OFFICER_CARD};
use super::portal::{AuthorizationRequest, Fault, Grant, Grants, OwnSite, Portal, SignOut, check_client};
use crate::paths;
use crate::paths::sandbox::zhejiang as at;
use crate::people::document::DocumentType::{
    ForeignPermanent, HkMacaoPermit, HmtResidence, Passport, Resident, TaiwanPermit,
};
use crate::store::{Store, Timestamp};

pub static PORTAL: Portal = Portal {
    name: "模拟浙江统一用户中心",
    path: at::PORTAL,
    cookie: "sandbox-zhejiang",
    documents: &[
        (Resident.label(), "ID_CARD"),
        (Passport.label(), "PASSPORT"),
        (HkMacaoPermit.label(), "MAINLAND_TRAVEL_PERMIT_FOR_HONGKONG_AND_MACAO_RESIDENTS"),
        (TaiwanPermit.label(), "MAINLAND_TRAVEL_PERMIT_FOR_TAIWAN_RESIDENTS"),
        (HmtResidence.label(), "GANG_AO_TAI_RESIDENCE_CART"),
        (ForeignPermanent.label(), "FOREIGN_PERMANENT_RESIDENT_ID_CARD"),
        (OFFICER_CARD, "OFFICER_CARD"),
        (HK_MACAO_CARD, "GANG_AO_ID_CART"),
    ],
    admits: Account::is_verified,
    read,
    ticket: "ticketId",
    ticket_prefix: "",
    ticket_lifetime: Duration::minutes(5),
    declined: None,
    faults: &[Fault::Expired, Fault::Dropped, Fault::Clock, Fault::Refused],
    sign_out: Some(SignOut { target: "redirectUrl", client: "", state: "" }),
};

fn read(fields: &Fields, site: &OwnSite) -> Result<AuthorizationRequest, &'static str> {
    check_client(fields.one("appId"))?;
    Ok(AuthorizationRequest::plain(site.at(paths::LOGIN_CALLBACK), "sp", fields))
}

/// The token of a ticket.
#[handler]
pub fn token(
    req: &Request,
    Data(store): Data<&Store>,
    Data(grants): Data<&Arc<Grants>>,
    body: JsonBody,
) -> Response {
    let now = store.clock.now();
    if let Err(refused) = gateway::admit(req, now) {
        return denied(refused);
    }
    match redeem(grants, &body, now) {
        Ok(grant) if grant.fault == Fault::Clock => denied(gateway::TIME_OFF),
        Ok(grant) => answered(Ok(json!({ "accessToken": grants.token(store, grant) }))),
        Err(refused) => answered(Err(refused)),
    }
}

fn redeem(grants: &Grants, body: &JsonBody, now: Timestamp) -> Result<Grant, Refused> {
    check_client(body.one("appId")).map_err(|_| ("10001", "appId不存在"))?;
    let grant = grants.redeem(&PORTAL, body.one("ticketId"), now).ok_or(("10002", "票据无效或已过期"))?;
    if grant.fault == Fault::Refused { Err(("99999", "系统繁忙")) } else { Ok(grant) }
}

/// The account of a token.
#[handler]
pub fn user(
    req: &Request,
    Data(store): Data<&Store>,
    Data(grants): Data<&Arc<Grants>>,
    body: JsonBody,
) -> Response {
    let now = store.clock.now();
    if let Err(refused) = gateway::admit(req, now) {
        return denied(refused);
    }
    let account = grants.bearer(&PORTAL, body.one("token"), now);
    answered(account.map(|account| described(&account)).ok_or(("10003", "token无效或已过期")))
}

fn described(account: &Account) -> Value {
    let person = json!({
        "userId": account.id,
        "userName": account.name,
        "idType": PORTAL.code(account),
        "idNo": account.number,
        "phone": account.phone,
    });
    match account.is_person {
        true => json!({ "userType": "PERSON", "personInfo": person }),
        // The company's agent is in `personInfo`.
        false => json!({
            "userType": "LEGAL_PERSON",
            "personInfo": person,
            "legalPersonInfo": { "corpName": account.name },
        }),
    }
}

type Refused = (&'static str, &'static str);

fn answered(data: Result<Value, Refused>) -> Response {
    answer(match data {
        Ok(data) => json!({ "success": true, "errorCode": "0", "errorMsg": "", "data": data }),
        Err((code, message)) => {
            json!({ "success": false, "errorCode": code, "errorMsg": message, "data": null })
        }
    })
}

/// The gateway's answer.
fn denied(refused: Refused) -> Response {
    let mut response = answered(Err(refused));
    response.set_status(StatusCode::UNAUTHORIZED);
    response
}
