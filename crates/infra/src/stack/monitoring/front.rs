//! The front of a region: the load balancer where there are containers, else the API.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::DAYS_TO_EXPIRY;
use super::metric::Measure;
use super::{api, balancer};
use crate::place::{Place, parameter as key};

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
    alarms
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
