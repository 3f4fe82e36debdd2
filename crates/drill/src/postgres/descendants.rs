//! Killing a server with everything it started.
//!
//! PostgreSQL gives each of its processes a session of its own, so a signal to the
//! group does not reach them, and one in the middle of a transaction could still
//! commit after its parent is dead.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::owned::OwnedProcess;

/// Freezes the server so that it starts nothing more, then kills it and its
/// children. Returns when all are gone, because a restart refuses a directory
/// whose shared memory is still attached somewhere.
pub(super) fn kill_all(server: &mut OwnedProcess) {
    server.signal(Signal::STOP);
    let children = children(server.id());
    for pid in children.iter().filter_map(|child| Pid::from_raw(*child)) {
        let _ = kill_process(pid, Signal::KILL);
    }
    server.kill();
    let deadline = Instant::now() + Duration::from_secs(5);
    while children.iter().any(|child| is_alive(*child)) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Stops the server and its children where they are; the kernel goes on accepting connections for it.
pub(super) fn stop_all(server: &mut OwnedProcess) {
    server.signal(Signal::STOP);
    signal_children(server, Signal::STOP);
}

/// Lets them go on, the children first.
pub(super) fn continue_all(server: &mut OwnedProcess) {
    signal_children(server, Signal::CONT);
    server.signal(Signal::CONT);
}

fn signal_children(server: &OwnedProcess, signal: Signal) {
    for pid in children(server.id()).into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Gives back the shared memory segment of a server that was killed, which only a
/// restart would do. Best effort: it is some fifty bytes.
pub(super) fn free_shared_memory(data: &Path) {
    // The seventh line is the key and the id of the segment.
    let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else { return };
    let Some(id) = text.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) else { return };
    let mut command = Command::new("ipcrm");
    command.args(["-m", id]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = command.status();
}

/// The processes whose parent is `parent`.
fn children(parent: u32) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter(|pid| state_and_parent(*pid).is_some_and(|(_, of)| of == parent)).collect()
}

/// One that is dead and waits for its parent to notice holds nothing any more.
fn is_alive(pid: i32) -> bool {
    state_and_parent(pid).is_some_and(|(state, _)| state != "Z" && state != "X")
}

fn state_and_parent(pid: i32) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may contain anything, but it ends at the last parenthesis.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
