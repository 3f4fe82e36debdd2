//! What can be wrong with a construct tree; every problem names construct paths.

use std::fmt;

/// One thing that is wrong with an [`App`](crate::App).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A construct id that cannot be part of a path.
    #[error("{path}: the construct id `{id}` is empty or contains `/`, `[` or `]`")]
    InvalidId {
        /// Path of the scope it was added to.
        path: String,
        /// The id.
        id: String,
    },
    /// Two constructs at the same path.
    #[error("{path}: there is already a construct with this path")]
    DuplicatePath {
        /// The path both claim.
        path: String,
    },
    /// Two paths that make the same logical id.
    #[error("{second}: has the logical id `{logical_id}`, which {first} has already")]
    DuplicateLogicalId {
        /// The id both make.
        logical_id: String,
        /// Path that came first.
        first: String,
        /// Path that came second.
        second: String,
    },
    /// A parameter or an output under a logical id that the template has already. CloudFormation would take an output
    /// that is called like a resource; a reader would take the one for the other.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>
    #[error("{path}: the logical id `{logical_id}` is already that of {first}")]
    LogicalIdTaken {
        /// Path of what came second.
        path: String,
        /// The id both have.
        logical_id: String,
        /// What came first: a path, or which part of the template.
        first: String,
    },
    /// CloudFormation allows 255 characters in a logical id.
    #[error("{path}: its logical id has {length} characters, more than 255")]
    LogicalIdTooLong {
        /// Path of the construct.
        path: String,
        /// Characters in its logical id.
        length: usize,
    },
    /// A stack name CloudFormation refuses: at most 128 of letters, digits and hyphens.
    #[error("{name}: is not a stack name: 1 to 128 letters, digits and hyphens, a letter first")]
    InvalidStackName {
        /// The name.
        name: String,
    },
    /// Two stacks with one name.
    #[error("{name}: there is already a stack with this name")]
    DuplicateStack {
        /// The name both have.
        name: String,
    },
    /// A reference to a construct that does not exist.
    #[error("{from}: refers to {to}, which does not exist")]
    UnknownReference {
        /// Path of the construct that refers.
        from: String,
        /// Path it refers to.
        to: String,
    },
    /// A self-reliant stack that reads from another region.
    #[error(
        "{from}: refers to {to} in another region, without which its stack must deploy; compute its name instead"
    )]
    CrossRegionReference {
        /// Path of the construct that refers.
        from: String,
        /// Path it refers to.
        to: String,
    },
    /// A reference to a stack of another account.
    #[error("{from}: refers to {to} in another account; compute its name instead")]
    CrossAccountReference {
        /// Path of the construct that refers.
        from: String,
        /// Path it refers to.
        to: String,
    },
    /// A logical id of another stack where no function can be put in its place.
    #[error("{from}: names {to} of another stack inside a plain text; use Fn::Sub, or compute its name")]
    TextReference {
        /// Path of the construct that refers.
        from: String,
        /// Path it refers to.
        to: String,
    },
    /// An output of the program's own under the name of one that another stack's reference needs.
    #[error("{path}: this name is needed for an output of {of}, which other stacks refer to")]
    OutputTaken {
        /// Path of the output.
        path: String,
        /// Path of the construct that is referred to.
        of: String,
    },
    /// Resources that wait for each other.
    #[error("these resources wait for each other: {}", paths.join(" → "))]
    ResourceCycle {
        /// Paths along the cycle; the first is repeated at the end.
        paths: Vec<String>,
    },
    /// Stacks that wait for each other.
    #[error("these stacks wait for each other: {}{}", stacks.join(" → "), in_brackets(references))]
    StackCycle {
        /// Names along the cycle; the first is repeated at the end.
        stacks: Vec<String>,
        /// The references that make a stack of the cycle wait for the next one, in words.
        references: Vec<String>,
    },
    /// A stack that waits for one that does not exist.
    #[error("{stack}: waits for the stack {dependency}, which does not exist")]
    UnknownStack {
        /// Name of the stack that waits.
        stack: String,
        /// Name it waits for.
        dependency: String,
    },
    /// A template that CloudFormation does not take.
    #[error("{stack}: {excess}")]
    OverLimit {
        /// Name of the stack.
        stack: String,
        /// The limit, and by what it is passed.
        excess: cfn::Excess,
    },
    /// An aspect refuses a construct.
    #[error("{path}: {reason}")]
    Refused {
        /// Path of the construct.
        path: String,
        /// Why, in words.
        reason: String,
    },
}

/// Everything that is wrong with an app, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the infrastructure has {} problem(s)", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

fn in_brackets(references: &[String]) -> String {
    if references.is_empty() { String::new() } else { format!(" ({})", references.join("; ")) }
}
