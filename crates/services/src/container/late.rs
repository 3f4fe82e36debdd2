//! A request's body that must be there in time.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

/// Ends with an error when it is not complete by its deadline, whatever its sender does.
#[derive(Debug)]
pub(super) struct Timely {
    body: Incoming,
    deadline: Pin<Box<Sleep>>,
}

/// The body was not complete in time.
#[derive(Debug, thiserror::Error)]
#[error("the body was not complete in time")]
struct Late;

impl Timely {
    /// The deadline counts from now.
    pub(super) fn within(limit: Duration, body: Incoming) -> Self {
        Self { body, deadline: Box::pin(sleep(limit)) }
    }
}

impl Body for Timely {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => self.deadline.as_mut().poll(context).map(|()| Some(Err(Late.into()))),
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
