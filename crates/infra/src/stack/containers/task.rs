//! What a task is: image, size, settings, and how little it may do to the machine it runs on.

use cdk::{Handle, Scope};
use cfn::ecs;
use cfn::ecs::task_definition::{
    ContainerDefinition, HealthCheck, KernelCapabilities, KeyValuePair, LinuxParameters, LogConfiguration,
    PortMapping, RuntimePlatform,
};
use recovery::deployment::Architecture;

use super::{Part, access, settings};
use crate::place::{Place, SERVICE_PORT};
use crate::policy::role;
use crate::stack::log_group;

/// Directory of the binaries in the image.
const BINARIES: &str = "/usr/bin";
/// Nobody in particular; the image has the user.
const USER: &str = "65532";
/// Who assumes the roles of a task.
const TASKS: &str = "ecs-tasks.amazonaws.com";
/// What a log may keep in the task's memory while CloudWatch does not take it. Beyond that lines are lost and
/// the service goes on: an order is not refused because a log is out.
const LOG_BUFFER: &str = "16m";

/// Adds the task definition of a part, with its log group and its two roles.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, part: Part<'_>, image: &str) -> Handle {
    let names = place.names();
    let logs = scope.add("Logs", log_group(place, place.task_log_group(part.name)));
    let own = names.function_role(part.name, place.region);
    let own = role(scope, "Role", &own, TASKS, &access::task(place, part.name));
    let start = names.function_role(&format!("start-{}", part.name), place.region);
    let start = role(scope, "StartRole", &start, TASKS, &access::start(place, part.name));
    let container = container(place, part, image, &logs);
    let (cpu_units, memory_mib) = part.size();
    scope.add(
        "Task",
        ecs::TaskDefinition::new()
            .family(names.task_family(part.name))
            .requires_compatibilities(["FARGATE"])
            .network_mode("awsvpc")
            .cpu(cpu_units.to_string())
            .memory(memory_mib.to_string())
            .runtime_platform(platform(place))
            .task_role_arn(own.attribute("Arn"))
            .execution_role_arn(start.attribute("Arn"))
            .container_definitions([container]),
    )
}

fn platform(place: &Place<'_>) -> RuntimePlatform {
    let processor = match place.deployment.compute.architecture {
        Architecture::X86_64 => "X86_64",
        Architecture::Arm64 => "ARM64",
    };
    RuntimePlatform::new().cpu_architecture(processor).operating_system_family("LINUX")
}

/// One process, as nobody, on a file system that cannot be written, with no capability of the kernel.
fn container(place: &Place<'_>, part: Part<'_>, image: &str, logs: &Handle) -> ContainerDefinition {
    let names = place.names();
    let image =
        format!("{}.dkr.ecr.{}.amazonaws.com/{}:{image}", place.account, place.region, names.repository());
    let binary = format!("{BINARIES}/{}", part.name);
    let environment = settings::of(place, part);
    let environment =
        environment.into_iter().map(|(name, value)| KeyValuePair::new().name(name).value(value));
    let none = KernelCapabilities::new().drop(["ALL"]);
    let log = LogConfiguration::new("awslogs").options([
        ("awslogs-group", cfn::Value::<String>::from(logs.reference())),
        ("awslogs-region", place.region.as_str().into()),
        ("awslogs-stream-prefix", part.name.into()),
        ("mode", "non-blocking".into()),
        ("max-buffer-size", LOG_BUFFER.into()),
    ]);
    let container = ContainerDefinition::new(image, part.name)
        .essential(true)
        // All of the task's: there is nobody else in it.
        .memory(i64::from(part.size().1))
        .entry_point([binary.clone()])
        .environment(environment)
        .user(USER)
        .readonly_root_filesystem(true)
        .privileged(false)
        .linux_parameters(LinuxParameters::new().capabilities(none))
        .stop_timeout(i64::from(part.stop_s()))
        .log_configuration(log);
    if part.answers() {
        let port = PortMapping::new().container_port(i64::from(SERVICE_PORT)).protocol("tcp");
        return container.port_mappings([port]);
    }
    // Nothing asks the worker from outside, so ECS asks it from within.
    let alive = HealthCheck::new()
        .command(["CMD".to_owned(), binary, "--alive".to_owned()])
        .interval(30)
        .timeout(5)
        .retries(3)
        .start_period(30);
    container.health_check(alive)
}
