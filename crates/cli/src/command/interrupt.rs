//! What ends a command early that has started parts of its own: Ctrl-C and its kin.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::failure::Failure;

/// A command that has not let go of its parts by then leaves them to the warden, which ends them from outside.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens from now on; the receiver hears of the first signal.
///
/// The second one, or a command that does not end in time (it may be waiting for an
/// installation, which nothing interrupts), ends this process on the spot.
pub fn listen() -> std::io::Result<oneshot::Receiver<()>> {
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
