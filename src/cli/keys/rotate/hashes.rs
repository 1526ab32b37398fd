//! Replaces the hashes, step by step.

use crate::cli::Stop;
use crate::settings::{RawSettings, check_store};
use crate::store::{Bulk, Clock, Error, Ids, data_keys, hash_columns};

/// Most tries of a step while other transactions keep it waiting.
const TRIES: u32 = 600;

/// Steps between two lines about the progress.
const TOLD: u64 = 500;

pub(super) fn turn(raw: &RawSettings, generation: u8) -> Result<(), Stop> {
    let (url, vault) = check_store(raw).map_err(|problems| crate::cli::list(&problems))?;
    let mut bulk = Bulk::open(&url, vault, Clock::system(), Ids::random())?;
    if bulk.read(data_keys::turned_to)?.is_none() {
        return Ok(());
    }
    hash_columns::make_indexes(&mut bulk)?;
    let mut steps = 0_u64;
    while step(&mut bulk, generation)? {
        steps += 1;
        if steps.is_multiple_of(TOLD) {
            println!("{steps} steps of hashes are done …");
        }
    }
    hash_columns::drop_indexes(&mut bulk)?;
    println!("Every hash is of the new key.");
    Ok(())
}

/// Returns whether there is another step.
fn step(bulk: &mut Bulk, generation: u8) -> Result<bool, Error> {
    let Some(from) = bulk.read(data_keys::turned_to)? else { return Ok(false) };
    let end = bulk.read(|tx| hash_columns::next_end(tx, &from, generation - 1))?;
    for _ in 0..TRIES {
        let stepped = bulk.write(|tx| {
            let end = end.as_deref();
            data_keys::step(tx, i32::from(generation), end, |tx| hash_columns::replace(tx, &from, end))
        });
        match stepped {
            Err(error) if data_keys::is_busy(&error) => {}
            other => return other.map(|()| true),
        }
    }
    Err(Error::Unavailable("other transactions keep the turn of the data key waiting".to_owned()))
}
