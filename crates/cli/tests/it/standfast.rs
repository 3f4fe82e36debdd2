//! The command under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a run of the command left on its two streams, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// What it said, once it is clear that it said so in an orderly way.
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it writes UTF-8");
        let said = Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        for accident in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
            assert!(!said.err.contains(accident) && !said.out.contains(accident), "{said:?}");
        }
        said
    }

    /// Asserts a refusal: the code, nothing on standard output, and every one of the words.
    pub fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in:\n{}", self.err);
        }
    }
}

/// The command, without anything of this machine's that would change what it says.
pub fn standfast(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standfast"));
    command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ours = ["STANDFAST_CACHE", "CLICOLOR_FORCE", "COLUMNS"];
    let the_cdk_commands =
        ["CDK_OUTDIR", "CDK_DEFAULT_ACCOUNT", "CDK_CONTEXT_JSON", "CONTEXT_OVERFLOW_LOCATION_ENV"];
    for variable in ours.into_iter().chain(the_cdk_commands) {
        command.env_remove(variable);
    }
    command
}

/// Runs it to its end.
pub fn run(directory: &Path, arguments: &[&str]) -> Said {
    Said::of(standfast(directory).args(arguments).output().expect("the command starts"))
}

/// Root of the checkout, where `deployments/` is.
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The functions, which a test of the whole workspace builds beside the command.
pub fn functions() -> PathBuf {
    let directory = Path::new(env!("CARGO_BIN_EXE_standfast")).parent().expect("it is in a directory");
    for function in infra::packages::FUNCTIONS.into_iter().chain(infra::packages::CONTAINERS) {
        let binary = directory.join(function);
        assert!(binary.is_file(), "{} is not built: run `cargo build --bins` first", binary.display());
    }
    directory.to_owned()
}
