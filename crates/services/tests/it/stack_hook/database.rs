//! Goal: a writer can be removed although the roles were changed, and nobody else is taken out of the
//! global cluster. Method: a global cluster of the emulator, whose writer moves, and stacks that are
//! removed.

use aws_sdk_rds::Client;
use recovery::Region;
use serde_json::{Value, json};

use super::stage::{Stage, gone};
use crate::support::{self, home, standby};

struct Clusters {
    rds: Client,
    global: String,
    home: String,
    standby: String,
}

impl Clusters {
    async fn new(unique: &str) -> Self {
        let endpoint = support::emulator().await;
        let at = async |region: &Region| Client::new(&support::config(region, &endpoint).await);
        let (global, engine) = (format!("global-{unique}"), "aurora-postgresql");
        let rds = at(&standby()).await;
        let create = rds.create_global_cluster().global_cluster_identifier(&global).engine(engine);
        create.send().await.expect("the global cluster is new");
        let mut arns = Vec::new();
        for region in [home(), standby()] {
            let create =
                at(&region).await.create_db_cluster().global_cluster_identifier(&global).engine(engine);
            let made = create.db_cluster_identifier(format!("{region}-{unique}")).send().await;
            let made = made.expect("the cluster is new").db_cluster.expect("it is in the answer");
            arns.push(made.db_cluster_arn.expect("a cluster has an ARN"));
        }
        let (standby, home) = (arns.remove(1), arns.remove(0));
        Self { rds, global, home, standby }
    }

    async fn members(&self) -> Vec<String> {
        let all = self.rds.describe_global_clusters().global_cluster_identifier(&self.global).send().await;
        let all = all.expect("it is there").global_clusters.unwrap_or_default();
        let members = all.into_iter().flat_map(|global| global.global_cluster_members.unwrap_or_default());
        members.filter_map(|member| member.db_cluster_arn).collect()
    }

    fn switch(&self) -> String {
        format!("/{}/automation", self.global)
    }

    async fn turn(&self, value: &str) {
        let aws = support::config(&standby(), &support::emulator().await).await;
        support::put_parameter(&aws, &self.switch(), value).await;
    }

    /// What lets the standby's cluster go.
    fn release(&self) -> Value {
        json!({
            "Action": "ReleaseGlobalCluster", "GlobalCluster": self.global, "Cluster": self.standby,
            "Switch": self.switch(),
        })
    }

    async fn swap(&self) {
        let failover = self.rds.failover_global_cluster().global_cluster_identifier(&self.global);
        let failover = failover.target_db_cluster_identifier(&self.standby).allow_data_loss(true);
        failover.send().await.expect("the standby can take over");
    }
}

#[tokio::test]
async fn after_a_change_of_roles_the_follower_leaves_first() {
    let stage = Stage::new(&standby()).await;
    let clusters = Clusters::new(&stage.unique).await;
    let release = stage.resource(clusters.release());
    stage.create("database", json!({ "Release": release })).await;
    clusters.swap().await;
    let outcome = stage.delete("database").await;
    assert!(gone(&outcome), "{outcome:?}");
    assert_eq!(
        clusters.members().await,
        std::slice::from_ref(&clusters.standby),
        "its own is CloudFormation's to remove"
    );
}

#[tokio::test]
async fn the_writer_of_a_system_that_runs_is_not_removed() {
    let stage = Stage::new(&standby()).await;
    let clusters = Clusters::new(&stage.unique).await;
    clusters.turn("on").await;
    let release = stage.resource(clusters.release());
    stage.create("database", json!({ "Release": release })).await;
    clusters.swap().await;
    let outcome = stage.delete("database").await;
    assert!(!gone(&outcome), "{outcome:?}");
    for words in [clusters.switch().as_str(), "is on", "go home first"] {
        assert!(outcome.1.contains(words), "no `{words}` in {outcome:?}");
    }
    assert_eq!(clusters.members().await, [clusters.home.clone(), clusters.standby.clone()]);
    clusters.turn("off").await;
    let outcome = stage.delete("database").await;
    assert!(gone(&outcome), "{outcome:?}");
    assert_eq!(clusters.members().await, std::slice::from_ref(&clusters.standby));
}

#[tokio::test]
async fn a_follower_and_what_is_no_member_take_nobody_along() {
    let stage = Stage::new(&standby()).await;
    let clusters = Clusters::new(&stage.unique).await;
    let release = |global: &str| {
        stage.resource(json!({
            "Action": "ReleaseGlobalCluster", "GlobalCluster": global, "Cluster": clusters.standby,
            "Switch": clusters.switch(),
        }))
    };
    let nothing = format!("{}-never-was", clusters.global);
    let resources = json!({ "Release": release(&clusters.global), "Nothing": release(&nothing) });
    stage.create("database", resources).await;
    let outcome = stage.delete("database").await;
    assert!(gone(&outcome), "{outcome:?}");
    assert_eq!(clusters.members().await, [clusters.home.clone(), clusters.standby.clone()]);
}
