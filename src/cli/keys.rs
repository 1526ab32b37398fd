//! `kaozheng keys`: the keys that sign the codes of electronic certificates.

use clap::{Args, Subcommand};

use super::{Stop, database};
use crate::exams::code::keys;
use crate::people::staff;
use crate::settings::RawSettings;
use crate::store::clock;

/// Make, list or retire the keys that sign the codes of certificates
///
/// The first key is made when it is needed. To change it, make another, which signs from then on, and retire the
/// old one. Codes of a retired key stay valid. The private keys are in the database, sealed with the data key.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Keys {
    /// Make a key; it signs from now on
    Make(RawSettings),
    /// List the keys, the newest first
    List(RawSettings),
    /// Retire a key; what it has signed stays valid
    Retire(Retire),
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
    let keys = database::open_current(raw).await?.read(keys::list).await?;
    for key in &keys {
        let state = key.retired_at.map_or("in use".into(), |at| format!("retired {}", clock::china(at)));
        println!("{}\tmade {}\t{state}", key.id, clock::china(key.created_at));
    }
    if keys.is_empty() {
        println!("There is no key yet; the first is made when it is needed.");
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
