//! The pages of imports.

use maud::{Markup, html};

use super::super::request::Trouble;
use super::Typed;
use crate::imports::KINDS;
use crate::imports::jobs::{Counts, Job, JobStatus};
use crate::paths;
use crate::store::clock::china;
use crate::ui::{self, Choice, Control, Fact, FormField, ListRow, Look, Page, Tone};

pub(super) fn list(jobs: &[Job], typed: &Typed, trouble: &Trouble) -> Page {
    let main = html! {
        (ui::heading("", "数据导入", "先检查，确认后才写入。与命令行导入的规则相同，同一文件导入两次不会重复。"))
        (trouble.show())
        (form(typed, trouble))
        @if !jobs.is_empty() { h2 { "最近的导入" } (ui::rows(&jobs.iter().map(row).collect::<Vec<_>>())) }
    };
    Page::new("数据导入", main).own_heading().back(paths::ADMIN)
}

fn form(typed: &Typed, trouble: &Trouble) -> Markup {
    let kinds: Vec<Choice> = KINDS.iter().map(|kind| Choice::new(kind.name, kind.label)).collect();
    let error = trouble.of("file");
    html! {
        form method="post" enctype="multipart/form-data" action=(paths::IMPORTS) {
            (ui::panel("上传文件", html! {
                (ui::field(&FormField {
                    error: trouble.of("kind"),
                    ..FormField::new("kind", "内容", Control::Radios { options: &kinds, value: &typed.kind })
                }))
                div.field #f-file data-error[error.is_some()] {
                    label.label for="i-file" { "文件" }
                    p.hint #file-hint { "CSV（UTF-8 或 GB18030）或 XLSX，第一行是列名，最大 50 MB；更大的请用命令行导入。" }
                    @if let Some(error) = error { p.error #file-error { (error) } }
                    input.input #i-file type="file" name="file" accept=".csv,.xlsx" required
                        aria-describedby=(if error.is_some() { "file-hint file-error" } else { "file-hint" });
                }
                (ui::field(&FormField {
                    optional: true,
                    ..FormField::new("batch", "有被拒绝的行时", Control::Agree {
                        text: "只跳过它所在的一万行，其余照常导入",
                        checked: typed.batch,
                    })
                }))
                div.actions { (ui::submit("action", "check", "上传并检查", Look::Primary)) }
            }))
        }
    }
}

fn row(job: &Job) -> ListRow {
    ListRow {
        title: html! { (job.kind.label) },
        detail: format!("{} · {} · {}", job.file_name, job.staff, china(job.created_at)),
        href: paths::import(&job.id),
        trailing: tag(job.status),
    }
}

fn tag(status: JobStatus) -> Markup {
    let state = match status {
        JobStatus::Checking | JobStatus::Loading => "in_review",
        JobStatus::Checked => "due",
        JobStatus::Loaded => "approved",
        JobStatus::Failed => "rejected",
        JobStatus::Interrupted => "returned",
        JobStatus::Cancelled => "withdrawn",
    };
    ui::tag(state, status.label())
}

pub(super) fn job(job: &Job, trouble: &Trouble) -> Page {
    let again = job.is_running().then(|| paths::import(&job.id));
    let facts = [
        Fact::of("文件", &job.file_name),
        Fact::of("上传", format!("{} · {}", job.staff, china(job.created_at))),
        Fact::of("有被拒绝的行时", if job.batch { "只跳过它所在的一万行" } else { "整个文件都不导入" }),
    ];
    let main = html! {
        // While it runs, the content is loaded again. Without scripts the whole page is.
        div #import hx-get=[again.as_deref()] hx-trigger=[again.as_ref().map(|_| "every 2s")]
            hx-select="#import" hx-target="this" hx-swap="outerHTML" {
            div.head { (ui::heading("数据导入", job.kind.label, "")) (tag(job.status)) }
            (trouble.show())
            div role="status" { (standing(job)) }
            @if let Some(counts) = &job.counts { (ui::panel("结果", ui::facts(&results(job, counts)))) }
            @if job.has_report { (refused(job)) }
            (ui::panel("", ui::facts(&facts)))
            (actions(job))
        }
    };
    Page::new("数据导入", main).about(job.file_name.clone()).own_heading().back(paths::IMPORTS)
}

fn standing(job: &Job) -> Markup {
    let rows = format!("已处理 {} 行，读到文件的 {}%", job.rows_done, job.percent);
    let refused = job.counts.as_ref().is_some_and(|counts| !counts.loaded);
    let (tone, title, text) = match job.status {
        JobStatus::Checking => (Tone::Info, "正在检查，还没有写入", rows.as_str()),
        JobStatus::Loading => (Tone::Info, "正在导入", rows.as_str()),
        JobStatus::Checked if refused => {
            (Tone::Warn, "有被拒绝的行，不能导入", "请下载被拒绝的行，更正文件后重新上传。")
        }
        JobStatus::Checked => (Tone::Good, "检查完毕，还没有写入", "请核对下面的结果，确认后导入。"),
        JobStatus::Loaded => (Tone::Good, "已导入", "上传的文件已删除。"),
        JobStatus::Failed => (Tone::Danger, "这个文件不能导入", job.failure.as_str()),
        JobStatus::Interrupted => {
            (Tone::Warn, "导入中断了", "程序重新启动过。已写入的行保留；再次导入从中断处继续，不会重复。")
        }
        JobStatus::Cancelled => (Tone::Neutral, "已取消", "没有写入，上传的文件已删除。"),
    };
    ui::banner(tone, title, html! { p { (text) } })
}

fn results(job: &Job, counts: &Counts) -> Vec<Fact> {
    let done = job.status == JobStatus::Loaded;
    let rows = |label, number: u64| Fact::of(label, format!("{number} 行"));
    let mut facts = vec![rows("文件共有", counts.read), rows("被拒绝", counts.refused)];
    if counts.loaded {
        facts.push(rows(if done { "新增" } else { "将新增" }, counts.added));
        facts.push(rows(if done { "更改" } else { "将更改" }, counts.changed));
        facts.push(rows("没有变化", counts.unchanged));
    }
    if counts.left_out > 0 {
        facts.push(rows("跳过", counts.left_out));
    }
    if counts.resumed > 0 {
        facts.push(rows("上次中断前已导入", counts.resumed));
    }
    if counts.joined > 0 {
        facts.push(rows("换过通行证的同一人", counts.joined));
    }
    if !counts.sheet.is_empty() {
        let others = if counts.others.is_empty() {
            String::new()
        } else {
            format!("；没有读：{}", counts.others.join("、"))
        };
        facts.push(Fact::of("读取的工作表", format!("{}{others}", counts.sheet)));
    }
    facts
}

fn refused(job: &Job) -> Markup {
    html! {
        p {
            (ui::download_button(&paths::refused_rows(&job.id), "下载被拒绝的行", Look::Plain))
        }
        p.muted.small { "每行写明行号、列、原因；姓名和号码已遮盖。保留一天。" }
    }
}

fn actions(job: &Job) -> Markup {
    let waits = matches!(job.status, JobStatus::Checked | JobStatus::Interrupted);
    html! {
        div.actions {
            @if waits {
                form method="post" action=(paths::cancel_import(&job.id)) {
                    (ui::submit("action", "cancel", "取消并删除文件", Look::Plain))
                }
            } @else { (ui::link_button(paths::IMPORTS, "返回数据导入", Look::Plain)) }
            @if job.can_load() {
                form method="post" action=(paths::load_import(&job.id)) {
                    (ui::submit("action", "load", "导入", Look::Primary))
                }
            }
        }
    }
}
