//! Builds `clock/ahead.rs`, the library that puts the clock of a region ahead, so that the drill carries it along.

use std::path::PathBuf;
use std::process::{Command, exit};
use std::{env, fs};

const SOURCE: &str = "clock/ahead.rs";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    let read = |name: &str| env::var(name).unwrap_or_else(|error| fail(&format!("{name}: {error}")));
    let library = PathBuf::from(read("OUT_DIR")).join("clock-ahead.so");
    let linux = read("CARGO_CFG_TARGET_OS") == "linux";
    let known = ["x86_64", "aarch64"].contains(&read("CARGO_CFG_TARGET_ARCH").as_str());
    if !(linux && known) {
        // An empty library is refused by name when a drill would need it.
        return fs::write(&library, "").unwrap_or_else(|error| fail(&error.to_string()));
    }
    let status = Command::new(read("RUSTC"))
        .args([
            "--edition=2024",
            "--crate-type=cdylib",
            "--crate-name=clock_ahead",
            "--target",
            &read("TARGET"),
        ])
        .args(["-Copt-level=2", "-Cpanic=abort", "-Cstrip=symbols", "-Dwarnings", SOURCE, "-o"])
        .arg(&library)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!("{SOURCE} does not compile: {status}")),
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    exit(1)
}
