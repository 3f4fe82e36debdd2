//! The functions of a region, each with its own role, and the queues between them.

use cdk::{Handle, Scope, Stack};
use cfn::lambda;
use serde_json::json;

use super::{database_keeper, log_group, permissions, queue, settings};
use crate::packages::{
    self, DATABASE_KEEPER, ORDER_PROCESSOR, ORDERS_API, PREFLIGHT, Packages, RECONCILER, RECOVERY_STEP,
    SENTINEL,
};
use crate::place::{Place, ZONES, parameter as key};
use crate::policy::role;

/// Seconds the processor may take for a batch.
const PROCESSOR_TIMEOUT_S: u64 = 30;
/// Receives after which a message that only ever crashed the processor is put aside.
const RECEIVES_MAX: u32 = 1000;
/// Processors that Lambda starts for the queue at most. Each keeps a connection to the database, and
/// their hundred orders at once settle the backlog of an outage far faster than it came. The bound is
/// the queue's and not a reservation of the function's: a batch that meets the latter counts as received,
/// which brings its messages nearer to the dead-letter queue.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const PROCESSORS: i64 = 10;
/// The functions of this stack.
const FUNCTIONS: [&str; 7] =
    [ORDERS_API, ORDER_PROCESSOR, SENTINEL, RECOVERY_STEP, PREFLIGHT, DATABASE_KEEPER, RECONCILER];
/// Recovery steps that may run at once: three branches of the workflow, and for each an
/// attempt that its state has given up but that still runs.
const STEPS: i64 = 6;

/// Seconds a watch has for coming to its end. An invocation that takes 90 % of its limit is alarmed on, and a
/// watch that ends as it should is none of these.
const WATCH_ENDS_S: u64 = 40;

/// What a region's compute stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The functions that watch and recover, and where there are no containers those that accept and settle.
    pub functions: Vec<Handle>,
    /// Orders to settle.
    pub orders: Handle,
    /// Orders that could not be settled.
    pub dead_letters: Handle,
}

/// Name of the queue of invocations that failed for good.
pub fn failed_invocations(place: &Place<'_>) -> String {
    place.names().resource("queue", "failed-invocations")
}

/// Adds the queues and the functions.
pub fn new(stack: &mut Stack, place: &Place<'_>, packages: &Packages) -> Handles {
    let mut root = stack.root();
    let (orders, dead_letters) = queues(&mut root, place);
    let failed = queue::add(&mut root, "FailedInvocations", queue::resting(&failed_invocations(place)), &[]);
    let names = packages::functions(place.deployment);
    let names: Vec<&str> = FUNCTIONS.into_iter().filter(|name| names.contains(name)).collect();
    let network = network(&mut root, place);
    let functions: Vec<Handle> =
        names.iter().map(|name| function(&mut root, place, packages, &network, name)).collect();
    for (name, handle) in names.into_iter().zip(&functions) {
        match name {
            ORDER_PROCESSOR => feed(&mut root, handle, &orders),
            SENTINEL => on_failure(&mut root, "SentinelInvocations", handle, &failed, NEVER_LATE),
            PREFLIGHT => on_failure(&mut root, "PreflightInvocations", handle, &failed, ONCE_MORE),
            RECONCILER => on_failure(&mut root, "ReconcilerInvocations", handle, &failed, NEXT_COMES),
            DATABASE_KEEPER => {
                let others: Vec<&Handle> = functions.iter().filter(|other| *other != handle).collect();
                database_keeper::add(&mut root, place, packages, handle, &others);
            }
            _ => {}
        }
    }
    Handles { functions, orders, dead_letters }
}

fn queues(root: &mut Scope<'_>, place: &Place<'_>) -> (Handle, Handle) {
    let names = place.names();
    let orders_arn = place.queue_arn(&names.order_queue());
    let dead_letters = queue::resting(&names.dead_letter_queue())
        .redrive_allow_policy(json!({ "redrivePermission": "byQueue", "sourceQueueArns": [orders_arn] }));
    let dead_letters = queue::add(root, "DeadLetters", dead_letters, &[]);
    let target = cfn::Value::<String>::from(dead_letters.attribute("Arn"));
    let orders = queue::encrypted(&names.order_queue())
        .visibility_timeout(i64::try_from(6 * PROCESSOR_TIMEOUT_S).unwrap_or(i64::MAX))
        .redrive_policy(json!({ "deadLetterTargetArn": target, "maxReceiveCount": RECEIVES_MAX }));
    let orders = queue::add(root, "Orders", orders, &[]);
    (orders, dead_letters)
}

/// Instances kept free for a function, so that no other function of the account can keep
/// recovery from starting when load is highest; `None` where Lambda shares out what is left.
fn reserved(place: &Place<'_>, name: &str) -> Option<i64> {
    let sentinel = &place.deployment.sentinel;
    match name {
        // Watches that overlap, and one more that started late (`recovery::budget::Watch::at_once`).
        SENTINEL => {
            let overlapping = sentinel.watch_s.div_ceil(sentinel.schedule_s.max(1));
            Some(i64::try_from(overlapping).map_or(i64::MAX, |overlapping| overlapping.saturating_add(1)))
        }
        RECOVERY_STEP => Some(STEPS),
        _ => None,
    }
}

/// Seconds one invocation may take.
pub(super) fn timeout_s(place: &Place<'_>, name: &str) -> u64 {
    match name {
        ORDER_PROCESSOR => PROCESSOR_TIMEOUT_S,
        SENTINEL => place.deployment.sentinel.watch_s + WATCH_ENDS_S,
        RECOVERY_STEP => recovery::workflow::function_timeout_s().max(30),
        DATABASE_KEEPER => database_keeper::TIMEOUT_S,
        PREFLIGHT => recovery::preflight::FUNCTION_TIMEOUT_S,
        RECONCILER => recovery::reconcile::FUNCTION_TIMEOUT_S,
        _ => 10,
    }
}

/// Where every function is. Each of these four is read once for all of them: as dynamic references in each function
/// they were nearly half of the sixty that a template may have.
fn network(root: &mut Scope<'_>, place: &Place<'_>) -> lambda::function::VpcConfig {
    let stored = |key: &str| place.names().parameter(key);
    let group = root.stored("FunctionSecurityGroupId", stored(key::FUNCTION_GROUP));
    let subnets: Vec<_> = (1..=ZONES)
        .map(|zone| {
            let key = stored(&format!("{}-{zone}", key::PRIVATE_SUBNET));
            root.stored(&format!("PrivateSubnet{zone}Id"), key)
        })
        .collect();
    lambda::function::VpcConfig::new().subnet_ids(subnets).security_group_ids([group])
}

fn function(
    root: &mut Scope<'_>,
    place: &Place<'_>,
    packages: &Packages,
    network: &lambda::function::VpcConfig,
    name: &str,
) -> Handle {
    let mut scope = root.scope(name);
    let log_group = scope.add("Logs", log_group(place, place.function_log_group(name)));
    let role = role(
        &mut scope,
        "Role",
        &place.names().function_role(name, place.region),
        "lambda.amazonaws.com",
        &permissions::of(name, place),
    );
    let (bucket, object) = scope.asset(packages.of(name));
    let code = lambda::function::Code::new().s3_bucket(bucket).s3_key(object);
    let mut function = lambda::Function::new(code, role.attribute("Arn"))
        .function_name(place.names().function(name))
        .runtime("provided.al2023")
        .handler("bootstrap")
        .architectures([place.deployment.compute.architecture.as_str()])
        .memory_size(512)
        .timeout(i64::try_from(timeout_s(place, name)).unwrap_or(i64::MAX))
        .environment(lambda::function::Environment::new().variables(settings::of(name, place)))
        .logging_config(
            lambda::function::LoggingConfig::new().log_format("JSON").log_group(log_group.reference()),
        )
        .recursive_loop("Terminate")
        .tracing_config(lambda::function::TracingConfig::new().mode("Active"))
        .vpc_config(network.clone());
    if let Some(instances) = reserved(place, name) {
        function = function.reserved_concurrent_executions(instances);
    }
    scope.add("Function", function)
}

/// Records that could not be settled are reported one by one and come back alone.
fn feed(root: &mut Scope<'_>, processor: &Handle, orders: &Handle) {
    root.add(
        "OrdersToProcessor",
        lambda::EventSourceMapping::new(processor.reference())
            .event_source_arn(orders.attribute("Arn"))
            .batch_size(10)
            .maximum_batching_window_in_seconds(0)
            .scaling_config(
                lambda::event_source_mapping::ScalingConfig::new().maximum_concurrency(PROCESSORS),
            )
            .function_response_types(["ReportBatchItemFailures"]),
    );
}

/// Retries, and seconds for which one may still begin.
type Patience = (i64, i64);
/// A watch that could not start in its minute is of no use later.
const NEVER_LATE: Patience = (0, 60);
/// A preflight that broke off is worth another try before the next hour.
const ONCE_MORE: Patience = (1, 1800);

/// A comparison that broke off is gone on with by the next one.
const NEXT_COMES: Patience = (0, 600);

/// What an asynchronous invocation could not do waits where people find it.
fn on_failure(
    root: &mut Scope<'_>,
    id: &str,
    function: &Handle,
    failed: &Handle,
    (retries, age_s): Patience,
) {
    use lambda::event_invoke_config::{DestinationConfig, OnFailure};
    let destination = DestinationConfig::new()
        .on_failure(OnFailure::new(cfn::Value::<String>::from(failed.attribute("Arn"))));
    root.add(
        id,
        lambda::EventInvokeConfig::new(function.reference(), "$LATEST")
            .maximum_retry_attempts(retries)
            .maximum_event_age_in_seconds(age_s)
            .destination_config(destination),
    );
}
