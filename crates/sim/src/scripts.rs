//! What trials are about: a scenario's faults, or faults by chance.

use recovery::scenario::{Beginning, FaultKind, KilledStep, Place, Scenario};
use recovery::step::Action;

use crate::agenda::{MS, S, Us};
use crate::chance::{Chance, Purpose};
use crate::fault::{Begin, End, Fault, Kind, Mishaps};
use crate::model::Model;
use crate::world::{Script, us};

/// Load runs this long before the first fault: a challenger has seen more than a whole TTL.
const STEADY: Us = 30 * S;
/// Longest trial in which a region is lost and stays lost.
const LONGEST: Us = 3600 * S;
const MINUTE: Us = 60 * S;
/// Longest way home beside dwell and cooldown: a new volume for the old primary, and a recovery there.
const HOMEWARDS: Us = 2 * 3600 * S;
/// How long after the last fault something may still come of it that nobody has noticed yet.
const NOTICED: Us = 120 * S;
/// The same of a schedule: the last watch goes on for minutes.
const WATCHED: Us = 300 * S;

/// Whether the simulator knows a kind of fault.
pub(crate) fn is_known(kind: FaultKind) -> bool {
    !kind.is_about_containers() && kind != FaultKind::Switchover
}

/// A scenario, struck at any moment between two renewals, checks and ticks.
pub(crate) fn of_scenario(scenario: &Scenario, model: &Model, seed: u64) -> Script {
    let struck_at = STEADY + Chance::new(seed).below(Purpose::Faults, 60 * S);
    let faults: Vec<Fault> = scenario.faults.iter().flat_map(|fault| faults(fault, struck_at)).collect();
    let goes_home = scenario.expect.as_ref().is_some_and(|expect| expect.goes_home == Some(true));
    let homewards = if goes_home { HOMEWARDS } else { 0 };
    let waits = us(model.failback.dwell) + us(model.timing.cooldown);
    let quiet_after = quiet_after(&faults, struck_at);
    let offered_for = (quiet_after - struck_at - NOTICED + MINUTE).min(LONGEST);
    Script {
        seed,
        mishaps: Mishaps::ORDINARY,
        struck_at,
        orders: (6, (12 * offered_for / MINUTE).min(60) as u32),
        offered_for: (6 * S, offered_for),
        sessions: 1,
        lag: (scenario.replication.wal_delay_ms * MS, scenario.replication.session_lag_ms * MS),
        heal_at: None,
        quiet_after,
        end_at: struck_at + LONGEST + homewards + waits,
        until_rest: true,
        goes_home,
        faults,
    }
}

/// When everything that was to be done to the world has been done, and noticed.
fn quiet_after(faults: &[Fault], struck_at: Us) -> Us {
    let noticed = faults.iter().map(|fault| {
        let over = match (fault.begin, fault.end) {
            (Begin::At(at), End::After(lasts)) => at + lasts,
            (Begin::At(at), _) => at,
            (Begin::During(_), _) => struck_at,
        };
        over + if fault.kind == Kind::ScheduleLost { WATCHED } else { NOTICED }
    });
    noticed.max().unwrap_or(struck_at + NOTICED)
}

/// One fault of a scenario may strike several times, and both regions.
fn faults(fault: &recovery::scenario::Fault, struck_at: Us) -> Vec<Fault> {
    let kind = match fault.kind {
        FaultKind::Frozen => Kind::Frozen,
        FaultKind::Partitioned => Kind::Partitioned,
        FaultKind::CutOffFromClients => Kind::CutOffFromClients,
        FaultKind::Errors => Kind::Errors((fault.share.unwrap_or(1.0) * 1000.0).round() as u32),
        FaultKind::Slow => Kind::Slow(fault.delay_ms.unwrap_or_default()),
        FaultKind::DatabaseKilled => Kind::DatabaseKilled,
        FaultKind::DatabaseHung => Kind::DatabaseHung,
        FaultKind::JournalUnavailable => Kind::JournalUnavailable,
        FaultKind::ProcessingBroken => Kind::ProcessingBroken,
        FaultKind::ScheduleLost => Kind::ScheduleLost,
        FaultKind::DnsDenied => Kind::DnsDenied,
        FaultKind::DuplicateTriggers => Kind::DuplicateTriggers,
        FaultKind::StepKilled => Kind::StepKilled(match fault.step {
            Some(KilledStep::Named(action)) => Some(action),
            _ => None,
        }),
        FaultKind::ClockAhead => Kind::ClockAhead(fault.ahead_s.unwrap_or_default() * 1000),
        FaultKind::SwitchOff => Kind::SwitchOff,
        // The rest is not simulated, and refused before.
        _ => Kind::Lost,
    };
    let regions: &[usize] = match fault.region {
        Place::Home => &[0],
        Place::Standby => &[1],
        Place::Both if kind == Kind::Partitioned => &[0],
        Place::Both => &[0, 1],
    };
    let mut all = Vec::new();
    for (begins_s, ends_s) in fault.strikes() {
        let begin = match fault.begins() {
            Beginning::At(at_s) => Begin::At(struck_at + (at_s + begins_s) * S),
            Beginning::During(step) => Begin::During(step.action),
        };
        let end = match (ends_s, fault.until) {
            (Some(ends_s), _) => End::After((ends_s - begins_s) * S),
            (None, Some(_)) => End::Recovered,
            (None, None) => End::Never,
        };
        all.extend(regions.iter().map(|region| Fault { begin, end, region: *region, kind }));
    }
    all
}

/// Faults of every kind, at any time, for any time, over each other, and many mishaps. `heals`: they end, and the
/// service has to come back.
pub(crate) fn random(seed: u64, heals: bool) -> Script {
    let mut chance = Chance::new(seed);
    let span = 60 * S + chance.below(Purpose::Faults, 1500 * S);
    let count = 1 + chance.below(Purpose::Faults, 6);
    let faults = (0..count).map(|_| random_fault(&mut chance, span)).collect();
    let wild = chance.below(Purpose::Faults, 3) > 0;
    let heal_at = STEADY + span;
    Script {
        seed,
        faults,
        mishaps: if wild { Mishaps::WILD } else { Mishaps::ORDINARY },
        struck_at: STEADY,
        orders: (6, 24),
        offered_for: (10 * S, span),
        sessions: 2,
        lag: (0, 0),
        heal_at: heals.then_some(heal_at),
        end_at: if heals { heal_at + BACK_WITHIN } else { heal_at },
        quiet_after: heal_at + NOTICED,
        until_rest: heals,
        goes_home: false,
    }
}

/// How long after the last fault the service may need to accept and settle everything again: an expired lease,
/// a cooldown, attempts at a recovery and the pauses between them, Aurora, a replay, and two sweeps.
pub(crate) const BACK_WITHIN: Us = 2 * 3600 * S;

fn random_fault(chance: &mut Chance, span: Us) -> Fault {
    let mut below = |bound: u64| chance.below(Purpose::Faults, bound);
    let region = below(3) as usize / 2;
    let kind = match below(22) {
        0..=2 => Kind::Lost,
        3..=4 => Kind::Frozen,
        5..=6 => Kind::Partitioned,
        7 => Kind::CutOffFromWitness,
        8 => Kind::WitnessLost,
        9 => Kind::CutOffFromClients,
        10 => Kind::Errors(100 + below(900) as u32),
        11 => Kind::Slow(500 + below(6000)),
        12 => Kind::DatabaseKilled,
        13 => Kind::DatabaseHung,
        14 => Kind::JournalUnavailable,
        15 => Kind::ProcessingBroken,
        16 => Kind::ScheduleLost,
        17 => Kind::DnsDenied,
        18 => Kind::DuplicateTriggers,
        19 => Kind::StepKilled(None),
        20 => Kind::ClockAhead(1000 * (1 + below(7200))),
        _ => Kind::Lag(100 + below(120_000)),
    };
    let begin = match below(4) {
        0 => Begin::During(random_action(below(Action::FAILOVER.len() as u64))),
        _ => Begin::At(STEADY + below(span)),
    };
    let end = match below(8) {
        0 => End::Never,
        1 => End::Recovered,
        2..=4 => End::After(below(30 * S) + 100 * MS),
        _ => End::After(below(span) + S),
    };
    Fault { begin, end, region, kind }
}

fn random_action(number: u64) -> Action {
    Action::FAILOVER[number as usize % Action::FAILOVER.len()]
}
