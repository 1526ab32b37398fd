//! 电子证书: a holder makes files of a certificate, each for a purpose and until a day (加注), sees how often they
//! were checked here, and revokes them.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use crate::casework::materials;
use crate::exams::code::claims::{Claims, Part};
use crate::exams::code::keys::PublicKeys;
use crate::exams::code::{text, token};
use crate::exams::copy::{self, CertificateCopy, DAYS, MOST, PURPOSE, State, Wish};
use crate::exams::held::{self, Certificate};
use crate::files::storage::{Storage, thumb_key};
use crate::pages::paper_file::paper_file;
use crate::pages::signed_in::as_candidate;
use crate::paper::{Section, Sheet};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::{day, mask};
use crate::settings::Settings;
use crate::store::{Store, Timestamp, Tx, clock};
use crate::ui::{self, Control, FormField, Lang, Look, Page, TextMode, Tone};
use crate::web::{Failure, Frame, Submission, Visitor, host, see_other};

/// Lifetime that the form proposes, in days.
const PROPOSED: u64 = 30;

/// What was typed into the form, and what is wrong with it.
#[derive(Clone, Default)]
struct Typed {
    purpose: String,
    until: String,
    purpose_error: Option<String>,
    until_error: Option<String>,
}

impl Typed {
    fn proposed(today: NaiveDate) -> Typed {
        let until = today.checked_add_days(Days::new(PROPOSED)).unwrap_or(today);
        Typed { until: until.to_string(), ..Typed::default() }
    }

    fn of(sent: &Submission) -> Typed {
        let purpose = sent.one("purpose").split_whitespace().collect::<Vec<_>>().join(" ");
        Typed { purpose, until: sent.one("until").to_owned(), ..Typed::default() }
    }

    /// What is wished, or the errors in their places.
    fn check(mut self, today: NaiveDate) -> Result<Wish, Typed> {
        let length = self.purpose.chars().count();
        if !PURPOSE.contains(&length) || self.purpose.chars().any(char::is_control) {
            self.purpose_error = Some(format!("请填写用途，{} 到 {} 个字", PURPOSE.start(), PURPOSE.end()));
        }
        let last = today + chrono::TimeDelta::days(DAYS);
        let until = day::parse(&self.until).filter(|until| (today..=last).contains(until));
        if until.is_none() {
            self.until_error = Some(format!("请选择 {today} 到 {last} 之间的一天"));
        }
        match until.filter(|_| self.purpose_error.is_none()) {
            Some(until) => Ok(Wish { purpose: self.purpose, until }),
            None => Err(self),
        }
    }

    fn errors(&self) -> Vec<(String, String)> {
        let error = |name: &str, error: &Option<String>| Some((format!("f-{name}"), error.clone()?));
        [error("purpose", &self.purpose_error), error("until", &self.until_error)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// `GET /certificates/{id}/copies`
#[handler]
pub async fn show(
    visitor: Visitor,
    Path(id): Path<String>,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let now = store.clock.now();
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let held = held::own(tx, &candidate.holder, &id)?.ok_or(Failure::NotFound)?;
        let copies = copy::of(tx, &candidate.holder, &id)?;
        Ok((held, copies))
    };
    let (held, copies) = as_candidate(&visitor, load).await?;
    Ok(frame.page(page(&held, &copies, &Typed::proposed(clock::china_date(now)), now)))
}

fn page(held: &Certificate, copies: &[CertificateCopy], typed: &Typed, now: Timestamp) -> Page {
    let (live, over): (Vec<_>, Vec<_>) = copies.iter().partition(|copy| copy.state(now) == State::Live);
    let errors = typed.errors();
    let main = html! {
        @if !errors.is_empty() { (ui::summary("还有内容要改", &errors, "您填写的内容已保留。")) }
        (ui::heading("", &held.exam, "电子证书是带签名码的 PDF，可以打印。用人单位扫码就能核验，不用联网也不用登录。"))
        @for copy in &live { (live_copy(&held.id, copy)) }
        @if held.annulment().is_some() {
            (ui::banner(Tone::Danger, "证书已撤销", html! { p { "已撤销的证书不能生成电子证书。" } }))
        } @else if live.len() >= MOST {
            (ui::banner(Tone::Info, "最多三份", html! { p { "同时有效的电子证书最多三份。撤销一份，或等它到期，就能再生成。" } }))
        } @else {
            (form(&held.id, typed))
        }
        @if !over.is_empty() { (ended(&over, now)) }
    };
    Page::new("电子证书", main).about(&held.exam).own_heading().back(paths::certificate(&held.id))
}

fn live_copy(certificate: &str, copy: &CertificateCopy) -> Markup {
    let until = clock::china_date(copy.expires_at - chrono::TimeDelta::seconds(1));
    ui::panel(
        &copy.purpose,
        html! {
            p.muted.small { (ui::date(clock::china(copy.created_at))) " 生成，限用至 " (ui::date(until)) }
            (views(copy))
            form method="post" action=(paths::revoke_copy(certificate, &copy.id)) {
                div.actions {
                    (ui::download_button(&paths::copy(certificate, &copy.id), "下载 PDF", Look::Primary))
                    (ui::submit("confirm", "yes", "撤销", Look::Plain))
                }
            }
        },
    )
}

fn views(copy: &CertificateCopy) -> Markup {
    html! {
        p.muted.small {
            @if copy.views == 0 { "还没有人向本站核实。" } @else { "向本站核实 " (copy.views) " 次。" }
            "在设备上自行核验的不计次数。"
        }
    }
}

fn form(certificate: &str, typed: &Typed) -> Markup {
    let purpose =
        Control::Text { value: &typed.purpose, mode: TextMode::Text, max: *PURPOSE.end(), suffix: "" };
    ui::panel(
        "生成电子证书",
        html! {
            form method="post" action=(paths::copies(certificate)) novalidate {
                (ui::field(&FormField {
                    hint: "会印在证书上，例如：应聘示范建设集团",
                    error: typed.purpose_error.as_deref(),
                    ..FormField::new("purpose", "用途", purpose)
                }))
                (ui::field(&FormField {
                    hint: "最长 90 天，会印在证书上；也可以随时撤销",
                    error: typed.until_error.as_deref(),
                    ..FormField::new("until", "限用至", Control::Date { value: &typed.until })
                }))
                div.actions { (ui::submit("action", "make", "生成", Look::Primary)) }
            }
        },
    )
}

fn ended(over: &[&CertificateCopy], now: Timestamp) -> Markup {
    let word = |copy: &CertificateCopy| match copy.state(now) {
        State::Revoked => "已撤销",
        State::Replaced => "证书已更正或补发，已失效",
        State::Expired | State::Live => "已到期",
    };
    ui::panel(
        "已失效的电子证书",
        html! {
            ul.timeline {
                @for copy in over {
                    li {
                        strong { (copy.purpose) }
                        span.muted.small { (word(copy)) "，" (ui::date(clock::china(copy.created_at))) " 生成" }
                        (views(copy))
                    }
                }
            }
        },
    )
}

/// `POST /certificates/{id}/copies`
#[handler]
pub async fn make(
    req: &Request,
    candidate: Candidate,
    Path(id): Path<String>,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    sent: Submission,
) -> Result<Response, Failure> {
    let (now, base, key) = (store.clock.now(), settings.base_for(host(req)), id.clone());
    let checked = Typed::of(&sent).check(clock::china_date(now));
    let refused = store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            let held = held::own(tx, &candidate.holder, &key)?.ok_or(Failure::NotFound)?;
            let copies = copy::of(tx, &candidate.holder, &key)?;
            refuse(&held, &copies, tx.now)?;
            let wish = match checked.clone() {
                Ok(wish) => wish,
                Err(typed) => return Ok(Some(page(&held, &copies, &typed, tx.now))),
            };
            let document = document(&candidate, &held);
            let list = format!("{base}{}", paths::CERTIFICATE_STATUS);
            copy::make(tx, &held, &document, &wish, &base, &list)?;
            Ok(None)
        })
        .await?;
    Ok(match refused {
        Some(page) => frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, page),
        None => see_other(&paths::copies(&id)),
    })
}

fn refuse(held: &Certificate, copies: &[CertificateCopy], now: Timestamp) -> Result<(), Failure> {
    let live = copies.iter().filter(|copy| copy.state(now) == State::Live).count();
    let message = match held.annulment() {
        Some(_) => "证书已撤销，不能生成电子证书",
        None if live >= MOST => "同时有效的电子证书最多三份",
        None => return Ok(()),
    };
    Err(Failure::Conflict {
        message: message.into(), action: ("查看电子证书", paths::copies(&held.id))
    })
}

fn document(candidate: &Candidate, held: &Certificate) -> String {
    match held.document_mask.as_str() {
        "" => mask::number(&candidate.document_number),
        shown => shown.to_owned(),
    }
}

/// `POST /certificates/{id}/copies/{copy}/revoke`. Idempotent.
#[handler]
pub async fn revoke(
    candidate: Candidate,
    Path((id, copy)): Path<(String, String)>,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let key = id.clone();
    store
        .write::<_, Failure, _>(move |tx| {
            held::own(tx, &candidate.holder, &key)?.ok_or(Failure::NotFound)?;
            Ok(copy::revoke(tx, &candidate.holder, &key, &copy)?)
        })
        .await?;
    Ok(see_other(&paths::copies(&id)))
}

/// `GET /certificates/{id}/copies/{copy}`: the PDF.
#[handler]
pub async fn download(
    visitor: Visitor,
    Path((id, wanted)): Path<(String, String)>,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let now = store.clock.now();
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let copies = copy::of(tx, &candidate.holder, &id)?;
        let copy = copies.into_iter().find(|copy| copy.id == wanted).ok_or(Failure::NotFound)?;
        if copy.state(now) != State::Live {
            return Err(ended_already(&id));
        }
        let keys = PublicKeys::load(tx)?;
        let claims = text::read(&copy.code).and_then(|token| token::verify(&token, &keys));
        let claims = claims.map_err(|error| Failure::Internal(format!("a stored code: {error}")))?;
        Ok((copy, claims, portrait_key(tx, &candidate)))
    };
    let (copy, claims, portrait) = as_candidate(&visitor, load).await?;
    let portrait = match portrait {
        Some(key) => match files.get(&thumb_key(&key)).await {
            Err(error) if error.is_loss() => None,
            found => Some(found?),
        },
        None => None,
    };
    let sheet = sheet(&copy, &claims, portrait, settings);
    paper_file(&format!("电子证书 {}.pdf", claims.fact(Part::Exam)), sheet).await
}

fn ended_already(id: &str) -> Failure {
    let message = "这份电子证书已失效，不能再下载".into();
    Failure::Conflict { message, action: ("查看电子证书", paths::copies(id)) }
}

/// Where the holder's portrait is. A certificate without it is good too.
fn portrait_key(tx: &mut Tx, candidate: &Candidate) -> Option<String> {
    let portrait = candidate.profile.portrait_id.as_ref()?;
    Some(materials::own(tx, &candidate.id, portrait).ok()?.storage_key)
}

/// What the code says, and nothing else about the certificate.
fn sheet(copy: &CertificateCopy, claims: &Claims, portrait: Option<Vec<u8>>, settings: &Settings) -> Sheet {
    let printed = |part: &Part| !matches!(part, Part::Exam | Part::Purpose);
    let facts = claims.facts.iter().filter(|(part, _)| printed(part));
    let mut facts: Vec<(String, String)> =
        facts.map(|(part, fact)| (part.label().into(), fact.clone())).collect();
    let until = clock::china_date(claims.expires_at - chrono::TimeDelta::seconds(1));
    facts.push(("加注".into(), format!("仅用于{}，限用至 {until}", copy.purpose)));
    Sheet {
        above: claims.fact(Part::IssuingBody).to_owned(),
        title: "职业资格电子证书".into(),
        below: claims.fact(Part::Exam).to_owned(),
        sections: vec![Section { heading: String::new(), facts }],
        portrait,
        signed: vec![settings.authority.clone(), clock::china_date(claims.issued_at).to_string()],
        seal: settings.office.seal.clone(),
        qr: Some(text::link(&format!("{}{}", claims.issuer, paths::VERIFY), &copy.code)),
        notes: vec![
            "二维码有本证书内容的电子签名。用手机相机扫码，打开的页面在您的设备上核验，不用登录。".into(),
            format!("网址应当以 {} 开头。核验结果应与纸面逐项一致，纸面有改动的无效。", claims.issuer),
            format!("仅用于{}，限用至 {until}。挪作他用或过期无效。", copy.purpose),
        ],
        attached: Some(copy.code.clone()),
        ..Sheet::new(copy.created_at, Lang::Chinese.tag())
    }
}
