//! What a synthesis refuses, and what it says.

use std::fs;

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
