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
    let (mut one, two) = (one.expect("it starts"), two.expect("it starts"));
    assert_ne!(one.address(), two.address());
    assert!(one.is_running());
    assert!(one.recorded().expect("a record").is_empty());
    let address = one.address();
    drop(one);
    assert!(std::net::TcpStream::connect(address).is_err());
}
