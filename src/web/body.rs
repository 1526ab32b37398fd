//! The body of a request, of which an answer may need only a part.
//!
//! An answer that is given while a body is still coming does not arrive: the connection is closed
//! with bytes unread, which resets it (RFC 9112 §9.6), and a proxy makes a 502 of that. So the rest
//! of a body is read and dropped before the answer is sent, within bounds of size and time.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use parking_lot::Mutex;
use poem::web::headers::{ContentLength, Expect, HeaderMapExt};
use poem::{Body, Request};
use tokio::time::timeout;

use super::pace::{Pace, too_slow};

/// Largest body that is read to its end although nobody wants it: more than the largest form of ours.
const MOST: u64 = 140 << 20;

/// How long that may take.
const DRAINING: Duration = Duration::from_secs(60);

type Bytes = io::Result<hyper::body::Bytes>;

/// A body on its way: read by whoever answers the request, and then by [`Arriving::drain`].
#[derive(Clone)]
pub struct Arriving(Arc<Mutex<Source>>);

struct Source {
    bytes: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    pace: Pace,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Not to be drained unless somebody has begun to read it.
    Unread,
    Coming,
    /// All of it has come.
    Whole,
    /// It was cut off, or came too slowly.
    Broken,
}

impl Arriving {
    /// Puts itself between a request and its body.
    pub fn of(request: &mut Request) -> Arriving {
        let state = if is_left_unread(request) { State::Unread } else { State::Coming };
        let bytes = Box::pin(request.take_body().into_bytes_stream());
        let arriving = Arriving(Arc::new(Mutex::new(Source { bytes, pace: Pace::default(), state })));
        let shared = arriving.clone();
        let stream = futures_util::stream::poll_fn(move |context| shared.0.lock().poll(context));
        request.set_body(Body::from_bytes_stream(stream));
        arriving
    }

    /// Reads and drops what nobody has read; false if there may be more of it.
    pub async fn drain(&self) -> bool {
        let state = self.0.lock().state;
        if state != State::Coming {
            return state == State::Whole;
        }
        timeout(DRAINING, self.drop_rest()).await.unwrap_or(false)
    }

    async fn drop_rest(&self) -> bool {
        let mut dropped = 0;
        while dropped <= MOST {
            match poll_fn(|context| self.0.lock().poll(context)).await {
                Some(Ok(bytes)) => dropped += bytes.len() as u64,
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        false
    }
}

impl Source {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.state == State::Whole {
            return Poll::Ready(None);
        }
        let next = match self.bytes.as_mut().poll_next(context) {
            Poll::Ready(next) => next,
            Poll::Pending if self.pace.poll_too_slow(context).is_ready() => Some(Err(too_slow())),
            Poll::Pending => return Poll::Pending,
        };
        self.state = match &next {
            Some(Ok(bytes)) => {
                self.pace.moved(bytes.len());
                State::Coming
            }
            Some(Err(_)) => State::Broken,
            None => State::Whole,
        };
        Poll::Ready(next)
    }
}

/// Whether the body is too long, or the client waits to be asked for it (RFC 9110 §10.1.1).
fn is_left_unread(request: &Request) -> bool {
    let length: Option<ContentLength> = request.headers().typed_get();
    length.is_some_and(|length| length.0 > MOST) || request.headers().typed_get::<Expect>().is_some()
}

/// Whether a body could not be read because it came too slowly.
pub fn came_too_slowly(error: &(dyn Error + 'static)) -> bool {
    let Some(failed) = error.downcast_ref::<io::Error>() else {
        return error.source().is_some_and(came_too_slowly);
    };
    // The source of an I/O error is that of the error inside it, and not that error.
    failed.kind() == io::ErrorKind::TimedOut || failed.get_ref().is_some_and(|inner| came_too_slowly(inner))
}
