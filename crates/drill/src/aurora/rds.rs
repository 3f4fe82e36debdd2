//! The RDS query protocol, as far as recovery speaks it. Names of actions and errors are those of
//! the RDS API reference; a call to anything else is answered as an unknown action.

use std::collections::HashMap;

use recovery::Region;

use super::{Aurora, AuroraError, Pair, xml};
use crate::gateway::DatabaseApi;

/// The account that the emulator uses for everything.
pub(super) const ACCOUNT: &str = "000000000000";

/// An RDS error: HTTP status, code, message.
struct Fault(u16, &'static str, String);

type Parameters = HashMap<String, String>;

#[async_trait::async_trait]
impl DatabaseApi for Aurora {
    async fn call(&self, region: &Region, form: &[u8]) -> (u16, String) {
        self.rds_api(region, form).await
    }
}

impl Aurora {
    /// Answers one RDS call: its form body, and the region it was sent to. Returns HTTP status and XML.
    pub async fn rds_api(&self, region: &Region, form: &[u8]) -> (u16, String) {
        let parameters: Parameters = form_urlencoded::parse(form).into_owned().collect();
        let action = parameters.get("Action").map(String::as_str).unwrap_or_default();
        let answer = match action {
            "DescribeGlobalClusters" => self.describe_global_clusters(&parameters),
            "DescribeDBClusters" => self.describe_clusters(region, &parameters),
            "FailoverGlobalCluster" => self.fail_over(&parameters).await,
            "SwitchoverGlobalCluster" => self.switch_over(region, &parameters),
            other => {
                Err(Fault(400, "InvalidAction", format!("the action {other} is not valid for this endpoint")))
            }
        };
        match answer {
            Ok(result) => (200, xml::envelope(action, &result)),
            Err(Fault(status, code, message)) => (status, xml::error(code, &message)),
        }
    }

    fn describe_global_clusters(&self, parameters: &Parameters) -> Result<String, Fault> {
        if parameters.contains_key("GlobalClusterIdentifier") {
            self.check_global_cluster(parameters)?;
        }
        let cluster = self.global_cluster();
        Ok(format!("<GlobalClusters><GlobalClusterMember>{cluster}</GlobalClusterMember></GlobalClusters>"))
    }

    fn describe_clusters(&self, region: &Region, parameters: &Parameters) -> Result<String, Fault> {
        let not_found =
            |name: &str| Fault(404, "DBClusterNotFoundFault", format!("DBCluster {name} not found."));
        let own = self.pair.names.database_cluster(region);
        let index = self.pair.index(region).map_err(|_| not_found(&own))?;
        let arn = self.pair.cluster_arn(region);
        if let Some(asked) = parameters.get("DBClusterIdentifier")
            && *asked != own
            && *asked != arn
        {
            return Err(not_found(asked));
        }
        Ok(xml::clusters(&own, &arn, &self.pair.standing(), index))
    }

    async fn fail_over(&self, parameters: &Parameters) -> Result<String, Fault> {
        let region = self.target(parameters)?.clone();
        let allows_loss = parameters.get("AllowDataLoss").is_some_and(|value| value == "true");
        let from = self.region_writer();
        if !allows_loss && from != region {
            let message = "a failover that may lose data needs AllowDataLoss".into();
            return Err(Fault(400, "InvalidParameterCombination", message));
        }
        self.fail_over_to(&region).await?;
        let cluster = if from == region {
            self.global_cluster()
        } else {
            // It is done already, which in AWS takes minutes: the answer is that of a failover that begins.
            let arns = self.arns();
            let to = self.pair.index(&region)?;
            xml::global_cluster(
                &self.pair.names.global_cluster(),
                &arns,
                &xml::begun(&self.pair.standing(), to),
            )
        };
        Ok(format!("<GlobalCluster>{cluster}</GlobalCluster>"))
    }

    /// As AWS wants it, only in the region of the writer.
    fn switch_over(&self, region: &Region, parameters: &Parameters) -> Result<String, Fault> {
        let target = self.target(parameters)?;
        let writer = self.region_writer();
        if *region != writer {
            let message = format!("a switchover must be asked for in {writer}, the primary's region");
            return Err(Fault(400, "InvalidGlobalClusterStateFault", message));
        }
        self.begin_switchover_to(target)?;
        Ok(format!("<GlobalCluster>{}</GlobalCluster>", self.global_cluster()))
    }

    /// The region of the cluster that a call wants to be the writer.
    fn target(&self, parameters: &Parameters) -> Result<&Region, Fault> {
        self.check_global_cluster(parameters)?;
        let target = parameters.get("TargetDbClusterIdentifier").map(String::as_str).unwrap_or_default();
        self.pair.regions.iter().find(|region| self.pair.cluster_arn(region) == target).ok_or_else(|| {
            let message = format!("DBCluster {target} not found in the global cluster.");
            Fault(404, "DBClusterNotFoundFault", message)
        })
    }

    fn check_global_cluster(&self, parameters: &Parameters) -> Result<(), Fault> {
        let asked = parameters.get("GlobalClusterIdentifier").map(String::as_str).unwrap_or_default();
        if asked == self.pair.names.global_cluster() {
            return Ok(());
        }
        Err(Fault(404, "GlobalClusterNotFoundFault", format!("Global cluster {asked} not found.")))
    }

    fn arns(&self) -> [String; 2] {
        [0, 1].map(|index: usize| self.pair.cluster_arn(&self.pair.regions[index]))
    }

    fn global_cluster(&self) -> String {
        xml::global_cluster(&self.pair.names.global_cluster(), &self.arns(), &self.pair.standing())
    }
}

impl Pair {
    fn cluster_arn(&self, region: &Region) -> String {
        format!("arn:aws:rds:{region}:{ACCOUNT}:cluster:{}", self.names.database_cluster(region))
    }
}

impl From<AuroraError> for Fault {
    fn from(error: AuroraError) -> Self {
        let message = error.to_string();
        match error {
            AuroraError::Down(_) | AuroraError::NoCluster(_) | AuroraError::NotConnected(_) => {
                Self(400, "InvalidDBClusterStateFault", message)
            }
            AuroraError::Moving(_) => Self(400, "InvalidGlobalClusterStateFault", message),
            AuroraError::Server(_) | AuroraError::Delay(_) => Self(500, "InternalFailure", message),
        }
    }
}
