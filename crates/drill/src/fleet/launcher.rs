//! Starts tasks: the real program with the environment of its task definition.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use recovery::{Region, setting};

use super::Defect;
use super::plan::ServicePlan;
use crate::owned::{Farewell, OwnedProcess, RunDirectory};

/// Where a fleet's tasks run.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The region.
    pub region: Region,
    /// Owns every process and every file.
    pub run: Arc<RunDirectory>,
    /// Directory of the programs.
    pub binaries: PathBuf,
    /// Address of each zone, in order; a service with more zones uses the first ones again.
    pub zones: Vec<Ipv4Addr>,
    /// What replaces the environment of the task definitions, so that tasks are here and not in AWS.
    pub overrides: BTreeMap<String, String>,
}

/// A revision of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Revision {
    pub(super) number: u32,
    pub(super) defect: Option<Defect>,
}

/// A started process, where it listens and where it logs.
pub(super) struct Launched {
    pub(super) process: OwnedProcess,
    pub(super) address: SocketAddr,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) log: PathBuf,
}

pub(super) struct Launcher(Surroundings);

impl Launcher {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self(surroundings)
    }

    pub(super) fn region(&self) -> &Region {
        &self.0.region
    }

    /// Starts one task of `revision` in `zone`, on a port of its own.
    pub(super) fn launch(
        &self,
        plan: &ServicePlan,
        revision: Revision,
        zone: u32,
        id: u32,
    ) -> io::Result<Launched> {
        let address = free(self.zone(zone))?;
        let listens = match revision.defect {
            Some(Defect::ListensElsewhere) => free(self.zone(zone))?,
            None => address,
        };
        let environment = self.environment(plan, listens)?;
        let directory = self.0.run.path().join("tasks").join(self.0.region.as_str());
        std::fs::create_dir_all(&directory)?;
        let log = directory.join(format!("{}-{id}.log", plan.name));
        let file = File::create(&log)?;
        let mut command = self.command(&plan.binary, &plan.arguments, &environment);
        command.current_dir(&directory).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let process = OwnedProcess::spawn(&self.0.run, command, Farewell::Kill)?;
        Ok(Launched { process, address, environment, log })
    }

    /// A program of the container with the environment of one of its tasks and nothing else.
    pub(super) fn command(
        &self,
        program: &str,
        arguments: &[String],
        environment: &BTreeMap<String, String>,
    ) -> Command {
        let name = program.rsplit('/').next().unwrap_or(program);
        let mut command = Command::new(self.0.binaries.join(name));
        command.args(arguments).env_clear().envs(environment);
        command
    }

    fn environment(&self, plan: &ServicePlan, listens: SocketAddr) -> io::Result<BTreeMap<String, String>> {
        let mut environment = plan.environment.clone();
        environment.extend(self.0.overrides.clone());
        let region = self.0.region.to_string();
        // What Fargate's agent adds: region, and credentials; here they only have to be there.
        for (name, value) in [
            ("AWS_REGION", region.as_str()),
            ("AWS_DEFAULT_REGION", &region),
            ("AWS_ACCESS_KEY_ID", "drill"),
            ("AWS_SECRET_ACCESS_KEY", "drill"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        environment.insert(setting::LISTEN.to_owned(), listens.to_string());
        match plan.unknown.iter().find(|name| !environment.contains_key(*name)) {
            None => Ok(environment),
            Some(name) => Err(io::Error::other(format!(
                "only a deployment knows the value of {name}, and the drill replaces it with nothing"
            ))),
        }
    }

    fn zone(&self, zone: u32) -> Ipv4Addr {
        let zone = usize::try_from(zone).unwrap_or(0).checked_rem(self.0.zones.len());
        zone.map_or(Ipv4Addr::LOCALHOST, |zone| self.0.zones[zone])
    }
}

fn free(address: Ipv4Addr) -> io::Result<SocketAddr> {
    let port = crate::postgres::free_port(address).map_err(io::Error::other)?;
    Ok(SocketAddr::from((address, port)))
}
