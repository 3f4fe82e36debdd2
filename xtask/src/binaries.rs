//! What gets deployed: which programs are functions, and which run in containers. All are in one package.

/// The package.
pub const PACKAGE: &str = "services";
/// Programs that Lambda runs.
pub const FUNCTIONS: [&str; 8] = [
    "database-keeper",
    "order-processor",
    "orders-api",
    "preflight",
    "reconciler",
    "recovery-step",
    "sentinel",
    "stack-hook",
];
/// Programs that run in containers, of one image; it runs the first one unless a task says otherwise.
pub const CONTAINERS: [&str; 2] = ["orders-service", "orders-worker"];

#[cfg(test)]
mod tests {
    // Goal: a program of the package is a function or a container, and nothing is listed that is not there.
    // Method: the files of `src/bin`.
    use std::path::Path;

    use super::*;

    #[test]
    fn every_program_is_a_function_or_a_container() {
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/services/src/bin");
        let files = std::fs::read_dir(programs).expect("the package is beside this one");
        let name = |file: std::io::Result<std::fs::DirEntry>| {
            let path = file.expect("a readable directory").path();
            path.file_stem().expect("a file").to_string_lossy().into_owned()
        };
        let mut found: Vec<String> = files.map(name).collect();
        let mut listed: Vec<String> =
            FUNCTIONS.iter().chain(&CONTAINERS).map(|one| (*one).to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
    }
}
