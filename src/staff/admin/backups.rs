//! 数据备份: the scheduled backups, and a warning when they stop.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

use super::request::AdminRequest;
use crate::files::human_size;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::settings::{BackupSchedule, Settings};
use crate::store::backups::{self, BackupRun, BackupStatus};
use crate::store::clock::china;
use crate::store::{Timestamp, Tx};
use crate::ui::{self, Moment, Page, Tone};
use crate::web::Failure;

/// Backups on the page: a month of them.
const SHOWN: i64 = 31;

#[handler]
pub async fn list(request: AdminRequest, Data(settings): Data<&Arc<Settings>>) -> Result<Response, Failure> {
    let schedule = settings.backups.clone();
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let runs = backups::list(tx, SHOWN)?;
        let main = html! {
            (ui::heading("", "数据备份", "系统管理员在服务器上设置备份的位置、时间和保留天数。"))
            (standing(schedule.as_ref(), backups::last_done(tx)?, tx.now))
            @if !runs.is_empty() { (ui::panel("最近的备份", ui::timeline(&runs.iter().map(moment).collect::<Vec<_>>()))) }
        };
        Ok(Page::new("数据备份", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

/// Whether the backups are as they should be.
fn standing(schedule: Option<&BackupSchedule>, last: Option<Timestamp>, now: Timestamp) -> Markup {
    let Some(schedule) = schedule else {
        return ui::banner(
            Tone::Neutral,
            "没有设置自动备份",
            html! {
                p { "请系统管理员设置自动备份，或者确认已用其他方式备份。" }
            },
        );
    };
    let kept = format!("每天 {} 点开始，保留 {} 天。", schedule.hour, schedule.days);
    match last {
        Some(last) if !backups::is_overdue(Some(last), now) => ui::banner(
            Tone::Good,
            "备份正常",
            html! { p { "最近一次备份：" (ui::words(&china(last))) "。" (kept) } },
        ),
        Some(last) => ui::banner(
            Tone::Danger,
            "备份已经停止",
            html! {
                p { "最近一次成功的备份：" (ui::words(&china(last))) "。请尽快联系系统管理员。" (kept) }
            },
        ),
        None => ui::banner(
            Tone::Warn,
            "还没有成功的备份",
            html! { p { "请系统管理员查看服务器的日志。" (kept) } },
        ),
    }
}

fn moment(run: &BackupRun) -> Moment {
    let (state, title, detail) = match run.status {
        BackupStatus::Running => ("submitted", "正在备份", String::new()),
        BackupStatus::Failed => ("rejected", "没有成功", "原因在服务器的日志里，一小时后自动再试".to_owned()),
        BackupStatus::Done => {
            let size = human_size(run.bytes.unsigned_abs());
            ("approved", "已完成", format!("{} 个文件，{size}", run.files))
        }
    };
    Moment { state: state.to_owned(), title: title.to_owned(), when: china(run.begun_at), detail }
}
