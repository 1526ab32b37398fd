//! 数据导入: files of the authority's systems, checked first and then loaded in the background.

mod view;

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::request::{AdminRequest, Trouble};
use crate::files::storage::Storage;
use crate::files::{SentFile, clean_name};
use crate::imports::jobs::{self, Job, JobRefusal, NewJob};
use crate::imports::{ImportKind, KINDS, background};
use crate::pages::upload::Upload;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::{Store, Tx};
use crate::ui::Page;
use crate::web::{Failure, Submission, attachment, see_other};

/// Most imports of the list.
const MOST: i64 = 20;

/// Seconds between two looks at a running import.
const LOOK_AGAIN: u32 = 2;

/// What the form of an upload sends, besides the file.
#[derive(Clone, Default)]
struct Typed {
    kind: String,
    batch: bool,
}

impl Typed {
    fn of(sent: &Submission) -> Typed {
        Typed { kind: sent.one("kind").to_owned(), batch: sent.one("batch") == "yes" }
    }
}

fn refusal(refusal: JobRefusal) -> Failure {
    let told = |message: &str| Failure::Conflict {
        message: message.to_owned(),
        action: ("查看数据导入", paths::IMPORTS.to_owned()),
    };
    match refusal {
        JobRefusal::NotFound => Failure::NotFound,
        JobRefusal::Busy => told("另一个导入正在进行，一次只能进行一个，请等它结束"),
        JobRefusal::NotNow => told("这个导入的状态已经变了，这次操作没有生效"),
        JobRefusal::Store(error) => error.into(),
    }
}

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    request.show(|tx, _| list_page(tx, &Typed::default(), &Trouble::default())).await
}

fn list_page(tx: &mut Tx, typed: &Typed, trouble: &Trouble) -> Result<Page, Failure> {
    Ok(view::list(&jobs::list(tx, MOST)?, typed, trouble))
}

/// `POST`: keeps the file and begins to check it.
#[handler]
pub async fn upload(
    request: AdminRequest,
    Data(files): Data<&Storage>,
    Upload(sent, sent_files): Upload,
) -> Result<Response, Failure> {
    let staff = request.administrator().await?;
    let typed = Typed::of(&sent);
    let (kind, file) = match chosen(&typed, sent_files.into_iter().next()) {
        Ok(chosen) => chosen,
        Err(problem) => {
            let trouble = Trouble::of_problems(vec![problem]);
            let page = move |tx: &mut Tx, _: &StaffMember| list_page(tx, &typed, &trouble);
            return request.show_with(StatusCode::UNPROCESSABLE_ENTITY, page).await;
        }
    };
    let job = keep(&request.store, files, kind, file, typed.batch).await?;
    let (adding, began) = (job.clone(), job.clone());
    let begin = move |tx: &mut Tx| jobs::begin(tx, &staff, &adding);
    if let Err(refused) = request.store.write(begin).await {
        files.delete(&job.storage_key).await?;
        let Failure::Conflict { message, .. } = refusal(refused) else {
            return Err(Failure::Internal("an import could not begin".to_owned()));
        };
        let trouble = Trouble::stopped(message);
        let page = move |tx: &mut Tx, _: &StaffMember| list_page(tx, &typed, &trouble);
        return request.show_with(StatusCode::CONFLICT, page).await;
    }
    background::check(request.store.clone(), files.clone(), began);
    Ok(see_other(&paths::import(&job.id)))
}

/// The kind and the file, or what is wrong with them.
fn chosen(
    typed: &Typed,
    file: Option<SentFile>,
) -> Result<(&'static ImportKind, SentFile), (String, String)> {
    let kind = KINDS.into_iter().find(|kind| kind.name == typed.kind);
    let kind = kind.ok_or_else(|| ("kind".to_owned(), "请选择内容".to_owned()))?;
    let problem = |text: &str| ("file".to_owned(), text.to_owned());
    let file = file.ok_or_else(|| problem("请选择文件"))?;
    match file.content {
        None => Err(problem("文件超过 50 MB，请用命令行导入")),
        Some(_) if file.size == 0 => Err(problem("文件是空的")),
        Some(_) => Ok((kind, file)),
    }
}

async fn keep(
    store: &Store,
    files: &Storage,
    kind: &'static ImportKind,
    file: SentFile,
    batch: bool,
) -> Result<NewJob, Failure> {
    let id = store.ids.next(store.clock.now());
    let file_name = clean_name(&file.name);
    let content = file.content.ok_or(Failure::TooLarge)?;
    let read = tokio::task::spawn_blocking(move || content.read_all(crate::store::vault::SEALING_BYTES));
    let bytes = read.await.map_err(|error| Failure::Internal(error.to_string()))?;
    let bytes = bytes.map_err(|error| Failure::NotSaved(error.to_string()))?;
    let storage_key = background::keep(files, &id, bytes).await?;
    Ok(NewJob { id, kind, file_name, batch, storage_key })
}

#[handler]
pub async fn show(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    let page = move |tx: &mut Tx, _: &StaffMember| {
        let job = load(tx, &id)?;
        let page = view::job(&job, &Trouble::default());
        Ok(if job.is_running() { page.refresh(LOOK_AGAIN, paths::import(&job.id)) } else { page })
    };
    request.show(page).await
}

fn load(tx: &mut Tx, id: &str) -> Result<Job, Failure> {
    jobs::load(tx, id)?.ok_or(Failure::NotFound)
}

/// `POST …/load`: loads what was checked.
#[handler]
pub async fn start(
    request: AdminRequest,
    Path(id): Path<String>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let staff = request.administrator().await?;
    let begun = id.clone();
    let begin = move |tx: &mut Tx| jobs::begin_load(tx, &staff, &begun);
    match request.store.write(begin).await {
        Ok(job) => background::load(request.store.clone(), files.clone(), job),
        Err(refused) => return again(&request, id, refused).await,
    }
    Ok(see_other(&paths::import(id)))
}

/// `POST …/cancel`: gives up a checked file, which is deleted.
#[handler]
pub async fn cancel(
    request: AdminRequest,
    Path(id): Path<String>,
    Data(files): Data<&Storage>,
) -> Result<Response, Failure> {
    let staff = request.administrator().await?;
    let cancelled = id.clone();
    let cancel = move |tx: &mut Tx| {
        let key = jobs::load(tx, &cancelled)?.map(|job| job.storage_key);
        jobs::cancel(tx, &staff, &cancelled)?;
        Ok::<_, JobRefusal>(key.unwrap_or_default())
    };
    match request.store.write(cancel).await {
        Ok(key) if !key.is_empty() => background::delete(&request.store, files, &id, &key).await,
        Ok(_) => {}
        Err(refused) => return again(&request, id, refused).await,
    }
    Ok(see_other(&paths::import(id)))
}

/// Shows the import as it is now, and why the step had no effect.
async fn again(request: &AdminRequest, id: String, refused: JobRefusal) -> Result<Response, Failure> {
    let message = match refusal(refused) {
        Failure::Conflict { message, .. } => message,
        other => return Err(other),
    };
    let trouble = Trouble::stopped(message);
    let page = move |tx: &mut Tx, _: &StaffMember| Ok(view::job(&load(tx, &id)?, &trouble));
    request.show_with(StatusCode::CONFLICT, page).await
}

/// `GET …/refused`: the refused rows, for a day.
#[handler]
pub async fn download(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    let staff = request.administrator().await?;
    request.recent_sign_in(&paths::import(&id)).await?;
    let wanted = id.clone();
    let report = request.store.write(move |tx: &mut Tx| jobs::report(tx, &staff, &wanted)).await?;
    let report = report.ok_or(Failure::Gone("被拒绝的行只保留一天，已经删除。请重新上传文件检查。"))?;
    Ok(attachment("text/csv; charset=utf-8", &format!("被拒绝的行 {id}.csv"), report.into_bytes()))
}
