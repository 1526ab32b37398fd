//! The body of a request, which a handler may leave unread.
//!
//! A response that is sent while the body is still coming does not arrive: closing the connection with bytes
//! unread resets it (RFC 9112 §9.6), and a proxy turns that into a 502. So the rest of the body is read and
//! dropped before the response is sent, up to a size and a time.

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

/// Most bytes that are dropped: more than our largest form.
const MAX_DROPPED: u64 = 140 << 20;

const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

type Bytes = io::Result<hyper::body::Bytes>;

/// A body that is being received: read by the handler, and then by [`IncomingBody::drain`].
#[derive(Clone)]
pub struct IncomingBody(Arc<Mutex<Source>>);

struct Source {
    bytes: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    pace: Pace,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Not drained unless the handler has begun to read it.
    Unread,
    Coming,
    /// All of it has come.
    Whole,
    /// It was cut off, or too slow.
    Broken,
}

impl IncomingBody {
    /// Replaces the body of a request by a stream that shares it.
    pub fn take(request: &mut Request) -> IncomingBody {
        let state = if is_left_unread(request) { State::Unread } else { State::Coming };
        let bytes = Box::pin(request.take_body().into_bytes_stream());
        let body = IncomingBody(Arc::new(Mutex::new(Source { bytes, pace: Pace::default(), state })));
        let shared = body.clone();
        let stream = futures_util::stream::poll_fn(move |context| shared.0.lock().poll(context));
        request.set_body(Body::from_bytes_stream(stream));
        body
    }

    /// Reads and drops what the handler left. Returns whether the body has been read to its end.
    pub async fn drain(&self) -> bool {
        let state = self.0.lock().state;
        if state != State::Coming {
            return state == State::Whole;
        }
        timeout(DRAIN_TIMEOUT, self.drop_rest()).await.unwrap_or(false)
    }

    async fn drop_rest(&self) -> bool {
        let mut dropped = 0;
        while dropped <= MAX_DROPPED {
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

/// Whether the body is too long to drop, or the client waits for a 100 before it sends the body (RFC 9110
/// §10.1.1).
fn is_left_unread(request: &Request) -> bool {
    let length: Option<ContentLength> = request.headers().typed_get();
    length.is_some_and(|length| length.0 > MAX_DROPPED) || request.headers().typed_get::<Expect>().is_some()
}

/// Whether reading a body failed because the client was too slow.
pub fn came_too_slowly(error: &(dyn Error + 'static)) -> bool {
    let Some(failed) = error.downcast_ref::<io::Error>() else {
        return error.source().is_some_and(came_too_slowly);
    };
    // `io::Error::source` skips the error inside, so it is looked at here.
    failed.kind() == io::ErrorKind::TimedOut || failed.get_ref().is_some_and(|inner| came_too_slowly(inner))
}
