//! `glare test-peer` hands over to the program that plays remotes.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

/// This program alone in a folder, and whatever `glare-peer` is to be beside it. PATH leads nowhere.
fn test_peer(name: &str, beside: Option<&str>, arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let program = folder.join("glare");
    if !program.exists() {
        fs::hard_link(env!("CARGO_BIN_EXE_glare"), &program).expect("the same file system");
    }
    if let Some(script) = beside {
        let path = folder.join("glare-peer");
        fs::write(&path, script).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    let output = Command::new(&program).arg("test-peer").args(arguments).env("PATH", "").output();
    fs::remove_dir_all(folder).expect("it was made here");
    output.expect("the program runs")
}

#[test]
fn arguments_go_to_the_program_beside_and_its_exit_code_comes_back() {
    let script = "#!/bin/sh\nfor word in \"$@\"; do echo \"[$word]\"; done\nexit 3\n";
    let arguments = ["--process", "a b {room}", "--only", "x", "--only", "y", "--bind", "::1", "--list"];
    let output = test_peer("handing-over", Some(script), &arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    let words: Vec<_> = text.lines().collect();
    assert_eq!(words, ["[examine]", "[--process=a b {room}]", "[--only=x]", "[--only=y]", "[--bind=::1]", "[--list]"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn without_that_program_it_says_what_to_build() {
    let output = test_peer("nothing-beside", None, &["--process", "peer {room}"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("glare-peer") && text.contains("cargo build"), "{text}");
}

#[test]
fn a_peer_has_to_be_named() {
    let output = test_peer("no-process", None, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--process"));
}
