//! Health checkers and failover records: independent requests, a quorum, and a delay until DNS knows.
//!
//! A check has sixteen checkers of their own phase. Each changes its mind after so many equal results in a
//! row; the endpoint is healthy while more than 18 % say so (Route 53 Developer Guide). While an endpoint
//! answers alike, nothing is to be seen between two changes, so only the changes are events; an endpoint that
//! fails now and then is looked at request by request.

use super::{Contact, Event, World};
use crate::agenda::{S, Us};
use crate::chance::Purpose;
use crate::judge::Violation;
use crate::latency;
use crate::mutation::Mutation;

/// Checkers of one check.
const CHECKERS: usize = 16;
/// Share of checkers that must say healthy, in percent, exclusive.
const HEALTHY_ABOVE_PERCENT: usize = 18;
/// Longest answer that counts.
const ANSWER: Us = 2 * S;
/// Until a request that is accepted and never answered is given up.
const GIVEN_UP: Us = 6 * S;

/// What a checker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Well,
    Ill {
        after: Us,
    },
    /// So many of a thousand requests fail.
    Flaky(u32),
}

#[derive(Clone, Copy, Debug)]
struct Checker {
    healthy: bool,
    /// Results in a row against its mind.
    against: u32,
    /// When it asks next.
    next: Us,
}

#[derive(Debug)]
struct Check {
    status: Status,
    checkers: [Checker; CHECKERS],
    /// What was concluded and is on its way to the name servers, and what they know.
    concluded: bool,
    published: bool,
    publish_at: Us,
    generation: u32,
}

/// The checks of both regions and the records.
#[derive(Debug)]
pub(crate) struct Dns {
    checks: [Check; 2],
    /// The region that the PRIMARY record names.
    pub(crate) primary: usize,
    /// Since when the answer leads to a region without the lease though the owner could be led to.
    astray_since: Option<Us>,
}

impl Dns {
    pub(crate) fn new(chance: &mut crate::chance::Chance, interval: Us) -> Self {
        let mut check = |well: bool| {
            let mut next = || chance.below(Purpose::Dns, interval);
            Check {
                status: if well { Status::Well } else { Status::Ill { after: 0 } },
                checkers: std::array::from_fn(|_| Checker { healthy: well, against: 0, next: next() }),
                concluded: well,
                published: well,
                publish_at: 0,
                generation: 0,
            }
        };
        Self { checks: [check(true), check(false)], primary: 0, astray_since: None }
    }

    /// Where the public name leads.
    pub(crate) fn answer(&self) -> usize {
        let (primary, secondary) = (self.primary, 1 - self.primary);
        // A pair that is all unhealthy is answered as if it were all healthy.
        if !self.checks[primary].published && self.checks[secondary].published { secondary } else { primary }
    }
}

impl Check {
    fn healthy(&self) -> usize {
        self.checkers.iter().filter(|checker| checker.healthy).count()
    }
}

fn is_healthy(count: usize) -> bool {
    count * 100 > HEALTHY_ABOVE_PERCENT * CHECKERS
}

impl World<'_> {
    fn status(&self, region: usize) -> Status {
        let place = &self.places[region];
        match place.seen_from_outside() {
            Contact::Refused => return Status::Ill { after: 0 },
            Contact::Silent => return Status::Ill { after: GIVEN_UP },
            Contact::Reached => {}
        }
        let owns = self.owner() == region || self.breaks(Mutation::HealthWithoutLease);
        if !self.table_up(region) || !owns {
            return Status::Ill { after: 0 };
        }
        if place.slow >= ANSWER {
            return Status::Ill { after: GIVEN_UP };
        }
        if place.errors > 0 { Status::Flaky(place.errors) } else { Status::Well }
    }

    /// After anything that a health check could notice.
    pub(crate) fn refresh_dns(&mut self) {
        for region in 0..2 {
            let status = self.status(region);
            if status != self.dns.checks[region].status {
                self.catch_up_checkers(region);
                self.dns.checks[region].status = status;
                self.expect_conclusion(region);
            }
        }
    }

    /// Lets every checker have asked what it has asked by now.
    fn catch_up_checkers(&mut self, region: usize) {
        let (now, interval, threshold) = (self.now, self.model.check_interval, self.model.check_threshold);
        let check = &mut self.dns.checks[region];
        let well = match check.status {
            Status::Well => true,
            Status::Ill { .. } => false,
            // These were events.
            Status::Flaky(_) => return,
        };
        for checker in &mut check.checkers {
            if checker.next > now {
                continue;
            }
            let asked = (now - checker.next) / interval + 1;
            checker.next += asked * interval;
            if checker.healthy == well {
                checker.against = 0;
            } else if u64::from(checker.against) + asked >= u64::from(threshold) {
                (checker.healthy, checker.against) = (well, 0);
            } else {
                checker.against += asked as u32;
            }
        }
    }

    /// Says when the checkers will have come to another conclusion, if the endpoint stays as it is.
    fn expect_conclusion(&mut self, region: usize) {
        let (interval, threshold) = (self.model.check_interval, self.model.check_threshold);
        let check = &mut self.dns.checks[region];
        check.generation += 1;
        let (generation, healthy) = (check.generation, check.healthy());
        let (well, delay) = match check.status {
            Status::Well => (true, 0),
            Status::Ill { after } => (false, after),
            Status::Flaky(_) => {
                let soonest = check.checkers.iter().map(|checker| checker.next).min().unwrap_or(self.now);
                return self.agenda.at(soonest, Event::Checked { region: region as u8, generation });
            }
        };
        if is_healthy(healthy) == well {
            if check.concluded != well {
                self.conclude(region, well);
            }
            return;
        }
        let mut turns = [Us::MAX; CHECKERS];
        for (turn, checker) in turns.iter_mut().zip(&check.checkers).filter(|(_, one)| one.healthy != well) {
            let more = u64::from(threshold.saturating_sub(checker.against).max(1));
            *turn = checker.next + (more - 1) * interval + delay;
        }
        turns.sort_unstable();
        // The checker whose turn makes the share cross the line.
        let needed = (1..=CHECKERS).find(|turned| {
            let count = if well { healthy + turned } else { healthy.saturating_sub(*turned) };
            is_healthy(count) == well
        });
        let at = needed.map_or(Us::MAX, |needed| turns[needed - 1]);
        if at < Us::MAX {
            self.agenda.at(at.max(self.now), Event::Concluded { region: region as u8, generation });
        }
    }

    /// The checkers conclude that an endpoint is well, or is not.
    pub(crate) fn concluded(&mut self, region: usize, generation: u32) {
        let check = &self.dns.checks[region];
        if check.generation == generation {
            let well = check.status == Status::Well;
            self.conclude(region, well);
        }
    }

    fn conclude(&mut self, region: usize, well: bool) {
        let delay = self.chance.takes(Purpose::Dns, &latency::AGGREGATION);
        let check = &mut self.dns.checks[region];
        check.concluded = well;
        check.publish_at = check.publish_at.max(self.now + delay);
        let at = check.publish_at;
        self.agenda.at(at, Event::Published { region: region as u8, well });
    }

    /// The name servers hear of it.
    pub(crate) fn published(&mut self, region: usize, well: bool) {
        self.dns.checks[region].published = well;
        let answer = self.dns.answer();
        self.note(|| format!("DNS knows: region {region} well: {well}; it leads to region {answer}"));
        self.stirred = true;
        self.look_astray();
    }

    /// A change of records reaches the name servers.
    pub(crate) fn steered(&mut self, region: usize) {
        self.dns.primary = region;
        self.note(|| format!("the PRIMARY record names region {region}"));
        self.look_astray();
    }

    /// One request to an endpoint that fails now and then.
    pub(crate) fn checked(&mut self, region: usize, generation: u32) {
        let check = &self.dns.checks[region];
        let Status::Flaky(errors) = check.status else { return };
        if check.generation != generation {
            return;
        }
        let (interval, threshold) = (self.model.check_interval, self.model.check_threshold);
        let well = self.chance.below(Purpose::Dns, 1000) >= u64::from(errors);
        let check = &mut self.dns.checks[region];
        let Some(checker) = check.checkers.iter_mut().min_by_key(|checker| checker.next) else { return };
        checker.next = checker.next.max(self.now) + interval;
        checker.against = if checker.healthy == well { 0 } else { checker.against + 1 };
        if checker.against >= threshold.max(1) {
            (checker.healthy, checker.against) = (well, 0);
        }
        let soonest = check.checkers.iter().map(|checker| checker.next).min().unwrap_or(self.now);
        let healthy = is_healthy(check.healthy());
        if healthy != check.concluded {
            self.conclude(region, healthy);
        }
        self.agenda.at(soonest.max(self.now), Event::Checked { region: region as u8, generation });
    }

    /// Notes since when the public name leads to a region without the lease, though the owner serves.
    pub(crate) fn look_astray(&mut self) {
        let owner = self.owner();
        let serves = self.places[owner].seen_from_outside() == Contact::Reached
            && self.table_up(owner)
            && self.places[owner].errors == 0
            && self.places[owner].slow < ANSWER;
        let astray = serves && self.dns.answer() != owner;
        match (astray, self.dns.astray_since) {
            (true, None) => self.dns.astray_since = Some(self.now),
            (true, Some(since)) if self.now > since + self.astray_max() => {
                self.dns.astray_since = Some(Us::MAX / 2);
                self.violation(Violation::Astray { owner, after_s: (self.now - since) / S });
            }
            (false, _) => self.dns.astray_since = None,
            _ => {}
        }
    }

    /// How long the public name may lead astray: every checker's turn in both directions, and both ways to the
    /// name servers, one after another.
    fn astray_max(&self) -> Us {
        2 * (self.model.check_interval * u64::from(self.model.check_threshold + 1) + GIVEN_UP + 10 * S)
    }
}
