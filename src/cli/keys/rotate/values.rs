//! Seals every value with the newest key.

use crate::store::sealed_columns::{SEALED_COLUMNS, SealedColumn, SealedValue};
use crate::store::{Error, Store, Tx};

/// Rows of one transaction.
const PAGE: u32 = 500;

/// Returns how many values were sealed with another key.
pub(super) async fn reseal(store: &Store) -> Result<u64, Error> {
    let mut resealed = 0;
    for column in SEALED_COLUMNS {
        resealed += reseal_column(store, column).await?;
    }
    Ok(resealed)
}

async fn reseal_column(store: &Store, column: &'static SealedColumn) -> Result<u64, Error> {
    let (mut resealed, mut after) = (0, SealedValue::default());
    loop {
        let page = store.read::<_, Error, _>(move |tx| column.page(tx, &after, PAGE)).await?;
        let Some(last) = page.last().cloned() else { return Ok(resealed) };
        let present = format!("v{}:", store.vault.generation());
        let former: Vec<_> = page.into_iter().filter(|value| !value.sealed.starts_with(&present)).collect();
        if !former.is_empty() {
            resealed += former.len() as u64;
            store.write(move |tx| reseal_page(tx, column, &former)).await?;
        }
        after = last;
    }
}

fn reseal_page(tx: &mut Tx, column: &SealedColumn, former: &[SealedValue]) -> Result<(), Error> {
    for value in former {
        let plain = tx.vault.open(column.sealed_as, &value.sealed)?;
        column.replace(tx, value, &tx.vault.seal(column.sealed_as, &plain))?;
    }
    Ok(())
}
