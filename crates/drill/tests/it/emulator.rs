//! Goal: the emulator starts, answers and leaves nothing behind.
//! Method: the real emulator on a free loopback port.

use std::sync::Arc;

use drill::emulator::Emulator;
use drill::environment::Environment;
use drill::owned::RunDirectory;

#[tokio::test]
async fn two_emulators_run_at_once_and_end_with_their_values() {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let other_run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let (one, two) =
        tokio::join!(Emulator::start(&environment, &run), Emulator::start(&environment, &other_run));
    let (one, two) = (one.expect("it starts"), two.expect("it starts"));
    assert_ne!(one.address(), two.address());
    assert!(one.is_running());
    assert!(one.recorded().expect("a record").is_empty());
    let address = one.address();
    drop(one);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn an_emulator_that_dies_is_noticed() {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let emulator = Emulator::start(&environment, &run).await.expect("it starts");
    let pid = rustix::process::Pid::from_raw(i32::try_from(emulator.id()).expect("a process id"));
    let killed = rustix::process::kill_process(pid.expect("a process id"), rustix::process::Signal::KILL);
    killed.expect("it was alive");
    let noticed = tokio::time::timeout(std::time::Duration::from_secs(30), emulator.ended()).await;
    noticed.expect("its end is noticed");
    assert!(!emulator.is_running());
}
