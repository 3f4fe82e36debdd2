//! Preflight: could the standby take over now?
//!
//! A typed list of checks, what each of them found, and whether people have to be told. How a check
//! looks is `services::preflight`'s; the page `docs/preflight.md` says the same to people.

use serde::{Deserialize, Serialize};

use crate::Region;

/// Seconds after which a preflight itself gives up what still runs.
pub const RUN_LIMIT_S: u64 = 60;
/// Seconds that its function may take: a run, and telling what it found.
pub const FUNCTION_TIMEOUT_S: u64 = 90;
/// The qualifier by which the preflight calls the functions that it nudges. Every other caller names a function
/// without one and means the same code, so IAM can tell them apart, and so can the function.
///
/// "Lambda makes authorization decisions by comparing the resource element in the IAM policy with both the
/// `FunctionName` and `Qualifier` passed in API calls":
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html>
pub const NUDGE_QUALIFIER: &str = "$LATEST";
/// Dimension of [`Metric::PreflightFailed`](crate::metric::Metric) beside the service: the name of a check.
pub const CHECK_DIMENSION: &str = "Check";

/// Declares the checks: one name, one sentence each.
macro_rules! checks {
    ($($(#[$doc:meta])* $check:ident $name:literal $asks:literal;)+) => {
        /// One question that a preflight asks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Check { $($(#[$doc])* $check),+ }

        impl Check {
            /// Every check, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$check),+];

            /// Its name in reports, metrics and events.
            pub fn name(self) -> &'static str {
                match self { $(Self::$check => $name),+ }
            }

            /// What it asks, for people.
            pub fn asks(self) -> &'static str {
                match self { $(Self::$check => $asks),+ }
            }
        }
    };
}

checks! {
    /// The lease.
    Lease "lease" "Can the lease be read, does one of the pair own it, and is no recovery under way?";
    /// The owner's sign of life.
    Heartbeat "heartbeat" "Does the lease's version move before the lease would expire?";
    /// The journal takes conditional writes.
    Journal "journal" "Does the journal judge a conditional put? The condition cannot hold, so nothing is written.";
    /// The sessions of this region.
    Sessions "sessions" "Can the sessions table be read here?";
    /// This region's endpoints.
    OwnApi "own_api" "Is this region's API live and ready, and does it serve exactly if this region owns the lease?";
    /// The peer's endpoints.
    PeerApi "peer_api" "The same of the peer's API, seen from here.";
    /// Where clients are led.
    PublicName "public_name" "Does the public name lead to the owner of the lease?";
    /// This region's database.
    OwnDatabase "own_database" "Does this region's database answer, as the writer in the owner's region and as a replica elsewhere?";
    /// The peer's database.
    PeerDatabase "peer_database" "The same of the peer's database, seen from here.";
    /// The fence.
    Fence "fence" "Do the fences of both databases stand at the epoch of the lease?";
    /// The schema.
    Schema "schema" "Do both databases have the schema's versions of this release, with the same text?";
    /// The replica keeps up.
    ReplicationLag "replication_lag" "Has the replica every settlement that is older than the lag allowed, by the writer's clock alone?";
    /// The order queue.
    Queue "queue" "Does the order queue answer, and does it put poison into the dead-letter queue?";
    /// Poison.
    DeadLetters "dead_letters" "Is the dead-letter queue empty?";
    /// The role in the peer region.
    Observer "observer" "Can the peer's observer role be assumed through this region's own STS?";
    /// The same programs.
    Functions "functions" "Is every function there and active, with the same code in both regions, and do those that may be idle start?";
    /// The workflows.
    Workflow "workflow" "Are both workflows there, as this release defines them, and the same in both regions?";
    /// The database's control plane.
    Clusters "clusters" "Does the global cluster have both members, available, in step, of one engine version and one parameter group?";
    /// The buckets are copied.
    Buckets "buckets" "Is every bucket replicated to the other region, in both directions?";
    /// The sentinel is started.
    Schedule "schedule" "Is the schedule that starts this region's sentinel enabled?";
    /// The off switch.
    Switch "switch" "Is the switch on?";
    /// Enough containers.
    Services "services" "Does every service of containers run as many tasks as its floor asks for?";
    /// One release of the containers.
    Deployments "deployments" "Has every service of containers one deployment that is complete, none under way and none failed?";
    /// Containers that the load balancer reaches.
    Targets "targets" "Are as many targets of the load balancer healthy as the floor asks for, and none unhealthy?";
    /// What a recovery may do.
    Permissions "permissions" "Would IAM let this region's sentinel start both workflows, these call their steps, and the steps do what a recovery and a failback need?";
}

impl Check {
    /// Checks that there is nothing to ask of where functions run the application.
    pub const OF_CONTAINERS: &[Self] = &[Self::Services, Self::Deployments, Self::Targets];
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The answer is yes.
    Passed,
    /// The answer is no.
    Failed,
    /// There is no answer, which counts as a no.
    Unknown,
    /// It could not be asked because of what another check found.
    Blocked(Check),
}

/// One check and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which one.
    pub check: Check,
    /// What became of it.
    pub state: State,
    /// What was found, for people.
    pub detail: String,
    /// Milliseconds it took.
    pub took_ms: u64,
}

/// The result of one preflight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Region that looked.
    pub region: Region,
    /// Milliseconds since the Unix epoch, at its begin.
    pub at_ms: u64,
    /// Whether there is no gap.
    pub passed: bool,
    /// Checks that keep the system from being ready, in order.
    pub gaps: Vec<Check>,
    /// One for every check, in order; those [of containers](Check::OF_CONTAINERS) only where there are any.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Puts the findings in order. A check without one did not run, which counts as a gap; one that is
    /// blocked is a gap of its own only if what blocks it is none.
    pub fn new(region: Region, at_ms: u64, mut found: Vec<Finding>) -> Self {
        for check in Check::ALL.iter().filter(|check| !Check::OF_CONTAINERS.contains(check)) {
            if !found.iter().any(|finding| finding.check == *check) {
                let detail = "it did not run".to_owned();
                found.push(Finding { check: *check, state: State::Unknown, detail, took_ms: 0 });
            }
        }
        found.sort_by_key(|finding| finding.check);
        let broken = |check: Check| {
            found.iter().any(|f| f.check == check && matches!(f.state, State::Failed | State::Unknown))
        };
        let gap = |finding: &&Finding| match finding.state {
            State::Passed => false,
            State::Failed | State::Unknown => true,
            State::Blocked(by) => !broken(by),
        };
        let gaps: Vec<Check> = found.iter().filter(gap).map(|finding| finding.check).collect();
        Self { region, at_ms, passed: gaps.is_empty(), gaps, findings: found }
    }
}

/// What people are told about a preflight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// There are gaps, and other ones than before.
    Failed,
    /// There were gaps and there are none now.
    Passed,
}

/// What is new since the gaps of the preflight before; none of them known counts as no gap.
pub fn news(before: &[Check], now: &[Check]) -> Option<News> {
    let known = |check: &Check| before.contains(check);
    match (before.is_empty(), now.is_empty()) {
        (true, true) => None,
        (false, true) => Some(News::Passed),
        _ if before.len() == now.len() && now.iter().all(known) => None,
        _ => Some(News::Failed),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a report never passes by accident, and people hear of every change once. Method: findings
    //! made by hand.

    use super::*;

    fn region() -> Region {
        Region::new("us-east-2").expect("a region")
    }

    fn all(state: impl Fn(Check) -> State) -> Vec<Finding> {
        let finding = |check: &Check| Finding {
            check: *check,
            state: state(*check),
            detail: String::new(),
            took_ms: 1,
        };
        Check::ALL.iter().map(finding).collect()
    }

    #[test]
    fn a_report_passes_only_with_every_check() {
        let mut findings = all(|_| State::Passed);
        assert!(Report::new(region(), 1, findings.clone()).passed);
        findings.remove(3);
        let report = Report::new(region(), 1, findings);
        assert_eq!((report.passed, report.gaps), (false, vec![Check::ALL[3]]));
    }

    #[test]
    fn checks_of_containers_may_be_absent_and_count_where_they_are_not() {
        let absent: Vec<Finding> =
            all(|_| State::Passed).into_iter().filter(|f| !Check::OF_CONTAINERS.contains(&f.check)).collect();
        assert!(Report::new(region(), 1, absent.clone()).passed);
        for check in Check::OF_CONTAINERS {
            let mut findings = absent.clone();
            findings.push(Finding {
                check: *check,
                state: State::Unknown,
                detail: String::new(),
                took_ms: 1,
            });
            assert_eq!(Report::new(region(), 1, findings).gaps, [*check]);
        }
    }

    #[test]
    fn what_is_blocked_counts_where_its_cause_does_not() {
        let blocked = |observer: State| {
            Report::new(
                region(),
                1,
                all(|check| match check {
                    Check::Observer => observer,
                    Check::Functions => State::Blocked(Check::Observer),
                    _ => State::Passed,
                }),
            )
        };
        assert_eq!(blocked(State::Unknown).gaps, [Check::Observer]);
        assert_eq!(blocked(State::Failed).gaps, [Check::Observer]);
        assert_eq!(blocked(State::Passed).gaps, [Check::Functions], "nothing passes that was not asked");
    }

    #[test]
    fn people_hear_of_each_change_once() {
        let (one, two): (&[Check], &[Check]) = (&[Check::Queue], &[Check::Queue, Check::Switch]);
        assert_eq!(news(&[], &[]), None);
        assert_eq!(news(&[], one), Some(News::Failed));
        assert_eq!(news(one, one), None);
        assert_eq!(news(one, two), Some(News::Failed));
        assert_eq!(news(two, one), Some(News::Failed));
        assert_eq!(news(two, &[Check::Switch, Check::Queue]), None, "their order says nothing");
        assert_eq!(news(one, &[]), Some(News::Passed));
    }

    #[test]
    fn names_are_what_serde_writes() {
        for check in Check::ALL {
            assert_eq!(serde_json::to_value(check).expect("a check is a word"), check.name());
        }
    }
}
