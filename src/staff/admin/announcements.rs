//! 通知公告: announcements on the first page.

use chrono::{FixedOffset, NaiveDateTime, NaiveTime, TimeZone};
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::announcement::{self, Announcement, Draft};
use crate::casework::question::Problems;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::people::{day, width};
use crate::store::clock::china;
use crate::store::{Timestamp, Tx};
use crate::ui::{self, Control, FormField, Icon, ListRow, Look, Page, TextMode};
use crate::web::{Failure, Submission};

/// Most announcements of the list.
const MOST: i64 = 200;
/// Most characters of a title and of a text.
const TITLE: usize = 60;
const BODY: usize = 5_000;

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, _: &StaffMember| {
        let now = tx.now;
        let rows: Vec<ListRow> = announcement::list(tx, MOST)?.iter().map(|one| row(one, now)).collect();
        let main = html! {
            div.head {
                (ui::heading("", "通知公告", "首页显示最新的四条。"))
                (ui::link_button(paths::NEW_ANNOUNCEMENT, "撰写公告", Look::Primary))
            }
            @if rows.is_empty() { (ui::empty(Icon::File, "还没有公告", "撰写后会出现在首页。", None)) }
            @else { (ui::rows(&rows)) }
        };
        Ok(Page::new("通知公告", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

fn row(one: &Announcement, now: Timestamp) -> ListRow {
    ListRow {
        title: html! { (ui::words(&one.title)) },
        detail: format!("{} 发布", china(one.published_at)),
        href: paths::edited_announcement(&one.id),
        trailing: state(one, now),
    }
}

fn state(one: &Announcement, now: Timestamp) -> Markup {
    match one.taken_down_at {
        Some(_) => ui::tag("withdrawn", "已撤下"),
        None if one.published_at > now => ui::tag("submitted", "待发布"),
        None => ui::tag("approved", "已发布"),
    }
}

/// What the form sends.
#[derive(Clone)]
struct Typed {
    title: String,
    body: String,
    day: String,
    time: String,
    version: i32,
}

impl Typed {
    fn blank(tx: &Tx) -> Typed {
        let (day, time) = china_parts(tx.now);
        Typed { title: String::new(), body: String::new(), day, time, version: 0 }
    }

    fn stored(one: &Announcement) -> Typed {
        let (day, time) = china_parts(one.published_at);
        Typed { title: one.title.clone(), body: one.body.clone(), day, time, version: one.version }
    }

    fn of(sent: &Submission) -> Typed {
        let text = |name: &str| sent.one(name).trim().replace("\r\n", "\n");
        Typed {
            title: text("title"),
            body: text("body"),
            day: text("day"),
            time: text("time"),
            version: sent.one("version").parse().unwrap_or_default(),
        }
    }

    /// The checked announcement, or what is wrong with it.
    fn draft(&self) -> Result<Draft, Problems> {
        let mut problems = Problems::new();
        let mut problem = |name: &str, text: String| problems.push((name.to_owned(), text));
        let title = self.title.chars().count();
        if title == 0 || title > TITLE || self.title.contains('\n') {
            problem("title", format!("请填写标题，不超过 {TITLE} 个字"));
        }
        let body = self.body.chars().count();
        if body == 0 || body > BODY {
            problem("body", format!("请填写正文，不超过 {BODY} 个字"));
        }
        let (day, time) = (day::parse(&self.day), parse_time(&self.time));
        if day.is_none() {
            problem("day", "请填写发布日期，例如 2026-04-01".to_owned());
        }
        if time.is_none() {
            problem("time", "请填写发布时间，例如 09:00".to_owned());
        }
        let published_at = day.zip(time).and_then(|(day, time)| from_china(day.and_time(time)));
        match published_at.filter(|_| problems.is_empty()) {
            Some(published_at) => {
                Ok(Draft { title: self.title.clone(), body: self.body.clone(), published_at })
            }
            None => Err(problems),
        }
    }
}

fn china_parts(at: Timestamp) -> (String, String) {
    let text = china(at);
    let (day, time) = text.split_once(' ').unwrap_or_default();
    (day.to_owned(), time.to_owned())
}

fn parse_time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(&width::joined(text).replace('：', ":"), "%H:%M").ok()
}

/// The moment of a time in China, which has had no summer time since 1991.
fn from_china(time: NaiveDateTime) -> Option<Timestamp> {
    let offset = FixedOffset::east_opt(8 * 3600)?;
    Some(offset.from_local_datetime(&time).single()?.to_utc().into())
}

#[handler]
pub async fn blank(request: AdminRequest) -> Result<Response, Failure> {
    request.show(|tx, _| Ok(new_page(&Typed::blank(tx), &Trouble::default()))).await
}

#[handler]
pub async fn add(request: AdminRequest, sent: Submission) -> Result<Response, Failure> {
    let typed = Typed::of(&sent);
    let written = typed.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let draft = match written.draft() {
            Ok(draft) => draft,
            Err(problems) => return Ok(Err(problems)),
        };
        announcement::add(tx, staff, &draft)?;
        Ok(Ok(saved(paths::EDITED_ANNOUNCEMENTS)))
    };
    request.settle(work, move |_, _, trouble| Ok(new_page(&typed, trouble))).await
}

fn new_page(typed: &Typed, trouble: &Trouble) -> Page {
    let main = html! {
        (ui::heading("通知公告", "撰写公告", ""))
        (trouble.show())
        (form(paths::NEW_ANNOUNCEMENT, typed, trouble, "发布"))
    };
    Page::new("撰写公告", main).own_heading().back(paths::EDITED_ANNOUNCEMENTS)
}

fn form(action: &str, typed: &Typed, trouble: &Trouble, label: &str) -> Markup {
    let text = |value, max| Control::Text { value, mode: TextMode::Text, max, suffix: "" };
    let body = Control::Area { value: &typed.body, max: BODY };
    let fields = [
        FormField {
            error: trouble.of("title"),
            ..FormField::new("title", "标题", text(&typed.title, TITLE))
        },
        FormField {
            hint: "空一行分段；以“- ”或“1. ”开头的行是列表。",
            error: trouble.of("body"),
            ..FormField::new("body", "正文", body)
        },
        FormField {
            hint: "到这个时间才在首页出现。",
            error: trouble.of("day"),
            ..FormField::new("day", "发布日期", Control::Date { value: &typed.day })
        },
        FormField {
            error: trouble.of("time"), ..FormField::new("time", "发布时间", text(&typed.time, 5))
        },
    ];
    html! {
        form method="post" action=(action) novalidate {
            input type="hidden" name="version" value=(typed.version);
            (ui::panel("", html! { @for field in &fields { (ui::field(field)) } }))
            div.actions {
                (ui::link_button(paths::EDITED_ANNOUNCEMENTS, "返回", Look::Plain))
                (ui::submit("action", "save", label, Look::Primary))
            }
        }
    }
}

#[handler]
pub async fn show(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    request.show(move |tx, _| edit_page(tx, &id, None, &Trouble::default())).await
}

#[handler]
pub async fn change(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    let typed = Typed::of(&sent);
    let (written, changed) = (typed.clone(), id.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let draft = match written.draft() {
            Ok(draft) => draft,
            Err(problems) => return Ok(Err(problems)),
        };
        announcement::change(tx, staff, (&changed, written.version), &draft)?;
        Ok(Ok(saved(&paths::edited_announcement(&changed))))
    };
    request.settle(work, move |tx, _, trouble| edit_page(tx, &id, Some(typed), trouble)).await
}

fn load(tx: &mut Tx, id: &str) -> Result<Announcement, Failure> {
    announcement::load(tx, id)?.ok_or(Failure::NotFound)
}

fn edit_page(tx: &mut Tx, id: &str, typed: Option<Typed>, trouble: &Trouble) -> Result<Page, Failure> {
    let stored = load(tx, id)?;
    // After a conflict the administrator has seen the present version, which is shown below.
    let typed =
        typed.map_or_else(|| Typed::stored(&stored), |typed| Typed { version: stored.version, ..typed });
    let label = if stored.taken_down_at.is_some() { "保存并重新发布" } else { "保存" };
    let main = html! {
        div.head { (ui::heading("通知公告", "修改公告", "")) (state(&stored, tx.now)) }
        (trouble.show())
        (form(&paths::edited_announcement(id), &typed, trouble, label))
        (ui::panel(&format!("现在的内容：{}", stored.title), ui::prose(&stored.body)))
        @if stored.taken_down_at.is_none() {
            p { a.text-button href=(paths::take_down(id)) { "撤下这条公告" } }
        }
    };
    Ok(Page::new("修改公告", main).about(stored.title).own_heading().back(paths::EDITED_ANNOUNCEMENTS))
}

#[handler]
pub async fn confirm(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    request.show(move |tx, _| take_down_page(tx, &id, &Trouble::default())).await
}

#[handler]
pub async fn take_down(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    let taken = id.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let version = sent.one("version").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))?;
        announcement::take_down(tx, staff, (&taken, version))?;
        Ok(Ok(saved(paths::EDITED_ANNOUNCEMENTS)))
    };
    request.settle(work, move |tx, _, trouble| take_down_page(tx, &id, trouble)).await
}

fn take_down_page(tx: &mut Tx, id: &str, trouble: &Trouble) -> Result<Page, Failure> {
    let stored = load(tx, id)?;
    let main = html! {
        (ui::heading("通知公告", "撤下这条公告？", &stored.title))
        (trouble.show())
        (ui::panel("", html! {
            p { "撤下后首页不再显示，原来的链接也打不开。可以修改后重新发布。" }
            form method="post" action=(paths::take_down(id)) novalidate {
                input type="hidden" name="version" value=(stored.version);
                div.actions {
                    (ui::link_button(&paths::edited_announcement(id), "返回", Look::Plain))
                    (ui::submit("action", "take_down", "撤下", Look::Danger))
                }
            }
        }))
    };
    Ok(Page::new("撤下公告", main).about(stored.title).own_heading().back(paths::edited_announcement(id)))
}
