//! The memory that uploads may take while they are prepared.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::web::places::Place;

/// How long a file waits for memory; proxies give up after 60 seconds.
const PATIENCE: Duration = Duration::from_secs(45);

/// At most this many files are prepared at the same time, however small they are: it computes.
const AT_ONCE: u64 = 8;

const KIB: u64 = 1024;

pub(super) const TOO_LARGE: &str = "图片尺寸太大，请缩小到 1200 万像素以内再上传";
pub(super) const BUSY: &str = "现在上传的人很多，请过一会儿再试一次";

/// A number of bytes that are handed out and come back.
#[derive(Clone, Debug)]
pub struct Memory {
    /// A permit is a KiB.
    free: Arc<Semaphore>,
    all: u64,
}

impl Memory {
    /// So many megabytes (MiB).
    pub fn megabytes(count: u32) -> Memory {
        let all = u64::from(count) * KIB;
        Memory { free: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Waits in a queue for so many bytes. The error says in Chinese what to do.
    pub(super) async fn take(&self, bytes: u64) -> Result<Place, &'static str> {
        let wanted = bytes.div_ceil(KIB);
        if wanted > self.all {
            return Err(TOO_LARGE);
        }
        let wanted = u32::try_from(wanted.max(self.all / AT_ONCE)).map_err(|_| TOO_LARGE)?;
        let taken = timeout(PATIENCE, self.free.clone().acquire_many_owned(wanted)).await;
        taken.map_err(|_| BUSY)?.map_err(|_| BUSY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn memory_is_waited_for_and_comes_back() {
        let memory = Memory::megabytes(100);
        assert_eq!(memory.take(101 << 20).await.err(), Some(TOO_LARGE));
        let most = memory.take(90 << 20).await.unwrap();
        assert_eq!(memory.take(20 << 20).await.err(), Some(BUSY));
        let (next, ()) = tokio::join!(memory.take(20 << 20), async { drop(most) });
        assert!(next.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn small_files_are_not_prepared_all_at_once() {
        let memory = Memory::megabytes(100);
        let small: Vec<_> = futures_util::future::join_all((0..AT_ONCE).map(|_| memory.take(1))).await;
        assert!(small.iter().all(Result::is_ok));
        assert_eq!(memory.take(5 << 20).await.err(), Some(BUSY));
    }
}
