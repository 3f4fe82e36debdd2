//! The files of an assembly, and writing them.

use std::fs;

use cdk::App;
use cdk::assembly::writer::{read_asset, write};
use cfn::sqs;

use crate::stack;

fn two_stacks(directory: &std::path::Path) -> App {
    let zip = directory.join("code.zip");
    fs::write(&zip, b"code").expect("the directory is ours");
    let asset = read_asset(&zip).expect("it was just written");
    let (mut one, mut two) = (stack("One").protected(true).tagged("owner", "me"), stack("Two"));
    one.depend_on("Two");
    let (bucket, key) = one.root().asset(&asset);
    one.scope("Orders").add("Queue", sqs::Queue::new().queue_name(format!("{bucket}/{key}")));
    two.root().add("Queue", sqs::Queue::new());
    let mut app = App::new();
    app.add(one);
    app.add(two);
    app
}

#[test]
fn every_file_is_as_the_command_line_reads_it() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let assembly = two_stacks(directory.path()).synthesise().expect("the tree is sound");
    let names: Vec<&str> = assembly.stacks.iter().map(|stack| stack.name.as_str()).collect();
    assert_eq!(names, ["Two", "One"], "each stack after those it depends on");
    for (name, text) in &assembly.files {
        insta::assert_snapshot!(name.clone(), text);
    }
}

#[test]
fn writing_gives_the_same_bytes_again() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let out = directory.path().join("cdk.out");
    let assembly = two_stacks(directory.path()).synthesise().expect("the tree is sound");
    write(&assembly, &out).expect("the directory is ours");
    let read = || -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(&out)
            .expect("it was just written")
            .map(|entry| entry.expect("it can be listed").path())
            .map(|path| (path.display().to_string(), fs::read(&path).expect("it can be read")))
            .collect();
        files.sort();
        files
    };
    let first = read();
    assert_eq!(first.len(), 8, "two templates, two asset manifests, manifest, tree, version, one asset");
    write(&two_stacks(directory.path()).synthesise().expect("the tree is sound"), &out).expect("again");
    assert_eq!(first, read());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read_asset("missing.zip".as_ref()).expect_err("there is no such file");
    assert_eq!(error.to_string(), "cannot read missing.zip");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let blocked = directory.path().join("file");
    fs::write(&blocked, "").expect("the directory is ours");
    let assembly = two_stacks(directory.path()).synthesise().expect("the tree is sound");
    let error = write(&assembly, &blocked).expect_err("a file is in the way");
    assert!(error.to_string().starts_with("cannot make the directory"), "{error}");
}
