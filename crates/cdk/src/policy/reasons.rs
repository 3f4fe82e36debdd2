//! The reasons that a resource gives for what its policies do not narrow.

use std::collections::BTreeSet;

/// One reason, for these actions: `kms:*: in a key policy …`. Several are separated by `; `.
pub fn reason(actions: &[impl AsRef<str>], why: &str) -> String {
    let actions: Vec<&str> = actions.iter().map(AsRef::as_ref).collect();
    format!("{}: {why}", actions.join(", "))
}

/// The lists of actions for which reasons are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    lists: Vec<BTreeSet<String>>,
}

impl Reasons {
    /// Reads what [`reason`] wrote. What does not begin with a list of actions goes on with the reason before it.
    pub fn parse(text: &str) -> Self {
        let list = |part: &str| {
            let (actions, why) = part.split_once(": ")?;
            let actions: BTreeSet<String> = actions.split(", ").map(|one| one.trim().to_owned()).collect();
            let named = actions.iter().all(|action| is_action(action));
            (named && !why.trim().is_empty()).then_some(actions)
        };
        Self { lists: text.split("; ").filter_map(list).collect() }
    }

    /// Whether one is given for exactly these actions, in whatever order.
    pub fn are_given_for<'a>(&self, actions: impl IntoIterator<Item = &'a String>) -> bool {
        let actions: BTreeSet<String> = actions.into_iter().cloned().collect();
        self.lists.contains(&actions)
    }
}

/// `service:Call`, `*`, or an ARN.
fn is_action(text: &str) -> bool {
    text == "*" || (text.contains(':') && !text.contains(char::is_whitespace))
}
