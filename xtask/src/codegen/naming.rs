//! Names: from the specification's PascalCase to Rust's.

const KEYWORDS: [&str; 10] = ["as", "enum", "for", "impl", "match", "mod", "ref", "static", "type", "use"];

/// `DBClusterARNs` becomes `db_cluster_arns`; keywords become raw identifiers.
pub fn field(name: &str) -> String {
    let snake = snake_case(name);
    if KEYWORDS.contains(&snake.as_str()) { format!("r#{snake}") } else { snake }
}

/// `Endpoint.Address` becomes `ENDPOINT_ADDRESS`.
pub fn constant(name: &str) -> String {
    name.split('.').map(snake_case).collect::<Vec<_>>().join("_").to_uppercase()
}

/// Splits before a capital that starts a word; a run of capitals is one word,
/// with its plural `s` if it has one.
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.replace("IPv", "Ipv").chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| letters[at]);
        if letter.is_ascii_uppercase()
            && before.is_some_and(|before| starts_word(before, &letters[index + 1..]))
        {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn starts_word(before: char, after: &[char]) -> bool {
    if before.is_ascii_lowercase() || before.is_ascii_digit() {
        return true;
    }
    let plural_ends_here = after.first() == Some(&'s') && after.get(1).is_none_or(|c| c.is_ascii_uppercase());
    before.is_ascii_uppercase() && after.first().is_some_and(char::is_ascii_lowercase) && !plural_ends_here
}

#[cfg(test)]
mod tests {
    // Goal: names read as a person would write them, and stay distinct.
    // Method: the spellings that the specification really has.
    use super::*;

    #[test]
    fn acronyms_are_one_word() {
        for (name, expected) in [
            ("DelaySeconds", "delay_seconds"),
            ("SSESpecification", "sse_specification"),
            ("DBClusterIdentifier", "db_cluster_identifier"),
            ("VPCZoneIds", "vpc_zone_ids"),
            ("CidrIpv6", "cidr_ipv6"),
            ("EnableIPv6", "enable_ipv6"),
            ("LayerARNs", "layer_arns"),
            ("SourceIPsAllowed", "source_ips_allowed"),
            ("S3Bucket", "s3_bucket"),
            ("TTL", "ttl"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn keywords_are_raw() {
        assert_eq!(field("Type"), "r#type");
        assert_eq!(field("Name"), "name");
    }

    #[test]
    fn dotted_attributes_become_one_constant() {
        assert_eq!(constant("MasterUserSecret.SecretArn"), "MASTER_USER_SECRET_SECRET_ARN");
    }
}
