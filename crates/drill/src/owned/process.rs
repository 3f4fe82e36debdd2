//! One process in a group of its own, ended with everything it started.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::RunDirectory;

/// How a process is ended when its owner goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// `SIGKILL` to the group at once.
    Kill,
    /// `SIGQUIT` to the process (an immediate shutdown of PostgreSQL), `SIGKILL` after two seconds.
    Quit,
}

/// A running child process and its process group.
#[derive(Debug)]
pub struct OwnedProcess {
    child: Child,
    group: Pid,
    farewell: Farewell,
    run: Arc<RunDirectory>,
    ended: bool,
}

impl OwnedProcess {
    /// Starts `command` in a new process group and tells the warden of it.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub fn spawn(run: &Arc<RunDirectory>, mut command: Command, farewell: Farewell) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_child(&child);
        let verb = if farewell == Farewell::Quit { "own-database" } else { "own" };
        run.warden().say(verb, &child.id().to_string());
        Ok(Self { child, group, farewell, run: Arc::clone(run), ended: false })
    }

    /// The process id, which is also the group's.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status once the process has ended; `None` while it runs.
    ///
    /// # Errors
    /// When the operating system cannot say.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.release();
        }
        Ok(status)
    }

    /// Sends one signal to the process alone. One that has ended is left in peace.
    pub fn signal(&self, signal: Signal) {
        if !self.ended {
            let _ = kill_process(self.group, signal);
        }
    }

    /// `SIGKILL` to the whole group, and waits until the process is gone.
    pub fn kill(&mut self) {
        if self.ended {
            return;
        }
        let _ = kill_process_group(self.group, Signal::KILL);
        let _ = self.child.wait();
        self.release();
    }

    /// Waits at most `limit` for the process to end by itself; says whether it did.
    pub fn wait_for(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if !matches!(self.try_wait(), Ok(None)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn release(&mut self) {
        if !self.ended {
            self.ended = true;
            // What it started may still run. At once, before its number is given to another.
            let _ = kill_process_group(self.group, Signal::KILL);
            self.run.warden().say("release", &self.child.id().to_string());
        }
    }
}

impl Drop for OwnedProcess {
    fn drop(&mut self) {
        if self.farewell == Farewell::Quit && !self.ended {
            self.signal(Signal::QUIT);
            self.wait_for(Duration::from_secs(2));
        }
        self.kill();
    }
}
