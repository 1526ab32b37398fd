//! A ZIP file of receipts: PDFs, and one table that says which belongs to which application.
//!
//! The archive is read from disk, one entry at a time. Nothing is written under a name from the archive.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use encoding_rs::GB18030;
use tokio::task::spawn_blocking;
use zip::ZipArchive;

use super::kind::{self, BatchKind, FILE_LABEL};
use super::request::{BulkRequest, batch_for};
use super::results;
use super::table::{self, SentRow};
use super::unusable::Unusable;
use crate::casework::batch::MOST;
use crate::casework::batch::results::{self as stored, ResultRow};
use crate::casework::business::Application;
use crate::casework::materials;
use crate::files::{FileContent, Limits, SentFile};
use crate::imports::reference::ReferenceData;
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::web::Failure;

/// Most entries of an archive: a PDF for each row, the table, and what systems add.
const MOST_ENTRIES: usize = 2 * MOST + 10;

/// Most bytes of all entries, unpacked.
const MOST_UNPACKED: u64 = 200 << 20;

/// An entry above this size must not be smaller than a hundredth of it when packed. PDFs hardly shrink.
const CHECKED_ABOVE: u64 = 1 << 20;
const MOST_RATIO: u64 = 100;

/// Checks an archive, inspects its PDFs and stores the result. Returns its key.
pub(super) async fn check(
    request: &BulkRequest,
    batch: &str,
    kind: &'static BatchKind,
    reference: ReferenceData,
    file: SentFile,
) -> Result<String, Unusable> {
    let content = file.content.ok_or_else(|| Unusable::File("文件太大，请分成几个 ZIP 文件上传。".into()))?;
    let opened = spawn_blocking(move || open(kind, content, &reference)).await;
    let opened = opened.map_err(|_| Unusable::File(NO_ARCHIVE.into()))?;
    let (mut archive, sent) = opened.map_err(Unusable::File)?;
    let (id, sent) = (batch.to_owned(), Arc::new(sent));
    let rows = sent.clone();
    let mut checked = request
        .write(move |tx, staff| {
            let (batch, kind) = batch_for(tx, staff, &id)?;
            Ok(results::check(tx, staff, (&batch, kind), &rows)?)
        })
        .await?;
    let mut used = HashMap::new();
    for (row, sent) in checked.iter_mut().zip(sent.iter()) {
        if row.is_valid() {
            archive = attach(request, kind, archive, row, (sent, &mut used)).await?;
        }
    }
    let id = batch.to_owned();
    Ok(request.write(move |tx, staff| store(tx, staff, &id, &checked)).await?)
}

const NO_ARCHIVE: &str = "ZIP 文件打不开，请重新打包（不要设密码）再上传。";

/// The entries of an archive by file name.
struct Archive {
    zip: ZipArchive<FileContent>,
    entries: HashMap<String, usize>,
}

/// Checks the sizes of all entries, and reads the table.
fn open(
    kind: &BatchKind,
    content: FileContent,
    reference: &ReferenceData,
) -> Result<(Archive, Vec<SentRow>), String> {
    let mut zip = ZipArchive::new(content).map_err(|_| NO_ARCHIVE)?;
    if zip.len() > MOST_ENTRIES {
        return Err(format!("ZIP 里的文件太多，最多 {MOST} 个 PDF，请分成几个。"));
    }
    let (mut entries, mut total, mut tables) = (HashMap::new(), 0u64, Vec::new());
    for at in 0..zip.len() {
        let entry = zip.by_index_raw(at).map_err(|_| NO_ARCHIVE)?;
        let name = decoded(entry.name_raw());
        let base = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        if entry.is_dir() || base.is_empty() || base.starts_with('.') || name.starts_with("__MACOSX/") {
            continue;
        }
        total = total.saturating_add(entry.size());
        let is_bomb = entry.size() > CHECKED_ABOVE && entry.size() / MOST_RATIO > entry.compressed_size();
        if is_bomb || total > MOST_UNPACKED {
            return Err(format!("ZIP 解开后太大（{}），请分成几个或重新打包。", shortened(&base)));
        }
        if entry.encrypted() {
            return Err(NO_ARCHIVE.into());
        }
        let lower = base.to_lowercase();
        if lower.ends_with(".csv") || lower.ends_with(".xlsx") {
            tables.push(at);
        }
        if entries.insert(key(&base), at).is_some() {
            return Err(format!("ZIP 里有两个叫“{}”的文件，请改名。", shortened(&base)));
        }
    }
    let [table] = tables[..] else {
        return Err(format!("ZIP 里要有一份清单（CSV 或 XLSX），现在有 {} 份。", tables.len()));
    };
    let bytes = unpack(&mut zip, table)?;
    let table = SentFile::with(String::new(), String::new(), &bytes).ok().and_then(|file| file.content);
    let rows = table::read(kind, &mut table.ok_or(NO_ARCHIVE)?, reference)?;
    Ok((Archive { zip, entries }, rows))
}

/// Old Chinese systems write names in GBK, which GB18030 contains.
fn decoded(name: &[u8]) -> String {
    let utf8 = std::str::from_utf8(name).ok().map(str::to_owned);
    utf8.unwrap_or_else(|| GB18030.decode_without_bom_handling(name).0.into_owned())
}

fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn shortened(name: &str) -> String {
    name.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Unpacks one entry. It must have the size that the archive says.
fn unpack(zip: &mut ZipArchive<FileContent>, at: usize) -> Result<Vec<u8>, String> {
    let entry = zip.by_index(at).map_err(|_| NO_ARCHIVE)?;
    let size = entry.size();
    Limits::STANDARD.check_size(size)?;
    let mut bytes = Vec::new();
    entry.take(size + 1).read_to_end(&mut bytes).map_err(|_| NO_ARCHIVE)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(NO_ARCHIVE.into()) }
}

/// Inspects and stores the PDF of a row, as an upload on the page of the case is.
async fn attach(
    request: &BulkRequest,
    kind: &'static BatchKind,
    archive: Archive,
    row: &mut ResultRow,
    (sent, used): (&SentRow, &mut HashMap<usize, u64>),
) -> Result<Archive, Unusable> {
    let name = sent.cell(kind::FILE).to_owned();
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let Some(&at) = archive.entries.get(&key(base)).filter(|_| !base.is_empty()) else {
        row.problem = if name.is_empty() {
            format!("没有填写{FILE_LABEL}")
        } else {
            format!("ZIP 里没有“{}”", shortened(&name))
        };
        return Ok(archive);
    };
    if let Some(earlier) = used.insert(at, row.line) {
        row.problem = format!("与第 {earlier} 行是同一个 PDF");
        return Ok(archive);
    }
    let unpacked = spawn_blocking(move || {
        let mut archive = archive;
        let bytes = unpack(&mut archive.zip, at);
        (archive, bytes)
    });
    let (archive, bytes) = unpacked.await.map_err(|_| Unusable::File(NO_ARCHIVE.into()))?;
    let material = kind.task().file;
    let field = material.map(|material| format!("file.{}", material.slot)).unwrap_or_default();
    let file =
        bytes.and_then(|bytes| SentFile::with(field, base.to_owned(), &bytes).map_err(|_| NO_ARCHIVE.into()));
    match file {
        Ok(file) => {
            let (received, problems) =
                materials::receive(&request.store, &request.files, material.as_slice(), vec![file]).await?;
            row.files = received;
            row.problem = problems.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("；");
        }
        Err(problem) => row.problem = problem,
    }
    Ok(archive)
}

fn store(tx: &mut Tx, staff: &StaffMember, batch: &str, checked: &[ResultRow]) -> Result<String, Failure> {
    let (batch, _) = batch_for(tx, staff, batch)?;
    for row in checked.iter().filter(|row| !row.files.is_empty()) {
        let application = Application::by_id(tx, &row.application)?;
        materials::set_aside(tx, &application.candidate_id, &row.files)?;
    }
    Ok(stored::store(tx, staff, &batch.id, checked)?)
}
