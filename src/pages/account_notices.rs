//! Security notices of an account, and which of them were acknowledged in a session.

use maud::{Markup, html};

use crate::paths;
use crate::people::identity::notice::{Notice, NoticeKind};
use crate::store::clock;
use crate::ui::{self, Look, Tone};
use crate::web::Failure;
use crate::web::session::Session;
use crate::web::session::live::Live;

/// Key of the acknowledged notices in the session.
const ACKNOWLEDGED: &str = "told";

const IN_BANNER: usize = 3;

/// Ids of the notices that were acknowledged in this session. Each session acknowledges for itself, so
/// that an intruder cannot hide a notice from the owner of the account.
pub fn acknowledged(session: &Live) -> Vec<String> {
    session.get(ACKNOWLEDGED).unwrap_or_default()
}

/// Adds acknowledged notices to the session, and removes the ids of deleted ones.
pub async fn acknowledge(session: &Session, notices: &[Notice], read: &[String]) -> Result<(), Failure> {
    let before: Vec<String> = session.get(ACKNOWLEDGED).await?.unwrap_or_default();
    let existing = notices.iter().map(|notice| &notice.id);
    let after: Vec<&String> = existing.filter(|id| before.contains(id) || read.contains(id)).collect();
    Ok(session.insert(ACKNOWLEDGED, after).await?)
}

fn unread<'a>(notices: &'a [Notice], acknowledged: &[String]) -> Vec<&'a Notice> {
    notices.iter().filter(|notice| !acknowledged.contains(&notice.id)).collect()
}

/// The banner of the first page. Empty without unread notices.
pub fn banner(notices: &[Notice], acknowledged: &[String]) -> Markup {
    let unread = unread(notices, acknowledged);
    if unread.is_empty() {
        return html! {};
    }
    let body = html! {
        @for notice in unread.iter().take(IN_BANNER) { p { (when(notice)) "：" (headline(notice)) } }
        @if unread.len() > IN_BANNER { p { "还有 " (unread.len() - IN_BANNER) " 条。" } }
        @if unread.iter().any(|notice| notice.kind == NoticeKind::AnotherName) { (correction()) }
        p { a href=(paths::DEVICES) { "查看详情" } }
    };
    ui::banner(Tone::Warn, "账号安全提醒", body)
}

/// The unread notices with advice, and the button that acknowledges them.
pub fn list(notices: &[Notice], acknowledged: &[String]) -> Markup {
    let unread = unread(notices, acknowledged);
    html! {
        @for notice in &unread {
            (ui::banner(Tone::Warn, headline(notice), html! {
                p { (when(notice)) @if !notice.detail.is_empty() { "，" (notice.detail) } "。" (advice(notice.kind)) }
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

fn advice(kind: NoticeKind) -> &'static str {
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
    html! { p { a.text-button href=(paths::notice("correction")) { "申请信息修改" } } }
}
