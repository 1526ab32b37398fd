//! 消息: what the site has told a candidate.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::{Data, Path, Query};
use poem::{Response, handler};

use crate::business::violation;
use crate::casework::business::{Application, Origin, Registry};
use crate::casework::lifecycle::Status;
use crate::casework::messages::topic::Topic;
use crate::casework::messages::{self, Message, PAGE};
use crate::pages::audit_entries::{Position, place_of};
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::settings::Settings;
use crate::store::clock::china;
use crate::store::{CandidateId, Error, Store, Tx};
use crate::ui::{self, Control, FormField, Icon, ListRow, Look, Page, Tab};
use crate::web::{Failure, Frame, Submission, Visitor, see_other};

/// The row that leads to the messages, with the number of unread ones.
pub(super) fn row(unread: i64) -> ListRow {
    ListRow {
        title: html! { "消息" },
        detail: String::new(),
        href: paths::MESSAGES.to_owned(),
        trailing: match unread {
            0 => html! { "→" },
            count => ui::tag("returned", &format!("{count} 条未读")),
        },
    }
}

/// `GET /me/messages`
#[handler]
pub async fn list(
    visitor: Visitor,
    frame: Frame,
    Data(settings): Data<&Arc<Settings>>,
    Query(position): Query<Position>,
) -> Result<Response, Failure> {
    let after = position.entry();
    let is_first = after.is_none();
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let listed = messages::list(tx, &candidate.id, after.as_ref(), PAGE + 1)?;
        let unread = messages::unread(tx, &candidate.id)?;
        let labels = labels(tx, &listed);
        Ok((listed, labels, unread, messages::wants_sms(tx, &candidate.id)?))
    };
    let (listed, labels, unread, wants_sms) = as_candidate(&visitor, load).await?;
    let shown = &listed[..listed.len().min(PAGE as usize)];
    let rows: Vec<ListRow> =
        shown.iter().zip(labels).map(|(message, label)| in_list(message, label)).collect();
    let next = (listed.len() > shown.len()).then(|| shown.last()).flatten();
    let main = html! {
        @if unread > 0 {
            p { (unread) " 条未读。" }
            form.actions method="post" action=(paths::READ_MESSAGES) {
                (ui::submit("confirm", "yes", "全部标为已读", Look::Plain))
            }
        }
        @if rows.is_empty() {
            @if is_first {
                (ui::empty(Icon::Mail, "还没有消息", "申请提交、退回、通过和期限将到时，会在这里告诉您。", None))
            }
        } @else { (ui::rows(&rows)) }
        @if let Some(last) = next {
            p.actions {
                (ui::link_button(&next_page(last), "更早的消息", Look::Plain))
            }
        }
        @if settings.sms.is_some() { (choice(wants_sms)) }
    };
    Ok(frame.page(Page::new("消息", main).tab(Tab::Me).back(paths::ME)))
}

/// The address of the page that begins after a message.
fn next_page(last: &Message) -> String {
    format!("{}?after={}", paths::MESSAGES, place_of(last.created_at, &last.id))
}

/// The label of the business of each message, or an empty one.
fn labels(tx: &Tx, listed: &[Message]) -> Vec<&'static str> {
    let registry = Registry::of(tx);
    listed.iter().map(|message| registry.find(&message.kind).map_or("", |business| business.label)).collect()
}

/// `考试退费 · 需要补正`
fn title(message: &Message, business: &str) -> String {
    match business {
        "" => message.topic.label().to_owned(),
        business => format!("{business} · {}", message.topic.label()),
    }
}

fn in_list(message: &Message, business: &str) -> ListRow {
    let is_unread = message.read_at.is_none();
    ListRow {
        title: html! { (title(message, business)) },
        detail: china(message.created_at),
        href: paths::message(&message.id),
        trailing: if is_unread {
            ui::tag("returned", "未读")
        } else {
            html! { "已读" }
        },
    }
}

fn choice(wants_sms: bool) -> Markup {
    let field = FormField {
        hint: "需要补正、审核结果、期限将到等必须告诉您的事项，总会发短信。站内消息不受影响。",
        ..FormField::new("all", "短信", Control::Agree { text: "其他消息也发短信给我", checked: wants_sms })
    };
    ui::panel(
        "短信通知",
        html! {
            form method="post" action=(paths::CHOOSE_SMS) {
                (ui::field(&field))
                div.actions { (ui::submit("confirm", "yes", "保存", Look::Plain)) }
            }
        },
    )
}

/// `GET /me/messages/{id}`: a message, which is read from then on.
#[handler]
pub async fn show(
    visitor: Visitor,
    frame: Frame,
    Data(store): Data<&Store>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let candidate = as_candidate(&visitor, |_, candidate| Ok(candidate)).await?;
    let open = move |tx: &mut Tx| -> Result<_, Failure> {
        let message = messages::open(tx, &candidate.id, &id)?.ok_or(Failure::NotFound)?;
        let link = link(tx, &candidate.id, &message)?;
        let business = Registry::of(tx).find(&message.kind).map_or("", |business| business.label);
        Ok((message, business, link))
    };
    let (message, business, link) = store.write(open).await?;
    let main = html! {
        (ui::heading("", &title(&message, business), ""))
        (ui::panel("", html! {
            p { (ui::words(&message.body)) }
            p.muted.small {
                (ui::words(&china(message.created_at)))
                @if let Some(at) = message.texted_at { " · 短信已于 " (ui::words(&china(at))) " 发出" }
            }
        }))
        @if let Some((label, href)) = link { p.actions { (ui::link_button(&href, label, Look::Primary)) } }
    };
    let page = Page::new("消息", main).about(message.topic.label()).own_heading();
    Ok(frame.page(page.tab(Tab::Me).back(paths::MESSAGES)))
}

/// Where a message leads. `None` if what it is about is gone.
fn link(
    tx: &mut Tx,
    candidate: &CandidateId,
    message: &Message,
) -> Result<Option<(&'static str, String)>, Error> {
    Ok(match message.topic {
        Topic::CertificateAnnulled | Topic::CertificateRestored => {
            Some(("查看证书", paths::certificate(&message.subject)))
        }
        Topic::DeletionApproved | Topic::DeletionRefused => Some(("查看答复", paths::DELETION.to_owned())),
        Topic::ViolationNoticed | Topic::RemindPlead => {
            Some(("查看违纪告知", paths::business(violation::BUSINESS.slug)))
        }
        _ => match Application::own_by_id(tx, candidate, &message.subject)? {
            Some(draft) if draft.status == Status::Draft => {
                form_of(tx, candidate, &draft)?.map(|form| ("继续填写", form))
            }
            Some(application) => Some(("查看申请", links::application(&application))),
            None => None,
        },
    })
}

/// The page on which a draft is continued.
fn form_of(tx: &mut Tx, candidate: &CandidateId, draft: &Application) -> Result<Option<String>, Error> {
    Ok(match draft.business.origin {
        Origin::Nothing => Some(paths::new_application(draft.business.slug)),
        Origin::Certificate => Some(paths::mailing_notice(&draft.parent_id)),
        Origin::Rejection => Application::own_by_id(tx, candidate, &draft.parent_id)?
            .map(|rejected| paths::appeal(rejected.business.slug, rejected.shown_number())),
    })
}

/// `POST /me/messages/read`
#[handler]
pub async fn read_all(candidate: Candidate, Data(store): Data<&Store>) -> Result<Response, Failure> {
    store.write::<_, Failure, _>(move |tx| Ok(messages::read_all(tx, &candidate.id)?)).await?;
    Ok(see_other(paths::MESSAGES))
}

/// `POST /me/messages/sms`
#[handler]
pub async fn choose(
    candidate: Candidate,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    let wants = sent.one("all") == "yes";
    store.write::<_, Failure, _>(move |tx| Ok(messages::choose_sms(tx, &candidate.id, wants)?)).await?;
    Ok(see_other(paths::MESSAGES))
}
