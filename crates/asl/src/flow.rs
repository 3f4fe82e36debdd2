//! What all states have in common, and short ways to write them.

use crate::{Branch, Catch, Choice, Fail, Parallel, Pass, Path, Retry, Rule, State, Succeed, Task, Wait};

impl State {
    /// Every state it can go to, with the field that says so.
    pub(crate) fn targets(&self) -> Vec<(&'static str, &str)> {
        let mut targets = Vec::new();
        targets.extend(self.next().map(|next| ("Next", next)));
        targets.extend(self.catch().iter().map(|catch| ("Catch", catch.next.as_str())));
        if let Self::Choice(choice) = self {
            targets.extend(choice.choices.iter().filter_map(|rule| Some(("Choices", rule.next.as_deref()?))));
            targets.extend(choice.default.as_deref().map(|default| ("Default", default)));
        }
        targets
    }

    /// The state that follows, when there is exactly one.
    pub fn next(&self) -> Option<&str> {
        match self {
            Self::Task(Task { next, .. })
            | Self::Wait(Wait { next, .. })
            | Self::Pass(Pass { next, .. })
            | Self::Parallel(Parallel { next, .. }) => next.as_deref(),
            Self::Choice(_) | Self::Succeed(_) | Self::Fail(_) => None,
        }
    }

    /// Whether `End` is set.
    pub fn ends(&self) -> bool {
        match self {
            Self::Task(Task { end, .. })
            | Self::Wait(Wait { end, .. })
            | Self::Pass(Pass { end, .. })
            | Self::Parallel(Parallel { end, .. }) => *end,
            Self::Choice(_) | Self::Succeed(_) | Self::Fail(_) => false,
        }
    }

    /// Whether the machine or branch can stop here.
    pub fn is_terminal(&self) -> bool {
        self.ends() || matches!(self, Self::Succeed(_) | Self::Fail(_))
    }

    /// When it is tried again.
    pub fn retry(&self) -> &[Retry] {
        match self {
            Self::Task(Task { retry, .. }) | Self::Parallel(Parallel { retry, .. }) => retry,
            _ => &[],
        }
    }

    /// Where it goes on after an error.
    pub fn catch(&self) -> &[Catch] {
        match self {
            Self::Task(Task { catch, .. }) | Self::Parallel(Parallel { catch, .. }) => catch,
            _ => &[],
        }
    }

    /// What it is for.
    pub fn comment(&self) -> Option<&str> {
        match self {
            Self::Task(Task { comment, .. })
            | Self::Choice(Choice { comment, .. })
            | Self::Wait(Wait { comment, .. })
            | Self::Pass(Pass { comment, .. })
            | Self::Parallel(Parallel { comment, .. })
            | Self::Succeed(Succeed { comment, .. })
            | Self::Fail(Fail { comment, .. }) => comment.as_deref(),
        }
    }
}

impl Task {
    /// Calls a resource, with a timeout for each attempt.
    pub fn new(resource: &str, timeout_s: u64) -> Self {
        Self { resource: resource.to_owned(), timeout_seconds: Some(timeout_s), ..Self::default() }
    }

    /// Goes on to `next`.
    #[must_use]
    pub fn then(mut self, next: &str) -> Self {
        self.next = Some(next.to_owned());
        self
    }

    /// Ends the machine or branch.
    #[must_use]
    pub fn end(mut self) -> Self {
        self.end = true;
        self
    }
}

impl Parallel {
    /// Runs these branches; their results are thrown away and the input is kept.
    pub fn new(branches: Vec<Branch>) -> Self {
        Self { branches, result_path: Some(Path::Discard), ..Self::default() }
    }

    /// Goes on to `next`.
    #[must_use]
    pub fn then(mut self, next: &str) -> Self {
        self.next = Some(next.to_owned());
        self
    }

    /// Adds a catcher.
    #[must_use]
    pub fn catching(mut self, catch: Catch) -> Self {
        self.catch.push(catch);
        self
    }
}

impl Choice {
    /// Tries these rules, and goes to `default` when none holds.
    pub fn new(rules: Vec<Rule>, default: &str) -> Self {
        Self { choices: rules, default: Some(default.to_owned()), ..Self::default() }
    }
}

impl Pass {
    /// Goes on to `next`.
    #[must_use]
    pub fn then(mut self, next: &str) -> Self {
        self.next = Some(next.to_owned());
        self
    }
}

impl Fail {
    /// Ends with this error.
    pub fn new(error: &str, cause: &str) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.to_owned()), ..Self::default() }
    }
}
