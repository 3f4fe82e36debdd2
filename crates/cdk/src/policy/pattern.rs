//! Patterns in the ARNs of policies.

/// Whether a text stands for more than one.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether an ARN stands for what is not part of one thing that it names. These patterns do name one thing:
///
/// - objects of one bucket, `bucket/*`, which have no other names beforehand;
/// - streams of one log group, `log-group:name:*`;
/// - executions of one state machine, `execution:name:*`;
/// - one secret, to whose name Secrets Manager adds six characters, `secret:name-??????`.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
pub(super) fn is_wide(resource: &str) -> bool {
    if !is_pattern(resource) {
        return false;
    }
    // Something of another resource of the template, such as `${Bucket.Arn}/*`.
    if let Some((_, below)) = resource.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
        return !below.starts_with(['/', ':']);
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let [_, partition, service, region, account, name] = parts.as_slice() else { return true };
    if [partition, service, region, account].iter().any(|part| is_pattern(part)) {
        return true;
    }
    let owner = match *service {
        "s3" => name.split_once('/'),
        "logs" => name.strip_prefix("log-group:").and_then(|name| name.split_once(':')),
        "states" => name.strip_prefix("execution:").and_then(|name| name.split_once(':')),
        "secretsmanager" => {
            name.strip_prefix("secret:").and_then(|name| name.strip_suffix("-??????")).map(|name| (name, ""))
        }
        _ => None,
    };
    owner.is_none_or(|(owner, _)| owner.is_empty() || is_pattern(owner))
}
