//! How many failovers one core simulates in a second, whether that changes as trials grow, and how much memory
//! that takes. `cargo bench -p sim --bench failovers`; `--trials N` sets the size of the first round.

use recovery::Deployment;
use recovery::scenario::Scenario;
use sim::Simulation;

const DEPLOYMENT: &str = include_str!("../../../../deployments/trading.toml");
const SCENARIO: &str = include_str!("../../../../scenarios/region-loss.toml");

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--trials").skip(1);
    let trials: u64 = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(2_000);
    let deployment = Deployment::parse(DEPLOYMENT, "trading.toml").expect("the shipped deployment is valid");
    let scenario = Scenario::parse(SCENARIO, "region-loss.toml").expect("the shipped scenario is valid");
    let simulations = [
        ("region-loss", Simulation::of(&deployment, &scenario)),
        ("faults by chance that end", Simulation::by_chance(&deployment, true)),
    ];
    println!(
        "| on | trials | trials per second of one core | µs per trial | events per trial | memory, MB |"
    );
    println!("|---|---|---|---|---|---|");
    for (on, simulation) in simulations {
        let simulation = simulation.expect("it can be simulated");
        for round in [trials, trials * 2, trials * 4] {
            let begun = processor_s();
            let summary = simulation.run(0..round);
            let each_us = (processor_s() - begun) * 1e6 / round as f64;
            let events = summary.events / round;
            println!(
                "| {on} | {round} | {:.0} | {each_us:.0} | {events} | {:.1} |",
                1e6 / each_us,
                memory_mb()
            );
            assert_eq!(summary.violated, 0, "{:?}", summary.examples);
        }
    }
}

/// Seconds of processor time that this process has had: a busy machine makes a process wait, not work. 0 where
/// nobody says.
fn processor_s() -> f64 {
    const TICKS_PER_S: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the command's name in brackets: user time is the 12th field, system time the 13th.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_S
}

/// The most memory that this process has had, in megabytes; 0 where nobody says.
fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kb.unwrap_or_default() / 1024.0
}
