//! The failback's actions in words.

use super::account::Words;
use crate::step::Action;

impl Action {
    pub(super) fn failback(self) -> Words {
        match self {
            Self::ConfirmHome | Self::AwaitRejoin | Self::AwaitLag | Self::CompareJournal => self.gate(),
            Self::Drain | Self::AwaitDrained | Self::SwitchOver | Self::AwaitHomeWriter => {
                self.move_of_database()
            }
            Self::HandOverLease | Self::AwaitHomeServing | Self::AnnounceFailback => self.move_of_lease(),
            Self::UndoDrain => (
                "UndoDrain",
                "Lets this region settle again: the lease goes from `draining` back to `serving`, and the dwell begins anew. The switch does not stop it. It changes nothing when settlement was never stopped.",
                "It does so only while the global cluster names this region's cluster as its writer and no move is under way. When the database has gone home it fails with `DatabaseMoved`, and the failback goes forward with HandOverLease; nothing can be undone then.",
                "Read the lease item. While it is this region's and `draining`, its sentinel settles again after a quarter of an hour if the database takes writes here; if it does not, it lets the lease expire, and home takes it.",
                None,
            ),
            _ => (
                "EscalateFailback",
                "Puts the error of the step that failed, and the context, on the event bus, whose rule reaches whoever subscribes to the alerts topic.",
                "The bus has accepted the event.",
                "Read the failed execution and repair what it names. The sentinel starts the failback again after another dwell, five times per epoch; sooner, start it yourself (see Commands).",
                None,
            ),
        }
    }

    fn gate(self) -> Words {
        match self {
            Self::ConfirmHome => (
                "ConfirmHome",
                "Reads the lease and looks at home's `/health/ready`, three times. The lease must be this region's and serving, its cooldown over, and home must have taken this region's outside probes for the whole dwell, by the count that the sentinel keeps in the lease.",
                "It changes nothing. It fails with `NotYet` while a gate is closed and says which.",
                "Nothing: the system is served from here. Look at what keeps home from being well.",
                None,
            ),
            Self::AwaitRejoin => (
                "AwaitRejoin",
                "Asks until home's cluster is a connected member of the global cluster and follows this region's.",
                "`DescribeGlobalClusters` says so. Aurora's managed failover adds the old primary again by itself, on a new volume, which may take hours.",
                "If home's cluster is gone from the global cluster, deploy home's Database stack again, so that it joins as a secondary.",
                None,
            ),
            Self::AwaitLag => (
                "AwaitLag",
                "Reads the order settled last from home's reader endpoint and then from the own writer, and compares when the two were settled, by the one clock that wrote both.",
                "The difference is under the deployment's bound.",
                "Look at the replication lag in home's region, and at the peering of the two networks.",
                None,
            ),
            _ => (
                "CompareJournal",
                "Compares, minute by minute, what was acknowledged from a replay margin before the take-over on (or before now, when that is long ago) with the own database: each order is settled as it was acknowledged, balanced and announced, and nothing else is. Before a failback home's database is compared as well, but for what it has not received yet.",
                "Every difference is explained. It fails with `NotYet` where an order is not settled after a minute, for the sweep queues such orders again, and at once where something is settled otherwise.",
                "`docs/consistency.md` says what each kind of difference means. Look at the dead-letter queue and the processor's errors: an order that can never be settled ends a failover's announcement, not its recovery, and keeps a failback from moving anything.",
                None,
            ),
        }
    }

    fn move_of_database(self) -> Words {
        match self {
            Self::Drain => (
                "Drain",
                "Asks ConfirmHome's questions again and sets the lease to `draining`. Processors of both regions stop settling; orders are accepted all the time and wait in their queues.",
                "AwaitDrained sees settlement stand still.",
                "Nothing: UndoDrain follows by itself.",
                Some(Self::AwaitDrained),
            ),
            Self::AwaitDrained => (
                "AwaitDrained",
                "Looks twice at the order settled last, in the own database and in home's.",
                "All four looks see the same one: nothing was settled between them, and the two ledgers end alike.",
                "Nothing: UndoDrain follows by itself.",
                None,
            ),
            Self::SwitchOver => (
                "SwitchOver",
                "Calls `SwitchoverGlobalCluster` in this region, the primary's, unless it is done or under way. It loses nothing. It is the last step that the switch can stop.",
                "AwaitHomeWriter sees home's cluster take writes.",
                "Run `aws rds switchover-global-cluster` in this region (see Commands), and then start the workflow again: it goes on from there.",
                Some(Self::AwaitHomeWriter),
            ),
            _ => (
                "AwaitHomeWriter",
                "Asks until the RDS of both regions names home's cluster as the global cluster's writer and that takes a write, which is rolled back.",
                "The write succeeds.",
                "Look at the global cluster's status. UndoDrain decides by it whether the failback is undone or goes forward.",
                None,
            ),
        }
    }

    fn move_of_lease(self) -> Words {
        match self {
            Self::HandOverLease => (
                "HandOverLease",
                "Gives the lease to home under the next epoch, `recovering`, by compare-and-set, unless home has it. It refuses while home's cluster is not the writer by what the RDS of both regions says, and the switch does not stop it: the database has moved, so the only way is forward.",
                "AwaitHomeServing sees home serve under that epoch.",
                "If this region's lease expires, home takes it: stop this region's sentinel by disabling its schedule for a minute.",
                Some(Self::AwaitHomeServing),
            ),
            Self::AwaitHomeServing => (
                "AwaitHomeServing",
                "Waits for home. Its sentinel has found the lease its own and recovering, and runs the failover workflow there: that raises the fence to the new epoch, settles from the journal what is missing, enables settlement and steers traffic.",
                "The lease is home's and serving, and home's `/health/serving` answers 200.",
                "Follow home's failover execution of that epoch by its own runbook. Home's switch must not be `off`.",
                None,
            ),
            _ => (
                "AnnounceFailback",
                "Puts the outcome on the event bus, whose rule reaches whoever subscribes to the alerts topic.",
                "The bus has accepted it.",
                "Tell people yourself: the failback itself is complete.",
                None,
            ),
        }
    }
}
