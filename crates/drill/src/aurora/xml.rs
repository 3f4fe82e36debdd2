//! Answers of the RDS API. Element names are those of the RDS API reference.

use std::fmt::Write as _;

use super::standing::{Move, Standing};

const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

/// The pair as it looked when a failover to `to`, which is over, began.
pub(super) fn begun(now: &Standing, to: usize) -> Standing {
    Standing { moving: Some(Move { to, loses_data: true }), ..now.clone() }
}

/// The global cluster, with what it says of a writer that is on its way.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_GlobalCluster.html>
pub(super) fn global_cluster(name: &str, arns: &[String; 2], standing: &Standing) -> String {
    let mut members = String::new();
    for (index, arn) in arns.iter().enumerate() {
        let writer = standing.writer == index;
        let in_sync = standing.members[index].up && (writer || standing.connected);
        let status = if in_sync { "connected" } else { "pending-resync" };
        let readers = if writer { format!("<member>{}</member>", arns[1 - index]) } else { String::new() };
        let written = write!(
            members,
            "<GlobalClusterMember><DBClusterArn>{arn}</DBClusterArn><IsWriter>{writer}</IsWriter>\
             <Readers>{readers}</Readers><SynchronizationStatus>{status}</SynchronizationStatus></GlobalClusterMember>"
        );
        written.expect("a string takes everything");
    }
    let (mut status, mut state) = ("available", String::new());
    if let Some(Move { to, loses_data }) = standing.moving {
        status = if loses_data { "failing-over" } else { "switching-over" };
        state = format!(
            "<FailoverState><Status>failing-over</Status><FromDbClusterArn>{}</FromDbClusterArn>\
             <ToDbClusterArn>{}</ToDbClusterArn><IsDataLossAllowed>{loses_data}</IsDataLossAllowed></FailoverState>",
            arns[1 - to],
            arns[to]
        );
    }
    format!(
        "<GlobalClusterIdentifier>{name}</GlobalClusterIdentifier>\
         <GlobalClusterArn>arn:aws:rds::{}:global-cluster:{name}</GlobalClusterArn><Status>{status}</Status>\
         <Engine>aurora-postgresql</Engine><GlobalClusterMembers>{members}</GlobalClusterMembers>{state}",
        super::rds::ACCOUNT
    )
}

/// One region's only cluster.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html>
pub(super) fn clusters(name: &str, arn: &str, standing: &Standing, index: usize) -> String {
    let (member, writer) = (standing.members[index], standing.writer == index);
    let status = if member.up && standing.moving.is_none() { "available" } else { "failing-over" };
    format!(
        "<DBClusters><DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier>\
         <DBClusterArn>{arn}</DBClusterArn><Status>{status}</Status><Engine>aurora-postgresql</Engine>\
         <Endpoint>{}</Endpoint><Port>{}</Port><DBClusterMembers><DBClusterMember>\
         <DBInstanceIdentifier>{name}-1</DBInstanceIdentifier><IsClusterWriter>{writer}</IsClusterWriter>\
         </DBClusterMember></DBClusterMembers></DBCluster></DBClusters>",
        member.address.ip(),
        member.address.port()
    )
}

pub(super) fn envelope(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>drill</RequestId></ResponseMetadata></{action}Response>"
    )
}

pub(super) fn error(code: &str, message: &str) -> String {
    let message = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>drill</RequestId></ErrorResponse>"
    )
}
