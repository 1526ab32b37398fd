//! Permits for lists that are being received.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::permits::{KeyedPermits, Permit};
use crate::web::address::ClientNetwork;

/// Bounds how many lists are received at once, because each is in memory until it is read.
pub struct Arriving {
    all: Arc<Semaphore>,
    /// A network that sends slowly does not keep out the others.
    by_network: KeyedPermits<ClientNetwork>,
}

impl Default for Arriving {
    fn default() -> Arriving {
        Arriving { all: Arc::new(Semaphore::new(32)), by_network: KeyedPermits::new(4) }
    }
}

impl Arriving {
    /// Permits to receive a list, if they are free now.
    pub(super) fn acquire(&self, network: ClientNetwork) -> Option<(Permit, Option<Permit>)> {
        let own = match network {
            ClientNetwork::Unknown => None,
            known => Some(self.by_network.try_acquire(known)?),
        };
        Some((self.all.clone().try_acquire_owned().ok()?, own))
    }
}
