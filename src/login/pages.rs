//! The pages of the login screen; those of the phone that scans are in [`phone`].

pub mod again;
pub mod confirm;
pub mod phone;
pub mod signed_out;

use maud::{Markup, html};

use super::handshake::{Handshake, PortalCode, Status};
use crate::paths;
use crate::settings::Ways;
use crate::store::Timestamp;
use crate::ui::{self, Look, Medium, Page};

/// Seconds after which a browser without scripts reloads the page.
const LOOK_AGAIN: u32 = 3;

pub struct ScreenView<'a> {
    pub handshake: &'a Handshake,
    pub now: Timestamp,
    /// See [`Login::mark`](super::Login::mark).
    pub mark: String,
    pub address: String,
    pub next_poll: NextPoll,
    pub ways: Ways,
}

pub fn login_path(next: &str) -> String {
    paths::with_next(paths::LOGIN, next)
}

pub fn portal_path(next: &str) -> String {
    paths::with_next(paths::LOGIN_PORTAL, next)
}

pub fn device_path(next: &str) -> String {
    paths::with_next(paths::LOGIN_DEVICE, next)
}

/// The login page of a phone, and of a desktop if no way with a code is offered.
pub fn on_phone(ways: Ways, next: &str) -> Page {
    let main = html! {
        (ui::heading("", "考生登录", "使用省政务服务 App 登录，无需注册和密码。"))
        p.actions {
            a.button data-look="primary" href=(portal_path(next)) hx-boost="false" { "用政务 App 登录" }
        }
        @if ways.scan {
            (ui::panel("在电脑上办理", html! {
                (ui::steps(&[
                    ("在电脑上打开本站", "点“考生登录”，屏幕上会出现二维码"),
                    ("用手机扫描二维码", "政务 App 的扫一扫或手机相机均可"),
                    ("输入屏幕显示的数字", "电脑会自动进入系统"),
                ]))
            }))
            p.muted.small { "请勿扫描他人发来的登录二维码。" }
        }
        (privacy())
    };
    Page::new("考生登录", main).own_heading().back(paths::HOME)
}

/// The login page of staff, who have a portal of their own.
pub fn for_staff(next: &str) -> Page {
    let main = html! {
        (ui::heading("", "工作人员登录", "使用政务人员统一身份认证登录。"))
        p.actions {
            a.button data-look="primary" href=(portal_path(next)) hx-boost="false" { "登录审核台" }
        }
        p.muted.small { "这里是工作人员入口。考生请" a href=(paths::LOGIN) { "从这里登录" } "。" }
    };
    Page::new("工作人员登录", main).own_heading().back(paths::HOME)
}

pub fn screen_page(view: &ScreenView, next: &str) -> Page {
    let at_portal = view.handshake.portal_code.is_some();
    let page = beside_card(at_portal, other_ways(view.ways, at_portal, next), card(view));
    match is_open(view.handshake.status) {
        true => page.refresh(LOOK_AGAIN, paths::wait(&view.handshake.id)),
        false => page,
    }
}

const OUR_STEPS: &[(&str, &str)] = &[
    ("打开政务 App 扫一扫", "或用手机相机，扫描二维码"),
    ("在手机上输入屏幕显示的数字", "确认是您本人在登录"),
    ("这里会自动进入系统", ""),
];

const PORTAL_STEPS: &[(&str, &str)] = &[
    ("打开政务 App 扫一扫", "或用手机相机，扫描二维码"),
    ("在手机上输入或核对授权码", "与这里显示的一致，才同意登录"),
    ("这里会自动进入系统", ""),
];

/// The login page of a desktop whose handshake is gone.
pub fn lost(ways: Ways) -> Page {
    beside_card(false, other_ways(ways, false, paths::HOME), lost_card())
}

fn beside_card(at_portal: bool, other_ways: Markup, card: Markup) -> Page {
    let main = html! {
        div.twin {
            div {
                (ui::heading("", "考生登录", "使用省政务服务 App 扫码，无需注册和密码。"))
                (ui::steps(if at_portal { PORTAL_STEPS } else { OUR_STEPS }))
                p.muted.small { "请勿扫描他人发来的登录二维码。" }
                (other_ways)
                (privacy())
            }
            (card)
        }
    };
    Page::new("考生登录", main).own_heading().wide()
}

fn other_ways(ways: Ways, at_portal: bool, next: &str) -> Markup {
    let others = [
        (ways.portal, portal_path(next), "跳转到省政务服务网登录"),
        (ways.scan && at_portal, login_path(next), "使用本站的二维码登录"),
        (ways.device && !at_portal, device_path(next), "使用省政务服务网的授权码登录"),
    ];
    html! {
        @for (_, path, label) in others.iter().filter(|(offered, ..)| *offered) {
            p { a.text-button href=(path) hx-boost="false" { (label) } }
        }
    }
}

fn privacy() -> Markup {
    html! { p.small { a.text-button href=(paths::PRIVACY) { "个人信息处理规则" } } }
}

/// How soon a waiting screen sends its next request.
#[derive(Clone, Copy)]
pub enum NextPoll {
    Soon,
    /// Too many requests are parked.
    Later,
}

impl NextPoll {
    fn trigger(self) -> &'static str {
        match self {
            NextPoll::Soon => "load delay:100ms, again",
            NextPoll::Later => "load delay:10s, again",
        }
    }
}

/// The white card. It requests its successor by itself. If the answer is lost, the page's script
/// triggers `again`.
pub fn card(view: &ScreenView) -> Markup {
    let handshake = view.handshake;
    let ask = is_open(handshake.status).then(|| format!("{}?seen={}", paths::wait(&handshake.id), view.mark));
    html! {
        div #handshake data-says=(spoken(handshake)) hx-get=[ask.as_deref()] hx-trigger=[ask.as_ref().map(|_| view.next_poll.trigger())]
            hx-target=[ask.as_ref().map(|_| "this")] hx-swap=[ask.as_ref().map(|_| "outerHTML")] {
            @match handshake.status {
                Status::Waiting => @match &handshake.portal_code {
                    Some(code) => (portal_card(view, code)),
                    None => (code_card(view)),
                },
                Status::Scanned => (number_card(handshake)),
                Status::Approved | Status::Redeemed => (ended_card("已登录", "这个二维码已经用过。", handshake)),
                Status::Denied if handshake.portal_code.is_some() => (ended_card(
                    "登录被拒绝", "您没有在政务服务平台授权登录。没有登录任何账号。", handshake)),
                Status::Denied => (ended_card(
                    "登录被拒绝", "手机上点了“不是我”，或输入的数字不对。没有登录任何账号。", handshake)),
                Status::Failed => (ended_card(
                    "登录没有完成", "政务服务平台的回答无法识别，没有登录任何账号。请刷新后重试。", handshake)),
                Status::Expired => (ended_card("二维码已过期", "请刷新后重新扫描。", handshake)),
                Status::Cancelled => (ended_card("二维码已作废", "为了您的账号安全，请刷新后重新扫描。", handshake)),
            }
        }
    }
}

/// What scripts read out when the state changes. Spaces make screen readers say each digit of the number.
fn spoken(handshake: &Handshake) -> String {
    let number = || handshake.number.to_string().chars().map(String::from).collect::<Vec<_>>().join(" ");
    match handshake.status {
        Status::Waiting => "请用手机扫描二维码".to_owned(),
        Status::Scanned => format!("已扫描，请在手机上输入数字 {}", number()),
        Status::Approved | Status::Redeemed => "已登录".to_owned(),
        Status::Denied => "登录被拒绝".to_owned(),
        Status::Failed => "登录没有完成".to_owned(),
        Status::Expired => "二维码已过期，请刷新".to_owned(),
        Status::Cancelled => "二维码已作废，请刷新".to_owned(),
    }
}

/// Replaces the card of a handshake that is gone.
pub fn lost_card() -> Markup {
    html! { div #handshake data-says="二维码已失效，请刷新" { (closed_card("二维码已失效", "请刷新后重新扫描。", &login_path(paths::HOME))) } }
}

fn is_open(status: Status) -> bool {
    matches!(status, Status::Waiting | Status::Scanned | Status::Approved)
}

fn code_card(view: &ScreenView) -> Markup {
    ui::qr_card(
        "扫码登录",
        html! {
            (code_picture(view))
            p.muted.small { "二维码每 15 秒更换一次" }
        },
    )
}

/// The portal's code, with a link for people who are on a phone and cannot scan their own screen.
fn portal_card(view: &ScreenView, code: &PortalCode) -> Markup {
    ui::qr_card(
        "扫码登录",
        html! {
            (code_picture(view))
            p { "授权码 " strong { (code.user_code) } }
            p { a.text-button href=(code.address) target="_blank" rel="noreferrer" hx-boost="false" { "在本机打开政务服务平台" } }
        },
    )
}

fn code_picture(view: &ScreenView) -> Markup {
    let left = (view.handshake.expires_at - view.now).num_seconds().max(0);
    html! {
        (ui::qr(&view.address, "登录二维码", Medium::Screen))
        p { "还剩 " strong { (ui::countdown(left, &in_words(left))) } }
    }
}

fn number_card(handshake: &Handshake) -> Markup {
    ui::qr_card(
        "请在手机上输入数字",
        html! {
            p.code { (handshake.number) }
            p.muted { "已扫描 · 等待您在手机上确认" }
            form method="post" action=(paths::wait(&handshake.id)) {
                input type="hidden" name="next" value=(handshake.next);
                (ui::submit("action", "cancel", "取消，换一个二维码", Look::Plain))
            }
        },
    )
}

fn ended_card(title: &str, words: &str, handshake: &Handshake) -> Markup {
    let again = match handshake.portal_code {
        Some(_) => device_path(&handshake.next),
        None => login_path(&handshake.next),
    };
    closed_card(title, words, &again)
}

fn closed_card(title: &str, words: &str, again: &str) -> Markup {
    ui::qr_card(
        title,
        html! {
            p.muted { (words) }
            (ui::link_button(again, "刷新二维码", Look::Primary))
        },
    )
}

fn in_words(seconds: i64) -> String {
    match seconds {
        60.. => format!("{} 分 {} 秒", seconds / 60, seconds % 60),
        _ => format!("{seconds} 秒"),
    }
}
