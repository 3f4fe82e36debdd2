//! What a program needs to start: its dynamic loader and its libraries, as the system's loader finds them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::Problem;

/// The files, by the paths under which the loader looks for them.
///
/// # Errors
/// When there is no `ldd`, the program is for another system, or a library is missing.
pub fn files(program: &Path) -> Result<BTreeSet<PathBuf>, Problem> {
    let hint =
        "an image is made on the system that the programs were built on; `ldd` is part of its C library";
    let output = Command::new("ldd").arg(program).env("LC_ALL", "C").env_remove("LD_LIBRARY_PATH").output();
    let output = output.map_err(|error| Problem::new(format!("cannot run ldd: {error}"), hint))?;
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if wrong.contains("not a dynamic executable") || said.contains("statically linked") {
        return Ok(BTreeSet::new());
    }
    if !output.status.success() {
        let what = format!("ldd cannot read `{}`: {}", program.display(), wrong.trim());
        return Err(Problem::new(what, hint));
    }
    parse(&said).map_err(|line| Problem::new(format!("`{}` needs {line}", program.display()), hint))
}

/// Reads what `ldd` writes: `name => path (address)`, or `path (address)` for the loader. What the kernel
/// brings along has no path.
fn parse(said: &str) -> Result<BTreeSet<PathBuf>, String> {
    let mut found = BTreeSet::new();
    for line in said.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.ends_with("not found") {
            return Err(line.to_owned());
        }
        let place = line.split_once(" => ").map_or(line, |(_, place)| place);
        let path = place.split_once(" (").map_or(place, |(path, _)| path);
        if path.starts_with('/') {
            found.insert(PathBuf::from(path));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    // Goal: every file is found, and what is missing is told. Method: texts of ldd.
    use super::*;

    #[test]
    fn libraries_and_loader_are_found() {
        let said = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let found = parse(said).expect("nothing is missing");
        let found: Vec<&str> = found.iter().filter_map(|path| path.to_str()).collect();
        assert_eq!(found, ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]);
    }

    #[test]
    fn a_missing_library_is_told() {
        assert_eq!(parse("libx.so => not found").expect_err("it is missing"), "libx.so => not found");
    }
}
