//! The command as a script runs it.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// The command with these arguments.
pub(crate) fn glare(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glare"));
    command.args(args).stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

pub(crate) fn run(args: &[&str]) -> Output {
    glare(args).output().expect("the command starts")
}

/// Standard error of a command that has to end with this code.
pub(crate) fn error(args: &[&str], code: i32) -> String {
    let output = run(args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}\n{}", String::from_utf8_lossy(&output.stdout));
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

/// Standard output of a command that has to end with this code.
pub(crate) fn page(args: &[&str], code: i32) -> String {
    let output = run(args);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

pub(crate) fn read_json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("the file is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// The JSON report of a run that has to end with this code.
pub(crate) fn report(args: &[&str], code: i32) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    let argument = format!("json={}", path.display());
    page(&[&["test"], args, &["--report", &argument]].concat(), code);
    read_json(&path)
}
