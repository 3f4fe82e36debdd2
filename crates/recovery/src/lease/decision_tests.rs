//! Goal: every way a tick can go is decided as designed. Method: one view of an
//! ordinary tick, changed in one respect per case.

use super::*;

#[path = "decision_away_tests.rs"]
mod away_tests;

struct Tick {
    region: Region,
    lease: Option<Lease>,
    owner: Owner,
    challenger: Challenger,
    readiness: Readiness,
    probes: Probes,
    switch_on: bool,
    recovery_started: Option<Duration>,
    failback_started: Option<Duration>,
    timing: Timing,
    failback: Failback,
}

const NOW: Duration = Duration::from_secs(100);

fn region(name: &str) -> Region {
    Region::new(name).expect("a valid name")
}

fn tick(name: &str, lease: Option<Lease>) -> Tick {
    let seconds = Duration::from_secs;
    let timing = Timing {
        renew: seconds(5),
        ttl: seconds(15),
        margin: seconds(3),
        cooldown: seconds(900),
        database_patience: seconds(60),
    };
    Tick {
        region: region(name),
        lease,
        owner: Owner::new(region(name), timing),
        challenger: Challenger::new(timing),
        readiness: Readiness { problems: Vec::new(), database: Database::Writer },
        probes: Probes { limit: 6, last_error: "timed out".to_owned(), ..Probes::default() },
        switch_on: true,
        recovery_started: None,
        failback_started: None,
        timing,
        failback: Failback { automatic: true, dwell: seconds(30), drain_limit: seconds(20) },
    }
}

impl Tick {
    fn expired(mut self) -> Self {
        let lease = self.lease.clone().expect("there is a lease");
        self.challenger.observe(&lease, Duration::ZERO, Duration::from_secs(1));
        self.challenger.observe(&lease, Duration::from_secs(20), Duration::from_secs(21));
        self
    }

    fn decide(&self) -> Decision {
        decide(&View {
            region: &self.region,
            home: &region("us-east-1"),
            lease: self.lease.as_ref().map_or(Observed::Absent, Observed::Lease),
            owner: &self.owner,
            challenger: &self.challenger,
            readiness: &self.readiness,
            probes: &self.probes,
            switch_on: self.switch_on,
            timing: &self.timing,
            failback: &self.failback,
            recovery_started: self.recovery_started,
            failback_started: self.failback_started,
            now: NOW,
            now_ms: 1_000,
        })
    }

    fn holds(&self, reason: &str) {
        match self.decide() {
            Decision::Hold(found) => assert!(found.contains(reason), "{found}"),
            other => panic!("expected to hold for {reason:?}, got {other:?}"),
        }
    }
}

fn first() -> Lease {
    Lease::first(&region("us-east-1"), 0)
}

#[test]
fn only_a_fit_home_creates_the_first_lease() {
    assert_eq!(
        tick("us-east-1", None).decide(),
        Decision::CreateLease { next: Lease::first(&region("us-east-1"), 1_000) }
    );
    assert!(matches!(tick("us-east-2", None).decide(), Decision::StandBy(_)));
    let mut unfit = tick("us-east-1", None);
    unfit.readiness.database = Database::Replica;
    unfit.holds("takes no writes");
    let mut off = tick("us-east-1", None);
    off.switch_on = false;
    off.holds("switch is off");
}

#[test]
fn a_fit_owner_renews_when_due_even_with_the_switch_off() {
    let mut owner = tick("us-east-1", Some(first()));
    owner.switch_on = false;
    assert_eq!(owner.decide(), Decision::Renew { expected: first(), next: first().renewed() });
    owner.owner.renewed(NOW);
    assert!(matches!(owner.decide(), Decision::StandBy(_)));
    owner.readiness.problems = vec!["the queue does not answer".to_owned()];
    owner.holds("not renewed: the queue does not answer");
}

#[test]
fn an_owner_has_patience_with_its_database_and_not_for_ever() {
    for database in [Database::Unreachable("refused".to_owned()), Database::Replica] {
        let mut lease = first().renewed();
        for renewal in 0..12 {
            // A new watch each time: the count is in the lease.
            let mut owner = tick("us-east-1", Some(lease.clone()));
            owner.readiness.database = database.clone();
            let Decision::Renew { expected, next } = owner.decide() else {
                panic!("within 60 s the lease is renewed: {renewal}")
            };
            assert_eq!((expected, next.database_unfit_at_version), (lease.clone(), Some(2)));
            assert_eq!(next, lease.renewed_unfit());
            owner.owner.renewed(NOW);
            assert!(matches!(owner.decide(), Decision::StandBy(reason) if reason.contains("orders wait")));
            lease = next;
        }
        let mut owner = tick("us-east-1", Some(lease.clone()));
        owner.readiness.database = database;
        owner.holds("for 60 s and longer");
        owner.readiness.database = Database::Writer;
        let Decision::Renew { next, .. } = owner.decide() else { panic!("a well owner renews") };
        assert_eq!(next.database_unfit_at_version, None, "the next outage counts anew");
    }
}

#[test]
fn no_patience_is_none_and_it_never_covers_more_than_the_database() {
    let mut owner = tick("us-east-1", Some(first()));
    owner.readiness.database = Database::Unreachable("refused".to_owned());
    owner.timing.database_patience = Duration::ZERO;
    owner.holds("not renewed: the database does not answer: refused");
    owner.timing.database_patience = Duration::from_secs(60);
    owner.readiness.problems = vec!["the own API is not ready".to_owned()];
    owner.holds("not renewed: the own API is not ready");
    let taken = first().renewed_unfit().successor(&region("us-east-2"), "test", 0);
    assert_eq!(taken.database_unfit_at_version, None);
    assert_eq!(first().renewed_unfit().serving().database_unfit_at_version, None);
}

#[test]
fn a_recovering_owner_starts_the_workflow_and_renews_in_turn() {
    let lease = first().successor(&region("us-east-2"), "test", 0);
    let mut owner = tick("us-east-2", Some(lease.clone()));
    owner.readiness.database = Database::Unreachable("promoting".to_owned());
    assert_eq!(owner.decide(), Decision::StartRecovery { epoch: lease.epoch });
    owner.recovery_started = Some(NOW - Duration::from_secs(5));
    owner.owner.renewed(NOW - Duration::from_secs(5));
    assert!(matches!(owner.decide(), Decision::Renew { .. }), "both due: equally old");
    owner.owner.renewed(NOW - Duration::from_secs(4));
    assert!(matches!(owner.decide(), Decision::StartRecovery { .. }));
    owner.recovery_started = Some(NOW);
    assert!(matches!(owner.decide(), Decision::StandBy(_)));
    owner.switch_on = false;
    owner.holds("switch is off");
}

#[test]
fn a_challenger_takes_an_expired_lease_with_its_evidence() {
    assert!(matches!(tick("us-east-2", Some(first())).decide(), Decision::StandBy(_)));
    let mut challenger = tick("us-east-2", Some(first())).expired();
    challenger.readiness.database = Database::Replica;
    let Decision::TakeOver { expected, next } = challenger.decide() else {
        panic!("an expired lease is taken")
    };
    assert_eq!(expected, first());
    assert_eq!((next.epoch, next.version, next.state), (Epoch(2), 2, LeaseState::Recovering));
    assert_eq!((next.moved_at_version, next.moved_at_ms, next.owner.as_str()), (2, 1_000, "us-east-2"));
    assert_eq!(next.evidence, "us-east-1 has not renewed the lease for 19.0 s (limit 18 s)");
}

#[test]
fn probes_in_a_row_are_evidence_too() {
    let mut challenger = tick("us-east-2", Some(first()));
    challenger.probes.failures = 5;
    assert!(matches!(challenger.decide(), Decision::StandBy(_)));
    challenger.probes.failures = 6;
    let Decision::TakeOver { next, .. } = challenger.decide() else {
        panic!("six failed probes are an outage")
    };
    assert_eq!(next.evidence, "6 outside probes of us-east-1 in a row failed: timed out");
}

#[test]
fn a_challenger_holds_when_it_must_not_move() {
    let challenger = || tick("us-east-2", Some(first())).expired();
    let mut off = challenger();
    off.switch_on = false;
    off.holds("switch is off");
    let mut unfit = challenger();
    unfit.readiness.problems = vec!["the queue does not answer".to_owned()];
    unfit.holds("cannot take over: the queue does not answer");
    let mut no_database = challenger();
    no_database.readiness.database = Database::Unreachable("refused".to_owned());
    no_database.holds("its database is gone: refused");
    let moved = first().successor(&region("us-east-2"), "test", 0);
    tick("us-east-1", Some(moved)).expired().holds("the cooldown lasts 900 s more");
}

#[test]
fn a_home_that_dies_after_the_hand_over_is_taken_over_without_a_cooldown() {
    let home = region("us-east-1");
    let handed = away(30).draining().handed_to(&home, "test", 1_000);
    assert_eq!((handed.epoch, handed.state, handed.moved_at_ms), (Epoch(3), LeaseState::Recovering, 1_000));
    for lease in [handed.clone(), handed.serving()] {
        let mut challenger = tick("us-east-2", Some(lease)).expired();
        challenger.readiness.database = Database::Replica;
        let Decision::TakeOver { next, .. } = challenger.decide() else {
            panic!("a planned hand-over holds nobody back")
        };
        assert_eq!((next.epoch, next.moved_at_version), (Epoch(4), next.version));
        tick("us-east-1", Some(next)).expired().holds("the cooldown lasts 900 s more");
    }
}

/// The standby owns the lease, has renewed it through the cooldown, and has seen home well for `well_s`.
fn away(well_s: u64) -> Lease {
    let moved = first().successor(&region("us-east-2"), "test", 0).serving();
    let version = moved.version + 900 / 5;
    Lease { version, home_well_at_version: Some(version - well_s / 5), ..moved }
}

/// It has just renewed, so that nothing else is due.
fn owner_away(lease: Lease) -> Tick {
    let mut owner = tick("us-east-2", Some(lease));
    owner.owner.renewed(NOW);
    owner
}
