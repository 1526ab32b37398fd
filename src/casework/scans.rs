//! What the virus scanner says about uploads, and what is done about a finding.

use diesel::prelude::*;

use crate::either;
use crate::files::scanner::Scan;
use crate::files::storage::Storage;
use crate::people::audit::audit_command;
use crate::store::schema::{applications as a, attachments as f, files_to_delete};
use crate::store::{Error, Store, Tx};

/// The action in the audit.
const FOUND: &str = "malware";

/// Scans an upload that is not stored yet. Returns whether the scanner has found nothing; `false` without a scanner.
///
/// # Errors
/// What the sender can do, in Chinese. The file must not be stored.
pub(super) async fn check(
    store: &Store,
    storage: &Storage,
    name: &str,
    bytes: &[u8],
) -> Result<bool, String> {
    let Some(scanner) = storage.scanner() else { return Ok(false) };
    match scanner.scan(bytes).await {
        Ok(Scan::Clean) => Ok(true),
        Ok(Scan::Found(finding)) => {
            tracing::warn!(finding, "the scanner found something in an upload, which was not stored");
            let target = finding.clone();
            let noted = store.write(move |tx: &mut Tx| audit_command(tx, FOUND, &target)).await;
            // The file is refused in any case.
            let _ = noted.inspect_err(|error: &Error| tracing::error!(%error, "a finding was not noted"));
            Err(format!(
                "文件“{name}”里发现恶意代码（{finding}），没有保存。请换一份没有问题的文件，并用杀毒软件检查这台设备"
            ))
        }
        Err(_) => {
            Err(format!("现在无法检查文件“{name}”是否安全，没有保存。其他内容都在，请过几分钟再上传这份文件"))
        }
    }
}

/// Notes that the scanner has found nothing in a stored file.
pub(super) fn passed(tx: &mut Tx, id: &str) -> Result<(), Error> {
    diesel::update(f::table.find(id)).set(f::scanned_at.eq(Some(tx.now))).execute(tx.conn)?;
    Ok(())
}

/// Gives a stored file up. Its row stays, and says why. The caller deletes the content, or else the next sweep does.
pub(super) fn give_up(tx: &mut Tx, id: &str, storage_key: &str, finding: &str) -> Result<(), Error> {
    let gone = (f::finding.eq(Some(finding)), f::removed_at.eq(Some(tx.now)));
    let known = f::table.find(id).filter(f::finding.is_null());
    if diesel::update(known).set(gone).execute(tx.conn)? == 0 {
        return Ok(());
    }
    let row = (files_to_delete::storage_key.eq(storage_key), files_to_delete::dropped_at.eq(tx.now));
    either!(tx.conn, conn => diesel::insert_into(files_to_delete::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    let number = f::table.inner_join(a::table).filter(f::id.eq(id)).select(a::number);
    let number: Option<Option<String>> = number.first(tx.conn).optional()?;
    let target = format!("{}/{id} {finding}", number.flatten().unwrap_or_default());
    audit_command(tx, FOUND, &target)
}
