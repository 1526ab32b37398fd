//! The device grant of the standard portal (RFC 8628).

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Duration;
use maud::html;
use parking_lot::Mutex;
use poem::http::StatusCode;
use poem::web::{Data, Json, Query};
use poem::{IntoResponse, Response, handler};
use serde::Deserialize;
use serde_json::json;

use super::portal::{Client, PORTAL, is_known, refuse};
use crate::demo::sandbox::chooser;
use crate::demo::sandbox::people::Account;
use crate::demo::sandbox::portal::{Fault, Grant};
use crate::paths;
use crate::paths::sandbox::standard as at;
use crate::settings::Settings;
use crate::store::{Store, Timestamp};
use crate::ui::{self, Page};
use crate::web::{Failure, Frame, Submission};

/// RFC 8628 §3.4
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Lifetime of a code.
const LIFETIME: Duration = Duration::minutes(5);

/// Shortest time between two polls.
const INTERVAL: Duration = Duration::seconds(1);

/// Letters without vowels, and without those that look like another one (RFC 8628 §6.1).
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

/// The issued codes, by device code.
#[derive(Default)]
pub struct Devices(Mutex<HashMap<String, IssuedCode>>);

struct IssuedCode {
    user_code: String,
    at: Timestamp,
    polled: Timestamp,
    answer: Answer,
}

enum Answer {
    None,
    Consent(Account),
    No,
}

impl Devices {
    /// The grant of a code, or the error of RFC 8628 §3.5.
    pub fn poll(&self, device_code: &str, now: Timestamp) -> Result<Grant, &'static str> {
        let mut codes = self.0.lock();
        let shown = codes.get_mut(device_code).ok_or("invalid_grant")?;
        let too_soon = now - shown.polled < INTERVAL;
        shown.polled = now;
        let account = match shown.answer {
            _ if now - shown.at >= LIFETIME => return Err("expired_token"),
            Answer::None if too_soon => return Err("slow_down"),
            Answer::None => return Err("authorization_pending"),
            Answer::No => return Err("access_denied"),
            Answer::Consent(account) => account,
        };
        codes.remove(device_code);
        let (address, challenge) = (String::new(), String::new());
        Ok(Grant { portal: &PORTAL, account, fault: Fault::None, address, challenge })
    }

    fn answer(&self, user_code: &str, answer: Answer, now: Timestamp) -> bool {
        let mut codes = self.0.lock();
        let open = |shown: &&mut IssuedCode| {
            shown.user_code == user_code && now - shown.at < LIFETIME && matches!(shown.answer, Answer::None)
        };
        let Some(shown) = codes.values_mut().find(open) else { return false };
        shown.answer = answer;
        true
    }
}

/// `POST /sandbox/device_authorization` (RFC 8628 §3.1).
#[handler]
pub fn authorize(
    Data(settings): Data<&Arc<Settings>>,
    Data(store): Data<&Store>,
    Data(devices): Data<&Arc<Devices>>,
    client: Client,
) -> Response {
    if !is_known(client) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let (device_code, now) = (store.ids.token(24), store.clock.now());
    let last = LETTERS.len() as u32 - 1;
    let letter = |_| char::from(LETTERS[store.ids.number(0..=last) as usize]);
    let user_code: String = (0..8).map(letter).collect();
    let uri = settings.absolute(at::DEVICE);
    let answer = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": uri,
        "verification_uri_complete": format!("{uri}?user_code={user_code}"),
        "expires_in": LIFETIME.num_seconds(),
        "interval": INTERVAL.num_seconds(),
    });
    let mut codes = devices.0.lock();
    codes.retain(|_, shown| now - shown.at < LIFETIME * 2);
    codes
        .insert(device_code, IssuedCode { user_code, at: now, polled: now - INTERVAL, answer: Answer::None });
    Json(answer).into_response()
}

/// The query of the verification address.
#[derive(Deserialize)]
pub struct Verification {
    user_code: Option<String>,
}

/// `GET /sandbox/device`: asks which person signs in on the device that shows this code.
#[handler]
pub fn show(
    frame: Frame,
    Data(settings): Data<&Arc<Settings>>,
    Query(query): Query<Verification>,
) -> Response {
    let code = query.user_code.unwrap_or_default();
    let field = ui::Control::Text { value: &code, mode: ui::TextMode::Text, max: 8, suffix: "" };
    let main = html! {
        (ui::heading("演示环境", "授权另一台设备登录", &format!("“{}考证通”申请使用您的身份信息。", settings.authority)))
        (ui::banner(ui::Tone::Info, "这是演示平台", html! { p { "以下人员均为虚构。请核对授权码，再选择以谁的身份登录。" } }))
        form method="post" action=(at::DEVICE) hx-boost="false" {
            (ui::field(&ui::FormField {
                hint: "应与另一台设备屏幕上显示的一致",
                ..ui::FormField::new("user_code", "授权码", field)
            }))
            (chooser::people(PORTAL.accounts()))
            p.actions { (ui::submit("person", "", "取消登录", ui::Look::Plain)) }
        }
    };
    frame.page(Page::new(PORTAL.name, main).own_heading().back(paths::LOGIN))
}

/// `POST /sandbox/device`: grants or declines the device's sign-in.
#[handler]
pub fn choose(
    frame: Frame,
    Data(store): Data<&Store>,
    Data(devices): Data<&Arc<Devices>>,
    form: Submission,
) -> Result<Response, Failure> {
    let account = PORTAL.account(form.one("person"));
    let answer = account.map_or(Answer::No, Answer::Consent);
    let code = form.one("user_code").trim().to_uppercase();
    if !devices.answer(&code, answer, store.clock.now()) {
        return Err(Failure::BadRequest("授权码有误或已过期"));
    }
    let words = if account.is_some() { "已同意登录" } else { "已拒绝登录" };
    let main = ui::error_page(
        words,
        "您可以关闭这个页面，回到另一台设备。",
        ui::link_button(paths::HOME, "返回首页", ui::Look::Plain),
    );
    Ok(frame.page(Page::new(words, main).own_heading()))
}
