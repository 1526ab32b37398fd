//! The state of the task that polls the portal for open codes.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// One for the whole program.
#[derive(Default)]
pub struct Poller {
    started: AtomicBool,
    wanted: Notify,
}

impl Poller {
    /// `true` once: for the caller that must start the task.
    pub(super) fn is_first_start(&self) -> bool {
        !self.started.swap(true, Ordering::Relaxed)
    }

    /// Ends the present or the next [`Poller::woken`].
    pub(super) fn wake(&self) {
        self.wanted.notify_one();
    }

    pub(super) async fn woken(&self) {
        self.wanted.notified().await;
    }
}
