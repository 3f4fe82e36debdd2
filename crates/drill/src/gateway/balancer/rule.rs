//! The wildcards of listener rules.

/// Whether `text` is of the form of `pattern`, in which `*` stands for any number of characters and
/// `?` for exactly one.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut back) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p + 1, t));
                p += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => (p, t) = (p + 1, t + 1),
            // The last star takes one character more.
            _ => match back {
                Some((after, taken)) => {
                    (p, t) = (after, taken + 1);
                    back = Some((after, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|one| *one == '*')
}

#[cfg(test)]
mod tests {
    // Goal: wildcards match as the documentation says, and a hostile text costs no more than its length.
    use super::*;

    #[test]
    fn wildcards_stand_for_any_number_or_for_one() {
        for (pattern, text, fits) in [
            ("/orders", "/orders", true),
            ("/orders", "/orders/", false),
            ("/orders/*", "/orders/1", true),
            ("/orders/*", "/orders", false),
            ("/*/legs", "/orders/1/legs", true),
            ("/?", "/a", true),
            ("/?", "/", false),
            ("*", "", true),
            ("*a*b", "xaxbxab", true),
            ("*a*b", "xaxbxa", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
        assert!(!matches(&"*a".repeat(20), &"a".repeat(19)));
    }
}
