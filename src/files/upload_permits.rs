//! Bounds how many forms with files are received at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::permits::{KeyedPermits, Permit};
use crate::store::CandidateId;

/// Forms with files that are received at once: of one person, of one network, and of everyone.
const OF_A_PERSON: usize = 4;
const OF_A_NETWORK: usize = 32;
const OF_ALL: usize = 100;

/// How long a form waits before its body is read.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub struct UploadPermits {
    people: KeyedPermits<CandidateId>,
    networks: KeyedPermits<String>,
    all: Arc<Semaphore>,
}

impl Default for UploadPermits {
    fn default() -> UploadPermits {
        UploadPermits {
            people: KeyedPermits::new(OF_A_PERSON),
            networks: KeyedPermits::new(OF_A_NETWORK),
            all: Arc::new(Semaphore::new(OF_ALL)),
        }
    }
}

impl UploadPermits {
    /// The permits for one form. Senders whose network is unknown share no permits of a network.
    pub async fn acquire(&self, person: CandidateId, network: Option<String>) -> Option<Vec<Permit>> {
        let permits = async {
            let mut permits = vec![self.people.acquire(person).await?];
            if let Some(network) = network {
                permits.push(self.networks.acquire(network).await?);
            }
            permits.push(self.all.clone().acquire_owned().await.ok()?);
            Some(permits)
        };
        timeout(PATIENCE, permits).await.ok()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn forms_of_one_person_and_of_one_network_are_bounded() {
        let permits = UploadPermits::default();
        let person = |id: &str| CandidateId::from(id.to_owned());
        let network = |last: u8| Some(format!("10.0.0.{last}"));
        let mut held = Vec::new();
        for _ in 0..OF_A_PERSON {
            held.push(permits.acquire(person("a"), network(1)).await.expect("a permit"));
        }
        assert!(permits.acquire(person("a"), network(2)).await.is_none());
        for number in OF_A_PERSON..OF_A_NETWORK {
            held.push(permits.acquire(person(&number.to_string()), network(1)).await.expect("a permit"));
        }
        assert!(permits.acquire(person("b"), network(1)).await.is_none());
        assert!(permits.acquire(person("b"), network(2)).await.is_some());
        held.clear();
        assert!(permits.acquire(person("a"), network(1)).await.is_some());
    }
}
