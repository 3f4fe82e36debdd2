//! Goal: an owner away from home goes back as designed, and undoes what came to nothing. Method: one view of
//! such an owner's tick, changed in one respect per case.

use super::*;

#[test]
fn an_owner_away_from_home_starts_the_failback_after_the_dwell() {
    let owner = owner_away(away(30));
    assert_eq!(owner.decide(), Decision::StartFailback { epoch: Epoch(2) });
    let mut asked = owner_away(away(30));
    asked.failback_started = Some(NOW - Duration::from_secs(59));
    assert!(matches!(asked.decide(), Decision::StandBy(_)));
    asked.failback_started = Some(NOW - Duration::from_secs(60));
    assert!(matches!(asked.decide(), Decision::StartFailback { .. }));
}

#[test]
fn nothing_starts_a_failback_too_early() {
    let mut cases = vec![owner_away(away(25)), owner_away(Lease { home_well_at_version: None, ..away(30) })];
    let mut by_hand = owner_away(away(30));
    by_hand.failback.automatic = false;
    let mut off = owner_away(away(30));
    off.switch_on = false;
    let mut no_database = owner_away(away(30));
    no_database.readiness.database = Database::Replica;
    let cooling = Lease { moved_at_version: away(30).version - 100, ..away(30) };
    cases.extend([by_hand, off, no_database, owner_away(cooling), owner_away(away(30).draining())]);
    for case in cases {
        assert!(matches!(case.decide(), Decision::StandBy(_)), "{:?}", case.decide());
    }
    let mut home = tick("us-east-1", Some(Lease { home_well_at_version: Some(1), ..first() }));
    home.owner.renewed(NOW);
    assert!(matches!(home.decide(), Decision::StandBy(_)));
}

#[test]
fn an_owner_away_from_home_notes_in_each_renewal_what_it_sees_of_home() {
    let noted = |answered, failures| {
        let mut owner = tick("us-east-2", Some(away(10)));
        (owner.probes.answered, owner.probes.failures) = (answered, failures);
        let Decision::Renew { next, .. } = owner.decide() else { panic!("a renewal is due") };
        next.home_well_at_version
    };
    let since = away(10).home_well_at_version;
    assert_eq!((noted(1, 0), noted(0, 0), noted(0, 1), noted(0, 2)), (since, since, since, None));
}

#[test]
fn a_drained_owner_renews_without_its_database_and_not_for_ever() {
    let lease = away(30).draining();
    for database in [Database::Writer, Database::Replica, Database::Unreachable("refused".to_owned())] {
        let mut owner = tick("us-east-2", Some(lease.clone()));
        owner.switch_on = false;
        owner.readiness.database = database.clone();
        let Decision::Renew { next, .. } = owner.decide() else { panic!("it is drained for a moment only") };
        assert_eq!((next.state, next.database_unfit_at_version), (LeaseState::Draining, None));

        let late = Lease { version: lease.version + 4, ..lease.clone() };
        owner.lease = Some(late.clone());
        if database == Database::Writer {
            assert_eq!(owner.decide(), Decision::Undrain { expected: late.clone(), next: late.undrained() });
        } else {
            owner.holds("settlement has been stopped for 20 s and longer");
        }
    }
}

#[test]
fn home_follows_its_database_when_a_drained_owner_lets_the_lease_expire() {
    let late = Lease { moved_at_version: 0, ..away(30).draining() };
    let mut home = tick("us-east-1", Some(late)).expired();
    home.readiness.database = Database::Writer;
    let Decision::TakeOver { next, .. } = home.decide() else { panic!("an expired lease is taken") };
    assert_eq!(
        (next.epoch, next.state, next.owner.as_str()),
        (Epoch(3), LeaseState::Recovering, "us-east-1")
    );
    let renewed = tick("us-east-1", Some(away(30).draining()));
    assert!(matches!(renewed.decide(), Decision::StandBy(_)), "a drained lease is nobody else's");
}
