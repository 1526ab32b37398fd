//! Asks a candidate to agree to the privacy notice, and to each purpose of sensitive data. Afterwards the candidate is at
//! the page that was wanted.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::privacy::version_name;
use crate::casework::texts::{self, OfficeText, TextKind};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::consent::{self, Consents, Purpose};
use crate::store::{CandidateId, Store, Tx};
use crate::ui::{self, Choice, Control, FormField, Look, Page, Tone};
use crate::web::session::live::Live;
use crate::web::{Failure, Frame, SignedIn, Submission, Visitor, local_path, see_other};

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// Codes of purposes, separated by spaces. None: the privacy notice.
    need: String,
    next: String,
}

impl Asked {
    fn of(sent: &Submission) -> Asked {
        Asked { need: sent.one("need").to_owned(), next: sent.one("next").to_owned() }
    }

    fn next(&self) -> &str {
        local_path(&self.next)
    }

    /// The purposes that a business needs.
    fn needed(&self) -> Vec<Purpose> {
        let named = self.need.split_whitespace().filter_map(Purpose::from_code);
        named.filter(|purpose| Purpose::SENSITIVE.contains(purpose)).collect()
    }
}

/// What was sent and cannot be accepted.
#[derive(Default)]
struct Trouble {
    general: Option<&'static str>,
    purposes: Option<&'static str>,
    is_outdated: bool,
}

fn load(tx: &mut Tx, id: &CandidateId) -> Result<(Consents, OfficeText), Failure> {
    let candidate = Candidate::load(tx, id)?.ok_or(Failure::SignIn)?;
    Ok((candidate.consents, texts::privacy_notice(tx)?))
}

/// `GET /me/consent`
#[handler]
pub async fn ask(visitor: Visitor, frame: Frame, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let read = |tx: &mut Tx, live: Live| load(tx, &live.who.candidate);
    let (consents, notice) = visitor.read_signed_in(read).await?;
    let needed = asked.needed();
    let is_done = match needed.as_slice() {
        [] => consents.is_current(),
        needed => needed.iter().all(|purpose| consents.has(*purpose)),
    };
    if is_done {
        return Ok(frame.go(asked.next()));
    }
    let chosen = Purpose::SENSITIVE.into_iter().filter(|purpose| consents.has(*purpose)).collect::<Vec<_>>();
    Ok(frame.page(page(&asked, &notice, &chosen, &Trouble::default())))
}

/// `POST /me/consent`
#[handler]
pub async fn answer(
    who: SignedIn,
    frame: Frame,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    let asked = Asked::of(&sent);
    if sent.one("action") == "refuse" {
        return Ok(see_other(paths::NO_CONSENT));
    }
    let chosen: Vec<Purpose> =
        sent.all("purpose").iter().filter_map(|code| Purpose::from_code(code)).collect();
    let needed = asked.needed();
    let mut trouble = match needed.as_slice() {
        [] if sent.one("general") != "yes" => Trouble {
            general: Some("请选择同意；不同意请按“不同意”"),
            ..Trouble::default()
        },
        needed if !needed.iter().all(|purpose| chosen.contains(purpose)) => {
            Trouble { purposes: Some("办理这项业务需要您同意每一项"), ..Trouble::default() }
        }
        _ => Trouble::default(),
    };
    let seen: Option<i32> = sent.one("version").parse().ok();
    if trouble.general.is_none() && trouble.purposes.is_none() {
        let (id, purposes) = (who.candidate.clone(), chosen.clone());
        let settled =
            store.write::<_, Failure, _>(move |tx| settle(tx, &id, &needed, seen, &purposes)).await?;
        if settled {
            return Ok(frame.go(asked.next()));
        }
        trouble.is_outdated = true;
    }
    let (_, notice) = store.read(move |tx| load(tx, &who.candidate)).await?;
    Ok(frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, page(&asked, &notice, &chosen, &trouble)))
}

/// Stores the consent. `false` if another version of the notice is in use than the one that was `seen`.
fn settle(
    tx: &mut Tx,
    id: &CandidateId,
    needed: &[Purpose],
    seen: Option<i32>,
    chosen: &[Purpose],
) -> Result<bool, Failure> {
    let (consents, notice) = load(tx, id)?;
    if seen != Some(notice.version) {
        return Ok(false);
    }
    match needed {
        [] => consent::agree(tx, (id, &consents), notice.version, chosen)?,
        needed => consent::add(tx, (id, &consents), needed)?,
    }
    Ok(true)
}

fn page(asked: &Asked, notice: &OfficeText, chosen: &[Purpose], trouble: &Trouble) -> Page {
    let needed = asked.needed();
    let (offered, title): (&[Purpose], &str) = match needed.as_slice() {
        [] => (&Purpose::SENSITIVE, TextKind::Privacy.label()),
        needed => (needed, "需要您单独同意"),
    };
    let main = html! {
        @if needed.is_empty() {
            (ui::heading("", title, &version_name(notice.version)))
        } @else {
            (ui::heading("", title, "您要办理的业务使用以下敏感个人信息，须先征得您的同意。"))
        }
        @if trouble.is_outdated {
            (ui::answer(Tone::Warn, "规则刚刚更新，请阅读新的版本", html! {}))
        }
        @if needed.is_empty() { (ui::panel("", ui::prose(&notice.body))) }
        form method="post" action=(paths::CONSENT) novalidate hx-boost="false" {
            input type="hidden" name="next" value=(asked.next());
            input type="hidden" name="need" value=(asked.need);
            input type="hidden" name="version" value=(notice.version);
            (ui::panel("", html! {
                @if needed.is_empty() {
                    (ui::field(&FormField {
                        error: trouble.general,
                        ..FormField::new("general", "处理个人信息", Control::Agree {
                            text: "我已阅读并同意个人信息处理规则",
                            checked: false,
                        })
                    }))
                }
                (purposes(offered, chosen, trouble.purposes, !needed.is_empty()))
            }))
            div.actions {
                @if needed.is_empty() {
                    (ui::submit("action", "refuse", "不同意", Look::Plain))
                } @else {
                    (ui::link_button(paths::SERVICES, "不同意，返回", Look::Plain))
                }
                (ui::submit("action", "agree", "同意并继续", Look::Primary))
            }
        }
    };
    Page::new(title, main).own_heading()
}

fn purposes(offered: &[Purpose], chosen: &[Purpose], error: Option<&str>, required: bool) -> Markup {
    let choice = |purpose: &Purpose| Choice {
        hint: purpose.about().to_owned(),
        ..Choice::new(purpose.code(), format!("同意处理{}", purpose.label()))
    };
    let options: Vec<Choice> = offered.iter().map(choice).collect();
    let values: Vec<String> = chosen.iter().map(|purpose| purpose.code().to_owned()).collect();
    let hint = match required {
        true => "可以随时在“我的 → 我的数据”撤回。",
        false => {
            "逐项选择，可以只同意一部分。不选也能登录，办到需要的业务时会再问您；随时可以在“我的 → 我的数据”更改。"
        }
    };
    ui::field(&FormField {
        hint,
        optional: !required,
        error,
        ..FormField::new("purpose", "敏感个人信息", Control::Checks { options: &options, values: &values })
    })
}

/// `GET /me/consent/refused`
#[handler]
pub async fn refused(_: SignedIn, frame: Frame) -> Result<Response, Failure> {
    let main = html! {
        (ui::heading("", "您没有同意", ""))
        (ui::panel("", html! {
            p { "不同意处理个人信息，就不能使用需要登录的服务。您没有提交任何内容，请退出登录。" }
            p { "已经受理的申请照常办理。不登录也可以查询证书；也可以打电话或到现场办理。" }
        }))
        form.actions method="post" action=(paths::LOGOUT) hx-boost="false" {
            (ui::link_button(paths::CONSENT, "返回重新选择", Look::Plain))
            (ui::submit("confirm", "yes", "退出登录", Look::Primary))
        }
    };
    Ok(frame.page(Page::new("没有同意", main).own_heading()))
}
