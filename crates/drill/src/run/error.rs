//! Why a drill could not be run.

use std::time::Duration;

use crate::assembly::AssemblyError;
use crate::aurora::AuroraError;
use crate::dns::DnsError;
use crate::emulator::EmulatorError;
use crate::environment::EnvironmentError;
use crate::fleet;
use crate::gateway::GatewayError;
use crate::health_check::NoEndpoint;
use crate::packages::PackageError;
use crate::route53::Problems;

/// A drill that could not be run. The system under test is never the reason.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// No place for temporary files.
    #[error("cannot make a directory for temporary files")]
    RunDirectory(#[source] std::io::Error),
    /// No emulator and no PostgreSQL.
    #[error("the drill's own environment cannot be made")]
    Environment(#[from] EnvironmentError),
    /// No packages of the functions.
    #[error("the functions cannot be packed")]
    Packages(#[from] PackageError),
    /// No assembly.
    #[error("the deployment cannot be synthesised")]
    Synthesis(#[source] super::SynthesisError),
    /// The emulator.
    #[error("the emulator does not run")]
    Emulator(#[from] EmulatorError),
    /// The database pair.
    #[error("the database pair does not run")]
    Aurora(#[from] AuroraError),
    /// The gateways.
    #[error("the gateways cannot be opened")]
    Gateway(#[from] GatewayError),
    /// The assembly or its deployment.
    #[error("the assembly cannot be deployed into the emulator")]
    Assembly(#[from] AssemblyError),
    /// The zone of the assembly.
    #[error("the hosted zone cannot be served")]
    Zone(#[from] Problems),
    /// The scenario is about containers, and there are none.
    #[error("the scenario does not fit the deployment")]
    Misfit(#[from] recovery::scenario::Misfit),
    /// The scenario asks for what this drill cannot do.
    #[error("this drill cannot apply {what} yet")]
    CannotApply {
        /// A kind of fault or a field of the scenario, as its file writes it.
        what: String,
    },
    /// The containers of the assembly.
    #[error("the containers cannot be run")]
    Containers(#[from] fleet::Problems),
    /// The scenario strikes a service that the deployment does not have.
    #[error("the scenario cannot be run")]
    Service(#[from] fleet::NoSuchService),
    /// A lever of the control plane.
    #[error("a fault cannot be applied")]
    Lever(#[from] crate::lever::LeverError),
    /// The clocks of the regions.
    #[error("a clock cannot be put ahead")]
    Clock(#[from] crate::lever::ClockError),
    /// The health checks of the assembly.
    #[error("the health checks cannot be run")]
    Checks(#[from] NoEndpoint),
    /// The DNS server.
    #[error("DNS cannot be served")]
    Dns(#[from] DnsError),
    /// A call of the drill's own to the emulator.
    #[error("the emulator refused to {action}: {reason}")]
    Call {
        /// What was asked.
        action: &'static str,
        /// What it said.
        reason: String,
    },
    /// A part ended while the drill needed it.
    #[error("{part} ended in the middle of the drill: {log}")]
    Ended {
        /// What it is.
        part: String,
        /// The end of its log.
        log: String,
    },
    /// The logs of the functions could not be read.
    #[error("the log {file} cannot be read")]
    Log {
        /// Its name.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The system did not come up before the fault.
    #[error("the system was not ready after {} s: {what}", limit.as_secs())]
    NotReady {
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: Duration,
    },
    /// A database could not be read after the run.
    #[error("the {which} database cannot be read")]
    Evidence {
        /// Which.
        which: &'static str,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// What was read makes no sense.
    #[error("the {which} database holds `{value}`, which is not {expected}")]
    Unreadable {
        /// Which.
        which: &'static str,
        /// What it holds.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl DrillError {
    /// What a person can do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Environment(error) => Some(error.hint()),
            Self::Packages(_) => Some("build them with `cargo build --bins`".to_owned()),
            Self::Ended { .. } | Self::NotReady { .. } | Self::Assembly(_) | Self::Emulator(_) => {
                Some("`--keep` leaves the logs of every part in place".to_owned())
            }
            _ => None,
        }
    }
}
