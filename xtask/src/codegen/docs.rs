//! Documentation: one plain sentence from the specification's Markdown.

/// The first sentence as doc comment lines, or `fallback` when there is none.
pub fn comment(markdown: Option<&str>, fallback: &str, indent: &str) -> String {
    let sentence = markdown.map(first_sentence).filter(|text| !text.is_empty());
    let text = sentence.unwrap_or_else(|| fallback.to_owned());
    wrap(&text, 96).iter().map(|line| format!("{indent}/// {line}\n")).collect()
}

/// The first sentence, without links, markup or anything that rustdoc could misread.
fn first_sentence(markdown: &str) -> String {
    let paragraph =
        markdown.split("\n\n").map(str::trim).find(|text| starts_plainly(text)).unwrap_or_default();
    let plain = without_links(&paragraph.replace('\n', " "));
    let plain = plain.replace(['`', '*', '\\'], "").replace(" .", ".").replace(" ,", ",");
    let words: Vec<&str> = plain.split_whitespace().filter(|word| !word.contains("://")).collect();
    let mut sentence = Vec::new();
    for word in words {
        sentence.push(escape(word));
        if word.ends_with('.') && !["e.g.", "i.e.", "vs.", "etc."].contains(&word.trim_start_matches('(')) {
            break;
        }
    }
    sentence.join(" ")
}

fn starts_plainly(paragraph: &str) -> bool {
    paragraph.starts_with(|first: char| first.is_alphabetic() || first == '`')
}

/// Keeps the text of `[text](target)` and drops the target.
fn without_links(markdown: &str) -> String {
    let mut plain = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("](") {
        let (lead, text) = before.rsplit_once('[').unwrap_or((before, ""));
        plain.push_str(lead);
        plain.push_str(text);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

fn escape(word: &str) -> String {
    let mut escaped = String::new();
    for letter in word.chars() {
        if "<>[]#|".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// Breaks at words; a line never starts with something that Markdown reads as a list.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let starts_list = matches!(word, "-" | "+" | "=") || word.starts_with(|c: char| c.is_ascii_digit());
        match lines.last_mut() {
            Some(line) if starts_list || line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    // Goal: rustdoc has nothing to warn about, whatever the specification says.
    // Method: the awkward cases that it contains.
    use super::*;

    #[test]
    fn keeps_one_sentence_without_links() {
        let markdown = "Creates a [queue](https://example.com/a_b) . More words.\n\n- a list";
        assert_eq!(first_sentence(markdown), "Creates a queue.");
    }

    #[test]
    fn escapes_what_rustdoc_would_read() {
        assert_eq!(
            first_sentence("A `List<String>` in [x] at https://example.com now"),
            "A List\\<String\\> in \\[x\\] at now"
        );
    }

    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        assert_eq!(first_sentence("Some, e.g. two. Three."), "Some, e.g. two.");
    }

    #[test]
    fn skips_notes_and_falls_back() {
        assert_eq!(first_sentence("> A note.\n\nThe text."), "The text.");
        assert_eq!(comment(Some("> only a note"), "Fallback.", ""), "/// Fallback.\n");
        assert_eq!(comment(None, "Fallback.", "  "), "  /// Fallback.\n");
    }

    #[test]
    fn wrapped_lines_do_not_become_lists() {
        assert_eq!(wrap("aaaa - bbbb 10. cc", 5), ["aaaa -", "bbbb 10.", "cc"]);
    }
}
