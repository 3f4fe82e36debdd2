//! Every stack of a deployment, in the order in which they are deployed.

use std::path::{Path, PathBuf};

use cdk::assembly::Assembly;
use cdk::assembly::writer::{self, FileError};
use cdk::{App, Problems, Stack};
use recovery::deployment::{Architecture, Deployment};

use crate::packages::{Packages, RECOVERY_STEP};
use crate::place::Place;
use crate::{rules, stack};

/// What a synthesis needs beside the deployment file.
#[derive(Clone, Debug)]
pub struct Synthesis {
    /// Account number: twelve digits.
    pub account: String,
    /// Directory that holds `{function}.zip` of every function.
    pub packages: PathBuf,
    /// Whether the workflow replays the journal.
    pub replay: Replay,
}

/// Whether the failover workflow replays the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replay {
    /// It does.
    #[default]
    Included,
    /// It does not, so that a drill can prove that a loss is noticed. **Never deploy this.**
    LeftOut,
}

/// Why there is no assembly.
#[derive(Debug, thiserror::Error)]
pub enum SynthesisError {
    /// Not the number of an AWS account.
    #[error("`{0}` is not an account number of twelve digits")]
    Account(String),
    /// A package for another processor than the functions'.
    #[error("{package}.zip is not built for {architecture}, which the deployment asks for", architecture = .architecture.as_str())]
    Processor {
        /// The function.
        package: &'static str,
        /// Of the functions.
        architecture: Architecture,
    },
    /// A package or a file of the assembly.
    #[error(transparent)]
    File(#[from] FileError),
    /// Something in the construct tree.
    #[error(transparent)]
    Tree(#[from] Problems),
}

/// Composes every stack. Reads the packages, writes nothing.
///
/// # Errors
/// When the account number is malformed or a package cannot be read.
pub fn app(deployment: &Deployment, synthesis: &Synthesis) -> Result<App, SynthesisError> {
    let account = synthesis.account.as_str();
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SynthesisError::Account(account.to_owned()));
    }
    let packages = Packages::read(&synthesis.packages)?;
    let place = |region| Place { deployment, account, region };
    let [home, standby] = deployment.pair();
    let mut app = App::new();
    for stack in shared(&place(standby)) {
        app.add(stack);
    }
    for region in [home, standby] {
        regional(&mut app, &place(region), &packages, synthesis.replay);
    }
    rules::apply(&mut app, deployment);
    Ok(app)
}

/// Composes, checks and writes the assembly into `directory`.
///
/// # Errors
/// Whatever is wrong with the input, the tree or the directory.
pub fn synthesise(
    deployment: &Deployment,
    synthesis: &Synthesis,
    directory: &Path,
) -> Result<Assembly, SynthesisError> {
    let assembly = app(deployment, synthesis)?.synthesise()?;
    writer::write(&assembly, directory)?;
    Ok(assembly)
}

/// What both regions share, managed from the standby region.
fn shared(standby: &Place<'_>) -> [Stack; 2] {
    let mut dns = standby.stack("Dns", "hosted zone, failover records and health checks");
    stack::dns::new(&mut dns, standby);
    let mut tables = standby.stack("GlobalTables", "order journal with the lease, and sessions");
    stack::global_tables::new(&mut tables, standby);
    [dns, tables]
}

/// The stacks of one region.
fn regional(app: &mut App, place: &Place<'_>, packages: &Packages, replay: Replay) {
    let deployment = place.deployment;
    let standby = Place { region: &deployment.regions.standby, ..*place };
    let home = Place { region: &deployment.regions.home, ..*place };

    let mut networking = place.stack("Networking", "VPC, subnets, endpoints and security groups");
    stack::networking::new(&mut networking, place);

    let mut database = place.stack("Database", "cluster of the Aurora global database");
    stack::database::new(&mut database, place);
    database.depend_on(networking.name());
    if !place.is_home() {
        database.depend_on(home.stack_name("Database"));
    }

    let mut peering = place.stack("Peering", "what this region must know about the other");
    stack::peering::new(&mut peering, place);
    peering.depend_on(place.peer().stack_name("Database"));
    peering.depend_on(standby.stack_name("Dns"));

    let mut network_peering = place.stack("NetworkPeering", "private way to the other region's database");
    stack::network_peering::new(&mut network_peering, place);
    network_peering.depend_on(networking.name());
    let side_to_wait_for = if place.is_home() { "NetworkPeering" } else { "Networking" };
    network_peering.depend_on(place.peer().stack_name(side_to_wait_for));

    let mut compute = place.stack("Compute", "functions and queues");
    stack::compute::new(&mut compute, place, packages);
    for name in [database.name(), peering.name(), &standby.stack_name("GlobalTables")] {
        compute.depend_on(name);
    }

    let mut api = place.stack("Api", "REST API and its names");
    stack::api::new(&mut api, place);
    api.depend_on(compute.name());

    let mut recovery = place.stack("Recovery", "watch, failover workflow, switch and alerts");
    stack::recovery::new(&mut recovery, place, &definition(place, replay));
    recovery.depend_on(compute.name());

    for stack in [networking, database, peering, network_peering, compute, api, recovery] {
        app.add(stack);
    }
}

/// The failover workflow of one region, in Amazon States Language.
fn definition(place: &Place<'_>, replay: Replay) -> String {
    let function = place.function_arn(RECOVERY_STEP);
    let machine = match replay {
        Replay::Included => recovery::workflow::workflow(place.deployment, &function),
        Replay::LeftOut => recovery::workflow::workflow_without_replay(place.deployment, &function),
    };
    machine.to_json()
}
