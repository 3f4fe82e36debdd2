//! The RDS query protocol, as far as recovery speaks it. Element names are those of
//! the RDS API reference; a call to anything else is answered as an unknown action.

use std::collections::HashMap;
use std::fmt::Write as _;

use recovery::Region;

use super::{Aurora, AuroraError, State};
use crate::gateway::DatabaseApi;

/// The account that the emulator uses for everything.
const ACCOUNT: &str = "000000000000";
const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

/// An RDS error: HTTP status, code, message.
struct Fault(u16, &'static str, String);

#[async_trait::async_trait]
impl DatabaseApi for Aurora {
    async fn call(&self, region: &Region, form: &[u8]) -> (u16, String) {
        self.rds_api(region, form).await
    }
}

impl Aurora {
    /// Answers one RDS call: its form body, and the region it was sent to. Returns HTTP status and XML.
    pub async fn rds_api(&self, region: &Region, form: &[u8]) -> (u16, String) {
        let parameters: HashMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
        let action = parameters.get("Action").map(String::as_str).unwrap_or_default();
        let answer = match action {
            "DescribeGlobalClusters" => self.describe_global_clusters(&parameters).await,
            "DescribeDBClusters" => self.describe_clusters(region, &parameters).await,
            "FailoverGlobalCluster" => self.fail_over(&parameters).await,
            "SwitchoverGlobalCluster" => Err(Fault(
                400,
                "InvalidGlobalClusterStateFault",
                "this stand-in does not offer a switchover".into(),
            )),
            other => {
                Err(Fault(400, "InvalidAction", format!("the action {other} is not valid for this endpoint")))
            }
        };
        match answer {
            Ok(result) => (200, envelope(action, &result)),
            Err(Fault(status, code, message)) => (status, error(code, &message)),
        }
    }

    async fn describe_global_clusters(&self, parameters: &HashMap<String, String>) -> Result<String, Fault> {
        if parameters.contains_key("GlobalClusterIdentifier") {
            self.check_global_cluster(parameters)?;
        }
        let cluster = self.global_cluster(&*self.state.lock().await, None);
        Ok(format!("<GlobalClusters><GlobalClusterMember>{cluster}</GlobalClusterMember></GlobalClusters>"))
    }

    async fn describe_clusters(
        &self,
        region: &Region,
        parameters: &HashMap<String, String>,
    ) -> Result<String, Fault> {
        let not_found =
            |name: &str| Fault(404, "DBClusterNotFoundFault", format!("DBCluster {name} not found."));
        let own = self.names.database_cluster(region);
        let index = self.index(region).map_err(|_| not_found(&own))?;
        if let Some(asked) = parameters.get("DBClusterIdentifier")
            && *asked != own
            && *asked != self.cluster_arn(region)
        {
            return Err(not_found(asked));
        }
        let state = self.state.lock().await;
        let (address, writer) = (state.servers[index].address(), state.writer == index);
        let status = if state.dead[index] { "failing-over" } else { "available" };
        let arn = self.cluster_arn(region);
        Ok(format!(
            "<DBClusters><DBCluster><DBClusterIdentifier>{own}</DBClusterIdentifier>\
             <DBClusterArn>{arn}</DBClusterArn><Status>{status}</Status><Engine>aurora-postgresql</Engine>\
             <Endpoint>{}</Endpoint><Port>{}</Port><DBClusterMembers><DBClusterMember>\
             <DBInstanceIdentifier>{own}-1</DBInstanceIdentifier><IsClusterWriter>{writer}</IsClusterWriter>\
             </DBClusterMember></DBClusterMembers></DBCluster></DBClusters>",
            address.ip(),
            address.port()
        ))
    }

    async fn fail_over(&self, parameters: &HashMap<String, String>) -> Result<String, Fault> {
        self.check_global_cluster(parameters)?;
        let target = parameters.get("TargetDbClusterIdentifier").map(String::as_str).unwrap_or_default();
        let region =
            self.regions.iter().find(|region| self.cluster_arn(region) == target).ok_or_else(|| {
                Fault(
                    404,
                    "DBClusterNotFoundFault",
                    format!("DBCluster {target} not found in the global cluster."),
                )
            })?;
        let allows_loss = parameters.get("AllowDataLoss").is_some_and(|value| value == "true");
        let from = self.region_writer().await;
        if !allows_loss && from != *region {
            let message = "a failover that may lose data needs AllowDataLoss".into();
            return Err(Fault(400, "InvalidParameterCombination", message));
        }
        self.fail_over_to(region).await.map_err(|error| match error {
            AuroraError::Down(_) | AuroraError::NoCluster(_) => {
                Fault(400, "InvalidDBClusterStateFault", error.to_string())
            }
            AuroraError::Server(_) | AuroraError::Delay(_) => {
                Fault(500, "InternalFailure", error.to_string())
            }
        })?;
        let failover = (from != *region).then_some((&from, region));
        let cluster = self.global_cluster(&*self.state.lock().await, failover);
        Ok(format!("<GlobalCluster>{cluster}</GlobalCluster>"))
    }

    fn check_global_cluster(&self, parameters: &HashMap<String, String>) -> Result<(), Fault> {
        let asked = parameters.get("GlobalClusterIdentifier").map(String::as_str).unwrap_or_default();
        if asked == self.names.global_cluster() {
            return Ok(());
        }
        Err(Fault(404, "GlobalClusterNotFoundFault", format!("Global cluster {asked} not found.")))
    }

    fn cluster_arn(&self, region: &Region) -> String {
        format!("arn:aws:rds:{region}:{ACCOUNT}:cluster:{}", self.names.database_cluster(region))
    }

    fn global_cluster(&self, state: &State, failover: Option<(&Region, &Region)>) -> String {
        let name = self.names.global_cluster();
        let mut members = String::new();
        for (index, region) in self.regions.iter().enumerate() {
            let status =
                if state.dead[index] || state.stream.is_none() { "pending-resync" } else { "connected" };
            let (arn, writer) = (self.cluster_arn(region), state.writer == index);
            let readers = if writer {
                let others = self.regions.iter().filter(|r| *r != region);
                others.map(|r| format!("<member>{}</member>", self.cluster_arn(r))).collect()
            } else {
                String::new()
            };
            let written = write!(
                members,
                "<GlobalClusterMember><DBClusterArn>{arn}</DBClusterArn><IsWriter>{writer}</IsWriter>\
                 <Readers>{readers}</Readers><SynchronizationStatus>{status}</SynchronizationStatus></GlobalClusterMember>"
            );
            written.expect("a string takes everything");
        }
        let failing_over = failover.map_or(String::new(), |(from, to)| {
            format!(
                "<FailoverState><Status>failing-over</Status><FromDbClusterArn>{}</FromDbClusterArn>\
                 <ToDbClusterArn>{}</ToDbClusterArn><IsDataLossAllowed>true</IsDataLossAllowed></FailoverState>",
                self.cluster_arn(from),
                self.cluster_arn(to)
            )
        });
        let status = if failover.is_some() { "failing-over" } else { "available" };
        format!(
            "<GlobalClusterIdentifier>{name}</GlobalClusterIdentifier>\
             <GlobalClusterArn>arn:aws:rds::{ACCOUNT}:global-cluster:{name}</GlobalClusterArn><Status>{status}</Status>\
             <Engine>aurora-postgresql</Engine><GlobalClusterMembers>{members}</GlobalClusterMembers>{failing_over}"
        )
    }
}

fn envelope(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>drill</RequestId></ResponseMetadata></{action}Response>"
    )
}

fn error(code: &str, message: &str) -> String {
    let message = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>drill</RequestId></ErrorResponse>"
    )
}
