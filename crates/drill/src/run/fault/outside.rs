//! What befalls a region at its gateway alone: its callers, or its calls to the journal.

use recovery::Region;
use recovery::scenario::{self, FaultKind};

use crate::gateway::Fault;

/// The gateway's fault for one of a scenario, and what it means; none when the gateway alone cannot do it.
pub(super) fn fault(fault: &scenario::Fault, region: &Region) -> Option<(Fault, String)> {
    let region = region.clone();
    match fault.kind {
        FaultKind::CutOffFromClients => Some((
            Fault::CutOff { region },
            "everybody from outside is reset; inside the region all is well".to_owned(),
        )),
        FaultKind::Errors => {
            let share = fault.share?;
            let words = format!(
                "{:.0} % of the requests from outside fail, half of them after they were carried out; its \
                 health answers well",
                share * 100.0
            );
            Some((Fault::Err { region, share }, words))
        }
        FaultKind::Slow => {
            let delay_ms = fault.delay_ms?;
            Some((Fault::Late { region, delay_ms }, format!("answers outside {delay_ms} ms late")))
        }
        FaultKind::JournalUnavailable => {
            Some((Fault::NoJournal { region }, "calls to the strongly consistent table fail".to_owned()))
        }
        _ => None,
    }
}
