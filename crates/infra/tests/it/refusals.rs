//! What a synthesis refuses, and what it says.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use infra::packages::{FUNCTIONS, fit};
use recovery::deployment::Architecture;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{deployment, packages, synthesis};

#[test]
fn an_account_has_twelve_digits() {
    let directory = packages();
    for account in ["", "12345678901", "1111222233334", "11112222333x"] {
        let mut input = synthesis(directory.path());
        input.account = account.to_owned();
        let error = infra::app(&deployment(), &input).expect_err("not an account");
        assert_eq!(error.to_string(), format!("`{account}` is not an account number of twelve digits"));
    }
}

#[test]
fn a_missing_package_is_named() {
    let directory = packages();
    let missing = directory.path().join("sentinel.zip");
    fs::remove_file(&missing).expect("it was just written");
    let error = infra::app(&deployment(), &synthesis(directory.path())).expect_err("a package is missing");
    assert_eq!(error.to_string(), format!("cannot read {}", missing.display()));
}

#[test]
fn the_assembly_is_the_same_each_time() {
    let directory = packages();
    let (one, two) = (directory.path().join("one"), directory.path().join("two"));
    let write =
        |out| infra::synthesise(&deployment(), &synthesis(directory.path()), out).expect("good input");
    let (first, second) = (write(&one), write(&two));
    assert_eq!(first, second);
    for name in first.files.keys() {
        assert_eq!(fs::read(one.join(name)).expect("written"), fs::read(two.join(name)).expect("written"));
    }
}

/// A package whose program begins like an ELF file for a machine, deflated as ours are.
fn pack(directory: &Path, function: &str, machine: u8) {
    let file = fs::File::create(directory.join(format!("{function}.zip"))).expect("the directory is ours");
    let mut zip = ZipWriter::new(file);
    zip.start_file("bootstrap", SimpleFileOptions::default()).expect("an empty zip");
    let mut program = [0; 64];
    program[..4].copy_from_slice(b"\x7fELF");
    program[18] = machine;
    zip.write_all(&program).expect("the file is ours");
    zip.finish().expect("the file is ours");
}

#[test]
fn packages_are_for_the_processor_of_the_deployment() {
    const X86_64: u8 = 62;
    const AARCH64: u8 = 183;
    let directory = packages();
    for architecture in [Architecture::X86_64, Architecture::Arm64] {
        fit(directory.path(), architecture).expect("what is no program is not judged");
    }
    FUNCTIONS.into_iter().for_each(|function| pack(directory.path(), function, AARCH64));
    fit(directory.path(), Architecture::Arm64).expect("built for it");
    pack(directory.path(), "sentinel", X86_64);
    let error = fit(directory.path(), Architecture::Arm64).expect_err("one is for another processor");
    assert_eq!(error.to_string(), "sentinel.zip is not built for arm64, which the deployment asks for");
    let error = fit(directory.path(), Architecture::X86_64).expect_err("all but one are");
    assert_eq!(error.to_string(), "orders-api.zip is not built for x86_64, which the deployment asks for");
}
