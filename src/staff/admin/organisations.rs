//! 查询单位: organisations with an access key for lists of certificates.

use chrono::{Months, NaiveDate};
use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::question::Problems;
use crate::exams::organisation::{self, Entry, Organisation, OrganisationRefusal, TERMS, TERMS_VERSION};
use crate::paths;
use crate::people::audit::Unaudited;
use crate::people::staff::StaffMember;
use crate::people::{day, width};
use crate::store::Tx;
use crate::store::clock::china;
use crate::ui::{self, Control, Fact, FormField, Icon, ListRow, Look, Page, TextMode, Tone};
use crate::web::{Failure, Submission};

/// Most characters of a name and of a contact.
const NAME: usize = 100;
const CONTACT: usize = 100;

/// Largest quota, in rows a day.
const MOST_ROWS: i32 = 100_000;
/// What the form of a new organisation offers.
const QUOTA: i32 = 2_000;
/// Longest time until a key expires.
const LONGEST: Months = Months::new(36);

fn refusal(refused: OrganisationRefusal) -> Failure {
    let told = |message: &str| Failure::Conflict {
        message: message.to_owned(),
        action: ("查看查询单位", paths::ORGANISATIONS.to_owned()),
    };
    match refused {
        OrganisationRefusal::NotFound => Failure::NotFound,
        OrganisationRefusal::NameTaken => told("已有同名的单位，请核对名称"),
        OrganisationRefusal::ChangedMeanwhile => told("另一位管理员刚刚更改了这个单位，请核对后重新保存"),
        OrganisationRefusal::Store(error) => error.into(),
    }
}

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, _: &StaffMember| {
        let today = tx.today();
        let known = organisation::list(tx)?;
        let rows: Vec<ListRow> = known.iter().map(|known| row(known, today)).collect();
        let main = html! {
            div.head {
                (ui::heading("", "查询单位", "约定后凭密钥批量查询证书，也可以用程序查询。"))
                (ui::link_button(paths::NEW_ORGANISATION, "增加单位", Look::Primary))
            }
            @if rows.is_empty() { (ui::empty(Icon::File, "还没有查询单位", "增加后会显示密钥。", None)) }
            @else { (ui::rows(&rows)) }
        };
        Ok(Page::new("查询单位", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

fn row(known: &Organisation, today: NaiveDate) -> ListRow {
    ListRow {
        title: html! { (known.name) },
        detail: format!("每日 {} 行 · 有效至 {}", known.daily_quota, known.expires_on),
        href: paths::organisation(&known.id),
        trailing: tag(known, today),
    }
}

fn tag(known: &Organisation, today: NaiveDate) -> Markup {
    match (known.has_key, known.is_live(today)) {
        (false, _) => ui::tag("withdrawn", "已停用"),
        (true, false) => ui::tag("overdue", "已到期"),
        (true, true) => ui::tag("approved", "使用中"),
    }
}

/// What the form sends.
#[derive(Clone, Default)]
struct Typed {
    name: String,
    contact: String,
    quota: String,
    expires: String,
    agreed: bool,
    version: i32,
}

impl Typed {
    fn blank(tx: &Tx) -> Typed {
        let expires = tx.today().checked_add_months(Months::new(12)).unwrap_or(tx.today());
        Typed { quota: QUOTA.to_string(), expires: expires.to_string(), ..Typed::default() }
    }

    fn stored(known: &Organisation) -> Typed {
        Typed {
            name: known.name.clone(),
            contact: known.contact.clone(),
            quota: known.daily_quota.to_string(),
            expires: known.expires_on.to_string(),
            agreed: true,
            version: known.version,
        }
    }

    fn of(sent: &Submission) -> Typed {
        let text = |name: &str| sent.one(name).trim().to_owned();
        Typed {
            name: text("name"),
            contact: text("contact"),
            quota: text("quota"),
            expires: text("expires"),
            agreed: sent.one("agreed") == "yes",
            version: sent.one("version").parse().unwrap_or_default(),
        }
    }

    /// The checked entry, or what is wrong with it.
    fn entry(&self, today: NaiveDate) -> Result<Entry, Problems> {
        let mut problems = Problems::new();
        let mut problem = |name: &str, text: String| problems.push((name.to_owned(), text));
        let length = |text: &str, most: usize| {
            !width::is_blank(text) && text.chars().count() <= most && !text.contains(char::is_control)
        };
        if !length(&self.name, NAME) {
            problem("name", format!("请填写单位全称，不超过 {NAME} 个字"));
        }
        if !length(&self.contact, CONTACT) {
            problem("contact", format!("请填写联系人和电话，不超过 {CONTACT} 个字"));
        }
        let quota = width::joined(&self.quota).parse().ok().filter(|rows| (1..=MOST_ROWS).contains(rows));
        if quota.is_none() {
            problem("quota", format!("请填写 1 到 {MOST_ROWS} 之间的整数"));
        }
        let last = today.checked_add_months(LONGEST).unwrap_or(today);
        let expires = day::parse(&self.expires).filter(|day| *day >= today && *day <= last);
        if expires.is_none() {
            problem("expires", format!("请填写 {today} 到 {last} 之间的日期"));
        }
        match quota.zip(expires).filter(|_| problems.is_empty()) {
            Some((daily_quota, expires_on)) => {
                Ok(Entry { name: self.name.clone(), contact: self.contact.clone(), daily_quota, expires_on })
            }
            None => Err(problems),
        }
    }

    fn agreed(&self) -> Option<Problems> {
        let problem = || vec![("agreed".to_owned(), "单位同意约定后才能使用密钥".to_owned())];
        (!self.agreed).then(problem)
    }
}

#[handler]
pub async fn blank(request: AdminRequest) -> Result<Response, Failure> {
    request.show(|tx, _| Ok(new_page(&Typed::blank(tx), &Trouble::default()))).await
}

/// `POST …/new`: the answer shows the key, once.
#[handler]
pub async fn add(request: AdminRequest, sent: Submission) -> Result<Response, Failure> {
    let staff = request.administrator().await?;
    let typed = Typed::of(&sent);
    let entered = typed.clone();
    let work = move |tx: &mut Tx| -> Result<Result<(String, String), Problems>, Failure> {
        match (entered.entry(tx.today()), entered.agreed()) {
            (Ok(entry), None) => Ok(Ok(organisation::add(tx, &staff, &entry).map_err(refusal)?)),
            (entry, agreed) => Ok(Err([entry.err(), agreed].into_iter().flatten().flatten().collect())),
        }
    };
    let (status, trouble) = match request.store.write(work).await {
        Ok(Ok((id, key))) => return show_key(&request, id, key).await,
        Ok(Err(problems)) => (StatusCode::UNPROCESSABLE_ENTITY, Trouble::of_problems(problems)),
        Err(Failure::Conflict { message, .. }) => (StatusCode::CONFLICT, Trouble::stopped(message)),
        Err(failure) => return Err(failure),
    };
    request.show_with(status, move |_, _| Ok(new_page(&typed, &trouble))).await
}

/// The page with a new key. The key is not stored, so a reload does not show it again.
async fn show_key(request: &AdminRequest, id: String, key: String) -> Result<Response, Failure> {
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let known = load(tx, &id)?;
        let main = html! {
            (ui::heading("查询单位", &known.name, ""))
            (ui::panel("单位密钥", html! {
                (ui::banner(Tone::Warn, "密钥只显示这一次", html! {
                    p { "请现在复制，用安全的方式交给单位。忘记了只能更换。" }
                }))
                p.actions {
                    strong data-copied { (key) }
                    button.copy type="button" data-copy=(key) hidden { (ui::icon(Icon::Copy)) "复制" }
                }
                p.muted.small { "单位在“批量查询”页面填写，或由程序按 OpenAPI 说明发送（Authorization: Bearer）。" }
            }))
            div.actions { (ui::link_button(&paths::organisation(&known.id), "我已保存", Look::Primary)) }
        };
        Ok(Page::new("单位密钥", main).about(known.name).own_heading().back(paths::ORGANISATIONS))
    };
    request.show_with(StatusCode::OK, page).await
}

fn new_page(typed: &Typed, trouble: &Trouble) -> Page {
    let main = html! {
        (ui::heading("查询单位", "增加单位", "保存后显示密钥。"))
        (trouble.show())
        form.bulk-form method="post" action=(paths::NEW_ORGANISATION) novalidate {
            (ui::panel("", fields(typed, trouble)))
            (terms_panel(Some((typed, trouble))))
            div.actions {
                (ui::link_button(paths::ORGANISATIONS, "返回", Look::Plain))
                (ui::submit("action", "save", "增加并生成密钥", Look::Primary))
            }
        }
    };
    Page::new("增加单位", main).own_heading().back(paths::ORGANISATIONS)
}

fn fields(typed: &Typed, trouble: &Trouble) -> Markup {
    let text = |value, mode, max, suffix| Control::Text { value, mode, max, suffix };
    let field = |name, label, hint, control| {
        ui::field(&FormField { hint, error: trouble.of(name), ..FormField::new(name, label, control) })
    };
    html! {
        (field("name", "单位全称", "持证人会看到。", text(&typed.name, TextMode::Text, NAME, "")))
        (field("contact", "联系人和电话", "加密保存。", text(&typed.contact, TextMode::Text, CONTACT, "")))
        (field("quota", "每日额度", "超过后当天不能再查。", text(&typed.quota, TextMode::Number, 6, "行")))
        (field("expires", "密钥有效至", "这一天仍可使用。", Control::Date { value: &typed.expires }))
    }
}

/// The terms, with the box of a new organisation.
fn terms_panel(asked: Option<(&Typed, &Trouble)>) -> Markup {
    ui::panel(
        "约定",
        html! {
            ol.notice { @for line in TERMS.lines() { li { (line) } } }
            p.muted.small { "版本 " (ui::words(TERMS_VERSION)) }
            @if let Some((typed, trouble)) = asked {
                (ui::field(&FormField {
                    error: trouble.of("agreed"),
                    ..FormField::new("agreed", "", Control::Agree { text: "单位已书面同意以上约定", checked: typed.agreed })
                }))
            }
        },
    )
}

fn load(tx: &mut Tx, id: &str) -> Result<Organisation, Failure> {
    organisation::load(tx, id)?.ok_or(Failure::NotFound)
}

/// The audit has an entry before the contact of an organisation is shown, also in answer to a change.
async fn note_view(request: &AdminRequest, id: &str) -> Result<(), Failure> {
    let of = id.to_owned();
    let load = move |tx: &mut Tx, staff: &StaffMember| {
        let known = load(tx, &of)?;
        Ok(Unaudited::new(tx, &staff.id, vec![("organisation", known.name)], ())?)
    };
    request.read_unaudited(load).await
}

#[handler]
pub async fn show(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    note_view(&request, &id).await?;
    request.show(move |tx, _| entry_page(tx, &id, None, &Trouble::default())).await
}

#[handler]
pub async fn change(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    note_view(&request, &id).await?;
    let typed = Typed::of(&sent);
    let (entered, changed) = (typed.clone(), id.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        load(tx, &changed)?;
        let entry = match entered.entry(tx.today()) {
            Ok(entry) => entry,
            Err(problems) => return Ok(Err(problems)),
        };
        organisation::change(tx, staff, (&changed, entered.version), &entry).map_err(refusal)?;
        Ok(Ok(saved(&paths::organisation(&changed))))
    };
    request.settle(work, move |tx, _, trouble| entry_page(tx, &id, Some(&typed), trouble)).await
}

fn entry_page(tx: &mut Tx, id: &str, typed: Option<&Typed>, trouble: &Trouble) -> Result<Page, Failure> {
    let known = load(tx, id)?;
    let used = organisation::used_today(tx, id)?;
    let stored = Typed::stored(&known);
    // What was typed is saved over the version that the page shows now.
    let typed = Typed { version: known.version, ..typed.unwrap_or(&stored).clone() };
    let facts = [
        Fact::of("密钥", if known.has_key { format!("{}…", known.key_start) } else { "已停用".to_owned() }),
        Fact::of("生成时间", china(known.key_made_at)),
        Fact::of("今日已查", format!("{used} 行")),
        Fact::of("同意约定", format!("{}，版本 {}", known.agreed_on, known.terms)),
    ];
    let main = html! {
        div.head { (ui::heading("查询单位", &known.name, "")) (tag(&known, tx.today())) }
        (trouble.show())
        (ui::panel("密钥和使用", html! {
            (ui::facts(&facts))
            div.actions {
                form method="post" action=(paths::organisation_key(id)) {
                    input type="hidden" name="version" value=(known.version);
                    (ui::submit("action", "renew", if known.has_key { "更换密钥" } else { "生成新密钥" }, Look::Plain))
                }
                @if known.has_key { (ui::link_button(&paths::revoke_key(id), "停用密钥", Look::Plain)) }
            }
            p.muted.small { "更换后旧密钥立即失效。更换表示单位同意现在的约定。" }
        }))
        form.bulk-form method="post" action=(paths::organisation(id)) novalidate {
            input type="hidden" name="version" value=(typed.version);
            (ui::panel("单位", fields(&typed, trouble)))
            div.actions {
                (ui::link_button(paths::ORGANISATIONS, "返回", Look::Plain))
                (ui::submit("action", "save", "保存", Look::Primary))
            }
        }
        (terms_panel(None))
    };
    Ok(Page::new("查询单位", main).about(known.name).own_heading().back(paths::ORGANISATIONS))
}

fn seen(sent: &Submission) -> i32 {
    sent.one("version").parse().unwrap_or_default()
}

/// `POST …/key`: a new key, which the answer shows once.
#[handler]
pub async fn renew(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    note_view(&request, &id).await?;
    let staff = request.administrator().await?;
    let renewed = id.clone();
    let work =
        move |tx: &mut Tx| organisation::renew_key(tx, &staff, (&renewed, seen(&sent))).map_err(refusal);
    match request.store.write(work).await {
        Ok(key) => show_key(&request, id, key).await,
        Err(Failure::Conflict { message, .. }) => {
            let trouble = Trouble::stopped(message);
            let page = move |tx: &mut Tx, _: &StaffMember| entry_page(tx, &id, None, &trouble);
            request.show_with(StatusCode::CONFLICT, page).await
        }
        Err(failure) => Err(failure),
    }
}

#[handler]
pub async fn confirm(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    request.show(move |tx, _| revoke_page(tx, &id, &Trouble::default())).await
}

#[handler]
pub async fn revoke(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    let revoked = id.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        organisation::revoke_key(tx, staff, (&revoked, seen(&sent))).map_err(refusal)?;
        Ok(Ok(saved(&paths::organisation(&revoked))))
    };
    request.settle(work, move |tx, _, trouble| revoke_page(tx, &id, trouble)).await
}

fn revoke_page(tx: &mut Tx, id: &str, trouble: &Trouble) -> Result<Page, Failure> {
    let known = load(tx, id)?;
    let main = html! {
        (ui::heading("查询单位", &format!("停用 {} 的密钥？", known.name), ""))
        (trouble.show())
        (ui::panel("", html! {
            p { "停用后立即不能再用它查询。查询过的记录保留，以后可以生成新密钥。" }
            form method="post" action=(paths::revoke_key(id)) novalidate {
                input type="hidden" name="version" value=(known.version);
                div.actions {
                    (ui::link_button(&paths::organisation(id), "返回", Look::Plain))
                    (ui::submit("action", "revoke", "停用密钥", Look::Danger))
                }
            }
        }))
    };
    Ok(Page::new("停用密钥", main).about(known.name).own_heading().back(paths::organisation(id)))
}
