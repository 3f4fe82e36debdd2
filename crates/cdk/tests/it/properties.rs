//! What holds for every tree.

use std::collections::BTreeSet;

use cdk::App;
use cfn::sqs;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::stack;

fn tree(paths: &BTreeSet<Vec<String>>) -> App {
    let mut one = stack("One");
    for path in paths {
        let (last, scopes) = path.split_last().expect("paths have one component or more");
        match scopes {
            [] => one.root().add(last, sqs::Queue::new()),
            [first] => one.scope(first).add(last, sqs::Queue::new()),
            [first, second, ..] => one.scope(first).scope(second).add(last, sqs::Queue::new()),
        };
    }
    let mut app = App::new();
    app.add(one);
    app
}

proptest! {
    #[test]
    fn same_tree_same_bytes_and_ids_do_not_depend_on_neighbours(
        paths in btree_set(vec("[A-C]{1,2}", 1..=3), 1..12),
    ) {
        let assembly = tree(&paths).synthesise().expect("paths differ, so ids do");
        prop_assert_eq!(&assembly, &tree(&paths).synthesise().expect("paths differ, so ids do"));
        let resources = &assembly.stacks[0].template.resources;
        prop_assert_eq!(resources.len(), paths.len());
        for (path, id) in paths.iter().zip(resources.keys()) {
            let alone = tree(&BTreeSet::from([path.clone()])).synthesise().expect("one path");
            prop_assert_eq!(alone.stacks[0].template.resources.keys().next(), Some(id));
            prop_assert!(id.chars().all(|c| c.is_ascii_alphanumeric()));
        }
    }
}
