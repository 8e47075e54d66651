//! Saved traces on the command line: the same verdicts as the run, and errors that name file and line.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use command::{error, glare, page, read_json};
use serde_json::{Value, json};
use tempfile::TempDir;

mod command;

/// A run whose traces were saved, and its report.
struct Saved {
    folder: TempDir,
    report: Value,
}

impl Saved {
    fn of(target: &str, code: i32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let report = folder.path().join("report.json");
        let argument = format!("json={}", report.display());
        let traces = path(&folder.path().join("traces"));
        page(&["test", target, "--suite", "requirements,hostile", "--report", &argument, "--trace-dir", &traces], code);
        Self { report: read_json(&report), folder }
    }

    fn traces(&self) -> String {
        path(&self.folder.path().join("traces"))
    }

    fn judge(&self, code: i32) -> Value {
        let report = self.folder.path().join("judged.json");
        page(&["judge", &self.traces(), "--report", &format!("json={}", report.display())], code);
        read_json(&report)
    }
}

fn path(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// What a report says of each case that was run, without what only a run knows.
fn verdicts(report: &Value) -> Vec<Value> {
    let parts = ["case", "title", "requirements", "level", "verdict", "evidence", "violations", "reason", "transcript"];
    let results = report["results"].as_array().expect("a list");
    let of = |result: &Value| parts.iter().map(|part| ((*part).to_owned(), result[part].clone())).collect::<Value>();
    let ran = |result: &&Value| result["verdict"] != "not_applicable" && result["verdict"] != "not_exercised";
    results.iter().filter(ran).map(of).collect()
}

#[test]
fn saved_traces_of_the_reference_get_the_verdicts_of_the_run() {
    let saved = Saved::of("memory:reference", 0);
    let judged = saved.judge(0);
    assert_eq!(verdicts(&judged), verdicts(&saved.report));
    assert_eq!(judged["requirements"], saved.report["requirements"]);
    assert_eq!(judged["seed"], Value::Null);
}

#[test]
fn saved_traces_of_a_faulty_server_get_the_verdicts_of_the_run() {
    let saved = Saved::of("memory:tutorial", 1);
    let judged = saved.judge(1);
    // A case that could not even connect has no trace worth the name, but a record of that.
    assert_eq!(verdicts(&judged), verdicts(&saved.report));
}

#[test]
fn saved_traces_of_a_server_on_sockets_get_the_verdicts_of_the_run() {
    let saved = Saved::of("embedded", 0);
    assert_eq!(verdicts(&saved.judge(0)), verdicts(&saved.report));
}

#[test]
fn every_saved_line_has_the_form_of_the_schema() {
    let saved = Saved::of("memory:tutorial", 1);
    let schema = read_json(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/trace.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    for file in std::fs::read_dir(saved.traces()).expect("a folder") {
        let file = file.expect("a readable folder").path();
        if file.extension().is_none_or(|end| end != "ndjson") {
            continue;
        }
        for line in std::fs::read_to_string(&file).expect("text").lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            assert!(validator.is_valid(&line), "{}: {line}", file.display());
        }
    }
    assert!(!validator.is_valid(&json!({"at_us": 1, "kind": "rumour"})));
}

#[test]
fn the_committed_schema_is_that_of_a_trace() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/trace.schema.json");
    let schema = glare_conformance::saved::schema();
    if std::env::var_os("GLARE_UPDATE").is_some() {
        std::fs::write(&path, &schema).expect("it is writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema, "docs/trace.schema.json is out of step; GLARE_UPDATE=1 cargo test writes it anew");
}

#[test]
fn traces_are_read_from_standard_input_one_after_the_other() {
    let saved = Saved::of("memory:tutorial", 1);
    let mut all = String::new();
    for case in ["room-01-create", "room-04-join-twice"] {
        all += &std::fs::read_to_string(format!("{}/{case}.ndjson", saved.traces())).expect("it was saved");
    }
    let stdout = judge_input(&all, 1);
    assert!(stdout.contains("2 traces") && stdout.contains("events/s"), "{stdout}");
    assert!(stdout.contains("FAIL ROOM-04") && stdout.contains("ROOM-01              MUST    pass"), "{stdout}");
}

fn judge_input(text: &str, code: i32) -> String {
    let mut child = glare(&["judge", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

/// A trace as another program may write it: nothing but what is required, and no fences.
const FOREIGN: &str = r#"{"glare_trace":1,"case":"their test 7","covers":["ROOM-01","ROOM-07"]}
{"at_us":0,"kind":"phase","phase":0}
{"at_us":1,"kind":"opened","connection":0,"peer":"A","user_id":"a"}
{"at_us":2,"kind":"sent","connection":0,"event":"create-room","data":"r","ack":0}
{"at_us":3,"kind":"acked","connection":0,"ack":0,"data":{"success":true,"roomId":"r"}}
{"at_us":4,"kind":"phase","phase":1}
{"at_us":5,"kind":"opened","connection":1,"peer":"B","user_id":"b"}
{"at_us":6,"kind":"sent","connection":1,"event":"join-room","data":"r","ack":0}
{"at_us":7,"kind":"acked","connection":1,"ack":0,"data":{"success":true,"roomId":"r","existingUsers":["a"]}}
"#;

const NOTICE: &str = r#"{"at_us":8,"kind":"received","connection":0,"event":"user-joined","data":{"userId":"b","timestamp":"2026-01-02T03:04:05Z"}}"#;

#[test]
fn a_trace_of_another_program_is_judged() {
    let stdout = judge_input(&format!("{FOREIGN}{NOTICE}\n"), 0);
    assert!(stdout.contains("ROOM-07              MUST    pass") && stdout.ends_with("PASS\n"), "{stdout}");
}

/// No fence says that the notice is not merely late.
#[test]
fn what_no_fence_proves_is_a_matter_of_time() {
    let stdout = judge_input(FOREIGN, 1);
    assert!(stdout.contains("FAIL ROOM-07") && stdout.contains("evidence  timed"), "{stdout}");
}

#[test]
fn wrong_lines_are_named_by_file_and_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("theirs.ndjson");
    let lines: Vec<&str> = FOREIGN.lines().collect();
    let with = |number: usize, line: &str| {
        let mut lines = lines.clone();
        lines[number - 1] = line;
        lines.join("\n")
    };
    for (text, number, hint) in [
        (with(1, r#"{"glare_trace":9,"case":"x","covers":[]}"#), 1, "version 1"),
        (with(1, r#"{"glare_trace":1,"case":"x","covers":["ROOM-77"]}"#), 1, "ROOM-77"),
        (with(1, r#"{"glare_trace":1,"case":"x","cover":[]}"#), 1, "cover"),
        (with(1, r#"{"glare_trace":1,"case":"x","covers":[],"capabilities":["magic"]}"#), 1, "magic"),
        (with(1, r#"{"glare_trace":1,"case":"x","covers":[],"records":9}"#), 1, "cut off"),
        (with(3, "{}"), 3, "at_us"),
        (with(3, "not json"), 3, "column"),
        (with(4, r#"{"at_us":2,"kind":"sent","connection":7,"event":"leave-room"}"#), 4, "connection 7"),
        (with(6, r#"{"at_us":2,"kind":"phase","phase":3}"#), 6, "expected phase 1"),
        (with(7, lines[2]), 7, "opened before"),
        (with(8, r#"{"at_us":2,"kind":"fenced","connection":1,"refused":true}"#), 8, "no open fence"),
        (with(1, lines[1]), 1, "header"),
        (String::new(), 1, "no trace"),
    ] {
        std::fs::write(&file, &text).expect("it is writable");
        let stderr = error(&["judge", &path(&file)], 2);
        let place = format!("theirs.ndjson, line {number}: ");
        assert!(stderr.contains(&place) && stderr.contains(hint), "{place}{hint}: {stderr}");
    }
}

#[test]
fn places_without_traces_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(error(&["judge", &path(folder.path())], 2).contains(".ndjson"));
    let missing: PathBuf = folder.path().join("missing");
    assert!(error(&["judge", &path(&missing)], 2).contains("missing"));
    assert!(error(&["judge"], 2).contains("TRACE"));
}

#[test]
fn a_failure_names_the_file_that_shows_it() {
    let saved = Saved::of("memory:tutorial", 1);
    let stdout = page(&["judge", &saved.traces()], 1);
    assert!(stdout.contains("  replay    glare judge ") && stdout.contains("room-04-"), "{stdout}");
}
