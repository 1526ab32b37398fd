//! Notices as candidates read them, and which of them a session has been told.

use maud::{Markup, html};

use crate::paths;
use crate::people::identity::notice::{Notice, NoticeKind};
use crate::store::clock;
use crate::ui::{self, Look, Tone};
use crate::web::Failure;
use crate::web::session::Session;

/// Key in the session: the notices that it has been told.
const TOLD: &str = "told";

/// How many the first page shows.
const SHOWN: usize = 3;

/// Keys of the notices that were acknowledged in this session. Another session is told by itself:
/// whoever signed in as somebody else cannot hide that from them.
pub async fn told(session: &Session) -> Result<Vec<String>, Failure> {
    Ok(session.get(TOLD).await?.unwrap_or_default())
}

/// Notes that notices were acknowledged in this session; those that are gone are forgotten.
pub async fn acknowledge(session: &Session, notices: &[Notice], read: &[String]) -> Result<(), Failure> {
    let before = told(session).await?;
    let known = notices.iter().map(|notice| &notice.id);
    let told: Vec<&String> = known.filter(|id| before.contains(id) || read.contains(id)).collect();
    Ok(session.insert(TOLD, told).await?)
}

/// The notices that a session has not acknowledged.
pub fn unread<'a>(notices: &'a [Notice], told: &[String]) -> Vec<&'a Notice> {
    notices.iter().filter(|notice| !told.contains(&notice.id)).collect()
}

/// The banner of the first page; nothing when all was read.
pub fn banner(notices: &[Notice], told: &[String]) -> Markup {
    let unread = unread(notices, told);
    if unread.is_empty() {
        return html! {};
    }
    let body = html! {
        @for notice in unread.iter().take(SHOWN) { p { (when(notice)) "：" (headline(notice)) } }
        @if unread.len() > SHOWN { p { "还有 " (unread.len() - SHOWN) " 条。" } }
        @if unread.iter().any(|notice| notice.kind == NoticeKind::AnotherName) { (correction()) }
        p { a href=(paths::DEVICES) { "查看详情" } }
    };
    ui::banner(Tone::Warn, "账号安全提醒", body)
}

/// All notices with what helps, and the button that ends the banner in this session.
pub fn list(notices: &[Notice], told: &[String]) -> Markup {
    let unread = unread(notices, told);
    html! {
        @for notice in &unread {
            (ui::banner(Tone::Warn, headline(notice), html! {
                p { (when(notice)) @if !notice.detail.is_empty() { "，" (notice.detail) } "。" (help(notice.kind)) }
                @if notice.kind == NoticeKind::AnotherName { (correction()) }
            }))
        }
        @if !unread.is_empty() {
            form.actions method="post" action=(paths::READ_NOTICES) {
                @for notice in &unread { input type="hidden" name="notice" value=(notice.id); }
                (ui::submit("confirm", "yes", "知道了", Look::Primary))
            }
        }
    }
}

fn when(notice: &Notice) -> String {
    clock::china(notice.at)
}

fn headline(notice: &Notice) -> &'static str {
    match notice.kind {
        NoticeKind::AnotherAccount => "另一个政务服务平台账号以您的身份登录",
        NoticeKind::AnotherName => "政务服务平台的姓名与登记姓名不同",
        NoticeKind::NewDevice => "新设备登录",
        NoticeKind::DeskClosed => "没有进入审核台",
    }
}

fn help(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::AnotherAccount => "如果不是您本人的账号，请退出其他设备，并联系考试机构。",
        NoticeKind::AnotherName => "您的登记姓名和报名、证书等记录没有改变。",
        NoticeKind::NewDevice => "如果不是您本人操作，请在下方退出这台设备，并联系考试机构。",
        NoticeKind::DeskClosed => {
            "您在政务服务平台的姓名与工作人员名单不一致，或账号没有通过实名认证，只能以考生身份使用。请联系管理员。"
        }
    }
}

fn correction() -> Markup {
    html! { p { a href=(paths::notice("correction")) { "申请信息修改" } } }
}
