//! Names of regions, wherever in a template they stand.

/// Directions in the names of regions.
const DIRECTIONS: [&str; 9] =
    ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

/// Every name of a region in a text, whatever is around it: two letters, perhaps a word for a partition, a
/// direction and a number.
pub(crate) fn regions(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().filter(|(at, first)| {
        let before = text[..*at].chars().next_back();
        first.is_ascii_lowercase() && !before.is_some_and(|before| before.is_ascii_alphanumeric())
    });
    starts.filter_map(|(at, _)| region_at_the_start(&text[at..]))
}

fn region_at_the_start(text: &str) -> Option<&str> {
    let (area, rest) = text.split_once('-')?;
    if area.len() != 2 || !area.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let (mut word, mut rest) = rest.split_once('-')?;
    if word == "gov" || word.starts_with("iso") {
        (word, rest) = rest.split_once('-')?;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (DIRECTIONS.contains(&word) && digits == 1).then(|| &text[..text.len() - rest.len() + digits])
}

#[cfg(test)]
mod tests {
    //! Goal: a region is found wherever its name hides, and nothing else is taken for one. Method: texts of
    //! the kinds that templates hold.

    use super::*;

    #[test]
    fn a_region_is_found_wherever_it_hides() {
        for (text, found) in [
            ("eu-west-1", vec!["eu-west-1"]),
            ("arn:aws:sqs:us-east-1:111122223333:queue-orders-production", vec!["us-east-1"]),
            ("bucket-audit-ap-southeast-2-111122223333-production", vec!["ap-southeast-2"]),
            (
                "https://sqs.us-gov-west-1.amazonaws.com/1/q, eu-central-1a",
                vec!["us-gov-west-1", "eu-central-1"],
            ),
            ("queue-orders-production", vec![]),
            ("it-is-west-of-1 no-east-west xus-east-1 north-east-1 us-east-12", vec![]),
            ("über-us-east-1", vec!["us-east-1"]),
            ("arn:aws:sqs:eu-west-1:1:queue", vec!["eu-west-1"]),
            ("bucket-audit-us-east-1-000000000000-production", vec!["us-east-1"]),
            ("ap-southeast-2b", vec!["ap-southeast-2"]),
            ("https://x.us-gov-west-1.amazonaws.com/us-west-2", vec!["us-gov-west-1", "us-west-2"]),
            ("us-east-1", vec!["us-east-1"]),
            ("us-east-12 north-east-1 2026-11-20", vec![]),
        ] {
            assert_eq!(regions(text).collect::<Vec<_>>(), found, "{text}");
        }
    }
}
