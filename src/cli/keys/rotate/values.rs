//! Seals every value with the newest key.

use super::Pass;
use crate::store::sealed_columns::{SEALED_COLUMNS, SealedColumn, SealedValue};
use crate::store::{Error, Store, Tx};

/// Rows of one transaction.
const PAGE: u32 = 500;

/// Seals the values that another key has sealed.
pub(super) async fn reseal(store: &Store) -> Result<Pass, Error> {
    let mut pass = Pass::default();
    for column in SEALED_COLUMNS {
        reseal_column(store, column, &mut pass).await?;
    }
    Ok(pass)
}

async fn reseal_column(store: &Store, column: &'static SealedColumn, pass: &mut Pass) -> Result<(), Error> {
    let mut after = SealedValue::default();
    loop {
        let page = store.read::<_, Error, _>(move |tx| column.page(tx, &after, PAGE)).await?;
        let Some(last) = page.last().cloned() else { return Ok(()) };
        let present = store.vault.sealed_prefix();
        let former: Vec<_> = page.into_iter().filter(|value| !value.sealed.starts_with(&present)).collect();
        if !former.is_empty() {
            let all = former.len() as u64;
            let done = store.write(move |tx| reseal_page(tx, column, &former)).await?;
            pass.done += done;
            pass.damaged += all - done;
        }
        after = last;
    }
}

/// Returns how many values could be opened.
fn reseal_page(tx: &mut Tx, column: &SealedColumn, former: &[SealedValue]) -> Result<u64, Error> {
    let mut done = 0;
    for value in former {
        let Ok(plain) = tx.vault.open(column.sealed_as, &value.sealed) else { continue };
        column.replace(tx, value, &tx.vault.seal(column.sealed_as, &plain))?;
        done += 1;
    }
    Ok(done)
}
