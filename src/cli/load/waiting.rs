//! Login screens that wait for a phone that never comes, each on its own connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;

use super::browser::Fault;
use super::screen::{Screen, Update};
use super::target::Target;

/// Screens that are opened at once.
const AT_ONCE: usize = 16;

/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// They end when this is dropped.
#[derive(Default)]
pub(super) struct WaitingScreens {
    running: JoinSet<()>,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    pictures: AtomicU64,
    lost: AtomicU64,
}

/// What all screens together were shown.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    pub(super) pictures: u64,
    /// Requests without the expected answer.
    pub(super) lost: u64,
}

impl std::ops::Sub for Shown {
    type Output = Shown;

    fn sub(self, earlier: Shown) -> Shown {
        Shown { pictures: self.pictures - earlier.pictures, lost: self.lost - earlier.lost }
    }
}

impl WaitingScreens {
    pub(super) fn count(&self) -> usize {
        self.running.len()
    }

    /// Opens more screens, until there are so many.
    pub(super) async fn open(&mut self, target: &Target, wanted: usize) -> Result<(), Fault> {
        let missing = wanted.saturating_sub(self.count());
        let opened = stream::iter(0..missing).map(|_| Screen::open(target)).buffer_unordered(AT_ONCE);
        for screen in opened.try_collect::<Vec<_>>().await? {
            self.running.spawn(keep(screen, target.clone(), self.counters.clone()));
        }
        Ok(())
    }

    /// Since the first screen was opened.
    pub(super) fn shown(&self) -> Shown {
        let [pictures, lost] =
            [&self.counters.pictures, &self.counters.lost].map(|counter| counter.load(Ordering::Relaxed));
        Shown { pictures, lost }
    }
}

/// Waits for one picture after the other. An expired code is replaced by another one, as by a person who reloads.
async fn keep(mut screen: Screen, target: Target, counters: Arc<Counters>) {
    loop {
        let shown = match screen.wait().await {
            Ok((Update::Picture, _)) => {
                counters.pictures.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            Ok(_) => Screen::open(&target).await,
            Err(fault) => Err(fault),
        };
        match shown {
            Ok(opened) => screen = opened,
            Err(_) => {
                counters.lost.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
