//! Many implementations side by side; completions and man pages.

use std::{fs, path::Path};

use command::{error, page};

mod command;

fn report(folder: &Path, name: &str, target: &str, more: &[&str], code: i32) -> String {
    let path = folder.join(format!("{name}.json")).to_string_lossy().into_owned();
    let argument = format!("json={path}");
    page(&[&["test", target, "--suite", "requirements,hostile", "--report", &argument], more].concat(), code);
    path
}

#[test]
fn implementations_stand_side_by_side_with_a_badge_each() {
    let scratch = tempfile::tempdir().expect("a folder");
    let good = report(scratch.path(), "good", "memory:reference", &[], 0);
    let bad = report(scratch.path(), "bad", "memory:tutorial", &[], 1);
    let part = report(scratch.path(), "part", "memory:reference", &["--shard", "1/2"], 0);
    let (page_path, badges) = (scratch.path().join("matrix.html"), scratch.path().join("badges"));
    let named = format!("one <half>={part}");
    let output = ["--output", &page_path.to_string_lossy(), "--badges", &badges.to_string_lossy()].map(str::to_owned);
    let mut arguments = vec!["report", "matrix", good.as_str(), bad.as_str(), named.as_str()];
    arguments.extend(output.iter().map(String::as_str));
    page(&arguments, 0);

    let html = fs::read_to_string(page_path).expect("it was written");
    for part in ["3 implementations", "memory:tutorial", "one &lt;half&gt;", "part 1/2", "class=\"differs\""] {
        assert!(
            html.contains(part) || html.contains(&part.replace("&lt;", "&#60;").replace("&gt;", "&#62;")),
            "{part}"
        );
    }
    assert!(!html.contains("<half>") && !html.contains("src="));
    let badge = |name: &str| fs::read_to_string(badges.join(format!("{name}.svg"))).expect("it was written");
    assert!(badge("good").contains("#136637") && badge("bad").contains("#a81c13"), "{}", badge("good"));
    assert!(badge("one <half>").contains("#7a4f00"), "a part of a run is never green");
    assert!(!badge("one <half>").contains("<half>"));
}

#[test]
fn the_matrix_in_markdown_has_a_row_for_each_clause() {
    let scratch = tempfile::tempdir().expect("a folder");
    let good = report(scratch.path(), "good", "memory:reference", &[], 0);
    let bad = report(scratch.path(), "bad", "memory:tutorial", &[], 1);
    let markdown = page(&["report", "matrix", &good, &bad], 0);
    assert!(markdown.starts_with("| clause | level | good | bad |\n|---|---|---|---|\n"), "{markdown}");
    assert!(markdown.contains("| ROOM-04 | MUST | pass | fail |"), "{markdown}");
}

#[test]
fn what_is_no_report_is_named() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("x.json");
    fs::write(&path, "{\"schema\":1}").expect("it can be written");
    let path = path.to_string_lossy().into_owned();
    assert!(error(&["report", "matrix", &path], 2).contains("x.json is no JSON report"));
    assert!(error(&["report", "matrix", "/no/such.json"], 2).contains("/no/such.json"));
    let good = report(scratch.path(), "good", "memory:reference", &["--only", "ROOM-01"], 0);
    assert!(error(&["report", "matrix", &good, &good], 2).contains("two reports are called \"good\""));
}

#[test]
fn every_shell_gets_completions_with_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = page(&["completions", shell], 0);
        for command in ["test", "check", "snapshot", "baseline"] {
            assert!(text.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn every_command_has_a_man_page() {
    let scratch = tempfile::tempdir().expect("a folder");
    page(&["man", "--dir", &scratch.path().to_string_lossy()], 0);
    for name in ["glare.1", "glare-test.1", "glare-snapshot.1", "glare-report-matrix.1"] {
        let text = fs::read_to_string(scratch.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(".SH NAME") && text.contains(".SH OPTIONS"), "{name}");
    }
}
