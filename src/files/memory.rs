//! The memory budget of uploads that are being prepared.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::permits::Permit;

/// How long a file waits for memory. Proxies usually time out after 60 seconds.
const PATIENCE: Duration = Duration::from_secs(45);

/// Most files that are prepared at once, because decoding uses the CPU.
const AT_ONCE: u64 = 8;

const KIB: u64 = 1024;

pub(super) const TOO_LARGE: &str = "图片尺寸太大，请缩小到 1200 万像素以内再上传";
pub(super) const BUSY: &str = "现在上传的人很多，请过一会儿再试一次";

/// A number of bytes shared by all uploads.
#[derive(Clone, Debug)]
pub struct MemoryBudget {
    /// A permit is a KiB.
    free: Arc<Semaphore>,
    all: u64,
}

impl MemoryBudget {
    /// In MiB.
    pub fn megabytes(count: u32) -> MemoryBudget {
        let all = u64::from(count) * KIB;
        MemoryBudget { free: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Waits for so many bytes, first come first served. The error says in Chinese what to do.
    pub(super) async fn acquire(&self, bytes: u64) -> Result<Permit, &'static str> {
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
    async fn upload_waits_until_memory_is_released() {
        let memory = MemoryBudget::megabytes(100);
        assert_eq!(memory.acquire(101 << 20).await.err(), Some(TOO_LARGE));
        let most = memory.acquire(90 << 20).await.unwrap();
        assert_eq!(memory.acquire(20 << 20).await.err(), Some(BUSY));
        let (next, ()) = tokio::join!(memory.acquire(20 << 20), async { drop(most) });
        assert!(next.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn number_of_files_prepared_at_once_is_bounded() {
        let memory = MemoryBudget::megabytes(100);
        let small: Vec<_> = futures_util::future::join_all((0..AT_ONCE).map(|_| memory.acquire(1))).await;
        assert!(small.iter().all(Result::is_ok));
        assert_eq!(memory.acquire(5 << 20).await.err(), Some(BUSY));
    }
}
