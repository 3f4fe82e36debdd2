//! One region of one deployment, and every name and ARN that can be computed in it.

use cdk::{Environment, Stack};
use cfn::Tag;
use recovery::Region;
use recovery::deployment::{Containers, Deployment};
use recovery::names::Names;

/// Port of the database.
pub const DATABASE_PORT: u16 = 5432;
/// Name of the database.
pub const DATABASE_NAME: &str = "orders";
/// Master user of the database, as which only its keeper logs in.
pub const MASTER_USER: &str = "standfast";
/// Availability zones each region uses.
pub const ZONES: usize = 3;

/// Port that the containers of `orders-service` listen on.
pub const SERVICE_PORT: u16 = 8080;

/// Settings a region cannot compute, by the key of their parameter.
pub mod parameter {
    /// ARN of the key that the region's log groups are encrypted with.
    pub const LOGS_KEY: &str = "logs/key-arn";
    /// `host` of the region's own writer endpoint.
    pub const DATABASE_HOST: &str = "database/host";
    /// Resource id of the region's own cluster, as IAM authentication needs it.
    pub const DATABASE_RESOURCE: &str = "database/resource-id";
    /// ARN of the key of the master user's secret; home has the secret, the standby a replica.
    pub const SECRET_KEY: &str = "database/secret-key-arn";
    /// `host` of the peer region's writer endpoint.
    pub const PEER_DATABASE_HOST: &str = "peer/database-host";
    /// Resource id of the peer region's cluster.
    pub const PEER_DATABASE_RESOURCE: &str = "peer/database-resource-id";
    /// ARN of the certificate of the API's names.
    pub const CERTIFICATE: &str = "api/certificate";
    /// Id of the hosted zone.
    pub const HOSTED_ZONE: &str = "dns/hosted-zone-id";
    /// Id of the security group of the functions.
    pub const FUNCTION_GROUP: &str = "network/function-security-group";
    /// Id of the security group of the database.
    pub const DATABASE_GROUP: &str = "network/database-security-group";
    /// Id of the security group of the containers.
    pub const TASK_GROUP: &str = "network/task-security-group";
    /// Id of the security group of the load balancer.
    pub const LOAD_BALANCER_GROUP: &str = "network/load-balancer-security-group";
    /// Prefix of the addresses under which the private subnets of the region reach the internet.
    pub const ADDRESS: &str = "network/translation-address";
    /// Prefix of those of the peer region.
    pub const PEER_ADDRESS: &str = "peer/translation-address";
    /// Prefix of the ids of the public subnets, where the load balancer is.
    pub const PUBLIC_SUBNET: &str = "network/public-subnet";
    /// ARN of the target group that the load balancer forwards to.
    pub const TARGET_GROUP: &str = "load-balancer/target-group-arn";
    /// The target group as metrics name it.
    pub const TARGET_GROUP_NAME: &str = "load-balancer/target-group-full-name";
    /// The load balancer as metrics name it.
    pub const LOAD_BALANCER_NAME: &str = "load-balancer/full-name";
    /// Id of the VPC.
    pub const VPC: &str = "network/vpc";
    /// Prefix of the ids of the route tables of the private subnets.
    pub const PRIVATE_ROUTES: &str = "network/private-routes";
    /// Prefix of the ids of the route tables of the isolated subnets.
    pub const ISOLATED_ROUTES: &str = "network/isolated-routes";
    /// Prefix of the ids of the private subnets, where the functions are.
    pub const PRIVATE_SUBNET: &str = "network/private-subnet";
    /// ARN of the key of the audit bucket, under which a trail lies too.
    pub const AUDIT_KEY: &str = "storage/audit-key-arn";
    /// Prefix of the ids of the isolated subnets, where the database is.
    pub const ISOLATED_SUBNET: &str = "network/isolated-subnet";
}

/// One region of one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Place<'d> {
    /// The deployment.
    pub deployment: &'d Deployment,
    /// Account number.
    pub account: &'d str,
    /// The region.
    pub region: &'d Region,
}

impl<'d> Place<'d> {
    /// Physical names.
    pub fn names(&self) -> Names {
        self.deployment.names()
    }

    /// The same deployment in the other region of the pair.
    pub fn peer(&self) -> Self {
        Self { region: self.deployment.peer_of(self.region), ..*self }
    }

    /// The same deployment in the home region.
    pub fn home(&self) -> Self {
        Self { region: &self.deployment.regions.home, ..*self }
    }

    /// The same deployment in the standby region.
    pub fn standby(&self) -> Self {
        Self { region: &self.deployment.regions.standby, ..*self }
    }

    /// The tasks, in the profile `containers`.
    pub fn containers(&self) -> Option<&'d Containers> {
        self.deployment.containers.as_ref()
    }

    /// Kind of the stack with the region's front.
    pub fn front_kind(&self) -> &'static str {
        if self.containers().is_some() { "LoadBalancer" } else { "Api" }
    }

    /// ARN of an ECS service, by the name of its binary.
    pub fn service_arn(&self, binary: &str) -> String {
        let names = self.names();
        self.arn("ecs", &format!("service/{}/{}", names.cluster(), names.service(binary)))
    }

    /// ARN of the repository of the containers' image.
    pub fn repository_arn(&self) -> String {
        self.arn("ecr", &format!("repository/{}", self.names().repository()))
    }

    /// Log group of a container.
    pub fn task_log_group(&self, binary: &str) -> String {
        format!("/aws/ecs/{}", self.names().service(binary))
    }

    /// Whether this is the preferred primary.
    pub fn is_home(&self) -> bool {
        *self.region == self.deployment.regions.home
    }

    /// Name of the stack of one kind in this region.
    pub fn stack_name(&self, kind: &str) -> String {
        format!("TapStack-{kind}-{}-{}", self.region, self.deployment.environment)
    }

    /// An empty stack of one kind in this region, which deploys without any other region.
    pub fn stack(&self, kind: &str, description: &str) -> Stack {
        self.stack_that_reads_afar(kind, description).self_reliant()
    }

    /// An empty stack of one kind in this region that may read from others, so that it deploys only
    /// while they are there: never for what recovery needs.
    pub fn stack_that_reads_afar(&self, kind: &str, description: &str) -> Stack {
        let environment =
            Environment { account: self.account.to_owned(), region: self.region.as_str().to_owned() };
        let description = format!("{}, {}: {description}", self.deployment.name, self.region);
        Stack::new(self.stack_name(kind), environment, description).protected(self.deployment.protect)
    }

    /// ARN of a resource in this region and account.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// ARN of a function.
    pub fn function_arn(&self, binary: &str) -> String {
        self.arn("lambda", &format!("function:{}", self.names().function(binary)))
    }

    /// ARN of a queue by its name.
    pub fn queue_arn(&self, name: &str) -> String {
        self.arn("sqs", name)
    }

    /// ARN of this region's replica of a table.
    pub fn table_arn(&self, name: &str) -> String {
        self.arn("dynamodb", &format!("table/{name}"))
    }

    /// ARN of the failover state machine.
    pub fn state_machine_arn(&self) -> String {
        self.arn("states", &format!("stateMachine:{}", self.names().failover_state_machine()))
    }

    /// ARN of the failback state machine.
    pub fn failback_state_machine_arn(&self) -> String {
        self.arn("states", &format!("stateMachine:{}", self.names().failback_state_machine()))
    }

    /// ARN of the topic that alerts people.
    pub fn alert_topic_arn(&self) -> String {
        self.arn("sns", &self.names().alert_topic())
    }

    /// ARN of the event bus.
    pub fn event_bus_arn(&self) -> String {
        self.arn("events", &format!("event-bus/{}", self.names().event_bus()))
    }

    /// Name of a bucket.
    pub fn bucket(&self, purpose: &str) -> String {
        self.names().bucket(purpose, self.region, self.account)
    }

    /// ARN of a bucket, which names neither region nor account.
    pub fn bucket_arn(&self, purpose: &str) -> String {
        format!("arn:aws:s3:::{}", self.bucket(purpose))
    }

    /// ARN of the stack-made role of a purpose in this region.
    pub fn role_arn(&self, purpose: &str) -> String {
        format!("arn:aws:iam::{}:role/{}", self.account, self.names().function_role(purpose, self.region))
    }

    /// ARN of the alias of a key.
    pub fn key_alias_arn(&self, purpose: &str) -> String {
        self.arn("kms", &format!("alias/{}", self.names().resource("key", purpose)))
    }

    /// ARN of a parameter, whose name starts with a slash.
    pub fn parameter_arn(&self, name: &str) -> String {
        self.arn("ssm", &format!("parameter{name}"))
    }

    /// ARN of a log group, with its streams.
    pub fn log_group_arn(&self, name: &str) -> String {
        self.arn("logs", &format!("log-group:{name}:*"))
    }

    /// Log group of a function.
    pub fn function_log_group(&self, binary: &str) -> String {
        format!("/aws/lambda/{}", self.names().function(binary))
    }

    /// ARN of this region's database cluster.
    pub fn database_cluster_arn(&self) -> String {
        self.arn("rds", &format!("cluster:{}", self.names().database_cluster(self.region)))
    }

    /// ARN of this region's copy of the master user's secret; Secrets Manager ends it in six characters
    /// of its own.
    pub fn database_secret_arn(&self) -> String {
        self.arn("secretsmanager", &format!("secret:{}-??????", self.names().database_secret()))
    }

    /// Name of the trail.
    pub fn trail(&self) -> String {
        self.names().resource("trail", "audit")
    }

    /// ARN of the trail, which is managed from the standby region.
    pub fn trail_arn(&self) -> String {
        self.standby().arn("cloudtrail", &format!("trail/{}", self.trail()))
    }

    /// Whether this region has the trail and what it delivers to.
    pub fn has_trail(&self) -> bool {
        self.deployment.audit.as_ref().is_some_and(|audit| audit.trail) && !self.is_home()
    }

    /// Name of a region's vault for backups.
    pub fn vault(&self) -> String {
        self.names().resource("vault", "backups")
    }

    /// ARN of this region's vault for backups.
    pub fn vault_arn(&self) -> String {
        self.arn("backup", &format!("backup-vault:{}", self.vault()))
    }

    /// ARN of the global cluster, which belongs to no region.
    pub fn global_cluster_arn(&self) -> String {
        format!("arn:aws:rds::{}:global-cluster:{}", self.account, self.names().global_cluster())
    }

    /// Reference to a parameter of this region, resolved while a stack is deployed.
    pub fn parameter(&self, key: &str) -> String {
        format!("{{{{resolve:ssm:{}}}}}", self.names().parameter(key))
    }

    /// References to the ids of the subnets whose parameters have this prefix.
    pub fn subnets(&self, prefix: &str) -> Vec<String> {
        (1..=ZONES).map(|zone| self.parameter(&format!("{prefix}-{zone}"))).collect()
    }

    /// A physical name that a resource can only carry as its `Name` tag.
    pub fn name_tag(&self, kind: &str, purpose: &str) -> [Tag; 1] {
        [Tag::new("Name", self.names().resource(kind, purpose))]
    }
}
