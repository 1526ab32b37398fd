//! 短信: what waits for the gateway, and what could not be sent.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::Refusal;
use crate::casework::business::{Application, Registry};
use crate::casework::messages::outbox::{self, DeadLetter, Queue};
use crate::paths;
use crate::people::audit::Unaudited;
use crate::people::candidate::Candidate;
use crate::people::mask;
use crate::people::staff::StaffMember;
use crate::settings::Settings;
use crate::store::clock::china;
use crate::store::{Error, Tx};
use crate::ui::{self, Fact, Look, Page, Tone};
use crate::web::Failure;

/// Dead letters on the page.
const SHOWN: i64 = 50;

#[handler]
pub async fn show(request: AdminRequest, Data(settings): Data<&Arc<Settings>>) -> Result<Response, Failure> {
    note_views(&request).await?;
    let has_gateway = settings.sms.is_some();
    request.show(move |tx, _| page(tx, has_gateway, &Trouble::default())).await
}

/// The audit has an entry for each candidate before the page is shown.
async fn note_views(request: &AdminRequest) -> Result<(), Failure> {
    let load = |tx: &mut Tx, staff: &StaffMember| {
        let mut views = Vec::new();
        for letter in outbox::dead(tx, SHOWN)? {
            let number = application(tx, &letter)?.map(|application| application.shown_number().to_owned());
            views.push(("sms", number.unwrap_or(letter.id)));
        }
        Ok(Unaudited::new(tx, &staff.id, views, ())?)
    };
    request.read_unaudited(load).await
}

/// The application that a letter is about, if it is about one.
fn application(tx: &mut Tx, letter: &DeadLetter) -> Result<Option<Application>, Error> {
    let found = Application::own_by_id(tx, &letter.candidate, &letter.subject)?;
    Ok(found.filter(|application| application.number.is_some()))
}

/// `POST /staff/admin/sms`: sends every dead letter again.
#[handler]
pub async fn send_all(
    request: AdminRequest,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    send(request, settings.sms.is_some(), None).await
}

/// `POST /staff/admin/sms/{id}`: sends one again.
#[handler]
pub async fn send_one(
    request: AdminRequest,
    Data(settings): Data<&Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    send(request, settings.sms.is_some(), Some(id)).await
}

async fn send(request: AdminRequest, has_gateway: bool, id: Option<String>) -> Result<Response, Failure> {
    request.administrator().await?;
    note_views(&request).await?;
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        match outbox::send_again(tx, staff, id.as_deref())? {
            // Another administrator was faster.
            0 => Err(Refusal::ChangedMeanwhile.into()),
            _ => Ok(Ok(saved(paths::SMS))),
        }
    };
    let again = move |tx: &mut Tx, _: &StaffMember, trouble: &Trouble| page(tx, has_gateway, trouble);
    request.settle(work, again).await
}

fn page(tx: &mut Tx, has_gateway: bool, trouble: &Trouble) -> Result<Page, Failure> {
    let queue = Queue::count(tx)?;
    let mut dead = Vec::new();
    for letter in outbox::dead(tx, SHOWN)? {
        dead.push(dead_letter(tx, &letter)?);
    }
    let facts = [
        Fact::of("等待发出", format!("{} 条", queue.waiting)),
        Fact::of("最早的一条", queue.oldest.map_or_else(|| "无".to_owned(), china)),
        Fact::of("没有发出", format!("{} 条", queue.dead)),
    ];
    let main = html! {
        (ui::heading("", "短信", "消息总在站内；设置了短信网关时也作为短信发出。"))
        (trouble.show())
        @if !has_gateway {
            (ui::banner(Tone::Info, "没有设置短信网关", html! { p { "考生只在站内看到消息。设置方法见运维文档。" } }))
        }
        (ui::panel("", ui::facts(&facts)))
        @if queue.dead > 0 {
            h2 { "没有发出的短信" }
            form.actions method="post" action=(paths::SMS) {
                (ui::submit("confirm", "yes", "全部重发", Look::Plain))
            }
            @for letter in &dead { (letter) }
            @if queue.dead > SHOWN { p.muted { "这里列出最近 " (SHOWN) " 条。" } }
        }
    };
    Ok(Page::new("短信", main).own_heading().back(paths::ADMIN))
}

fn dead_letter(tx: &mut Tx, letter: &DeadLetter) -> Result<Markup, Error> {
    let (name, phone) = match Candidate::load(tx, &letter.candidate) {
        Ok(candidate) => {
            candidate.map(|one| (one.masked_name(), mask::phone(&one.phone))).unwrap_or_default()
        }
        Err(Error::Unreadable) => Default::default(),
        Err(error) => return Err(error),
    };
    let business = Registry::of(tx).find(&letter.kind).map_or("", |business| business.label);
    let about = application(tx, letter)?;
    let number = about.as_ref().map_or("", Application::shown_number);
    let why = letter.failure.map_or_else(String::new, outbox::Failure::words);
    let facts = [
        Fact::of("考生", name),
        Fact::of("手机号", phone),
        Fact::of("时间", china(letter.created_at)),
        Fact::of("原因", why),
        Fact::of("已试", format!("{} 次", letter.tries)),
    ];
    let title = [business, letter.topic.label()].into_iter().filter(|part| !part.is_empty());
    Ok(ui::panel(
        &title.collect::<Vec<_>>().join(" · "),
        html! {
            (ui::facts(&facts))
            @if !number.is_empty() { p { a.text-button href=(paths::case(number)) { (number) } } }
            form.actions method="post" action=(paths::sms_letter(&letter.id)) {
                (ui::submit("confirm", "yes", "重发", Look::Plain))
            }
        },
    ))
}
