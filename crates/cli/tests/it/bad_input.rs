//! Goal: whatever is wrong, the message says what and what to do, the exit code is right, standard
//! output stays empty, and nothing is left behind. Method: one wrong thing at a time.

use std::fs;
use std::path::{Path, PathBuf};

use crate::standfast::{Said, checkout, functions, run, standfast};
use crate::traces::Private;

/// An empty directory beside everything.
fn nowhere() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// A file below a plain file: nobody can write there, root included.
fn unwritable(directory: &Path) -> PathBuf {
    let file = directory.join("file");
    fs::write(&file, "").expect("a file");
    file.join("below")
}

#[test]
fn a_missing_deployment_file() {
    for command in ["check", "drill", "synth", "workflow"] {
        let said = run(nowhere().path(), &[command]);
        said.refused(2, &["error: cannot read the deployment file deployments/trading.toml", "hint: "]);
    }
}

#[test]
fn a_malformed_deployment_file_has_every_problem_told_at_once() {
    let here = nowhere();
    let shipped = fs::read_to_string(checkout().join("deployments/trading.toml")).expect("it is shipped");
    let broken = shipped.replace("ttl_s = 15", "ttl_s = 7").replace("shards = 4", "shads = 4");
    fs::write(here.path().join("mine.toml"), &broken).expect("a file");
    let line = |start: &str| {
        let at = broken.lines().position(|line| line.starts_with(start)).expect("it is in the file");
        format!("mine.toml:{}:", at + 1)
    };
    let said = run(here.path(), &["drill", "-f", "mine.toml"]);
    said.refused(2, &["error: invalid deployment file", &line("shads"), "hint: "]);
    let said = run(here.path(), &["synth", "-f", "mine.toml", "--output", "json"]);
    said.refused(2, &[&line("shads")]);
    fs::write(
        here.path().join("timing.toml"),
        broken.replace("shads", "shards").replace("protect = false", "protect = 1"),
    )
    .expect("a file");
    let said = run(here.path(), &["workflow", "-f", "timing.toml"]);
    said.refused(2, &["timing.toml:", "hint: "]);
    assert!(said.err.matches("timing.toml:").count() >= 2, "all at once:\n{}", said.err);
    fs::write(here.path().join("noise.toml"), [0xff, 0xfe, 0x00]).expect("a file");
    run(here.path(), &["drill", "-f", "noise.toml"]).refused(2, &["noise.toml"]);
}

#[test]
fn an_unknown_or_malformed_scenario() {
    let said = run(&checkout(), &["drill", "region-los"]);
    said.refused(2, &["error: there is no scenario `region-los`", "hint: `standfast drill --list`"]);
    let here = nowhere();
    let absent = here.path().join("absent.toml");
    let said = run(&checkout(), &["drill", text(&absent)]);
    said.refused(2, &["cannot read the scenario file", "absent.toml", "hint: "]);
    let broken = here.path().join("broken.toml");
    let shipped = fs::read_to_string(checkout().join("scenarios/region-loss.toml")).expect("it is shipped");
    for (from, to) in [("steady_s = 25", "steady_s = 'long'"), ("kind = \"lost\"", "kind = \"tired\"")] {
        fs::write(&broken, shipped.replace(from, to)).expect("a file");
        let line = shipped.lines().position(|line| line.starts_with(from)).expect("it is shipped") + 1;
        let said = run(&checkout(), &["drill", text(&broken)]);
        said.refused(2, &["invalid scenario file", &format!("broken.toml:{line}:"), "hint: "]);
    }
}

#[test]
fn arguments_that_cannot_be_meant() {
    let cases: [(&[&str], &str); 7] = [
        (&["drill", "--orders-per-second", "0"], "must lie above 0"),
        (&["drill", "--orders-per-second", "fast"], "is not a number"),
        (&["drill", "--orders-per-second", "NaN"], "must lie above 0"),
        (&["drill", "--seed", "-1"], "'-1'"),
        (&["drill", "--seed", "1e3"], "invalid value '1e3'"),
        (&["workflow", "--format", "poem"], "[possible values: asl, mermaid, runbook]"),
        (&["dril"], "similar subcommand exists: 'drill'"),
    ];
    for (arguments, word) in cases {
        run(&checkout(), arguments).refused(2, &["error: ", word]);
    }
}

#[test]
fn a_scenario_that_does_not_fit_the_deployment() {
    let said = run(&checkout(), &["drill", "zone-lost"]);
    let reason = "error: the scenario zone-lost is about containers, and trading runs functions";
    said.refused(2, &[reason, "hint: ", "deployments/finance-west.toml"]);
    let here = nowhere();
    let arguments = ["-f", "deployments/finance-west.toml", "drill", "--functions", text(here.path())];
    run(&checkout(), &arguments).refused(1, &["does not hold sentinel", "orders-service, orders-worker"]);
}

#[test]
fn functions_that_are_not_there() {
    let here = nowhere();
    let said = run(&checkout(), &["drill", "--functions", text(here.path())]);
    said.refused(1, &["does not hold orders-api, order-processor", "hint: ", "cargo build --bins"]);
    let deployment = checkout().join("deployments/trading.toml");
    let said = run(here.path(), &["drill", "-f", text(&deployment)]);
    said.refused(1, &["no source checkout here", "--functions DIR"]);
}

#[test]
fn an_assembly_without_packages_or_with_a_strange_account() {
    let here = nowhere();
    let deployment = checkout().join("deployments/trading.toml");
    let said = run(here.path(), &["synth", "-f", text(&deployment), "--output", "json"]);
    said.refused(1, &["cannot be synthesised", "because: ", ".zip", "hint: ", "cargo xtask package"]);
    let said = run(here.path(), &["synth", "-f", text(&deployment), "--account", "mine"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(!here.path().join("cdk.out").join("manifest.json").exists());
}

#[test]
fn an_assembly_that_cannot_be_written() {
    let here = nowhere();
    let packages = here.path().join("packages");
    fs::create_dir(&packages).expect("a directory");
    for function in infra::packages::FUNCTIONS {
        fs::write(packages.join(format!("{function}.zip")), function).expect("a file");
    }
    let outdir = unwritable(here.path());
    let said = run(&checkout(), &["synth", "--packages", text(&packages), "--outdir", text(&outdir)]);
    said.refused(1, &["cannot be synthesised", text(&outdir), "hint: ", "--outdir DIR"]);
    assert!(!said.err.contains("cargo xtask package"), "{}", said.err);
}

#[test]
fn packages_for_another_processor() {
    let here = nowhere();
    let (programs, packages) = (here.path().join("programs"), here.path().join("packages"));
    fs::create_dir(&programs).expect("a directory");
    for function in infra::packages::FUNCTIONS {
        // The head of an ELF program for AArch64, which has the number 183.
        let program = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 11], &[183, 0], &[0; 44]].concat();
        fs::write(programs.join(function), program).expect("a file");
    }
    drill::packages::pack(&programs, &infra::packages::FUNCTIONS, &packages).expect("packages");
    let said = run(&checkout(), &["synth", "--packages", text(&packages), "--outdir", text(here.path())]);
    said.refused(1, &["orders-api.zip is not built for x86_64", "hint: ", "--architecture"]);
    assert!(!here.path().join("manifest.json").exists());
}

#[test]
fn a_report_directory_that_cannot_be_written_is_refused_before_the_drill() {
    let here = nowhere();
    let report = unwritable(here.path());
    let said = run(&checkout(), &["drill", "--report", text(&report)]);
    said.refused(1, &["cannot write to the report directory", "hint: "]);
}

#[test]
fn a_cache_that_cannot_be_written() {
    let (here, private) = (nowhere(), Private::new());
    let caches = [unwritable(here.path()), read_only(here.path())];
    for cache in caches {
        let said = drill(&private, |command| {
            command.args(["--output", "json", "--cache", text(&cache)]);
        });
        said.refused(1, &["cannot write to the cache directory", "hint: ", "--cache DIR", "XDG_CACHE_HOME"]);
        private.assert_empty();
    }
}

/// A directory without the right to write; where the tests run as root, who has every right, a file.
fn read_only(parent: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = parent.join("read-only");
    if rustix::process::geteuid().is_root() {
        fs::write(&directory, "").expect("a file");
    } else {
        fs::create_dir(&directory).expect("a directory");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o555)).expect("a mode");
    }
    directory
}

#[test]
fn no_cache_directory_to_be_found() {
    let private = Private::new();
    let said = drill(&private, |command| {
        command.env_remove("HOME").env_remove("XDG_CACHE_HOME");
    });
    said.refused(1, &["there is no cache directory", "hint: ", "--cache DIR"]);
    private.assert_empty();
}

#[test]
fn a_machine_without_python() {
    let (here, private) = (nowhere(), Private::new());
    let said = drill(&private, |command| {
        command.env("PATH", here.path()).args(["--cache", text(&here.path().join("cache"))]);
    });
    said.refused(1, &["no Python of version 3.10 or newer", "hint: install Python"]);
    private.assert_empty();
}

#[test]
fn no_room_for_temporary_files() {
    let here = nowhere();
    let private = unwritable(here.path());
    let mut command = standfast(&checkout());
    command.arg("drill").arg("--functions").arg(functions()).env("TMPDIR", private);
    let said = Said::of(command.output().expect("the command starts"));
    said.refused(1, &["cannot make a directory for temporary files", "hint: point TMPDIR"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    let mut command = standfast(&checkout());
    command.args(["workflow", "--format", "asl"]).stdout(closed());
    assert_eq!(Said::of(command.output().expect("the command starts")).code, Some(0));
    // Standard error gone: nobody is left to tell, and the exit code still does.
    for (arguments, code) in [(&["-v", "drill", "elsewhere"][..], 2), (&["--help"], 0)] {
        let mut command = standfast(&checkout());
        command.args(arguments).stdout(closed()).stderr(closed());
        let status = command.status().expect("the command starts");
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

/// A drill that should not come far, with its temporary files in `private`.
fn drill(private: &Private, change: impl FnOnce(&mut std::process::Command)) -> Said {
    let mut command = standfast(&checkout());
    command.arg("drill").arg("--functions").arg(functions()).env("TMPDIR", private.path());
    change(&mut command);
    Said::of(command.output().expect("the command starts"))
}
