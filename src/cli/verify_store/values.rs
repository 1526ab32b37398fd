//! Whether every sealed value opens.

use super::{Faults, PAGE};
use crate::store::sealed_columns::{SEALED_COLUMNS, SealedColumn, SealedValue};
use crate::store::{Error, Store};

/// Returns the number of values.
pub(super) async fn check(store: &Store, faults: &mut Faults) -> Result<u64, Error> {
    let mut checked = 0;
    for column in SEALED_COLUMNS {
        checked += check_column(store, column, faults).await?;
    }
    Ok(checked)
}

async fn check_column(
    store: &Store,
    column: &'static SealedColumn,
    faults: &mut Faults,
) -> Result<u64, Error> {
    let (mut checked, mut after) = (0, SealedValue::default());
    loop {
        let page = store.read::<_, Error, _>(move |tx| column.page(tx, &after, PAGE)).await?;
        for value in &page {
            if store.vault.open(column.sealed_as, &value.sealed).is_err() {
                faults.add("sealed values that do not open", format!("{}.{}", column.table, column.column));
            }
        }
        checked += page.len() as u64;
        match page.into_iter().last() {
            Some(last) => after = last,
            None => return Ok(checked),
        }
    }
}
