//! Physical names, computed from the deployment alone: `{type}-{purpose}-{suffix}`.
//!
//! Both regions compute the same names, so nothing has to be looked up across
//! regions while one of them is gone.

use crate::Region;

/// Computes every physical name of one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    suffix: String,
    domain: String,
}

impl Names {
    /// `suffix` is the environment suffix, `domain` the hosted zone's name.
    pub fn new(suffix: impl Into<String>, domain: impl Into<String>) -> Self {
        Self { suffix: suffix.into(), domain: domain.into() }
    }

    fn of(&self, kind: &str, purpose: &str) -> String {
        format!("{kind}-{purpose}-{}", self.suffix)
    }

    /// `{kind}-{purpose}-{suffix}` for a resource with no name of its own below.
    pub fn resource(&self, kind: &str, purpose: &str) -> String {
        self.of(kind, purpose)
    }

    /// The strongly consistent table of the journal and the lease.
    pub fn journal_table(&self) -> String {
        self.of("table", "journal")
    }

    /// The global table of sessions.
    pub fn sessions_table(&self) -> String {
        self.of("table", "sessions")
    }

    /// The order queue of a region.
    pub fn order_queue(&self) -> String {
        self.of("queue", "orders")
    }

    /// The dead-letter queue of a region.
    pub fn dead_letter_queue(&self) -> String {
        self.of("queue", "orders-dead-letter")
    }

    /// A function, by the name of its binary, such as `orders-api`.
    pub fn function(&self, binary: &str) -> String {
        self.of("function", binary)
    }

    /// The role of that function in one region (IAM is global, so the region is part of it).
    pub fn function_role(&self, binary: &str, region: &Region) -> String {
        self.of("role", &format!("{binary}-{region}"))
    }

    /// The ECS cluster of a region.
    pub fn cluster(&self) -> String {
        self.of("cluster", "orders")
    }

    /// An ECS service, by the name of its binary, such as `orders-service`.
    pub fn service(&self, binary: &str) -> String {
        self.of("service", binary)
    }

    /// The family of an ECS service's task definitions, by the name of its binary.
    pub fn task_family(&self, binary: &str) -> String {
        self.of("task", binary)
    }

    /// The load balancer of a region.
    pub fn load_balancer(&self) -> String {
        self.of("alb", "orders")
    }

    /// The load balancer's target group.
    pub fn target_group(&self) -> String {
        self.of("tg", "orders")
    }

    /// The repository of the containers' image.
    pub fn repository(&self) -> String {
        self.of("repository", "orders")
    }

    /// The failover state machine.
    pub fn failover_state_machine(&self) -> String {
        self.of("workflow", "failover")
    }

    /// The failback state machine.
    pub fn failback_state_machine(&self) -> String {
        self.of("workflow", "failback")
    }

    /// The Aurora global cluster.
    pub fn global_cluster(&self) -> String {
        self.of("global-cluster", "orders")
    }

    /// A region's Aurora cluster.
    pub fn database_cluster(&self, region: &Region) -> String {
        self.of("cluster", &format!("orders-{region}"))
    }

    /// An instance of a region's Aurora cluster, counted from 1.
    pub fn database_instance(&self, number: u32) -> String {
        self.of("database", &format!("orders-{number}"))
    }

    /// The secret with the login of the database's master user.
    pub fn database_secret(&self) -> String {
        self.of("secret", "database")
    }

    /// The event bus.
    pub fn event_bus(&self) -> String {
        self.of("bus", "recovery")
    }

    /// The topic that alerts people.
    pub fn alert_topic(&self) -> String {
        self.of("topic", "alerts")
    }

    /// A bucket; names of buckets are global, so region and account are part of it.
    pub fn bucket(&self, purpose: &str, region: &Region, account: &str) -> String {
        self.of("bucket", &format!("{purpose}-{region}-{account}"))
    }

    /// The SSM parameter of the off switch.
    pub fn switch_parameter(&self) -> String {
        format!("/standfast/{}/automation", self.suffix)
    }

    /// The SSM parameter of a region-specific setting.
    pub fn parameter(&self, key: &str) -> String {
        format!("/standfast/{}/{key}", self.suffix)
    }

    /// The name that clients use and DNS moves, such as `orders.trading.example`.
    pub fn public_host(&self) -> String {
        format!("orders.{}", self.domain)
    }

    /// The name that always means one region, such as `us-east-1.orders.trading.example`.
    pub fn region_host(&self, region: &Region) -> String {
        format!("{region}.orders.{}", self.domain)
    }
}

/// The database user that a function logs in as, by the name of its binary, such as `orders_api`.
pub fn database_user(binary: &str) -> String {
    binary.replace('-', "_")
}

#[cfg(test)]
mod tests {
    //! Goal: every name fits what AWS takes. Method: the longest suffix, zone and region that a
    //! deployment file may have.

    use super::*;

    #[test]
    fn the_longest_names_fit() {
        let names = Names::new("e".repeat(20), format!("{}.example", "z".repeat(63)));
        let region = Region::new("ap-northeast-1").expect("a valid name");
        let function = "order-processor";
        for (name, limit) in [
            (names.function(function), 64),
            (names.function_role(function, &region), 64),
            (names.database_cluster(&region), 63),
            (names.global_cluster(), 63),
            (names.order_queue(), 80),
            (names.dead_letter_queue(), 80),
            (names.failover_state_machine(), 80),
            (names.failback_state_machine(), 80),
            (names.journal_table(), 255),
            (names.region_host(&region), 253),
            (names.bucket("config", &region, "111122223333"), 63),
            (names.bucket("audit", &region, "111122223333"), 63),
            (names.function_role("replicate-config", &region), 64),
            (names.load_balancer(), 32),
            (names.target_group(), 32),
            (names.cluster(), 255),
            (names.service("orders-service"), 255),
            (names.task_family("orders-service"), 255),
            (names.repository(), 256),
        ] {
            assert!(name.len() <= limit, "{name} has {} characters", name.len());
        }
    }
}
