//! The page of a portal where one chooses who signs in, and the sign-out.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::Data;
use poem::{Request, Response, handler};

use super::fields::Fields;
use super::people::Account;
use super::portal::{AuthorizationRequest, CLIENT_ID, Fault, Grant, Grants, OwnSite, Portal};
use crate::paths;
use crate::people::mask;
use crate::settings::Settings;
use crate::store::Store;
use crate::ui::{self, Choice, Control, FormField, Look, Page, Tone};
use crate::web::binding::Binding;
use crate::web::{Failure, Frame, see_other};

/// Seconds for which a portal remembers a person.
const REMEMBERED: i64 = 12 * 3600;

/// Fields of the form that the visitor fills in. A field of the request with one of these names is left out of the form.
const CHOSEN: [&str; 3] = ["person", "keep", "fault"];

/// `GET`: asks who signs in, unless the portal remembers somebody.
#[handler]
pub fn show(
    req: &Request,
    frame: Frame,
    Data(portal): Data<&&'static Portal>,
    Data(settings): Data<&Arc<Settings>>,
    Data(store): Data<&Store>,
    Data(grants): Data<&Arc<Grants>>,
    fields: Fields,
) -> Result<Response, Failure> {
    let request = read(portal, req, settings, &fields)?;
    match remembered(portal, req, settings) {
        Some(account) if !request.asks_again => {
            Ok(grant(portal, store, grants, request, account, Fault::None))
        }
        _ => Ok(page(&frame, portal, settings, req.uri().path(), &fields)),
    }
}

/// `POST`: returns to the site with a ticket for the person, or without one.
#[handler]
pub fn choose(
    req: &Request,
    Data(portal): Data<&&'static Portal>,
    Data(settings): Data<&Arc<Settings>>,
    Data(store): Data<&Store>,
    Data(grants): Data<&Arc<Grants>>,
    fields: Fields,
) -> Result<Response, Failure> {
    let request = read(portal, req, settings, &fields)?;
    let (account, fault) = (portal.account(fields.one("person")), chosen_fault(portal, &fields));
    let Some(account) = account else {
        let (name, value) = portal.declined.ok_or(Failure::BadRequest("请选择以谁的身份登录"))?;
        return Ok(see_other(request.answer(name, value, fault).as_str()));
    };
    let mut response = grant(portal, store, grants, request, account, fault);
    let keeps = fields.one("keep") == "yes";
    let (remembered, seconds) = if keeps { (account.id, REMEMBERED) } else { ("", 0) };
    cookie(portal, settings).give(&mut response, remembered, seconds);
    Ok(response)
}

/// Forgets the person, and returns to the page of the site that the request names, if it names one.
#[handler]
pub fn sign_out(
    req: &Request,
    frame: Frame,
    Data(portal): Data<&&'static Portal>,
    Data(settings): Data<&Arc<Settings>>,
    fields: Fields,
) -> Result<Response, Failure> {
    let names = portal.sign_out.as_ref().ok_or(Failure::NotFound)?;
    let mut response = match fields.one(names.target) {
        "" => frame.page(signed_out(portal)),
        _ if !names.client.is_empty() && fields.one(names.client) != CLIENT_ID => {
            return Err(Failure::BadRequest("演示平台不认识申请退出的应用"));
        }
        target => {
            let page = OwnSite::of(req, settings).page(target);
            let mut page = page.ok_or(Failure::BadRequest("退出后返回的地址没有在演示平台登记"))?;
            let state = fields.one(names.state);
            if !state.is_empty() {
                page.query_pairs_mut().append_pair(names.state, state);
            }
            see_other(page.as_str())
        }
    };
    cookie(portal, settings).give(&mut response, "", 0);
    Ok(response)
}

fn read(
    portal: &Portal,
    req: &Request,
    settings: &Settings,
    fields: &Fields,
) -> Result<AuthorizationRequest, Failure> {
    (portal.read)(fields, &OwnSite::of(req, settings)).map_err(Failure::BadRequest)
}

fn grant(
    portal: &'static Portal,
    store: &Store,
    grants: &Grants,
    request: AuthorizationRequest,
    account: Account,
    fault: Fault,
) -> Response {
    let (address, challenge) = (request.address.to_string(), request.challenge.clone());
    let ticket = grants.ticket(store, Grant { portal, account, fault, address, challenge });
    see_other(request.answer(portal.ticket, &ticket, fault).as_str())
}

fn cookie(portal: &Portal, settings: &Settings) -> Binding<'static> {
    Binding { name: portal.cookie, path: portal.path, https: settings.is_https() }
}

/// The person whom the portal remembers in this browser. The cookie is no secret: everybody may choose anybody.
fn remembered(portal: &Portal, req: &Request, settings: &Settings) -> Option<Account> {
    portal.account(&cookie(portal, settings).secret(req.headers())?)
}

/// The fault that was chosen, if this portal can have it.
fn chosen_fault(portal: &Portal, fields: &Fields) -> Fault {
    let chosen = Fault::from_code(fields.one("fault"));
    chosen.filter(|fault| portal.faults.contains(fault)).unwrap_or(Fault::None)
}

fn page(frame: &Frame, portal: &Portal, settings: &Settings, action: &str, fields: &Fields) -> Response {
    let asks = format!("“{}考证通”申请使用您的身份信息。", settings.authority);
    let main = html! {
        (introduction("统一身份认证", &asks))
        form method="post" action=(action) hx-boost="false" {
            @for (name, value) in fields.pairs().filter(|(name, _)| !CHOSEN.contains(name)) {
                input type="hidden" name=(name) value=(value);
            }
            (fault_field(portal))
            (ui::field(&FormField {
                optional: true,
                ..FormField::new("keep", "", Control::Agree { text: "保持登录，下次不再询问", checked: false })
            }))
            (people(portal.accounts()))
            p.actions {
                @if portal.declined.is_some() { (ui::submit("person", "", "取消登录", Look::Plain)) }
                @else { (ui::link_button(paths::LOGIN, "取消登录", Look::Plain)) }
            }
        }
    };
    frame.page(Page::new(portal.name, main).own_heading().back(paths::LOGIN))
}

/// The top of a page where one chooses a person. `asks` says what for.
pub fn introduction(title: &str, asks: &str) -> Markup {
    html! {
        (ui::heading("演示环境", title, asks))
        (ui::banner(Tone::Info, "这是演示平台", html! { p { "以下人员均为虚构。请选择以谁的身份登录。" } }))
    }
}

/// The choice of what goes wrong.
pub fn fault_field(portal: &Portal) -> Markup {
    let faults = [Fault::None].iter().chain(portal.faults);
    let options: Vec<Choice> = faults.map(|fault| Choice::new(fault.code(), fault.label())).collect();
    let control = Control::Select { options: &options, value: Fault::None.code() };
    ui::field(&FormField {
        hint: "可以试一试平台出错时会怎样",
        ..FormField::new("fault", "故障演示", control)
    })
}

/// A button for each person.
pub fn people(accounts: impl Iterator<Item = Account>) -> Markup {
    html! {
        div.choices {
            @for account in accounts {
                button.button type="submit" name="person" value=(account.id) data-look="plain" {
                    span { (account.name) " · " (account.role) }
                    span.muted.small { (account.document) " " (mask::number(account.number)) }
                }
            }
        }
    }
}

fn signed_out(portal: &Portal) -> Page {
    let action = ui::link_button(paths::HOME, "返回首页", Look::Plain);
    let main = html! {
        (ui::heading("演示环境", "已退出", &format!("您已退出{}。", portal.name)))
        p.actions { (action) }
    };
    Page::new(portal.name, main).own_heading()
}
