//! Uploads that arrive: checked, scanned and stored, before they have rows.

use serde::{Deserialize, Serialize};

use super::business::{Material, MaterialKind};
use super::question::{Problems, problem};
use super::refusal::Refusal;
use super::scans;
use crate::files::storage::{self, Storage};
use crate::files::{self, SentFile, UploadRules};
use crate::permits::Permit;
use crate::store::Store;
use crate::telemetry::{METRICS, Metrics};

/// A stored file that has no row yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Received {
    pub(super) id: String,
    pub(super) slot: String,
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) size: usize,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) storage_key: String,
    #[serde(default)]
    pub(super) scanned: bool,
}

/// Checks and stores files for some materials. They are on disk when this returns. Files of other slots are
/// ignored. A refused file becomes a problem of its slot, and the others are stored.
pub async fn receive(
    store: &Store,
    storage: &Storage,
    wanted: &[Material],
    sent: Vec<SentFile>,
) -> Result<(Vec<Received>, Problems), Refusal> {
    let (mut received, mut problems) = (Vec::new(), Problems::new());
    for file in sent {
        let slot = file.field.strip_prefix("file.").unwrap_or_default();
        let Some(material) = wanted.iter().find(|material| material.slot == slot) else {
            continue;
        };
        let (name, slot) = (files::clean_name(&file.name), material.slot);
        match take(store, storage, material, &name, file).await? {
            Ok(file) => received.push(file),
            Err(what_to_do) if material.most == 1 => problems.push(problem(slot, what_to_do)),
            Err(what_to_do) => add_problem(&mut problems, slot, &format!("“{name}”：{what_to_do}")),
        }
    }
    Ok((received, problems))
}

/// Stores one file. The inner error says in Chinese why it is refused.
async fn take(
    store: &Store,
    storage: &Storage,
    material: &Material,
    name: &str,
    file: SentFile,
) -> Result<Result<Received, String>, Refusal> {
    let checked = async {
        let (prepared, permit) = prepare(file, material.kind.rules(), storage).await?;
        let scanned = scans::check(store, storage, name, &prepared.bytes).await?;
        Ok((prepared, scanned, permit))
    };
    let (prepared, scanned, _permit) = match checked.await {
        Ok(checked) => checked,
        Err(what_to_do) => {
            count("refused");
            return Ok(Err(what_to_do));
        }
    };
    let stored = store_file(store, storage, material.slot, name.to_owned(), prepared).await;
    count(if stored.is_ok() { "stored" } else { "failed" });
    Ok(Ok(Received { scanned, ..stored? }))
}

fn count(outcome: &'static str) {
    Metrics::count(&METRICS.uploads, "outcome", outcome);
}

/// A slot has one message, so the problems of its files are joined.
fn add_problem(problems: &mut Problems, slot: &str, text: &str) {
    match problems.iter_mut().find(|(wrong, _)| wrong == slot) {
        Some((_, told)) => *told = format!("{told}；{text}"),
        None => problems.push(problem(slot, text)),
    }
}

impl MaterialKind {
    pub fn rules(self) -> UploadRules {
        match self {
            MaterialKind::Document => UploadRules::DOCUMENT,
            MaterialKind::Portrait => UploadRules::PORTRAIT,
            MaterialKind::Evidence => UploadRules::EVIDENCE,
            MaterialKind::Pdf => UploadRules::PDF,
        }
    }
}

async fn prepare(
    file: SentFile,
    rules: UploadRules,
    storage: &Storage,
) -> Result<(files::Prepared, Permit), String> {
    rules.limits.check_size(file.size)?;
    let content = file.content.ok_or_else(|| "上传没有完成，请再试一次".to_owned())?;
    Ok(files::receive(content, rules, storage.memory()).await?)
}

/// Stores a file that needs no check any more.
pub async fn store_file(
    store: &Store,
    storage: &Storage,
    slot: &'static str,
    name: String,
    prepared: files::Prepared,
) -> Result<Received, Refusal> {
    let now = store.clock.now();
    let id = store.ids.next(now);
    let storage_key = storage::key(&id, now);
    let size = prepared.bytes.len();
    METRICS.upload_bytes.inc_by(size as u64);
    storage.put(&storage_key, prepared.bytes).await?;
    if let Some(thumb) = prepared.thumb {
        storage.put(&storage::thumb_key(&storage_key), thumb).await?;
    }
    Ok(Received {
        id,
        slot: slot.to_owned(),
        name,
        mime: prepared.mime.to_owned(),
        size,
        width: prepared.width,
        height: prepared.height,
        storage_key,
        scanned: false,
    })
}
