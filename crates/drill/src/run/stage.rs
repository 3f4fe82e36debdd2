//! Everything a drill stands on, started in order and owned by one value.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recovery::Region;
use recovery::deployment::Profile;

use super::observer::Observer;
use super::steps::Steps;
use super::topology::Topology;
use super::{Drill, DrillError, fault};
use crate::assembly::{self, Assembly};
use crate::aurora::{Aurora, Placement};
use crate::dns::DnsServer;
use crate::emulator::{Emulator, last_lines};
use crate::environment::Environment;
use crate::fleet::{self, Fleet, Fleets, Surroundings};
use crate::gateway::{Faults, Gateway, GatewayError, GatewayOptions};
use crate::health_check::{CheckOptions, Checkers, HealthBoard, PROPAGATION};
use crate::lever::{Clocks, Levers};
use crate::owned::RunDirectory;
use crate::packages;
use crate::route53::{self, Zone};

/// The functions of the system under test, by the names of their binaries.
pub const FUNCTIONS: [&str; 8] = [
    "orders-api",
    "order-processor",
    "sentinel",
    "recovery-step",
    "stack-hook",
    "preflight",
    "database-keeper",
    "reconciler",
];

/// Those whose work containers do where there are some.
const IN_CONTAINERS: [&str; 2] = ["orders-api", "order-processor"];

const PORT_ATTEMPTS: u32 = 5;

/// Two regions on one machine, deployed and running.
pub struct Stage {
    /// What clients resolve names with.
    pub dns: DnsServer,
    /// What DNS knows about the endpoints.
    pub checkers: Checkers,
    /// Which region each health check looks at, by the check's logical id.
    pub checked: BTreeMap<String, Region>,
    /// Where everything is.
    pub topology: Topology,
    /// Every way into and between the regions.
    pub gateway: Gateway,
    /// The database pair.
    pub aurora: Arc<Aurora>,
    /// The emulator of AWS.
    pub emulator: Emulator,
    /// The containers of both regions; none where functions do their work.
    pub fleets: Fleets,
    /// Looks on from outside.
    pub observer: Observer,
    /// What acts past every gateway.
    pub levers: Levers,
    /// The clocks that a fault puts ahead, if one does.
    pub clocks: Option<Clocks>,
    /// The steps of the workflows.
    pub steps: Steps,
    /// Versions of the parts, for the report.
    pub parts: Parts,
}

/// Versions of the parts.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The emulator.
    pub emulator: String,
    /// The database.
    pub database: String,
}

impl Stage {
    /// Sets the stage: environment, packages, assembly, emulator, databases, gateways, DNS, stacks.
    pub async fn set(drill: &Drill<'_>, run: &Arc<RunDirectory>) -> Result<Self, DrillError> {
        let progress = drill.progress;
        progress.phase("preparing the emulator and PostgreSQL");
        let environment = environment(drill).await?;
        progress.phase("synthesising the deployment");
        let mut assembly = synthesise(drill, run)?;
        progress.phase("starting the emulator and a pair of databases");
        let mut topology = Topology::draw(&drill.deployment, drill.settings.seed)?;
        let faults = Faults::new();
        let (emulator, aurora) = tokio::join!(
            Emulator::start(&environment, run),
            start_aurora(drill, &environment, run, &topology, faults.clone())
        );
        let (emulator, aurora) = (emulator?, Arc::new(aurora?));
        let gateway = open_gateway(drill, &mut topology, &emulator, &aurora, faults).await?;
        let zone = zone(&topology, &assembly)?;
        let board = HealthBoard::new(zone.checks.keys());
        let dns = DnsServer::start(topology.dns_address, Arc::clone(&zone), board.clone()).await?;
        let dns_at = dns.address();
        let clocks = fault::clocks(drill, run)?;
        let overrides = |region: &str| {
            let clocks = clocks.as_ref().map(|clocks| clocks.variables(region)).unwrap_or_default();
            topology.overrides(region, dns_at).into_iter().chain(clocks).collect()
        };
        assembly.localise(&|region, _| overrides(region));
        progress.phase("deploying every stack through CloudFormation");
        let endpoint = emulator.endpoint();
        tokio::select! {
            deployed = assembly::deploy(&assembly, &endpoint, &|line| tracing::debug!("{line}")) => drop(deployed?),
            ended = ended(&emulator, &aurora) => return Err(ended),
        }
        let fleets = start_fleets(drill, run, &topology, &assembly, &overrides, &gateway)?;
        let checkers = check_health(drill, &topology, &zone, board)?;
        let observer = observe(drill, &emulator);
        let steps = Steps::watch(&emulator, &drill.deployment.names(), &drill.scenario)?;
        let levers = Levers::new(&endpoint, drill.deployment.names());
        let parts = parts(&aurora, &topology).await?;
        let checked = checked(&topology, &zone);
        Ok(Self {
            dns,
            checkers,
            checked,
            topology,
            gateway,
            aurora,
            emulator,
            fleets,
            observer,
            levers,
            clocks,
            steps,
            parts,
        })
    }
}

impl Stage {
    /// Returns when a part of the stage has ended although no fault ended it.
    pub async fn ended(&self) -> DrillError {
        ended(&self.emulator, &self.aurora).await
    }
}

async fn ended(emulator: &Emulator, aurora: &Aurora) -> DrillError {
    let database = async {
        loop {
            if let Some(ended) = aurora.ended() {
                return ended;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    };
    tokio::select! {
        log = emulator.ended() => DrillError::Ended { part: "the AWS emulator".to_owned(), log },
        (region, log) = database => DrillError::Ended {
            part: format!("the database of {region}"),
            log: last_lines(&log, 5),
        },
    }
}

/// The region of each health check, by the name it looks at.
fn checked(topology: &Topology, zone: &Zone) -> BTreeMap<String, Region> {
    let region = |host: &String| topology.regions.iter().find(|at| at.host == *host);
    let of =
        zone.checks.iter().filter_map(|(id, check)| Some((id.clone(), region(&check.host)?.region.clone())));
    of.collect()
}

async fn environment(drill: &Drill<'_>) -> Result<Environment, DrillError> {
    let progress = drill.progress;
    // Installing blocks for up to a minute on first use; the runtime has other workers.
    Ok(tokio::task::block_in_place(|| {
        Environment::ensure(&drill.settings.cache, &|line: &str| progress.phase(line))
    })?)
}

fn synthesise(drill: &Drill<'_>, run: &RunDirectory) -> Result<Assembly, DrillError> {
    let (packages, outdir) = (run.path().join("packages"), run.path().join("cdk.out"));
    tokio::task::block_in_place(|| {
        let containers = drill.deployment.compute.profile == Profile::Containers;
        let wanted = |name: &&str| !containers || !IN_CONTAINERS.contains(name);
        let functions: Vec<&str> = FUNCTIONS.into_iter().filter(wanted).collect();
        packages::pack(&drill.settings.functions, &functions, &packages)?;
        (drill.synthesise)(&packages, &outdir).map_err(DrillError::Synthesis)?;
        Ok(Assembly::read(&outdir)?)
    })
}

async fn start_aurora(
    drill: &Drill<'_>,
    environment: &Environment,
    run: &Arc<RunDirectory>,
    topology: &Topology,
    faults: Faults,
) -> Result<Aurora, DrillError> {
    let regions = topology.regions.clone().map(|at| (at.region, at.address));
    let lags = drill.scenario.replication.wal_delays_ms().map(Duration::from_millis);
    let placement = Placement { regions, names: drill.deployment.names(), lags, faults };
    Ok(Aurora::start(environment, run, placement).await?)
}

async fn open_gateway(
    drill: &Drill<'_>,
    topology: &mut Topology,
    emulator: &Emulator,
    aurora: &Arc<Aurora>,
    faults: Faults,
) -> Result<Gateway, DrillError> {
    let names = drill.deployment.names();
    let mut options = GatewayOptions {
        regions: topology.regions.clone(),
        witness: drill.deployment.regions.witness.clone(),
        public_host: names.public_host(),
        journal_table: names.journal_table(),
        sessions_table: names.sessions_table(),
        emulator: emulator.address(),
        replication_lag: Duration::from_millis(drill.scenario.replication.session_lag_ms),
        ports: topology.ports,
        seed: drill.settings.seed,
    };
    let mut attempt = 1;
    let mut gateway = loop {
        match Gateway::start(options.clone(), faults.clone()).await {
            // Somebody else took a port between finding it free and listening on it.
            Err(GatewayError::Listen { .. }) if attempt < PORT_ATTEMPTS => {
                attempt += 1;
                topology.redraw_ports()?;
                options.ports = topology.ports;
            }
            other => break other?,
        }
    };
    gateway.answer_database_calls(Arc::<Aurora>::clone(aurora));
    for at in &topology.regions {
        gateway.follow_database(&at.region, aurora.leads(&at.region)?);
    }
    Ok(gateway)
}

fn zone(topology: &Topology, assembly: &Assembly) -> Result<Arc<Zone>, DrillError> {
    let templates: Vec<_> = assembly.stacks.iter().map(|stack| &stack.template).collect();
    Ok(Arc::new(route53::read(&templates, &topology.stand_ins())?))
}

/// The containers of each region, by what its templates say, behind its gateway.
fn start_fleets(
    drill: &Drill<'_>,
    run: &Arc<RunDirectory>,
    topology: &Topology,
    assembly: &Assembly,
    overrides: &dyn Fn(&str) -> BTreeMap<String, String>,
    gateway: &Gateway,
) -> Result<Fleets, DrillError> {
    let minute = Duration::from_secs(drill.scenario.cloudwatch_minute_s);
    let mut fleets = Vec::new();
    for at in &topology.regions {
        let here = assembly.stacks.iter().filter(|stack| stack.region == at.region.as_str());
        let templates: Vec<_> = here.map(|stack| &stack.template).collect();
        let Some(plan) = fleet::read(&at.region, &templates)? else { continue };
        for service in &plan.services {
            packages::built(&drill.settings.functions, &service.binary)?;
        }
        let surroundings = Surroundings {
            region: at.region.clone(),
            run: Arc::clone(run),
            binaries: drill.settings.functions.clone(),
            zones: topology.zones(&at.region),
            overrides: overrides(at.region.as_str()),
        };
        let fleet = Fleet::start(plan, surroundings, minute);
        if let Some(balancer) = fleet.balancer() {
            gateway.balance(&at.region, balancer.clone());
        }
        fleets.push(fleet);
    }
    let fleets = Fleets(fleets);
    if !fleets.0.is_empty() {
        gateway.answer_container_calls(Arc::new(fleets.clone()));
    }
    Ok(fleets)
}

/// Begins once everything is deployed, as checks in AWS are older than any rehearsal.
fn check_health(
    drill: &Drill<'_>,
    topology: &Topology,
    zone: &Zone,
    board: HealthBoard,
) -> Result<Checkers, DrillError> {
    let edge = |address| SocketAddr::from((address, topology.ports.edge));
    let endpoints = topology.regions.iter().map(|at| (at.host.clone(), edge(at.address))).collect();
    let options = CheckOptions { endpoints, seed: drill.settings.seed, propagation: PROPAGATION, hurry: 1 };
    Ok(Checkers::start(zone, board, &options)?)
}

fn observe(drill: &Drill<'_>, emulator: &Emulator) -> Observer {
    let (names, regions) = (drill.deployment.names(), &drill.deployment.regions);
    let machine = names.failover_state_machine();
    let arn = format!("arn:aws:states:{}:{}:stateMachine:{machine}", regions.standby, crate::ACCOUNT);
    // Every region's gateway leads the strongly consistent table to the witness's scope.
    Observer::new(&emulator.endpoint(), &regions.witness, &regions.standby, names.journal_table(), arn)
}

async fn parts(aurora: &Aurora, topology: &Topology) -> Result<Parts, DrillError> {
    let failed = |source| DrillError::Evidence { which: "home", source };
    let connect = aurora.connect_string(&topology.regions[0].region)?;
    let (client, connection) =
        tokio_postgres::connect(&connect, tokio_postgres::NoTls).await.map_err(failed)?;
    tokio::spawn(connection);
    let version: String = client.query_one("SHOW server_version", &[]).await.map_err(failed)?.get(0);
    Ok(Parts { emulator: crate::emulator::VERSION.to_owned(), database: format!("PostgreSQL {version}") })
}
