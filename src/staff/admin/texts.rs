//! 须知和常用语: the texts of the office and by business, with their versions.

use std::sync::Arc;

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::business::{Business, Registry};
use crate::casework::messages::template;
use crate::casework::texts::{self, OfficeText, TextKind};
use crate::paths;
use crate::people::staff::StaffMember;
use crate::settings::{Contact, Settings};
use crate::store::clock::china;
use crate::store::{Error, Tx};
use crate::ui::{self, Control, FormField, Lang, ListRow, Look, Page};
use crate::web::current_contact::CurrentContact;
use crate::web::{Failure, Submission};

const TITLE: &str = "须知和常用语";

/// The last part of the address of a text of the whole office.
pub(super) const OFFICE: &str = "office";

/// A text by its address: its kind, and its business; with `None` it is a text of the whole office.
type Of = (TextKind, Option<&'static Business>);

fn of(tx: &Tx, (name, slug): &(String, String)) -> Result<Of, Failure> {
    let kind = TextKind::from_code(name).ok_or(Failure::NotFound)?;
    let scope = match slug.as_str() {
        OFFICE => None,
        slug => Some(Registry::of(tx).find(slug).ok_or(Failure::NotFound)?),
    };
    Ok((kind, scope))
}

fn label((_, scope): Of) -> &'static str {
    scope.map_or("全办公室", |business| business.label)
}

fn address_of((kind, scope): Of) -> String {
    paths::office_text(kind.code(), slug(scope))
}

fn slug(scope: Option<&Business>) -> &'static str {
    scope.map_or(OFFICE, |business| business.slug)
}

fn load(tx: &mut Tx, (kind, scope): Of, at_first: &AtFirst) -> Result<OfficeText, Failure> {
    let text = texts::current(tx, kind, scope)?.ok_or(Failure::NotFound)?;
    Ok(at_first.complete(kind, text))
}

/// The contact of the operator's settings, which is in use until an administrator publishes one.
#[derive(Clone)]
struct AtFirst {
    contact: String,
}

impl AtFirst {
    fn of(settings: &Settings) -> AtFirst {
        AtFirst { contact: Contact::from(&settings.office).lines() }
    }

    fn complete(&self, kind: TextKind, text: OfficeText) -> OfficeText {
        match (kind, text.version) {
            (TextKind::Contact, 0) => OfficeText { body: self.contact.clone(), ..text },
            _ => text,
        }
    }
}

#[handler]
pub async fn list(request: AdminRequest, Data(settings): Data<&Arc<Settings>>) -> Result<Response, Failure> {
    let at_first = AtFirst::of(settings);
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let mut groups = vec![("全办公室", rows(tx, None, &at_first)?)];
        for business in Registry::of(tx).iter() {
            groups.push((business.label, rows(tx, Some(business), &at_first)?));
        }
        let main = html! {
            (ui::heading("", TITLE, "发布后立即使用；原来的版本保留，考生同意过的须知以后还能查看。"))
            @for (label, rows) in &groups { h2 { (label) } (ui::rows(rows)) }
        };
        Ok(Page::new(TITLE, main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

fn rows(tx: &mut Tx, scope: Option<&'static Business>, at_first: &AtFirst) -> Result<Vec<ListRow>, Error> {
    let mut rows = Vec::new();
    for kind in TextKind::PAGES {
        let Some(text) = texts::current(tx, kind, scope)? else { continue };
        let text = at_first.complete(kind, text);
        rows.push(ListRow {
            title: html! { (kind.label()) },
            detail: excerpt(&text.body),
            href: address_of((kind, scope)),
            trailing: html! { span.muted.small { (version(text.version)) } },
        });
    }
    Ok(rows)
}

/// The beginning of a text.
pub(super) fn excerpt(body: &str) -> String {
    let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = line.chars().take(40).collect();
    if start.len() < line.len() { format!("{start}…") } else { start }
}

pub(super) fn version(number: i32) -> String {
    if number == 0 { "原有文字".to_owned() } else { format!("第 {number} 版") }
}

#[handler]
pub async fn show(
    request: AdminRequest,
    Path(address): Path<(String, String)>,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let at_first = AtFirst::of(settings);
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let of = of(tx, &address)?;
        edit_page(tx, of, &at_first, None, &Trouble::default())
    };
    request.show(page).await
}

/// `POST`: shows what was typed as readers will see it, and publishes it once it is confirmed.
#[handler]
pub async fn publish(
    request: AdminRequest,
    Path(address): Path<(String, String)>,
    Data(settings): Data<&Arc<Settings>>,
    Data(contact): Data<&CurrentContact>,
    sent: Submission,
) -> Result<Response, Failure> {
    request.administrator().await?;
    let at_first = AtFirst::of(settings);
    let body = sent.one("body").replace("\r\n", "\n");
    let typed = body.clone();
    let seen = sent.one("version").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))?;
    if sent.one("action") != "publish" {
        let is_back = sent.one("action") == "back";
        let scope = Registry::of_store(&request.store).find(&address.1);
        let wrong = TextKind::from_code(&address.0)
            .and_then(|kind| kind.check(scope, &body).err())
            .filter(|_| !is_back);
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let page = move |tx: &mut Tx, _: &StaffMember| {
            let of = of(tx, &address)?;
            let trouble = wrong.map(|problem| vec![("body".to_owned(), problem)]).unwrap_or_default();
            if is_back || !trouble.is_empty() {
                return edit_page(tx, of, &at_first, Some(&body), &Trouble::of_problems(trouble));
            }
            preview(tx, of, seen, &body)
        };
        return request.show_with(status, page).await;
    }
    let (to, again) = (address.clone(), address);
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let of = of(tx, &to)?;
        let body = match of.0.check(of.1, &typed) {
            Ok(body) => body,
            Err(problem) => return Ok(Err(vec![("body".to_owned(), problem)])),
        };
        texts::publish(tx, staff, of, seen, &body)?;
        Ok(Ok(saved(&address_of(of))))
    };
    let again = move |tx: &mut Tx, _: &StaffMember, trouble: &Trouble| {
        let of = of(tx, &again)?;
        edit_page(tx, of, &at_first, Some(&body), trouble)
    };
    let response = request.settle(work, again).await?;
    if let Some(published) = request.store.read(texts::published_contact).await? {
        contact.set(published);
    }
    Ok(response)
}

/// `GET …/{version}`: a text as it was published.
#[handler]
pub async fn show_version(
    request: AdminRequest,
    Path((name, slug, number)): Path<(String, String, i32)>,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let at_first = AtFirst::of(settings);
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let of = of(tx, &(name, slug))?;
        let (kind, scope) = of;
        let text = texts::of_version(tx, kind, scope, number)?.ok_or(Failure::NotFound)?;
        let text = at_first.complete(kind, text);
        let main = html! {
            (ui::heading(label(of), kind.label(), &version(text.version)))
            (ui::panel("", shown(kind, &text.body)))
        };
        Ok(Page::new(kind.label(), main).about(version(number)).own_heading().back(address_of(of)))
    };
    request.show(page).await
}

/// A text as its readers see it.
fn shown(kind: TextKind, body: &str) -> Markup {
    match kind {
        TextKind::Privacy | TextKind::Notice | TextKind::Help => ui::prose(body),
        TextKind::Promise => html! { p { (body) } },
        TextKind::Contact => ui::contact(&Contact::parse(body).unwrap_or_default(), Lang::Chinese),
        TextKind::Remarks | TextKind::Marks | TextKind::Areas => {
            html! { ul.bullets { @for line in body.lines() { li { (line) } } } }
        }
        TextKind::Message(_) if body.is_empty() => html! { p { "空白：使用全办公室的文字。" } },
        TextKind::Message(topic) => {
            let example = template::example(topic, body);
            html! {
                p { (body) }
                p.muted {
                    "例如：" (ui::words(&example)) "（" (example.chars().count()) " 字，短信 " (template::parts(&example)) " 条）"
                }
            }
        }
    }
}

fn hint(kind: TextKind) -> String {
    let words = match kind {
        TextKind::Message(topic) => {
            return format!(
                "显示在站内消息里，也作为短信发出。{}。短信不超过 70 字的算一条，最多 {} 字。",
                template::offered(topic),
                template::LONGEST
            );
        }
        TextKind::Privacy => {
            "考生登录后须同意。空一行分段；以“- ”或“1. ”开头的行是列表。新版本发布后，考生下次打开页面时须重新同意。"
        }
        TextKind::Notice => {
            "考生同意后才能填写。空一行分段；以“- ”或“1. ”开头的行是列表。新版本发布后，还没有提交的考生须重新同意。"
        }
        TextKind::Help => "显示在这项业务的页面上。空一行分段；以“- ”或“1. ”开头的行是列表。",
        TextKind::Promise => {
            "考生在表格最后勾选。申请里保留考生勾选时的文字；新版本发布后，还没有提交的考生须重新勾选。"
        }
        TextKind::Areas => {
            "每行一个，按这里的顺序列出。已经提交的申请不变；草稿里选了被去掉的考区，须重新选择。"
        }
        TextKind::Contact => {
            "每行一个，写成“名称：号码”，例如“咨询电话：0755-1234567”；“接听时间：工作日 9:00–17:00”另起一行。\
             显示在每一页的底部和出错的页面上，发布后半分钟内全部更新。"
        }
        TextKind::Remarks => "每行一条，以“通过：”或“不通过：”开头。审核时可以选用，选用后考生会看到。",
        TextKind::Marks => "每行一条。标注问题时可以选用，选用后考生会看到。",
    };
    words.to_owned()
}

/// The page with the list in which a text is.
fn list_of(kind: TextKind) -> &'static str {
    if matches!(kind, TextKind::Message(_)) { paths::TEMPLATES } else { paths::TEXTS }
}

fn edit_page(
    tx: &mut Tx,
    of: Of,
    at_first: &AtFirst,
    typed: Option<&str>,
    trouble: &Trouble,
) -> Result<Page, Failure> {
    let (kind, scope) = of;
    let text = load(tx, of, at_first)?;
    let versions = texts::versions(tx, kind, scope)?;
    let is_message = matches!(kind, TextKind::Message(_));
    let field = FormField {
        hint: &hint(kind),
        optional: kind.can_be_empty(scope),
        error: trouble.of("body"),
        ..FormField::new(
            "body",
            kind.label(),
            Control::Area { value: typed.unwrap_or(&text.body), max: kind.longest() },
        )
    };
    let main = html! {
        (ui::heading(label(of), kind.label(), &format!("现在使用：{}", version(text.version))))
        (trouble.show())
        form method="post" action=(address_of(of)) novalidate {
            input type="hidden" name="version" value=(text.version);
            (ui::panel("", ui::field(&field)))
            div.actions {
                (ui::link_button(list_of(kind), "返回", Look::Plain))
                (ui::submit("action", "preview", "预览", Look::Primary))
            }
        }
        @if typed.is_some_and(|typed| typed != text.body) { (ui::panel("现在使用的文字", shown(kind, &text.body))) }
        @if is_message && scope.is_none() { (of_businesses(tx, kind)?) }
        (ui::panel("版本", html! {
            ul.bullets {
                @for one in &versions {
                    li {
                        a.text-button href=(paths::text_version(kind.code(), slug(scope), one.version)) { (version(one.version)) }
                        " · " (one.staff) " · " (ui::words(&china(one.at)))
                    }
                }
                li { a.text-button href=(paths::text_version(kind.code(), slug(scope), 0)) { (version(0)) } }
            }
        }))
    };
    Ok(Page::new(kind.label(), main).about(label(of)).own_heading().back(list_of(kind)))
}

/// The businesses, each of which may have a text of its own for a message.
fn of_businesses(tx: &mut Tx, kind: TextKind) -> Result<Markup, Error> {
    let mut rows = Vec::new();
    for business in Registry::of(tx).iter() {
        let Some(own) = texts::current(tx, kind, Some(business))? else { continue };
        rows.push(ListRow {
            title: html! { (business.label) },
            detail: if own.body.is_empty() {
                "使用全办公室的文字".to_owned()
            } else {
                excerpt(&own.body)
            },
            href: address_of((kind, Some(business))),
            trailing: html! { @if own.version > 0 { span.muted.small { (version(own.version)) } } },
        });
    }
    Ok(html! { @if !rows.is_empty() { h2 { "各项业务自己的文字" } (ui::rows(&rows)) } })
}

fn preview(tx: &mut Tx, of: Of, seen: i32, typed: &str) -> Result<Page, Failure> {
    let (kind, scope) = of;
    texts::current(tx, kind, scope)?.ok_or(Failure::NotFound)?;
    let body = kind.check(scope, typed).unwrap_or_default();
    // The footer is outside of what htmx replaces, and shows the published contact at once.
    let whole_page = (kind == TextKind::Contact).then_some("false");
    let main = html! {
        (ui::heading(label(of), &format!("预览{}", kind.label()), "还没有发布。"))
        (ui::panel("", shown(kind, &body)))
        form method="post" action=(address_of(of)) novalidate hx-boost=[whole_page] {
            input type="hidden" name="version" value=(seen);
            input type="hidden" name="body" value=(body);
            div.actions {
                (ui::submit("action", "back", "返回修改", Look::Plain))
                (ui::submit("action", "publish", "发布", Look::Primary))
            }
        }
    };
    Ok(Page::new("预览", main).about(kind.label()).own_heading().back(list_of(kind)))
}
