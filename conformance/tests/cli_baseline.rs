//! Baselines on the command line: what is expected does not fail a run, what is new or stale does.

use std::path::Path;

use command::{error, page, read_json};
use serde_json::Value;
use tempfile::TempDir;

mod command;

const CASES: [&str; 4] = ["test", "memory:tutorial", "--only", "room-04-*"];

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Writes a baseline and returns its path.
    fn baseline(&self, text: &str) -> String {
        let path = self.path("baseline.toml");
        std::fs::write(&path, text).expect("it is writable");
        path
    }

    /// The JSON report of a run with a baseline.
    fn report(&self, args: &[&str], text: &str, code: i32) -> Value {
        let (baseline, report) = (self.baseline(text), self.path("report.json"));
        page(&[args, &["--baseline", &baseline, "--report", &format!("json={report}")]].concat(), code);
        read_json(Path::new(&report))
    }
}

fn entry(lines: &str) -> String {
    format!("[[expected]]\n{lines}\nreason = \"to be done\"\n")
}

#[test]
fn expected_failures_are_shown_apart_and_do_not_fail_the_run() {
    let folder = Folder::new();
    let text = entry("requirement = \"ROOM-*\"\nurl = \"https://example.org/7\"\nexpires = 2999-12-31");
    let stdout = page(&[&CASES[..], &["--baseline", &folder.baseline(&text)]].concat(), 0);
    assert!(stdout.contains("EXPECTED baseline, line 1, requirement ROOM-*"), "{stdout}");
    assert!(stdout.contains("to be done (https://example.org/7)"), "{stdout}");
    assert!(
        stdout.contains("ROOM-04              MUST    expected fail") && !stdout.contains("FAIL ROOM-04"),
        "{stdout}"
    );
    // What fails as expected is no pass.
    assert!(stdout.contains("NO NEW FAILURE") && !stdout.contains("PASS"), "{stdout}");
    let report = folder.report(&CASES, &text, 0);
    assert_eq!((&report["summary"]["fail"], &report["summary"]["pass"]), (&0.into(), &0.into()));
    assert!(report["summary"]["expected_fail"].as_u64() > Some(0));
    assert_eq!(report["baseline"][0]["standing"], "expected");
    assert_eq!(report["suites"][0]["passed"], 0);
}

#[test]
fn a_failure_that_is_not_expected_fails_the_run() {
    let folder = Folder::new();
    let text = entry("case = \"room-04-second-create\"");
    let stdout = page(&[&CASES[..], &["--baseline", &folder.baseline(&text)]].concat(), 1);
    let block = stdout.split("FAIL ROOM-04 (MUST) in ").nth(1).and_then(|rest| rest.split("  replay ").next());
    assert!(block.is_some_and(|block| !block.contains("room-04-second-create")), "{stdout}");
}

#[test]
fn another_clause_that_an_expected_case_breaks_is_new() {
    let folder = Folder::new();
    let text = entry("case = \"room-04-*\"\nrequirement = \"ERR-0*\"");
    let report = folder.report(&CASES, &text, 1);
    assert_eq!(report["summary"]["expected_fail"], 0);
    assert_eq!(report["results"][0]["violations"][0]["in_baseline"], false);
}

#[test]
fn an_entry_that_no_longer_fails_is_stale_and_fails_the_run() {
    let folder = Folder::new();
    for about in ["case = \"room-04-second-create\"", "requirement = \"ROOM-04\""] {
        let baseline = folder.baseline(&entry(about));
        let stdout = page(&["test", "memory:reference", "--baseline", &baseline], 1);
        assert!(stdout.contains("STALE baseline, line 1") && stdout.contains("out of date"), "{stdout}");
    }
}

#[test]
fn an_entry_about_what_did_not_run_is_not_judged() {
    let folder = Folder::new();
    for about in ["case = \"room-05-*\"", "requirement = \"ROOM-04\"", "case = \"no-such-case\""] {
        let report = folder.report(&["test", "memory:reference", "--only", "room-04-second-create"], &entry(about), 0);
        assert_eq!(report["baseline"][0]["standing"], "not_judged", "{about}");
    }
}

#[test]
fn an_expired_entry_excuses_nothing_and_fails_the_run() {
    let folder = Folder::new();
    let text = entry("case = \"room-04-*\"\nexpires = 2020-02-29");
    let report = folder.report(&CASES, &text, 1);
    assert_eq!(report["summary"]["expected_fail"], 0);
    let passing = folder.report(&["test", "memory:reference", "--only", "room-04-*"], &text, 1);
    assert_eq!(passing["baseline"][0]["standing"], "expired");
}

#[test]
fn a_flaky_case_may_pass_or_fail_and_is_never_green() {
    let folder = Folder::new();
    let text = entry("case = \"room-04-second-create\"\nflaky = \"3/20\"");
    for target in ["memory:reference", "memory:tutorial"] {
        let report = folder.report(&["test", target, "--only", "room-04-second-create"], &text, 0);
        assert_eq!(report["summary"]["flaky"], 1, "{target}");
        assert_eq!(report["results"][0]["verdict"], "flaky");
        assert!(report["results"][0]["reason"].as_str().is_some_and(|reason| reason.contains("3/20")));
        let clause = report["requirements"].as_array().and_then(|all| all.iter().find(|one| one["id"] == "ROOM-04"));
        assert_eq!(clause.expect("it is listed")["verdict"], "not_exercised", "{target}");
    }
}

#[test]
fn what_a_run_writes_is_a_baseline_for_the_next_one() {
    let folder = Folder::new();
    let (written, again) = (folder.path("written.toml"), folder.path("again.toml"));
    let target = ["test", "memory:tutorial", "--suite", "requirements,tours", "--shard", "1/4"];
    page(&[&target[..], &["--write-baseline", &written]].concat(), 1);
    let text = std::fs::read_to_string(&written).expect("it was written");
    assert!(text.contains("case = \"tour-*\"") && text.contains("reason = \"not yet explained\""), "{text}");
    page(&[&target[..], &["--baseline", &written, "--write-baseline", &again]].concat(), 0);
    // What holds on is kept as it was explained.
    let kept = text.replacen("not yet explained", "waits for version 2", 1);
    page(&[&target[..], &["--baseline", &folder.baseline(&kept), "--write-baseline", &again]].concat(), 0);
    let again = std::fs::read_to_string(&again).expect("it was written");
    assert_eq!(again.matches("waits for version 2").count(), 1);
    assert_eq!(again.matches("[[expected]]").count(), text.matches("[[expected]]").count());
}

#[test]
fn a_baseline_serves_saved_traces_as_well() {
    let folder = Folder::new();
    page(&[&CASES[..], &["--trace-dir", &folder.path("traces")]].concat(), 1);
    let baseline = folder.baseline(&entry("requirement = \"*\""));
    page(&["judge", &folder.path("traces"), "--baseline", &baseline], 0);
}

#[test]
fn a_mistake_in_a_baseline_is_named_with_its_line() {
    let folder = Folder::new();
    let baseline = folder.baseline("# ours\n[[expected]]\ncase = \"room-04-*\"\nreson = \"typo\"\n");
    let stderr = error(&["test", "memory:reference", "--baseline", &baseline], 2);
    for part in ["baseline.toml, line 4: ", "reson", "4 | reson = \"typo\""] {
        assert!(stderr.contains(part), "{part:?} is not in {stderr}");
    }
    assert!(error(&["test", "memory:reference", "--baseline", "missing.toml"], 2).contains("missing.toml"));
}
