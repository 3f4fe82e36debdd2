//! The fields of a deployment file, and what each may be.

use toml::Spanned;
use toml::de::DeTable;

use super::environment::Environment;
use super::reader::{Reader, Section};
use super::{
    Architecture, Compute, Database, Deployment, Domain, HealthCheck, Journal, LeaseTiming, Load, Objectives,
    Profile, Regions, STRONG_SETS, Sentinel, audit, callers, containers, failback, operation, strong_set_of,
};

const FIELDS: [&str; 5] = ["name", "environment", "owner", "cost_center", "protect"];
const SECTIONS: [&str; 16] = [
    "regions",
    "objectives",
    "domain",
    "load",
    "lease",
    "health_check",
    "sentinel",
    "journal",
    "compute",
    "containers",
    "database",
    "api",
    "alarms",
    "storage",
    "audit",
    "failback",
];
const DAY_S: u64 = 86_400;

/// Reads every field; what cannot be read is reported and stood in for.
pub(super) fn read<'t>(
    root: &Spanned<DeTable<'t>>,
    environment: Option<&Environment<'_, 't>>,
    reader: &mut Reader<'t>,
) -> Deployment {
    let root = reader.root(root, environment, &FIELDS, &SECTIONS);
    let compute = compute(&root, reader);
    Deployment {
        name: reader.text(&root, "name", "a text, such as \"trading\""),
        environment: reader.environment(&root, environment),
        owner: reader.text(&root, "owner", "the team that answers for it"),
        cost_center: reader.text(&root, "cost_center", "the cost center that pays for it"),
        protect: reader.flag(&root, "protect"),
        regions: regions(&root, reader),
        objectives: objectives(&root, reader),
        domain: domain(&root, reader),
        load: load(&root, reader),
        lease: lease(&root, reader),
        health_check: health_check(&root, reader),
        sentinel: sentinel(&root, reader),
        journal: journal(&root, reader),
        containers: containers::read(&root, &compute, reader),
        compute,
        database: database(&root, reader),
        api: operation::api(&root, reader),
        alarms: operation::alarms(&root, reader),
        storage: operation::storage(&root, reader),
        audit: audit::read(&root, reader),
        failback: failback::read(&root, reader),
    }
}

fn regions<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Regions {
    let section = reader.section(root, "regions", &["home", "standby", "witness"]);
    Regions {
        home: reader.region(&section, "home"),
        standby: reader.region(&section, "standby"),
        witness: reader.region(&section, "witness"),
    }
}

fn objectives<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Objectives {
    let fields = [
        "recovery_time_s",
        "settlement_time_s",
        "two_endpoints_recovery_time_s",
        "recovery_point_s",
        "orders_lost",
        "availability_percent",
    ];
    let section = reader.section(root, "objectives", &fields);
    Objectives {
        recovery_time_s: reader.number(&section, "recovery_time_s", 1..=DAY_S, "seconds, at most a day"),
        settlement_time_s: reader.number(&section, "settlement_time_s", 1..=DAY_S, "seconds, at most a day"),
        two_endpoints_recovery_time_s: reader.number(
            &section,
            "two_endpoints_recovery_time_s",
            1..=DAY_S,
            "seconds, at most a day",
        ),
        recovery_point_s: reader
            .has(&section, "recovery_point_s")
            .then(|| reader.number(&section, "recovery_point_s", 1..=DAY_S, "seconds, at most a day")),
        orders_lost: reader.number(&section, "orders_lost", 0..=1_000_000_000, "acknowledged orders"),
        availability_percent: reader.percent(&section, "availability_percent"),
    }
}

fn domain<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Domain {
    let section = reader.section(root, "domain", &["zone", "record_ttl_s"]);
    let why = "seconds; resolvers keep clients on the lost region for as long as this";
    Domain {
        zone: reader.text(&section, "zone", "a domain name, such as \"trading.example\""),
        record_ttl_s: reader.number(&section, "record_ttl_s", 1..=60, why),
    }
}

fn load<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Load {
    let section = reader.section(
        root,
        "load",
        &["orders_per_second", "burst_orders_per_second", "sessions_per_second"],
    );
    Load {
        orders_per_second: reader.count(&section, "orders_per_second", 1..=10_000, "the steady rate"),
        burst_orders_per_second: reader
            .has(&section, "burst_orders_per_second")
            .then(|| reader.count(&section, "burst_orders_per_second", 1..=10_000, "the rate of a rush")),
        sessions_per_second: reader.count(&section, "sessions_per_second", 0..=10_000, "the steady rate"),
    }
}

fn lease<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> LeaseTiming {
    let fields = ["renew_s", "ttl_s", "margin_s", "cooldown_s", "database_patience_s"];
    let section = reader.section(root, "lease", &fields);
    let patience = "seconds that an owner waits for its own database; \
                    a failover inside the region takes 30 to 60, and a lost database costs as much more";
    LeaseTiming {
        renew_s: reader.number(&section, "renew_s", 1..=60, "seconds between renewals"),
        ttl_s: reader.number(&section, "ttl_s", 2..=300, "seconds without a renewal before a take-over"),
        margin_s: reader.number(&section, "margin_s", 1..=60, "seconds of safety on both sides of the TTL"),
        cooldown_s: reader.number(&section, "cooldown_s", 0..=DAY_S, "seconds, at most a day"),
        database_patience_s: reader.number(&section, "database_patience_s", 0..=600, patience),
    }
}

fn health_check<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> HealthCheck {
    let section = reader.section(root, "health_check", &["interval_s", "failure_threshold"]);
    let why = "Route 53 takes no other threshold";
    HealthCheck {
        interval_s: reader.number(&section, "interval_s", 1..=60, "Route 53 takes 10 or 30 seconds"),
        failure_threshold: reader.count(&section, "failure_threshold", 1..=10, why),
    }
}

fn sentinel<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Sentinel {
    let fields = ["schedule_s", "watch_s", "probe_interval_s", "probe_failures"];
    let section = reader.section(root, "sentinel", &fields);
    let limit = "a function runs for at most 900 seconds, and a watch must end well before";
    Sentinel {
        schedule_s: reader.number(
            &section,
            "schedule_s",
            60..=600,
            "seconds; a schedule's finest is a minute",
        ),
        watch_s: reader.number(&section, "watch_s", 1..=840, limit),
        probe_interval_s: reader.number(&section, "probe_interval_s", 1..=60, "seconds between probes"),
        probe_failures: reader.count(&section, "probe_failures", 1..=100, "failed probes in a row"),
    }
}

fn journal<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Journal {
    let section = reader.section(root, "journal", &["shards", "replay_margin_s"]);
    Journal {
        shards: reader.count(&section, "shards", 1..=1000, "partitions per minute"),
        replay_margin_s: reader.number(&section, "replay_margin_s", 1..=DAY_S, "seconds, at most a day"),
    }
}

fn compute<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Compute {
    let section = reader.section(root, "compute", &["profile", "architecture"]);
    let profiles = [("functions", Profile::Functions), ("containers", Profile::Containers)];
    let architectures = [("x86_64", Architecture::X86_64), ("arm64", Architecture::Arm64)];
    Compute {
        profile: reader.choice(&section, "profile", &profiles),
        architecture: reader.choice(&section, "architecture", &architectures),
    }
}

fn database<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Database {
    let fields = ["engine_version", "instance_class", "instances_per_region", "backup_retention_days"];
    let section = reader.section(root, "database", &fields);
    let headless = "a cluster with no instance cannot be promoted; Aurora takes 16";
    let retention = "Aurora keeps backups for 1 to 35 days";
    Database {
        engine_version: reader.text(&section, "engine_version", "a text, such as \"16.11\""),
        instance_class: reader.text(&section, "instance_class", "a text, such as \"db.r6g.large\""),
        instances_per_region: reader.count(&section, "instances_per_region", 1..=16, headless),
        backup_retention_days: reader.count(&section, "backup_retention_days", 1..=35, retention),
    }
}

/// Rules on names, places and versions.
pub(super) fn check(deployment: &Deployment, reader: &mut Reader<'_>) {
    check_texts(deployment, reader);
    check_regions(&deployment.regions, reader);
    check_zone(&deployment.domain.zone, reader);
    check_database(&deployment.database, reader);
    check_load(&deployment.load, reader);
    callers::check(deployment, reader);
    operation::check(&deployment.alarms, &deployment.storage, deployment.protect, reader);
}

fn check_texts(deployment: &Deployment, reader: &mut Reader<'_>) {
    let plain = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--")
    };
    for (field, text) in [("name", &deployment.name), ("environment", &deployment.environment)] {
        let reason = format!("`{field}` is {text:?}, which cannot be part of a resource name");
        let broken = text.len() > 20 || !plain(text);
        let hint = "use 1 to 20 of a to z, 0 to 9 and single inner hyphens";
        reader.refuse_if(broken, &[field], reason, hint);
    }
    for (field, text) in [("owner", &deployment.owner), ("cost_center", &deployment.cost_center)] {
        let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        let broken = text.chars().count() > 256 || !text.chars().all(allowed);
        let reason = format!("`{field}` cannot be the value of a tag");
        let hint = "a tag takes at most 256 letters, digits, spaces and _ . : / = + - @";
        reader.refuse_if(broken, &[field], reason, hint);
    }
}

fn check_regions(regions: &Regions, reader: &mut Reader<'_>) {
    let named = [
        ("regions.home", &regions.home),
        ("regions.standby", &regions.standby),
        ("regions.witness", &regions.witness),
    ];
    let sets: Vec<String> = STRONG_SETS.iter().map(|set| set.join(", ")).collect();
    let hint = format!("choose three of one set: {}", sets.join("; or "));
    let mut distinct = true;
    for (index, (field, region)) in named.iter().enumerate() {
        if let Some((other, _)) = named[..index].iter().find(|(_, earlier)| earlier == region) {
            distinct = false;
            let reason = format!("`{field}` is {region}, and so is `{other}`");
            reader.refuse(&[field, other], reason, "three different regions are needed");
        }
        if strong_set_of(region).is_none() {
            let reason = format!("{region} takes part in no strongly consistent table");
            reader.refuse(&[field], reason, &hint);
        }
    }
    let set = strong_set_of(&regions.home);
    for (field, region) in &named[1..] {
        let other = strong_set_of(region);
        if distinct && set.is_some() && other.is_some() && set != other {
            let reason = format!("{region} cannot share a strongly consistent table with {}", regions.home);
            reader.refuse(&[field, "regions.home"], reason, &hint);
        }
    }
}

/// Longest label we put in front of the zone: `ap-northeast-1.orders.`, and room for one more.
const ZONE_LENGTH_MAX: usize = 253 - 32;

fn check_zone(zone: &str, reader: &mut Reader<'_>) {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let numeric = zone.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    let valid = zone.len() <= ZONE_LENGTH_MAX && zone.contains('.') && zone.split('.').all(label) && !numeric;
    let reason =
        format!("`domain.zone` is {:?}, which is no domain name", zone.chars().take(80).collect::<String>());
    let hint = "use lower-case labels joined by dots, with no dot at the end, such as \"trading.example\"";
    reader.refuse_if(!valid, &["domain.zone"], reason, hint);
}

fn check_database(database: &Database, reader: &mut Reader<'_>) {
    let version = &database.engine_version;
    let minor = version.strip_prefix("16.").filter(|minor| !minor.starts_with('+'));
    let known = minor.is_some_and(|minor| minor.parse::<u8>().is_ok());
    let reason = format!("engine version {version:?} is not one of PostgreSQL 16");
    reader.refuse_if(!known, &["database.engine_version"], reason, "use one such as \"16.11\"");
    let class = &database.instance_class;
    let parts: Vec<&str> = class.split('.').collect();
    let word =
        |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let provisioned = parts.len() == 3 && parts[0] == "db" && parts[1..].iter().all(word);
    let burstable = parts.get(1).is_some_and(|family| family.starts_with('t'));
    let reason = format!("instance class {class:?} cannot be part of a global database");
    let hint = "use a memory-optimised class such as \"db.r6g.large\"; burstable ones are not supported";
    reader.refuse_if(!provisioned || burstable, &["database.instance_class"], reason, hint);
}

fn check_load(load: &Load, reader: &mut Reader<'_>) {
    let (steady, burst) = (load.orders_per_second, load.burst_orders_per_second.unwrap_or(u32::MAX));
    let reason = format!("a rush of {burst} orders per second is less than the steady {steady}");
    let hint = "make burst_orders_per_second at least orders_per_second, or leave it out";
    let fields = ["load.burst_orders_per_second", "load.orders_per_second"];
    reader.refuse_if(burst < steady, &fields, reason, hint);
}
