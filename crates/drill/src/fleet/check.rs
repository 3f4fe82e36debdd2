//! The health check of a container: a command, again and again.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::decide::Health;
use super::launcher::Launcher;
use super::plan::ContainerCheck;

/// Checks at every interval until nobody listens any more.
pub(super) async fn watch(
    check: ContainerCheck,
    launcher: Arc<Launcher>,
    environment: BTreeMap<String, String>,
    says: watch::Sender<Health>,
) {
    let began = Instant::now();
    let mut ticks = interval_at(began + check.interval, check.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failed = 0;
    while !says.is_closed() {
        ticks.tick().await;
        let well = is_well(&check, &launcher, &environment).await;
        // A failure within the start period does not count.
        failed = match well {
            true => 0,
            false if began.elapsed() <= check.start_period => failed,
            false => failed + 1,
        };
        if well {
            says.send_replace(Health::Well);
        } else if failed >= check.retries.max(1) {
            says.send_replace(Health::Ill);
        }
    }
}

async fn is_well(
    check: &ContainerCheck,
    launcher: &Launcher,
    environment: &BTreeMap<String, String>,
) -> bool {
    let Some((program, arguments)) = check.command.split_first() else { return false };
    let command = launcher.command(program, arguments, environment);
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let Ok(mut child) = command.spawn() else { return false };
    timeout(check.timeout, child.wait()).await.is_ok_and(|end| end.is_ok_and(|status| status.success()))
}
