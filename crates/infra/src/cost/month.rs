//! What happens in an average month without a recovery: the deployment's load and the assumptions, counted.

use recovery::{Deployment, setting};
use rust_decimal::Decimal;

use super::assumption::Assumptions;
use super::bill::Purpose;
use crate::check::reading::rate_s;
use crate::check::{Inventory, Resource};
use crate::packages::SENTINEL;

/// Hours of a month of 30.4 days, in tenths.
const TENTHS_OF_HOURS: i64 = 7296;
/// Seconds of the same month.
const SECONDS: u64 = 2_626_560;
/// Days of the same month, in tenths.
pub(super) const TENTHS_OF_DAYS: i64 = 304;

/// Hours of a month: 729.6.
pub fn hours() -> Decimal {
    Decimal::new(TENTHS_OF_HOURS, 1)
}

/// Seconds of a month: 2,626,560.
pub fn seconds() -> Decimal {
    SECONDS.into()
}

/// How many millions a number is.
pub(super) fn millions(number: Decimal) -> Decimal {
    number * Decimal::new(1, 6)
}

/// How many GB of 10⁹ bytes a number of bytes is.
pub(super) fn gigabytes(bytes: Decimal) -> Decimal {
    bytes * Decimal::new(1, 9)
}

/// A share of a number.
pub(super) fn percent(number: Decimal, percent: u64) -> Decimal {
    number * Decimal::from(percent) * Decimal::new(1, 2)
}

/// What a resource is priced with. Counts are of a month.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) deployment: &'a Deployment,
    pub(super) assumed: &'a Assumptions,
}

impl<'a> Context<'a> {
    pub(super) fn home(&self) -> &'a str {
        self.deployment.regions.home.as_str()
    }

    pub(super) fn standby(&self) -> &'a str {
        self.deployment.regions.standby.as_str()
    }

    /// What the ordinary items of a region are paid for.
    pub(super) fn purpose(&self, region: &str) -> Purpose {
        if region == self.standby() { Purpose::Standby } else { Purpose::Serving }
    }

    /// Whether a region has the whole load of an ordinary month.
    pub(super) fn serves(&self, region: &str) -> bool {
        region == self.home()
    }

    /// Resources of a type in a region.
    pub(super) fn in_region<'r>(
        &'r self,
        region: &'r str,
        kind: &'r str,
    ) -> impl Iterator<Item = Resource<'a>> + use<'a, 'r> {
        let here = move |one: &Resource<'_>| one.kind() == kind && one.stack.region == region;
        self.inventory.resources().filter(here)
    }

    /// Whether a resource is the first of its type in its region, which carries what all of them share.
    pub(super) fn first(&self, resource: &Resource<'_>) -> bool {
        let of_type = self
            .inventory
            .resources()
            .find(|other| other.kind() == resource.kind() && other.stack.region == resource.stack.region);
        of_type.is_some_and(|first| first.id == resource.id && first.stack.name == resource.stack.name)
    }

    /// Orders that clients place.
    pub(super) fn orders(&self) -> Decimal {
        seconds() * Decimal::from(self.deployment.load.orders_per_second)
    }

    /// Orders that the standby's sentinel places as outside probes of home.
    pub(super) fn probes(&self) -> Decimal {
        let region = self.standby();
        let name = self.deployment.names().function(SENTINEL);
        let functions = || self.in_region(region, "AWS::Lambda::Function");
        let sentinel = functions().find(|function| function.text("FunctionName") == Some(name.as_str()));
        let Some(sentinel) = sentinel else { return Decimal::ZERO };
        let number = |name| sentinel.number(&format!("Environment/Variables/{name}")).unwrap_or(0);
        let each = number(setting::SENTINEL_WATCH_S).checked_div(number(setting::PROBE_INTERVAL_S));
        self.invocations(region, &name) * Decimal::from(each.unwrap_or(0))
    }

    /// Every order that the journal takes.
    pub(super) fn all_orders(&self) -> Decimal {
        self.orders() + self.probes()
    }

    pub(super) fn session_writes(&self) -> Decimal {
        seconds() * Decimal::from(self.deployment.load.sessions_per_second)
    }

    pub(super) fn session_reads(&self) -> Decimal {
        self.session_writes() * Decimal::from(self.assumed.session_reads_per_write)
    }

    pub(super) fn lookups(&self) -> Decimal {
        self.orders() * Decimal::from(self.assumed.lookups_per_order)
    }

    /// Requests of clients and of the other region's probes.
    pub(super) fn client_requests(&self, region: &str) -> Decimal {
        if !self.serves(region) {
            return Decimal::ZERO;
        }
        self.all_orders() + self.lookups() + self.session_writes() + self.session_reads()
    }

    /// Requests of Route 53's checkers to a region's own name.
    pub(super) fn health_requests(&self, region: &str) -> Decimal {
        let asks = |check: &Resource<'_>| {
            let host = check.text("HealthCheckConfig/FullyQualifiedDomainName");
            host.is_some_and(|host| host.starts_with(&format!("{region}.")))
        };
        let checks = self.inventory.all("AWS::Route53::HealthCheck").filter(asks);
        let each = |check: Resource<'_>| {
            let interval_s = check.number("HealthCheckConfig/RequestInterval").unwrap_or(30).max(1);
            seconds() / Decimal::from(interval_s) * Decimal::from(self.assumed.health_checkers)
        };
        checks.map(each).sum()
    }

    /// Batches in which the queue's messages are worked off.
    pub(super) fn batches(&self, region: &str) -> Decimal {
        let orders = if self.serves(region) { self.all_orders() } else { Decimal::ZERO };
        orders / Decimal::from(self.assumed.orders_per_batch.max(1))
    }

    /// How often schedules of a region invoke a function.
    pub(super) fn invocations(&self, region: &str, function: &str) -> Decimal {
        let calls = |schedule: &Resource<'_>| {
            schedule.text("Target/Arn").is_some_and(|arn| arn.rsplit(':').next() == Some(function))
        };
        let schedules = self.in_region(region, "AWS::Scheduler::Schedule").filter(calls);
        schedules.map(|schedule| times(&schedule)).sum()
    }

    /// Seconds for which a region's sentinel runs, overlaps included.
    pub(super) fn watched_s(&self, region: &str) -> Decimal {
        let name = self.deployment.names().function(SENTINEL);
        let functions = self.in_region(region, "AWS::Lambda::Function");
        let sentinel = functions.into_iter().find(|one| one.text("FunctionName") == Some(name.as_str()));
        let path = format!("Environment/Variables/{}", setting::SENTINEL_WATCH_S);
        let watch_s = sentinel.and_then(|sentinel| sentinel.number(&path)).unwrap_or(0);
        self.invocations(region, &name) * Decimal::from(watch_s)
    }

    /// GB of the journal, or of the database, after so many months.
    pub(super) fn kept(&self, months: u64, bytes: u64) -> Decimal {
        gigabytes(self.all_orders() * Decimal::from(months) * Decimal::from(bytes))
    }

    /// GB in each region's database.
    pub(super) fn database_gigabytes(&self) -> Decimal {
        self.kept(self.assumed.months_kept, self.assumed.order_database_bytes)
    }

    /// GB in each replica of the journal.
    pub(super) fn journal_gigabytes(&self) -> Decimal {
        self.kept(self.assumed.journal_months_kept, self.assumed.order_bytes)
    }
}

/// How often a schedule fires in a month; never, where its rate is none that we know.
pub(super) fn times(schedule: &Resource<'_>) -> Decimal {
    let rate = schedule.text("ScheduleExpression").and_then(rate_s).filter(|rate| *rate > 0);
    rate.map_or(Decimal::ZERO, |rate| seconds() / Decimal::from(rate))
}

#[cfg(test)]
mod tests {
    //! Goal: a month has one length. Method: its hours, days and seconds beside each other.

    use super::*;

    #[test]
    fn hours_days_and_seconds_are_of_the_same_month() {
        assert_eq!(hours() * Decimal::from(3600), seconds());
        assert_eq!(Decimal::new(TENTHS_OF_DAYS, 1) * Decimal::from(24), hours());
    }
}
