//! The pages of the phone that scans a code.

use maud::{Markup, html};
use poem::http::StatusCode;

use super::in_words;
use crate::login::handshake::{Handshake, ScanRefusal, Status};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::{Timestamp, clock};
use crate::ui::{self, Control, Fact, FormField, Icon, Look, Page, TextMode, Tone};
use crate::web::address::Proximity;

pub struct PhoneView<'a> {
    pub handshake: &'a Handshake,
    pub account: &'a Candidate,
    pub authority: &'a str,
    pub proximity: Proximity,
    pub now: Timestamp,
    pub typed: &'a str,
    pub error: Option<&'a str>,
}

/// What the phone's page says about the network of the screen.
struct NetworkAdvice {
    fact: &'static str,
    warning: Option<&'static str>,
    advice: &'static str,
}

fn network_advice(proximity: Proximity) -> NetworkAdvice {
    match proximity {
        Proximity::Same => NetworkAdvice {
            fact: "与本机相同的网络",
            warning: None,
            advice: "如果不是您本人操作，请点“不是我”。",
        },
        Proximity::Different => NetworkAdvice {
            fact: "与本机不同的网络",
            warning: Some("两台设备不在同一网络"),
            advice: "如果二维码是别人发给您的，请点“不是我”。",
        },
        Proximity::Unknown => NetworkAdvice {
            fact: "网络未知",
            warning: Some("无法确认两台设备是否在同一网络"),
            advice: "如果二维码是别人发给您的，请点“不是我”。",
        },
    }
}

pub fn confirm(view: &PhoneView) -> Page {
    let (handshake, account) = (view.handshake, view.account);
    let network = network_advice(view.proximity);
    let ago = (view.now - handshake.created_at).num_seconds().max(0);
    let main = html! {
        @if let Some(error) = view.error {
            (ui::summary_errors(&[("f-number".to_owned(), error.to_owned())]))
        }
        (ui::heading("", "您正在登录另一台设备", ""))
        div.split {
            (ui::panel("", ui::facts(&[
                Fact::of("登录账号", account.masked_name()),
                Fact::of("证件", account.masked_document()),
                Fact::of("网站", format!("考证通 · {}", view.authority)),
                Fact::of("设备", &handshake.device),
                Fact::of("网络", network.fact),
                Fact::of("时间", format!("{}（{}前）", clock::china(handshake.created_at), in_words(ago))),
            ])))
        }
        @match network.warning {
            Some(warning) => (ui::banner(Tone::Warn, warning, html! { p { (network.advice) } })),
            None => p.muted { (network.advice) },
        }
        (number_form(view))
        form.actions method="post" action=(paths::decline(&handshake.id)) {
            (ui::submit("action", "decline", "不是我", Look::Plain))
        }
    };
    Page::new("登录确认", main).own_heading().back(paths::HOME)
}

fn number_form(view: &PhoneView) -> Markup {
    let control = Control::Text { value: view.typed, mode: TextMode::Number, max: 2, suffix: "" };
    let field = FormField {
        hint: "请照着要登录的那台设备的屏幕输入，数字不对会拒绝这次登录。",
        error: view.error,
        ..FormField::new("number", "屏幕显示的两位数字", control)
    };
    html! {
        form.typed-number method="post" action=(paths::type_number(&view.handshake.id)) {
            (ui::field(&field))
            div.actions { (ui::submit("action", "confirm", "确认登录", Look::Primary)) }
        }
    }
}

/// The headline and the explanation of a handshake that the phone cannot decide any more.
fn outcome_words(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Waiting | Status::Scanned | Status::Approved => ("已确认登录", "另一台设备会自动进入系统。"),
        Status::Redeemed => ("已确认登录", "另一台设备已进入系统。"),
        Status::Denied => ("已拒绝这次登录", "没有登录任何设备。请勿扫描他人发来的登录二维码。"),
        Status::Expired => ("二维码已过期", "没有登录任何设备。请在电脑上刷新二维码后重新扫描。"),
        Status::Cancelled => ("二维码已作废", "没有登录任何设备。请在电脑上刷新二维码后重新扫描。"),
        Status::Failed => ("登录没有完成", "没有登录任何设备。请在电脑上刷新二维码后重新扫描。"),
    }
}

/// The page of a handshake that the phone cannot decide any more. If repeated denials have started a
/// pause, it ends at `paused_until`.
pub fn outcome(id: &str, status: Status, paused_until: Option<Timestamp>) -> Page {
    let (headline, explanation) = outcome_words(status);
    let main = match status {
        Status::Approved | Status::Redeemed => html! {
            section.confirmation data-tone="good" {
                span.mark { (ui::icon(Icon::Check)) }
                h1 tabindex="-1" { (headline) }
                p.muted { (explanation) }
            }
            p.actions { (ui::link_button(paths::HOME, "在手机上继续办理", Look::Plain)) }
            form.actions method="post" action=(paths::revoke(id)) {
                (ui::submit("confirm", "yes", "不是我，退出那台设备", Look::Danger))
            }
        },
        _ => html! {
            (ui::error_page(headline, explanation, ui::link_button(paths::HOME, "返回首页", Look::Primary)))
            @if let Some(until) = paused_until { (ui::banner(Tone::Warn, PAUSED, html! { p { (pause_ends(until)) } })) }
        },
    };
    Page::new(headline, main).own_heading().back(paths::HOME)
}

const PAUSED: &str = "扫码登录已暂停";

fn pause_ends(until: Timestamp) -> String {
    format!("您的账号多次拒绝登录或输错数字。请在 {} 之后再扫码。", clock::china_to_the_second(until))
}

/// The page during a pause, which ends at `until`.
pub fn paused(until: Timestamp) -> Page {
    let body = format!("{}在手机上办理不受影响。", pause_ends(until));
    Page::new(PAUSED, ui::error_page(PAUSED, &body, ui::link_button(paths::HOME, "返回首页", Look::Primary)))
        .own_heading()
}

/// The page for a code that was not accepted.
pub fn not_scanned(refusal: ScanRefusal) -> (StatusCode, Page) {
    let (status, headline, what_to_do) = match refusal {
        ScanRefusal::Taken => (
            StatusCode::CONFLICT,
            "二维码已被使用",
            "另一部手机已经扫描了它。请在电脑上刷新二维码后重新扫描。",
        ),
        ScanRefusal::Stale => {
            (StatusCode::GONE, "二维码已更换", "二维码每 15 秒更换一次，请扫描屏幕上正在显示的那一个。")
        }
        ScanRefusal::Gone => (StatusCode::GONE, "二维码已失效", "请在电脑上刷新二维码后重新扫描。"),
    };
    let main = ui::error_page(headline, what_to_do, ui::link_button(paths::HOME, "返回首页", Look::Primary));
    (status, Page::new(headline, main).own_heading())
}
