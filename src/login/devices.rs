//! 登录设备: lists a candidate's sessions and ends them.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::Data;
use poem::{Request, Response, handler};

use crate::pages::account_notices;
use crate::pages::signed_in::require_consent;
use crate::paths;
use crate::people::identity::notice;
use crate::settings::Settings;
use crate::store::{Error, Store, clock};
use crate::ui::{self, Fact, Look, Page, Tab};
use crate::web::session::live::{self, Live};
use crate::web::session::{self, Way};
use crate::web::{Failure, Frame, SignedIn, Submission, Visitor, see_other};

#[handler]
pub async fn show(
    visitor: Visitor,
    frame: Frame,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let settings = settings.clone();
    let is_read = visitor.is_read;
    let read = visitor.read_signed_in(move |tx, live| {
        let found = notice::with_candidate(tx, &live.who.candidate)?;
        let (candidate, notices) = found.ok_or(Failure::SignIn)?;
        require_consent(&live, &candidate, is_read)?;
        let sessions = live::of_candidate(tx, &live.who.candidate, &settings.sessions)?;
        Ok((live, notices, sessions))
    });
    let (own, notices, sessions) = read.await?;
    let acknowledged = account_notices::acknowledged(&own);
    let others = sessions.len() > 1;
    let main = html! {
        (account_notices::list(&notices, &acknowledged))
        p.muted { "这些设备登录着您的账号。有不认识的，请立即退出。" }
        @for session in &sessions { (device(session, own.key == session.key)) }
        @if others {
            form.actions method="post" action=(paths::OTHER_DEVICES) {
                (ui::submit("confirm", "yes", "退出其他所有设备", Look::Danger))
            }
        }
    };
    Ok(frame.page(Page::new("登录设备", main).tab(Tab::Me).back(paths::ME)))
}

fn words(way: Way) -> &'static str {
    match way {
        Way::Portal => "通过政务服务平台登录",
        Way::Scan => "用手机扫码确认登录",
        Way::Device => "在政务服务平台扫码登录",
    }
}

/// A device and the way of signing in, for a notice.
pub fn described(device: &str, way: Way) -> String {
    format!("{device}，{}", words(way))
}

fn device(session: &Live, own: bool) -> Markup {
    let who = &session.who;
    let facts = [
        Fact::of("登录时间", clock::china(who.since)),
        Fact::of("最近使用", clock::china(session.used_at)),
        Fact::of("登录方式", words(who.way)),
    ];
    ui::panel(
        &who.device,
        html! {
            @if own { p { (ui::tag("approved", "本机")) } }
            (ui::facts(&facts))
            @if !own {
                form.actions method="post" action=(paths::DEVICES) {
                    (ui::submit("session", &session.key, "退出这台设备", Look::Plain))
                }
            }
        },
    )
}

#[handler]
pub async fn end(who: SignedIn, Data(store): Data<&Store>, sent: Submission) -> Result<Response, Failure> {
    let key = sent.one("session").to_owned();
    store.write::<_, Error, _>(move |tx| live::end(tx, &who.candidate, &key)).await?;
    Ok(see_other(paths::DEVICES))
}

/// `POST /me/devices/read`: marks notices as read in this session.
#[handler]
pub async fn acknowledge(
    req: &Request,
    who: SignedIn,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    let notices = store.read(move |tx| notice::of_candidate(tx, &who.candidate)).await?;
    account_notices::acknowledge(&session::of(req), &notices, sent.all("notice")).await?;
    Ok(see_other(paths::DEVICES))
}

#[handler]
pub async fn end_others(
    req: &Request,
    who: SignedIn,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let own = live::own_key(&session::of(req)).unwrap_or_default();
    store.write::<_, Error, _>(move |tx| live::end_others(tx, &who.candidate, &own)).await?;
    Ok(see_other(paths::DEVICES))
}
