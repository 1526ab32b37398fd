//! `kaozheng keys`: the keys that sign the codes of electronic certificates, and the data key.

mod rotate;

use clap::{Args, Subcommand};

use super::{Stop, database};
use crate::exams::code::keys;
use crate::people::staff;
use crate::settings::RawSettings;
use crate::store::{clock, data_keys};

/// Make, list or retire the keys that sign the codes of certificates, or replace the data key
///
/// The first key of codes is made when it is needed. To change it, make another, which signs from then on, and retire the
/// old one. Codes of a retired key stay valid. The private keys are in the database, sealed with the data key.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Keys {
    /// Make a key; it signs from now on
    Make(RawSettings),
    /// List the data keys, and the keys of codes, the newest first
    List(RawSettings),
    /// Retire a key; what it has signed stays valid
    Retire(Retire),
    Rotate(rotate::Rotate),
}

#[derive(Args)]
pub(super) struct Retire {
    /// Its id, as `kaozheng keys list` prints it
    id: String,
    #[command(flatten)]
    raw: RawSettings,
}

impl Keys {
    pub(super) async fn run(self) -> Result<(), Stop> {
        match self {
            Keys::Make(raw) => make(&raw).await,
            Keys::List(raw) => list(&raw).await,
            Keys::Retire(retire) => retire.run().await,
            Keys::Rotate(rotate) => rotate.run().await,
        }
    }
}

async fn make(raw: &RawSettings) -> Result<(), Stop> {
    let store = database::open_current(raw).await?;
    let made = store.write(|tx| {
        let id = keys::make(tx)?;
        staff::audit_command(tx, "key_make", &id)?;
        Ok::<_, crate::store::Error>(id)
    });
    println!("Done: {} signs the codes of certificates from now on.", made.await?);
    Ok(())
}

async fn list(raw: &RawSettings) -> Result<(), Stop> {
    let store = database::open_current(raw).await?;
    let data_keys = store.read(data_keys::list).await?;
    for (at, key) in data_keys.iter().enumerate() {
        let is_replaced = data_keys.get(at + 1).is_some_and(|next| next.finished_at.is_some());
        let state = match (is_replaced, key.finished_at.is_some()) {
            (true, _) => "replaced",
            (false, true) => "in use",
            (false, false) => "replaces the one before; run `kaozheng keys rotate`",
        };
        println!("data key {}\t{}\t{state}", key.generation, key.suite()?.label());
    }
    let keys = store.read(keys::list).await?;
    for key in &keys {
        let state = key.retired_at.map_or("in use".into(), |at| format!("retired {}", clock::china(at)));
        println!("{}\tmade {}\t{state}", key.id, clock::china(key.created_at));
    }
    if keys.is_empty() {
        println!("There is no key of codes yet; the first is made when it is needed.");
    }
    Ok(())
}

impl Retire {
    async fn run(self) -> Result<(), Stop> {
        let store = database::open_current(&self.raw).await?;
        let id = self.id;
        let retired = store.write(move |tx| {
            let retired = keys::retire(tx, &id)?;
            if retired {
                staff::audit_command(tx, "key_retire", &id)?;
            }
            Ok::<_, crate::store::Error>(retired)
        });
        if !retired.await? {
            return Err("no key in use has this id; see `kaozheng keys list`".into());
        }
        println!("Done: it signs no more. What it has signed stays valid.");
        Ok(())
    }
}
