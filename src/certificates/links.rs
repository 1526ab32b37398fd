//! 核验链接: a candidate creates verification links to a certificate, sees their views, and revokes them.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use crate::exams::certificate_link::{self, DAYS, Link, MOST};
use crate::exams::held;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::settings::Settings;
use crate::store::{Error, Store, Timestamp, Tx, clock};
use crate::ui::{self, Choice, Control, FormField, Look, Medium, Page};
use crate::web::{Failure, Frame, Submission, Visitor, host, see_other};

/// Maximum number of views that are listed with their time. The count includes all.
const LISTED_VIEWS: usize = 20;

/// The link to a certificate that expires last, for [`panel`].
pub fn last_to_expire(tx: &mut Tx, candidate: &Candidate, certificate: &str) -> Result<Option<Link>, Error> {
    let links = certificate_link::of(tx, &candidate.holder, certificate)?;
    Ok(links.into_iter().filter(|link| link.is_live(tx.now)).max_by_key(|link| link.expires_at))
}

/// The QR code of a link, for the printed page, or a button to create a link. `base` is the public URL of the
/// site, see [`Settings::base_for`].
pub fn panel(certificate: &str, link: Option<&Link>, base: &str) -> Markup {
    let Some(link) = link else {
        return html! { div.actions { (ui::link_button(&paths::links(certificate), "生成核验链接", Look::Plain)) } };
    };
    ui::panel(
        "扫码核验",
        html! {
            (code(link, base))
            p.muted.small { "有效期至 " (ui::date(clock::china(link.expires_at))) "。扫码即可核验本证书。" }
        },
    )
}

fn code(link: &Link, base: &str) -> Markup {
    ui::qr(&format!("{base}{}", paths::verification(&link.token)), "核验链接二维码", Medium::Paper)
}

#[handler]
pub async fn show(
    req: &Request,
    visitor: Visitor,
    Path(id): Path<String>,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let (now, key) = (store.clock.now(), id.clone());
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let exam = held::own(tx, &candidate.holder, &key)?.ok_or(Failure::NotFound)?.exam;
        Ok((exam, certificate_link::of(tx, &candidate.holder, &key)?))
    };
    let (exam, links) = as_candidate(&visitor, load).await?;
    let base = settings.base_for(host(req));
    let main = html! {
        (ui::heading("", &exam, "把链接或二维码交给用人单位，对方无需登录就能核验这本证书。"))
        @for link in links.iter().filter(|link| link.is_live(now)) { (live_link(&id, link, &base)) }
        (form(&id))
        (expired(&links, now))
    };
    Ok(frame.page(Page::new("核验链接", main).about(exam).own_heading().back(paths::certificate(id))))
}

fn live_link(certificate: &str, link: &Link, base: &str) -> Markup {
    let address = format!("{base}{}", paths::verification(&link.token));
    ui::qr_card(
        &format!("有效期至 {}", clock::china(link.expires_at)),
        html! {
            (code(link, base))
            p.small data-copied { a.text-button href=(paths::verification(&link.token)) { (address) } }
            button.copy type="button" data-copy=(address) hidden { (ui::icon(ui::Icon::Copy)) "复制链接" }
            (views(link))
            form method="post" action=(paths::revoke_link(certificate, &link.id)) {
                (ui::submit("confirm", "yes", "撤销链接", Look::Plain))
            }
        },
    )
}

fn views(link: &Link) -> Markup {
    let count = link.view_count();
    html! {
        @if count == 0 {
            p.muted.small { "还没有被查看。" }
        } @else {
            details {
                summary { "被查看 " (count) " 次" }
                ul.small {
                    @for (minute, times) in link.views.iter().take(LISTED_VIEWS) {
                        li { time.date { (clock::china(*minute)) } @if *times > 1 { "，" (times) " 次" } }
                    }
                }
            }
        }
    }
}

fn form(certificate: &str) -> Markup {
    let options = DAYS.map(|days| Choice::new(days.to_string(), format!("{days} 天")));
    let control = Control::Radios { options: &options, value: "7" };
    ui::panel(
        "生成新的链接",
        html! {
            form method="post" action=(paths::links(certificate)) {
                (ui::field(&FormField {
                    hint: "到期后自动失效，也可以随时撤销",
                    ..FormField::new("days", "有效期", control)
                }))
                div.actions { (ui::submit("action", "make", "生成核验链接", Look::Primary)) }
            }
        },
    )
}

fn expired(links: &[Link], now: Timestamp) -> Markup {
    let expired: Vec<&Link> = links.iter().filter(|link| !link.is_live(now)).collect();
    html! {
        @if !expired.is_empty() {
            (ui::panel("已失效的链接", html! {
                ul.timeline {
                    @for link in expired {
                        li {
                            strong { (clock::china(link.created_at)) " 生成" }
                            span.muted.small {
                                @match link.revoked_at {
                                    Some(at) if at < link.expires_at => { (clock::china(at)) " 撤销" },
                                    _ => { (clock::china(link.expires_at)) " 到期" },
                                }
                            }
                            (views(link))
                        }
                    }
                }
            }))
        }
    }
}

#[handler]
pub async fn make(
    candidate: Candidate,
    Path(id): Path<String>,
    sent: Submission,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let chosen = sent.one("days").parse().ok().filter(|days| DAYS.contains(days));
    let days = chosen.ok_or(Failure::BadRequest("请选择链接的有效期"))?;
    let key = id.clone();
    store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            held::own(tx, &candidate.holder, &key)?.ok_or(Failure::NotFound)?;
            let links = certificate_link::of(tx, &candidate.holder, &key)?;
            if links.iter().filter(|link| link.is_live(tx.now)).count() >= MOST {
                let message = format!("一本证书最多同时有 {MOST} 个有效的核验链接");
                return Err(Failure::Conflict {
                    message, action: ("查看已有的链接", paths::links(&key))
                });
            }
            Ok(certificate_link::make(tx, &key, days)?)
        })
        .await?;
    Ok(see_other(&paths::links(&id)))
}

/// `POST /certificates/{id}/links/{link}/revoke`. Idempotent.
#[handler]
pub async fn revoke(
    candidate: Candidate,
    Path((id, link)): Path<(String, String)>,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let key = id.clone();
    store
        .write::<_, Failure, _>(move |tx| {
            held::own(tx, &candidate.holder, &key)?.ok_or(Failure::NotFound)?;
            Ok(certificate_link::revoke(tx, &candidate.holder, &key, &link)?)
        })
        .await?;
    Ok(see_other(&paths::links(&id)))
}
