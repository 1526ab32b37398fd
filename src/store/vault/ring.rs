//! The data keys of an installation, by generation.
//!
//! The first data key has generation 1, and each that replaces another the next number. The settings name the keys; the
//! database says which generation each has. Of a replaced key only the part that hashes is kept.

use std::sync::Arc;

use parking_lot::RwLock;

use super::data_key::{BlindKey, DataKey, KeyError};

pub(super) struct Ring {
    /// The keys of the settings, in their order.
    pub(super) given: Vec<Arc<DataKey>>,
    /// From generation 1 on.
    generations: RwLock<Vec<Generation>>,
}

#[derive(Clone)]
pub(super) enum Generation {
    Given(Arc<DataKey>),
    /// Its key is no longer in the settings.
    Replaced(Arc<BlindKey>),
}

impl Generation {
    pub(super) fn blind(&self) -> &BlindKey {
        match self {
            Generation::Given(key) => &key.blind,
            Generation::Replaced(blind) => blind,
        }
    }

    pub(super) fn key(&self) -> Option<&Arc<DataKey>> {
        match self {
            Generation::Given(key) => Some(key),
            Generation::Replaced(_) => None,
        }
    }
}

impl Ring {
    /// A single key is the first generation until [`Ring::learn`] is called.
    pub(super) fn of(given: Vec<DataKey>) -> Result<Ring, KeyError> {
        let given: Vec<Arc<DataKey>> = given.into_iter().map(Arc::new).collect();
        let generations = match &given[..] {
            [] => return Err(KeyError::Missing),
            [only] => vec![Generation::Given(only.clone())],
            _ => Vec::new(),
        };
        let is_twice = |(at, key): (usize, &Arc<DataKey>)| {
            given[..at].iter().any(|other| other.fingerprint == key.fingerprint)
        };
        if given.iter().enumerate().any(is_twice) {
            return Err(KeyError::Twice);
        }
        Ok(Ring { given, generations: RwLock::new(generations) })
    }

    pub(super) fn given(&self, fingerprint: &str) -> Option<&Arc<DataKey>> {
        self.given.iter().find(|key| key.fingerprint == fingerprint)
    }

    /// `None` for a generation that the database does not have.
    pub(super) fn generation(&self, number: u8) -> Option<Generation> {
        self.generations.read().get(usize::from(number).checked_sub(1)?).cloned()
    }

    pub(super) fn key(&self, number: u8) -> Option<Arc<DataKey>> {
        self.generation(number)?.key().cloned()
    }

    /// Number and fingerprint of every generation.
    pub(super) fn fingerprints(&self) -> Vec<(u8, String)> {
        let generations = self.generations.read();
        (1..).zip(generations.iter().map(|generation| generation.blind().fingerprint())).collect()
    }

    pub(super) fn newest(&self) -> u8 {
        u8::try_from(self.generations.read().len()).unwrap_or(u8::MAX)
    }

    /// Notes the generations of the database, the first first.
    pub(super) fn learn(&self, generations: Vec<Generation>) {
        *self.generations.write() = generations;
    }
}
