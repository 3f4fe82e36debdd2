//! A state machine as a Mermaid diagram.

use std::fmt::Write as _;

use crate::{State, StateMachine, States};

impl StateMachine {
    /// A `stateDiagram-v2`. Branches of a Parallel state are drawn side by side inside it.
    pub fn to_mermaid(&self) -> String {
        let mut diagram = Diagram { text: "stateDiagram-v2\n".to_owned(), scopes: 0 };
        diagram.scope(1, &self.start_at, &self.states);
        diagram.text
    }
}

struct Diagram {
    text: String,
    scopes: usize,
}

impl Diagram {
    fn line(&mut self, depth: usize, text: &str) {
        writeln!(self.text, "{:width$}{text}", "", width = depth * 4).expect("a String takes everything");
    }

    fn scope(&mut self, depth: usize, start_at: &str, states: &States) {
        let scope = self.scopes;
        self.scopes += 1;
        let id = |name: &str| match states.get_index_of(name) {
            Some(_) if plain(name) => name.to_owned(),
            Some(index) => format!("s{scope}_{index}"),
            None => "missing".to_owned(),
        };
        for (name, state) in states {
            if !plain(name) {
                self.line(depth, &format!("state \"{}\" as {}", name.replace(['"', '\n'], " "), id(name)));
            }
            if let State::Choice(_) = state {
                self.line(depth, &format!("state {} <<choice>>", id(name)));
            }
            if let State::Parallel(parallel) = state {
                self.line(depth, &format!("state {} {{", id(name)));
                for (index, branch) in parallel.branches.iter().enumerate() {
                    if index > 0 {
                        self.line(depth + 1, "--");
                    }
                    self.scope(depth + 1, &branch.start_at, &branch.states);
                }
                self.line(depth, "}");
            }
        }
        self.line(depth, &format!("[*] --> {}", id(start_at)));
        for (name, state) in states {
            for (target, label) in arrows(state) {
                let label = if label.is_empty() { label } else { format!(": {label}") };
                self.line(depth, &format!("{} --> {}{label}", id(name), id(target)));
            }
            if state.is_terminal() {
                self.line(depth, &format!("{} --> [*]", id(name)));
            }
        }
    }
}

fn plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn arrows(state: &State) -> Vec<(&str, String)> {
    let mut arrows: Vec<(&str, String)> =
        state.next().map(|next| (next, String::new())).into_iter().collect();
    for catch in state.catch() {
        arrows.push((&catch.next, format!("on {}", catch.error_equals.join(", "))));
    }
    if let State::Choice(choice) = state {
        for rule in &choice.choices {
            arrows.extend(rule.next.as_deref().map(|next| (next, rule.to_string())));
        }
        arrows.extend(choice.default.as_deref().map(|default| (default, "otherwise".to_owned())));
    }
    arrows
}
