//! The log on standard error: silent until it is asked for.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Our own crates, which a library's chatter must not drown.
const OWN: [&str; 5] = ["standfast", "cdk", "drill", "infra", "recovery"];

/// Starts logging as loudly as `-v` was repeated.
pub fn start(verbose: u8) {
    let (own, others) = match verbose {
        0 => return,
        1 => (LevelFilter::INFO, LevelFilter::WARN),
        2 => (LevelFilter::DEBUG, LevelFilter::WARN),
        _ => (LevelFilter::DEBUG, LevelFilter::DEBUG),
    };
    let targets = Targets::new().with_default(others).with_targets(OWN.map(|target| (target, own)));
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .log_internal_errors(false) // it would panic where standard error is closed
        .without_time();
    tracing_subscriber::registry().with(targets).with(lines).init();
}
