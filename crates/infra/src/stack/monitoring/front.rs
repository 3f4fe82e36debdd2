//! The front of a region: the load balancer where there are containers, else the API.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::{DAYS_TO_EXPIRY, firewall as waf};
use super::metric::{Known, Measure, Metric};
use super::{api, balancer};
use crate::place::{Place, parameter as key};
use crate::stack::api::firewall;

/// Days before its end at which a certificate should have been renewed: AWS begins 45 days before or
/// earlier.
const CERTIFICATE_DAYS_MIN: f64 = 30.0;

/// Alarms on whatever callers reach first, and on the certificate of its names.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let mut alarms = match place.containers() {
        Some(_) => balancer::alarms(place),
        None => api::alarms(place),
    };
    alarms.push(certificate(place));
    alarms.push(refused(place));
    alarms.extend(place.containers().map(|_| beyond_reckoning(place)));
    alarms
}

const QUIET: Missing = Missing::Well("the firewall reports what is not zero.");

fn of_rule(place: &Place<'_>, known: &Known<3>, rule: &str) -> Metric {
    known.of([place.region.as_str().to_owned(), rule.to_owned(), firewall::name(place)])
}

fn refused(place: &Place<'_>) -> Alarm {
    let rules = [firewall::PER_ADDRESS, firewall::HEALTH_OF_ADDRESS];
    let measure = Measure::sum(rules.map(|rule| of_rule(place, &waf::REFUSED, rule)));
    Alarm::new("address-refused", measure, Bad::AtLeast(1.0), QUIET).says(
        format!(
            "An address sends more than {} requests in a minute, or floods the health routes, and is refused for it.",
            place.deployment.api.requests_per_address
        ),
        "see in the firewall's log which address: a client's own needs a higher limit (`requests_per_address`), a stranger's is being held back already.",
    )
}

fn beyond_reckoning(place: &Place<'_>) -> Alarm {
    let measure = Measure::One(of_rule(place, &waf::COUNTED, firewall::OF_ALL));
    Alarm::new("load-beyond-rate", measure, Bad::AtLeast(1.0), QUIET).says(
        format!(
            "All callers together send more than {} requests a second, more than was reckoned with; nobody is refused for it.",
            place.deployment.api.requests_per_second
        ),
        "see in the access log whether it is load or an attack, and whether the services have reached their most tasks; then raise `api_tasks_max`, or refuse what is not yours in the firewall.",
    )
}

fn certificate(place: &Place<'_>) -> Alarm {
    Alarm::new(
        "certificate-expires",
        Measure::One(DAYS_TO_EXPIRY.of([place.parameter(key::CERTIFICATE)]).by("Minimum")),
        Bad::Below(CERTIFICATE_DAYS_MIN),
        Missing::Nothing("a new certificate has no data for half a day, and an old one twice a day."),
    )
    .every(86_400)
    .says(
        format!("The certificate of this region's names ends in less than {CERTIFICATE_DAYS_MIN} days and was not renewed."),
        "see in Certificate Manager why: most often the record that proves the domain is gone from the zone.",
    )
}
