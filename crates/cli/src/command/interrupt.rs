//! What ends a command early that has started parts of its own: Ctrl-C and its kin.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::failure::Failure;

/// A command that has not let go of its parts by then leaves them to the warden, which ends them from outside.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `work` on so many threads until it ends; `None` when a signal came first.
///
/// All that `work` has begun is owned by its future, which is gone by then.
pub fn run_until_interrupted<T>(threads: usize, work: impl Future<Output = T>) -> std::io::Result<Option<T>> {
    let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let interrupted = runtime.block_on(async { listen() })?;
    let result = runtime.block_on(async {
        tokio::select! {
            result = work => Some(result),
            _ = interrupted => None,
        }
    });
    runtime.shutdown_timeout(PATIENCE);
    Ok(result)
}

/// Listens from now on; the receiver hears of the first signal.
///
/// The second one, or a command that does not end in time (it may be waiting for an
/// installation, which nothing interrupts), ends this process on the spot.
fn listen() -> std::io::Result<oneshot::Receiver<()>> {
    let mut signals = Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hangup: signal(SignalKind::hangup())?,
    };
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        let _ = sender.send(());
        let _ = tokio::time::timeout(PATIENCE, signals.next()).await;
        Failure::failed("interrupted; what was started is being stopped").print();
        std::process::exit(1);
    });
    Ok(receiver)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
