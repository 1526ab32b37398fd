//! 放假安排: the holidays and make-up workdays of each year.

use chrono::Datelike;
use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::calendar::Calendar;
use crate::casework::calendar::arrangement::{self, Arrangement, ImportEffect, MOST_BYTES};
use crate::casework::holidays::{self, Outcome};
use crate::casework::question::Problems;
use crate::files::SentFile;
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::Tx;
use crate::ui::{self, Control, Fact, FormField, ListRow, Look, Page, Tone};
use crate::web::{Failure, Submission};

/// Most characters of a pasted arrangement.
const PASTED: usize = 20_000;

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    request.show(|tx, _| list_page(tx, "", &Trouble::default())).await
}

fn list_page(tx: &mut Tx, pasted: &str, trouble: &Trouble) -> Result<Page, Failure> {
    let calendar = Calendar::load(tx)?;
    let unknown = calendar.unknown_soon(tx.today()).and_then(|day| calendar.unknown_year(day));
    let rows: Vec<ListRow> = calendar.years().into_iter().map(row).collect();
    let main = html! {
        (ui::heading("", "放假安排", "办结和补正的期限按工作日计算，跳过放假的日子，算上调休上班的周末。"))
        @if let Some(year) = unknown {
            (ui::banner(Tone::Warn, &format!("还不知道 {year} 年的安排"), html! {
                p { "国务院办公厅公布后请导入。在此之前，这一年的期限按最晚的可能计算。" }
            }))
        }
        (trouble.show())
        (form(pasted, trouble))
        h2 { "已有的年份" }
        (ui::rows(&rows))
    };
    Ok(Page::new("放假安排", main).own_heading().back(paths::ADMIN))
}

fn row(year: &Arrangement) -> ListRow {
    let (off, worked) = year.counts();
    let source = match year.imported_on {
        Some(day) => format!("{day} 导入"),
        None => "程序自带".to_owned(),
    };
    ListRow {
        title: html! { (year.year) " 年" },
        detail: format!("放假 {off} 天 · 调休上班 {worked} 天 · {source}"),
        href: paths::holiday_year(year.year),
        trailing: html! {},
    }
}

fn form(pasted: &str, trouble: &Trouble) -> Markup {
    html! {
        form method="post" enctype="multipart/form-data" action=(paths::HOLIDAYS) {
            (ui::panel("导入一年的安排", html! {
                p.muted { "JSON 文件，每年一份，格式与 github.com/NateScarlet/holiday-cn 相同。先显示会改变什么，确认后才保存。" }
                label {
                    span.label { "选择文件" }
                    input.input type="file" name="file" accept=".json,application/json";
                }
                (ui::field(&FormField {
                    optional: true,
                    error: trouble.of("pasted"),
                    ..FormField::new("pasted", "或者粘贴内容", Control::Area { value: pasted, max: PASTED })
                }))
                div.actions { (ui::submit("action", "examine", "检查", Look::Primary)) }
            }))
        }
    }
}

#[handler]
pub async fn show(request: AdminRequest, Path(year): Path<i32>) -> Result<Response, Failure> {
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let calendar = Calendar::load(tx)?;
        let found = calendar.years().into_iter().find(|one| one.year == year).ok_or(Failure::NotFound)?;
        let main = html! {
            (ui::heading("放假安排", &format!("{year} 年"), ""))
            (ui::panel("", days(found)))
        };
        Ok(Page::new("放假安排", main).about(format!("{year} 年")).own_heading().back(paths::HOLIDAYS))
    };
    request.show(page).await
}

const WEEKDAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

fn days(year: &Arrangement) -> Markup {
    html! {
        ul.bullets {
            @for (day, name, is_off) in year.days() {
                @let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
                li { (ui::date(day)) " " (weekday) " · " (name) " · " @if is_off { "放假" } @else { strong { "上班" } } }
            }
        }
    }
}

/// `POST`: checks a file and shows what it changes.
#[handler]
pub async fn examine(request: AdminRequest, upload: Upload) -> Result<Response, Failure> {
    request.administrator().await?;
    let Upload(sent, files) = upload;
    let text = match read(&sent, files.first()) {
        Ok(text) => text,
        Err(problem) => return again(&request, sent, vec![("pasted".to_owned(), problem)]).await,
    };
    let arrangement = match arrangement::parse(text.as_bytes()) {
        Ok(arrangement) => arrangement,
        Err(found) => {
            let problems: Problems =
                found.iter().map(|problem| ("pasted".to_owned(), problem.chinese())).collect();
            return again(&request, sent, problems).await;
        }
    };
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let outcome = holidays::examine(tx, &arrangement)?;
        Ok(confirmation(&arrangement, &outcome, &text))
    };
    request.show(page).await
}

/// The text of the file, or what was pasted.
fn read(sent: &Submission, file: Option<&SentFile>) -> Result<String, String> {
    let Some(file) = file else {
        let pasted = sent.one("pasted").trim();
        return if pasted.is_empty() {
            Err("请选择文件，或者粘贴内容".into())
        } else {
            Ok(pasted.to_owned())
        };
    };
    let content = file.content.as_ref().filter(|content| content.size() <= MOST_BYTES);
    let content = content.ok_or("文件太大，不是放假安排")?;
    let bytes = content.read_all(0).map_err(|_| "文件没有传完，请重新选择")?;
    String::from_utf8(bytes).map_err(|_| "文件不是 UTF-8 编码的 JSON".into())
}

async fn again(request: &AdminRequest, sent: Submission, problems: Problems) -> Result<Response, Failure> {
    let trouble = Trouble::of_problems(problems);
    let page = move |tx: &mut Tx, _: &StaffMember| list_page(tx, sent.one("pasted"), &trouble);
    request.show_with(StatusCode::UNPROCESSABLE_ENTITY, page).await
}

fn confirmation(arrangement: &Arrangement, outcome: &Outcome, text: &str) -> Page {
    let (off, worked) = arrangement.counts();
    let effect = match outcome.effect {
        ImportEffect::New => "新增这一年",
        ImportEffect::Changed => "替换这一年现有的安排",
        ImportEffect::Unchanged => "与现有的安排相同，没有改动",
    };
    let facts = [
        Fact::of("年份", format!("{} 年", arrangement.year)),
        Fact::of("内容", format!("放假 {off} 天，调休上班 {worked} 天")),
        Fact::of("改动", effect),
        Fact::of("期限顺延", format!("{} 件办理中的申请，期限只会推后，不会提前", outcome.postponed)),
    ];
    let main = html! {
        (ui::heading("放假安排", &format!("导入 {} 年的安排？", arrangement.year), "还没有保存。"))
        (ui::panel("", ui::facts(&facts)))
        (ui::panel("日期", days(arrangement)))
        form method="post" action=(paths::SAVE_HOLIDAYS) novalidate {
            input type="hidden" name="pasted" value=(text);
            div.actions {
                (ui::link_button(paths::HOLIDAYS, "返回", Look::Plain))
                (ui::submit("action", "save", "保存", Look::Primary))
            }
        }
    };
    Page::new("导入放假安排", main).own_heading().back(paths::HOLIDAYS)
}

/// `POST`: saves what was checked.
#[handler]
pub async fn save(request: AdminRequest, sent: Submission) -> Result<Response, Failure> {
    let text = sent.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let arrangement = match arrangement::parse(text.one("pasted").as_bytes()) {
            Ok(arrangement) => arrangement,
            Err(found) => {
                return Ok(Err(found.iter().map(|one| ("pasted".to_owned(), one.chinese())).collect()));
            }
        };
        holidays::save(tx, &arrangement)?;
        roster::audit(tx, &staff.id, "holidays", &arrangement.year.to_string())?;
        Ok(Ok(saved(&paths::holiday_year(arrangement.year))))
    };
    request.settle(work, move |tx, _, trouble| list_page(tx, sent.one("pasted"), trouble)).await
}
