//! The workflows as runbooks in Markdown.

use std::fmt::Write as _;

use asl::{ALL_ERRORS, Catch, Retry, State, StateMachine, States, Task};

use super::{failback, task, workflow};
use crate::deployment::Deployment;
use crate::step::{Action, Context};
use crate::{Epoch, Region};

/// The failover runbook of a deployment: what each step does, how it is verified, how often
/// it is tried and what a person does when it fails for good. Rendered from [`workflow`].
pub fn runbook(deployment: &Deployment) -> String {
    let machine = workflow(deployment, "the recovery-step function");
    let [home, standby] = deployment.pair();
    let mut page = Page { text: String::new(), number: 0 };
    page.line(&format!("# Failover of {}", deployment.name));
    page.line("");
    page.line(&format!(
        "From {home} to {standby} or back; {} votes. Objectives: orders accepted again within {} s \
         and settled again within {} s, at most {} acknowledged orders lost. Everything runs in the surviving \
         region, by itself.",
        deployment.regions.witness,
        deployment.objectives.recovery_time_s,
        deployment.objectives.settlement_time_s,
        deployment.objectives.orders_lost,
    ));
    page.line("");
    page.line(&format!(
        "To stop it from acting, set the parameter `{}` to `off` in both regions. Every step may be run again.",
        deployment.names().switch_parameter(),
    ));
    page.states(&machine.states, "");
    page.commands(deployment);
    page.diagram(&machine);
    page.text
}

/// The failback runbook of a deployment, rendered from [`failback`] as [`runbook`] is from its workflow.
pub fn failback_runbook(deployment: &Deployment) -> String {
    let machine = failback(deployment, "the recovery-step function");
    let ([home, standby], gates) = (deployment.pair(), &deployment.failback);
    let mut page = Page { text: String::new(), number: 0 };
    page.line(&format!("# Failback of {}", deployment.name));
    page.line("");
    let start = if gates.automatic { "The sentinel starts it" } else { "People start it" };
    page.line(&format!(
        "From {standby} home to {home}. {start} when home has been well for {} s and the last move is {} s \
         old. It loses nothing and orders are accepted all the time; settlement stands still from Drain \
         until AwaitHomeServing. Everything runs in {standby}, but for home's own recovery under the new epoch.",
        gates.dwell_s, deployment.lease.cooldown_s,
    ));
    page.line("");
    page.line(&format!(
        "To stop it, set the parameter `{}` to `off` in {standby}: up to SwitchOver nothing more is done then, \
         and what was begun is undone. After SwitchOver it goes on, because the database has moved. In {home} \
         the parameter must be `on`, or nobody settles there. Every step may be run again.",
        deployment.names().switch_parameter(),
    ));
    page.states(&machine.states, "");
    page.failback_commands(deployment);
    page.diagram(&machine);
    page.text
}

/// The runbook of a switchover on demand, in either direction: the failback's machine, started by people with
/// `on_demand` in its context.
pub fn switchover_runbook(deployment: &Deployment) -> String {
    let machine = failback(deployment, "the recovery-step function");
    let [home, standby] = deployment.pair();
    let mut page = Page { text: String::new(), number: 0 };
    page.line(&format!("# Switchover of {} on demand", deployment.name));
    page.line("");
    page.line(&format!(
        "From {home} to {standby} or back, while both are well. People start it, in the region that owns the \
         lease. It is the failback's workflow with `on_demand` in its input: where a step below says home, it \
         means the region that the system moves to, and ConfirmHome asks for no cooldown and no dwell. It loses \
         nothing and orders are accepted all the time; settlement stands still from Drain until \
         AwaitHomeServing.",
    ));
    page.line("");
    let stays = if deployment.failback.automatic {
        format!(
            "Away from home the system goes back by itself once home has been well for {} s. To keep it away \
             for longer, set the parameter `{}` to `off` in {standby} when the switchover is over: nothing \
             moves then, and a lost region is not left either.",
            deployment.failback.dwell_s,
            deployment.names().switch_parameter(),
        )
    } else {
        "The system stays where it is moved to until people move it again.".to_owned()
    };
    page.line(&stays);
    page.states(&machine.states, "");
    page.switchover_commands(deployment);
    page.diagram(&machine);
    page.text
}

struct Page {
    text: String,
    number: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a String takes everything");
    }

    fn states(&mut self, states: &States, beside: &str) {
        for (name, state) in states {
            match state {
                State::Task(task) => self.step(name, task, beside),
                State::Parallel(parallel) => {
                    for branch in &parallel.branches {
                        let others = parallel.branches.iter().filter(|other| *other != branch);
                        let others: Vec<String> =
                            others.map(|other| format!("`{}`", other.start_at)).collect();
                        self.states(&branch.states, &format!("side by side with {}", others.join(", ")));
                    }
                }
                _ => {}
            }
        }
    }

    fn step(&mut self, name: &str, task: &Task, beside: &str) {
        let action = task.parameters.as_ref().and_then(|given| given.pointer("/Payload/action"));
        let action = action.and_then(|action| serde_json::from_value::<Action>(action.clone()).ok());
        let Some(account) = action.map(Action::account) else { return };
        self.number += 1;
        let beside = if beside.is_empty() { String::new() } else { format!(" ({beside})") };
        self.line("");
        self.line(&format!("## {}. {name}{beside}", self.number));
        self.line("");
        self.line(account.does);
        self.line("");
        self.line(&format!("- Verified: {}", account.verified));
        if let Some(validation) = account.validated_by {
            self.line(&format!("- Validated by: {}", validation.account().state));
        }
        let limit_s =
            task.timeout_seconds.map_or(task::STEP_LIMIT_S, |state_s| state_s.min(task::STEP_LIMIT_S));
        self.line(&format!("- One attempt takes at most {limit_s} s."));
        for retry in &task.retry {
            self.line(&format!("- {}", retrying(retry)));
        }
        for catch in &task.catch {
            self.line(&format!("- {}", catching(catch)));
        }
        self.line(&format!("- By hand: {}", account.by_hand));
    }
}

impl Page {
    fn diagram(&mut self, machine: &StateMachine) {
        self.line("");
        self.line("```mermaid");
        self.text.push_str(&machine.to_mermaid());
        self.line("```");
    }

    /// The commands of a failback, for whoever ends it by hand.
    fn failback_commands(&mut self, deployment: &Deployment) {
        let (names, [home, standby]) = (deployment.names(), deployment.pair());
        self.line("");
        self.line("## Commands");
        self.line("");
        self.line(&format!(
            "`ACCOUNT` stands for the number of the AWS account. The input of the workflow is that of the failed \
             execution; without one, take `epoch`, `evidence` and `taken_at_ms` (there `moved_at_ms`) from the \
             lease item in `{}`: the figures below are an example. The first command moves the database without \
             asking any gate: look at the gates yourself before.",
            names.journal_table(),
        ));
        self.line("");
        self.line("```sh");
        self.line(&format!(
            "aws rds switchover-global-cluster --region {standby} --global-cluster-identifier {} \
             --target-db-cluster-identifier arn:aws:rds:{home}:ACCOUNT:cluster:{}",
            names.global_cluster(),
            names.database_cluster(home),
        ));
        self.line(&format!(
            "aws stepfunctions start-execution --region {standby} --state-machine-arn \
             arn:aws:states:{standby}:ACCOUNT:stateMachine:{} --input '{}'",
            names.failback_state_machine(),
            example_input(standby, home),
        ));
        self.line("```");
    }

    /// The commands of a switchover, for either direction.
    fn switchover_commands(&mut self, deployment: &Deployment) {
        let (names, [home, standby]) = (deployment.names(), deployment.pair());
        self.line("");
        self.line("## Commands");
        self.line("");
        self.line(&format!(
            "`ACCOUNT` stands for the number of the AWS account. Take `epoch`, `evidence` and `taken_at_ms` (there \
             `moved_at_ms`) from the lease item in `{}`: the figures below are an example. A switchover under \
             another epoch than the lease's changes nothing.",
            names.journal_table(),
        ));
        for (from, to) in [(home, standby), (standby, home)] {
            self.line("");
            self.line(&format!("From {from} to {to}:"));
            self.line("");
            self.line("```sh");
            self.line(&format!(
                "aws stepfunctions start-execution --region {from} --state-machine-arn \
                 arn:aws:states:{from}:ACCOUNT:stateMachine:{} --input '{}'",
                names.failback_state_machine(),
                input(&example(from, to).on_demand()),
            ));
            self.line("```");
        }
    }

    /// The commands that the steps refer to, for a recovery in either region.
    fn commands(&mut self, deployment: &Deployment) {
        let names = deployment.names();
        self.line("");
        self.line("## Commands");
        self.line("");
        self.line(&format!(
            "`ACCOUNT` stands for the number of the AWS account. The switch must not be `off`. The input of the \
             workflow is that of the failed execution; without one, take `epoch`, `evidence` and `taken_at_ms` \
             (there `moved_at_ms`) from the lease item in `{}`: the figures below are an example.",
            names.journal_table(),
        ));
        let [home, standby] = deployment.pair();
        for (region, lost_region) in [(standby, home), (home, standby)] {
            self.line("");
            self.line(&format!("When {region} recovers and {lost_region} is lost:"));
            self.line("");
            self.line("```sh");
            self.line(&format!(
                "aws rds failover-global-cluster --region {region} --global-cluster-identifier {} \
                 --target-db-cluster-identifier arn:aws:rds:{region}:ACCOUNT:cluster:{} --allow-data-loss",
                names.global_cluster(),
                names.database_cluster(region),
            ));
            self.line(&format!(
                "aws stepfunctions start-execution --region {region} --state-machine-arn \
                 arn:aws:states:{region}:ACCOUNT:stateMachine:{} --input '{}'",
                names.failover_state_machine(),
                example_input(region, lost_region),
            ));
            self.line("```");
        }
    }
}

fn example_input(region: &Region, lost_region: &Region) -> serde_json::Value {
    input(&example(region, lost_region))
}

fn input(context: &Context) -> serde_json::Value {
    serde_json::json!({ "context": context })
}

fn example(region: &Region, lost_region: &Region) -> Context {
    Context {
        epoch: Epoch(2),
        region: region.clone(),
        lost_region: lost_region.clone(),
        evidence: "started by hand".to_owned(),
        taken_at_ms: 1_767_225_600_000,
        on_demand: false,
    }
}

fn catching(catch: &Catch) -> String {
    let errors: Vec<&String> = catch.error_equals.iter().filter(|error| *error != ALL_ERRORS).collect();
    match errors[..] {
        [error] => format!("When it fails with `{error}`: goes on with {}.", catch.next),
        _ => format!("When it fails for good: goes on with {}.", catch.next),
    }
}

fn retrying(retry: &Retry) -> String {
    let errors: Vec<String> = retry.error_equals.iter().map(|error| format!("`{error}`")).collect();
    let errors = errors.join(" or ");
    match retry.max_attempts {
        Some(0) => format!("After {errors}: not retried."),
        attempts => format!(
            "After {errors}: up to {} retries, from {} s apart, growing by {} up to {} s.",
            attempts.unwrap_or(3),
            retry.interval_seconds.unwrap_or(1),
            retry.backoff_rate.unwrap_or(2.0),
            retry.max_delay_seconds.unwrap_or(60),
        ),
    }
}
