//! 我的数据: what is held about a candidate, the download of it, and what they have agreed to.

use futures_util::stream;
use maud::{Markup, html};
use poem::http::header;
use poem::web::{Data, Path};
use poem::{Body, Response, handler};

use super::privacy::version_name;
use crate::business::correction;
use crate::casework::own_data;
use crate::casework::own_data::facts::Held;
use crate::casework::own_data::requests::{self, Progress, Request};
use crate::files::human_size;
use crate::files::storage::Storage;
use crate::pages::links;
use crate::pages::signed_in::{as_candidate, recent_sign_in};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::consent::{self, Purpose, Step};
use crate::people::mask;
use crate::store::{Store, Tx, clock};
use crate::ui::{self, Fact, Look, Page, Tab, Tone};
use crate::web::{Failure, Frame, Submission, Visitor, see_other};

/// Seconds after which the page looks whether the file is ready.
const LOOK_AGAIN: u32 = 3;

/// `GET /me/data`
#[handler]
pub async fn show(visitor: Visitor, frame: Frame) -> Result<Response, Failure> {
    let load = |tx: &mut Tx, candidate: Candidate| {
        let steps = consent::steps(tx, &candidate.id)?;
        let request = requests::newest(tx, &candidate.id)?;
        Ok((Held::count(tx, &candidate)?, candidate, steps, request))
    };
    let (held, candidate, steps, request) = as_candidate(&visitor, load).await?;
    let is_making = request.as_ref().is_some_and(|request| request.progress == Progress::Making);
    let main = html! {
        (ui::panel("我们保存的信息", summary(&candidate, &held)))
        div #export hx-get=[is_making.then_some(paths::MY_DATA)] hx-trigger=[is_making.then_some("every 3s")]
            hx-select="#export" hx-target="this" hx-swap="outerHTML" {
            (ui::panel("下载全部信息", export(request.as_ref())))
        }
        (ui::panel("更正和删除", html! {
            p { "信息不准确的，可以申请修改；不再需要我们保存的，可以申请删除。" }
            p { a.text-button href=(links::list(&correction::BUSINESS)) { "信息修改" } }
            p { a.text-button href=(paths::DELETION) { "申请删除" } }
        }))
        (consents(&candidate, &steps))
    };
    let page = Page::new("我的数据", main).tab(Tab::Me).back(paths::ME);
    Ok(frame.page(if is_making { page.refresh(LOOK_AGAIN, paths::MY_DATA) } else { page }))
}

fn summary(candidate: &Candidate, held: &Held) -> Markup {
    let count = |count: i64, unit: &str| format!("{count} {unit}");
    html! {
        (ui::facts(&[
            Fact::of("姓名", candidate.masked_name()),
            Fact::of("证件", candidate.masked_document()),
            Fact::of("手机号", mask::phone(&candidate.phone)),
            Fact::of("申请和草稿", count(held.applications, "件")),
            Fact::of("上传的材料", count(held.files, "份")),
            Fact::of("报名", count(held.registrations, "条")),
            Fact::of("证书", count(held.certificates, "本")),
            Fact::of("违纪和失信记录", count(held.records, "条")),
            Fact::of("登录过的设备", count(held.devices, "台")),
            Fact::of("消息", count(held.messages, "条")),
            Fact::of("工作人员的查看记录", count(held.views, "条")),
        ]))
        p { a.text-button href=(paths::PROGRESS) { "我的申请" } }
        p { a.text-button href=(paths::MY_VIEWS) { "谁查看过我的信息" } }
    }
}

fn export(request: Option<&Request>) -> Markup {
    let again = html! {
        form.actions method="post" action=(paths::DATA_EXPORT) { (ui::submit("confirm", "yes", "生成下载文件", Look::Plain)) }
    };
    html! {
        p.muted {
            "一个 ZIP 文件，包括个人信息、申请和材料、考试记录、同意记录，以及谁查看过它们。"
            "文件没有加密，请不要在公用电脑上下载。"
        }
        @match request {
            None => (again),
            Some(Request { progress: Progress::Making, .. }) => {
                p role="status" { "正在生成，材料多时要几分钟。可以离开本页，稍后回来下载。" }
            },
            Some(Request { progress: Progress::Failed, .. }) => {
                (ui::banner(Tone::Warn, "上一次没有生成", html! { p { "请重新生成。" } }))
                (again)
            },
            Some(request) => {
                p {
                    "已生成，" (human_size(request.size.unsigned_abs())) "，可以下载到 "
                    (ui::words(&clock::china(request.ends_at))) "，到时删除，之后可以重新生成。"
                }
                p.actions { (ui::download_button(&paths::data_file(&request.id), "下载", Look::Primary)) }
            },
        }
    }
}

/// `POST /me/data/export`
#[handler]
pub async fn make(
    candidate: Candidate,
    Data(store): Data<&Store>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let of = candidate.clone();
    let begun = store.write::<_, Failure, _>(move |tx| Ok(requests::begin(tx, &of)?)).await?;
    if let Some(id) = begun {
        own_data::make(store.clone(), files.clone(), id, candidate);
    }
    Ok(see_other(paths::MY_DATA))
}

/// `GET /me/data/export/{id}`: the file, for its owner, for a day, and after a recent sign-in.
#[handler]
pub async fn download(
    visitor: Visitor,
    Path(id): Path<String>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let find = move |tx: &mut Tx, candidate: Candidate| {
        requests::ready(tx, &candidate.id, &id)?.ok_or(Failure::NotFound)
    };
    let request = as_candidate(&visitor, find).await?;
    recent_sign_in(&visitor, paths::MY_DATA).await?;
    let (files, id) = (files.clone(), request.id);
    let pieces = stream::unfold(0, move |piece| {
        let (files, key) = (files.clone(), own_data::key(&id, piece));
        async move {
            if piece == request.pieces {
                return None;
            }
            let bytes = files.get(&key).await.map_err(std::io::Error::other);
            Some((bytes, piece + 1))
        }
    });
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "application/zip")
        .header(header::CONTENT_LENGTH, request.size)
        .header(header::CACHE_CONTROL, "private, no-store")
        .header(header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.zip\"")
        .body(Body::from_bytes_stream(pieces)))
}

/// `POST /me/data/withdraw`: withdraws a consent. The next page asks again for the one that every page needs.
#[handler]
pub async fn withdraw(
    candidate: Candidate,
    Data(store): Data<&Store>,
    sent: Submission,
) -> Result<Response, Failure> {
    let purpose = Purpose::from_code(sent.one("purpose")).ok_or(Failure::BadRequest("没有看懂要做什么"))?;
    let work = move |tx: &mut Tx| -> Result<(), Failure> {
        candidate.lock(tx)?;
        let now = Candidate::load(tx, &candidate.id)?.ok_or(Failure::SignIn)?;
        Ok(consent::withdraw(tx, (&now.id, &now.consents), purpose)?)
    };
    store.write(work).await?;
    Ok(see_other(paths::MY_DATA))
}

fn consents(candidate: &Candidate, steps: &[Step]) -> Markup {
    html! {
        h2 { "我同意的事项" }
        p.muted { "撤回不影响此前的处理。撤回“处理个人信息”后，须重新同意才能继续使用。" }
        @for purpose in Purpose::ALL { (ui::panel(purpose.label(), state(candidate, purpose, steps))) }
    }
}

fn state(candidate: &Candidate, purpose: Purpose, steps: &[Step]) -> Markup {
    let last = steps.iter().rev().find(|step| step.purpose == purpose);
    let is_given = candidate.consents.has(purpose);
    html! {
        p {
            @if is_given { (ui::tag("approved", "已同意")) } @else { (ui::tag("withdrawn", "没有同意")) }
            @if let Some(step) = last {
                " " span.small { (ui::words(&clock::china(step.at))) @if !step.given { " 撤回" } }
            }
        }
        p.muted.small { (ui::words(purpose.about())) }
        @if let Some(step) = last {
            p.small { a.text-button href=(paths::privacy_version(step.version)) { "规则" (version_name(step.version)) } }
        }
        @if is_given {
            form.actions method="post" action=(paths::WITHDRAW_CONSENT) {
                button.button type="submit" name="purpose" value=(purpose.code()) data-look="plain" {
                    "撤回" span.hidden { "“" (purpose.label()) "”" }
                }
            }
        } @else if purpose != Purpose::General {
            p.actions {
                (ui::link_button(&paths::consent(purpose.code(), paths::MY_DATA), "去同意", Look::Plain))
            }
        }
    }
}
