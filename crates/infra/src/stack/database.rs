//! One region's cluster of the Aurora global database.

use cdk::{Handle, Scope, Stack};
use cfn::{Intrinsic, Value, rds};
use serde_json::json;

use super::{database_login, hook, key, log_group, parameter};
use crate::connections;
use crate::place::{DATABASE_NAME, DATABASE_PORT, MASTER_USER, Place, ZONES, parameter as key_of};
use crate::policy::Statement;

const ENGINE: &str = "aurora-postgresql";
/// UTC, when the markets of the home region are closed, summer and winter.
const BACKUP_WINDOW: &str = "07:00-08:00";
/// UTC; apart from the backups, as RDS wants it.
const MAINTENANCE_WINDOW: &str = "sun:08:30-sun:09:30";
/// Days of Performance Insights that cost nothing.
const INSIGHTS_DAYS: i64 = 7;
/// Output that holds the writer endpoint's host.
pub const HOST_OUTPUT: &str = "DatabaseHost";
/// Output that holds the cluster's resource id.
pub const RESOURCE_OUTPUT: &str = "DatabaseResourceId";

/// What a region's database stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The region's cluster.
    pub cluster: Handle,
}

/// Adds the region's cluster; in the home region also the global cluster.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let encryption = key(&mut root, place, "database", &[]);
    let subnets = root.add(
        "SubnetGroup",
        rds::DBSubnetGroup::new("isolated subnets of three zones", place.subnets(key_of::ISOLATED_SUBNET))
            .db_subnet_group_name(place.names().resource("subnets", "database")),
    );
    let parameters = root.add("Parameters", cluster_parameters(place));
    let instance_parameters = root.add("InstanceParameters", instance_parameters(place));
    let logs = root.add("Logs", log_group(place, log_group_name(place)));
    let cluster = cluster(place, &encryption, &subnets, &parameters);
    let cluster = if place.is_home() {
        let password = database_login::add(&mut root, place);
        let writer = root.add("Cluster", writer(cluster, password));
        root.add("GlobalCluster", global_cluster(place, &writer));
        writer
    } else {
        root.add("Cluster", cluster.global_cluster_identifier(place.names().global_cluster()))
    };
    root.node(&cluster).depend_on(&logs);
    let instances: Vec<Handle> = (1..=place.deployment.database.instances_per_region)
        .map(|number| instance(&mut root, place, &cluster, [&encryption, &instance_parameters], number))
        .collect();
    let host = cluster.attribute("Endpoint.Address");
    let resource = cluster.attribute("DBClusterResourceId");
    let host_parameter = parameter(&mut root, place, "HostParameter", key_of::DATABASE_HOST, host.clone());
    let resource_parameter =
        parameter(&mut root, place, "ResourceParameter", key_of::DATABASE_RESOURCE, resource.clone());
    if !place.is_home() {
        let stays = instances.iter().chain([&host_parameter, &resource_parameter]);
        release(&mut root.scope("Removal"), place, stays);
    }
    root.output(HOST_OUTPUT, "host of the writer endpoint", host);
    root.output(RESOURCE_OUTPUT, "resource id of the cluster", resource);
    Handles { cluster }
}

/// Made from its first writer, which gives it engine, version and encryption.
fn global_cluster(place: &Place<'_>, writer: &Handle) -> rds::GlobalCluster {
    rds::GlobalCluster::new()
        .global_cluster_identifier(place.names().global_cluster())
        .source_db_cluster_identifier(writer.attribute("DBClusterArn"))
        .deletion_protection(place.deployment.protect)
}

/// What the clusters of both regions have in common: after a failover either may be the writer.
fn cluster(place: &Place<'_>, encryption: &Handle, subnets: &Handle, parameters: &Handle) -> rds::DBCluster {
    let database = &place.deployment.database;
    rds::DBCluster::new()
        .db_cluster_identifier(place.names().database_cluster(place.region))
        .engine(ENGINE)
        .engine_version(database.engine_version.clone())
        .port(i64::from(DATABASE_PORT))
        .storage_encrypted(true)
        .kms_key_id(encryption.attribute("Arn"))
        .db_subnet_group_name(subnets.reference())
        .vpc_security_group_ids([place.parameter(key_of::DATABASE_GROUP)])
        .db_cluster_parameter_group_name(parameters.reference())
        .enable_iam_database_authentication(true)
        .backup_retention_period(database.backup_retention_days)
        .preferred_backup_window(BACKUP_WINDOW)
        .preferred_maintenance_window(MAINTENANCE_WINDOW)
        .copy_tags_to_snapshot(true)
        .enable_cloudwatch_logs_exports(["postgresql"])
        .deletion_protection(place.deployment.protect)
}

/// The first writer makes the database and its master user; the functions log in as users of their own,
/// with IAM tokens.
fn writer(cluster: rds::DBCluster, password: Value<String>) -> rds::DBCluster {
    cluster.database_name(DATABASE_NAME).master_username(MASTER_USER).master_user_password(password)
}

/// Family of the parameter groups, after the major version.
fn family(place: &Place<'_>) -> String {
    let version = &place.deployment.database.engine_version;
    let major = version.split('.').next().unwrap_or(version);
    format!("{ENGINE}{major}")
}

/// What holds for the whole cluster. A global database does not hand them on: both sides have their own.
///
/// - TLS only, and none that is out of date.
/// - Who connects, and who changes the schema or a user, is on record.
/// - A session whose client fell silent ends within a minute, its locks with it, whoever the client is; our
///   functions ask for less in each session. There is no bound on statements here: theirs is their own, and
///   a migration or a dump needs its time.
/// - Where containers keep pools, as many connections are taken as all of them may open, and no more.
/// - A client of a lost region is given up after some thirty seconds instead of two hours.
fn cluster_parameters(place: &Place<'_>) -> rds::DBClusterParameterGroup {
    let mut parameters = json!({
        "rds.force_ssl": "1",
        "ssl_min_protocol_version": "TLSv1.2",
        "log_connections": "1",
        "log_statement": "ddl",
        "idle_in_transaction_session_timeout": "60000",
        "tcp_keepalives_idle": "15",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    });
    if let Some(connections) = connections::taken(place.deployment) {
        parameters["max_connections"] = connections.to_string().into();
    }
    rds::DBClusterParameterGroup::new("encrypted connections only", family(place), parameters)
        .db_cluster_parameter_group_name(place.names().resource("parameters", "database"))
}

/// What each instance does by itself: it logs statements of a second and more, and waits for locks.
fn instance_parameters(place: &Place<'_>) -> rds::DBParameterGroup {
    rds::DBParameterGroup::new("slow statements are logged", family(place))
        .db_parameter_group_name(place.names().resource("parameters", "database-instance"))
        .parameters(json!({ "log_min_duration_statement": "1000", "log_lock_waits": "1" }))
}

/// Enhanced monitoring stays off: it writes to a log group of the whole account that no stack can remove,
/// and Performance Insights says what we would look for.
fn instance(
    root: &mut Scope<'_>,
    place: &Place<'_>,
    cluster: &Handle,
    [encryption, parameters]: [&Handle; 2],
    number: u32,
) -> Handle {
    let zones = Intrinsic::GetAzs { region: String::new() };
    let zone = Intrinsic::Select { index: (number as usize - 1) % ZONES, list: Box::new(zones.into()) };
    root.add(
        &format!("Instance{number}"),
        rds::DBInstance::new()
            .db_instance_identifier(place.names().database_instance(number))
            .db_cluster_identifier(cluster.reference())
            .db_instance_class(place.deployment.database.instance_class.clone())
            .engine(ENGINE)
            .availability_zone(zone)
            .publicly_accessible(false)
            .auto_minor_version_upgrade(false)
            .db_parameter_group_name(parameters.reference())
            .preferred_maintenance_window(MAINTENANCE_WINDOW)
            .enable_performance_insights(true)
            .performance_insights_retention_period(INSIGHTS_DAYS)
            .performance_insights_kms_key_id(encryption.attribute("Arn")),
    )
}

/// Where RDS exports the cluster's log to; ours, because RDS would make one that outlives the cluster.
fn log_group_name(place: &Place<'_>) -> String {
    format!("/aws/rds/cluster/{}/postgresql", place.names().database_cluster(place.region))
}

/// After a change of roles this cluster is the writer, and RDS takes no writer out of the global
/// cluster while another one follows it. This stack goes first, so here the other one leaves: before
/// the instances go, hence it is made after them. Where that is refused all of it stays.
fn release<'h>(scope: &mut Scope<'_>, place: &Place<'_>, stays: impl Iterator<Item = &'h Handle>) {
    let (own, peer) = (place.database_cluster_arn(), place.peer().database_cluster_arn());
    let switch = place.names().switch_parameter();
    let allowed = [
        Statement::allow(&["ssm:GetParameter"], [place.parameter_arn(&switch)]),
        Statement::allow(&["rds:DescribeGlobalClusters"], [place.global_cluster_arn()]),
        Statement::allow(&["rds:RemoveFromGlobalCluster"], [place.global_cluster_arn(), own.clone(), peer]),
    ];
    let policy = scope.add("Policy", hook::allow(place, "release-database", &allowed));
    let release = hook::resource(place, "ReleaseGlobalCluster")
        .tell("GlobalCluster", place.names().global_cluster())
        .tell("Cluster", own)
        .tell("Switch", switch);
    let release = scope.add("ReleaseGlobalCluster", release);
    let node = scope.node(&release);
    node.depend_on(&policy);
    stays.for_each(|other| {
        node.depend_on(other);
    });
}
