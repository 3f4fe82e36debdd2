//! Finding a cycle among things that wait for each other.

use std::collections::{BTreeMap, BTreeSet};

/// Who waits for whom, by name.
pub(crate) type Edges = BTreeMap<String, BTreeSet<String>>;

/// One cycle, its first member repeated at the end, or none.
pub(crate) fn cycle(edges: &Edges) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    edges.keys().find_map(|start| walk(start, edges, &mut Vec::new(), &mut done))
}

fn walk<'e>(
    node: &'e str,
    edges: &'e Edges,
    trail: &mut Vec<&'e str>,
    done: &mut BTreeSet<&'e str>,
) -> Option<Vec<String>> {
    if let Some(start) = trail.iter().position(|visited| *visited == node) {
        return Some(trail[start..].iter().chain([&node]).map(|name| (*name).to_owned()).collect());
    }
    if done.contains(node) {
        return None;
    }
    trail.push(node);
    let found =
        edges.get(node).and_then(|next| next.iter().find_map(|target| walk(target, edges, trail, done)));
    trail.pop();
    done.insert(node);
    found
}

#[cfg(test)]
mod tests {
    //! Goal: a cycle is found when there is one, and only then.
    //! Method: small graphs by hand.

    use super::*;

    fn edges(pairs: &[(&str, &str)]) -> Edges {
        let mut edges = Edges::new();
        for (from, to) in pairs {
            edges.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        edges
    }

    #[test]
    fn finds_a_cycle() {
        let found =
            cycle(&edges(&[("a", "b"), ("b", "c"), ("c", "b")])).expect("b and c wait for each other");
        assert_eq!(found, ["b", "c", "b"]);
        assert_eq!(cycle(&edges(&[("a", "a")])), Some(vec!["a".to_owned(), "a".to_owned()]));
    }

    #[test]
    fn a_diamond_is_none() {
        assert_eq!(cycle(&edges(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])), None);
    }
}
