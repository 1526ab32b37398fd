//! Limits how slowly a client may send or read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep, sleep_until};

/// A client that sends or reads nothing for this long is disconnected.
const IDLE: Duration = Duration::from_secs(30);

/// Time that any client may take, whatever its rate.
const START: Duration = Duration::from_secs(60);

/// Bytes a second that a client must reach on average after [`START`]. The slowest phones (GPRS) reach 4,000.
const RATE: u64 = 1024;

/// Measures a transfer. Only time spent waiting for the client counts.
#[derive(Default)]
pub struct Pace {
    moved: u64,
    waited: Duration,
    since: Option<Instant>,
    /// Created when the client is first waited for, which most never are.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        self.moved += bytes as u64;
    }

    /// Ready when the client has been waited for too long. Poll it whenever the transfer is pending.
    pub fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = match self.since {
            Some(since) => since,
            None => self.start_waiting(),
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(since)));
        timer.as_mut().poll(context)
    }

    fn start_waiting(&mut self) -> Instant {
        let now = Instant::now();
        let allowed = START.max(Duration::from_secs(self.moved / RATE));
        let until = now + IDLE.min(allowed.saturating_sub(self.waited));
        self.since = Some(now);
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(until),
            None => self.timer = Some(Box::pin(sleep_until(until))),
        }
        now
    }
}

pub fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client is too slow")
}

/// A writer that fails when its client reads too slowly.
pub struct PacedWrite<W> {
    inner: W,
    pace: Pace,
}

impl<W> PacedWrite<W> {
    pub fn new(inner: W) -> PacedWrite<W> {
        PacedWrite { inner, pace: Pace::default() }
    }

    pub fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: AsyncWrite + Unpin> PacedWrite<W> {
    fn poll_paced(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut W>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = write(Pin::new(&mut self.inner), context) else {
            ready!(self.pace.poll_too_slow(context));
            return Poll::Ready(Err(too_slow()));
        };
        if let Ok(count) = &written {
            self.pace.moved(*count);
        }
        Poll::Ready(written)
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for PacedWrite<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_paced(context, |inner, context| inner.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_paced(context, |inner, context| inner.poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// hyper flushes after each response, so the next response starts a new measurement.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.pace.moved > 0 {
            self.pace = Pace::default();
        }
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    /// Seconds after which a client that sends `bytes` every `pause` is too slow, within an hour.
    async fn too_slow_after(bytes: usize, pause: Duration) -> Option<u64> {
        let (began, mut pace) = (Instant::now(), Pace::default());
        while began.elapsed() < Duration::from_secs(3600) {
            tokio::select! {
                () = poll_fn(|context| pace.poll_too_slow(context)) => return Some(began.elapsed().as_secs()),
                () = sleep(pause) => pace.moved(bytes),
            }
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn slow_phones_are_allowed_and_trickles_are_not() {
        let second = Duration::from_secs(1);
        assert_eq!(too_slow_after(1, second).await, Some(60));
        assert_eq!(too_slow_after(900, second).await, Some(60));
        assert_eq!(too_slow_after(1, 31 * second).await, Some(30));
        assert_eq!(too_slow_after(4_000, second).await, None);
        assert_eq!(too_slow_after(60_000, 29 * second).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_transfer_that_stops_is_too_slow_after_thirty_seconds() {
        let mut pace = Pace::default();
        pace.moved(100 << 20);
        let slow = poll_fn(|context| pace.poll_too_slow(context));
        let began = Instant::now();
        timeout(Duration::from_secs(60), slow).await.expect("it is too slow");
        assert_eq!(began.elapsed().as_secs(), 30);
    }
}
