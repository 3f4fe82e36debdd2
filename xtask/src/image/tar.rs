//! Tar archives that depend on nothing but their content: no times, no owners, entries in order.

use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a block.
const BLOCK: usize = 512;
/// Longest path that the plain header holds.
const PATH_MAX: usize = 100;

/// A file of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Content.
    pub content: Vec<u8>,
    /// Permissions.
    pub mode: u32,
}

/// Files of one layer by their absolute paths.
pub type Files = BTreeMap<String, Entry>;

/// An archive of `files` and the directories they need, all of root and of the epoch's first second.
///
/// # Errors
/// A path that is longer than an archive of this kind can hold.
pub fn archive(files: &Files, directories: &[(&str, u32)]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for (path, mode) in all_directories(files, directories) {
        out.extend(header(&format!("{path}/"), mode, 0, b'5')?);
    }
    for (path, entry) in files {
        out.extend(header(path.trim_start_matches('/'), entry.mode, entry.content.len(), b'0')?);
        out.extend(&entry.content);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    // Two empty blocks are its end.
    out.resize(out.len() + 2 * BLOCK, 0);
    Ok(out)
}

/// Parents before children, without the root.
fn all_directories(files: &Files, directories: &[(&str, u32)]) -> BTreeMap<String, u32> {
    let mut parents = BTreeSet::new();
    for path in files.keys().map(String::as_str).chain(directories.iter().map(|(path, _)| *path)) {
        let mut rest = path.trim_start_matches('/');
        while let Some((parent, _)) = rest.rsplit_once('/') {
            parents.insert(parent.to_owned());
            rest = parent;
        }
    }
    let mut all: BTreeMap<String, u32> = parents.into_iter().map(|path| (path, 0o755)).collect();
    all.extend(directories.iter().map(|(path, mode)| (path.trim_start_matches('/').to_owned(), *mode)));
    all
}

/// The header of one entry. <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html> (`ustar`)
fn header(path: &str, mode: u32, size: usize, kind: u8) -> Result<[u8; BLOCK], String> {
    if path.len() > PATH_MAX {
        return Err(format!("the path `{path}` is longer than {PATH_MAX} bytes"));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, path.as_bytes());
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

#[cfg(test)]
mod tests {
    // Goal: other programs read what is written, and the same content gives the same bytes.
    // Method: the system's own tar lists an archive; a path that is too long is refused.
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    fn files(paths: &[&str]) -> Files {
        let entry =
            |path: &&str| ((*path).to_owned(), Entry { content: path.as_bytes().into(), mode: 0o644 });
        paths.iter().map(entry).collect()
    }

    #[test]
    fn the_system_s_tar_reads_it() {
        let archive =
            archive(&files(&["/usr/bin/b", "/etc/passwd"]), &[("/tmp", 0o1777)]).expect("short paths");
        let mut tar = Command::new("tar")
            .args(["--list", "--verbose", "--numeric-owner", "--utc", "--file", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a tar");
        tar.stdin.take().expect("it is piped").write_all(&archive).expect("it reads");
        let listed = String::from_utf8(tar.wait_with_output().expect("it ends").stdout).expect("text");
        let listed: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
        let seen: Vec<(&str, &str)> = listed.iter().map(|line| (line[0], line[line.len() - 1])).collect();
        assert_eq!(
            seen,
            [
                ("drwxr-xr-x", "etc/"),
                ("drwxrwxrwt", "tmp/"),
                ("drwxr-xr-x", "usr/"),
                ("drwxr-xr-x", "usr/bin/"),
                ("-rw-r--r--", "etc/passwd"),
                ("-rw-r--r--", "usr/bin/b"),
            ]
        );
        assert!(listed.iter().all(|line| line[1] == "0/0" && line[3] == "1970-01-01"), "{listed:?}");
    }

    #[test]
    fn a_path_that_does_not_fit_is_refused() {
        let long = format!("/{}", "x".repeat(101));
        assert!(archive(&files(&[&long]), &[]).expect_err("it is too long").contains("longer than"));
    }
}
