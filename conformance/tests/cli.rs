//! The command line as a script meets it: exit codes, and messages that name the culprit.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use command::{error, glare, page, read_json};

mod command;

/// A server that answers every connection with these bytes, and then listens in silence.
fn server_that_says(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut request = [0; 4096];
                // Whatever the client does to the connection is fine.
                if stream.read(&mut request).is_ok() && stream.write_all(bytes).is_ok() {
                    stream.read_to_end(&mut Vec::new()).ok();
                }
            });
        }
    });
    format!("http://{address}")
}

#[test]
fn the_embedded_server_passes_with_exit_code_0() {
    let stdout = page(&["test", "--only", "room-0[12]*"], 0);
    assert!(stdout.contains("ROOM-01              MUST    pass"), "{stdout}");
    assert!(stdout.ends_with("PASS\n"), "{stdout}");
}

#[test]
fn a_broken_clause_reads_well_and_exits_with_1() {
    let stdout = page(&["test", "memory:tutorial", "--only", "room-04-second-create"], 1);
    for part in [
        "FAIL ROOM-04 (MUST) in room-04-second-create",
        "  clause    The server MUST refuse `create-room` and `join-room` by a member of any room",
        "  expected  A's request is refused",
        "  actual    it was accepted",
        "  evidence  exact",
        "> create-room s",
        "  replay    glare test memory:tutorial --only room-04-second-create",
    ] {
        assert!(stdout.contains(part), "{part:?} is not in\n{stdout}");
    }
}

#[test]
fn a_broken_should_fails_the_run_only_where_asked() {
    let case = ["test", "memory:tutorial", "--only", "relay-07-nobody"];
    assert!(page(&case, 0).contains("recommendations not followed"));
    page(&[&case[..], &["--level", "should"]].concat(), 1);
}

#[test]
fn wrong_targets_are_named_and_exit_with_2() {
    for (target, culprit) in [
        ("carrier-pigeon:http://127.0.0.1:1", "carrier-pigeon"),
        ("localhost:3000", "localhost"),
        ("tutorial:not a url", "not a url"),
        ("https://127.0.0.1:1", "https"),
        ("memory:perfect", "perfect"),
    ] {
        let stderr = error(&["test", target], 2);
        assert!(stderr.contains(culprit), "{target}: {stderr}");
    }
}

#[test]
fn a_dead_port_is_named_and_exits_with_2() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    for target in [format!("http://127.0.0.1:{port}"), format!("ws://127.0.0.1:{port}/ws")] {
        let stderr = error(&["test", &target], 2);
        assert!(stderr.contains("nobody listens") && stderr.contains(&port.to_string()), "{stderr}");
    }
}

#[test]
fn a_server_that_is_no_signaling_server_is_called_so_and_exits_with_2() {
    let web = server_that_says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert!(error(&["test", &web], 2).contains("404"));
    assert!(error(&["test", &format!("glare:{web}")], 2).contains("404"));
    let garbage = server_that_says(b"220 mail.example ESMTP\r\n");
    error(&["test", &garbage], 2);
    let silent = server_that_says(b"");
    assert!(error(&["test", &silent, "--timeout-ms", "200"], 2).contains("200 ms"));
}

#[test]
fn wrong_arguments_exit_with_2_and_say_what_is_right() {
    for (args, hint) in [
        (&["test", "--only", "no-such-case"][..], "glare list cases"),
        (&["test", "--only", "[", "embedded"][..], "["),
        (&["test", "--report", "pdf=x"][..], "json=FILE"),
        (&["test", "--jobs", "0"][..], "--jobs"),
        (&["test", "--process", "true"][..], "{port}"),
        (&["test", "embedded", "--process", "true"][..], "{port}"),
        (&["replay", "/no/such/file.scenario"][..], "/no/such/file.scenario"),
        (&["check", "perfect"][..], "perfect"),
        (&["check", "--property", "ROOM-77"][..], "ROOM-77"),
        (&["check", "reference", "--strategy", "hope"][..], "both-offer"),
        (&["check", "reference", "--faults", "leave"][..], "KIND=N"),
        (&["check", "reference", "--faults", "flood=1"][..], "flood"),
        (&["check", "reference", "--peers", "9"][..], "--peers"),
        (&["frobnicate"][..], "frobnicate"),
    ] {
        let stderr = error(args, 2);
        assert!(stderr.contains(hint), "{args:?}: {stderr}");
    }
}

#[test]
fn a_process_that_ends_at_once_is_an_error_with_its_last_words() {
    let stderr = error(&["test", "http://127.0.0.1:{port}", "--process", "sh -c 'echo out of coffee; exit 7'"], 2);
    assert!(stderr.contains("out of coffee"), "{stderr}");
}

#[test]
fn a_scenario_file_with_a_mistake_is_named_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.scenario");
    std::fs::write(&path, "case: x\ntitle: t\ncovers: ROOM-01\nA crate r\n").expect("it is writable");
    let stderr = error(&["replay", path.to_str().expect("UTF-8")], 2);
    assert!(stderr.contains("line 4") && stderr.contains("crate"), "{stderr}");
}

#[test]
fn a_failure_is_saved_and_replayed_from_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let traces = folder.path().to_str().expect("UTF-8");
    page(&["test", "memory:tutorial", "--only", "room-04-join-twice", "--trace-dir", traces], 1);
    assert!(folder.path().join("room-04-join-twice.ndjson").exists());
    let scenario = folder.path().join("room-04-join-twice.scenario");
    let scenario = scenario.to_str().expect("UTF-8");
    assert!(page(&["replay", scenario, "memory:tutorial"], 1).contains("FAIL ROOM-04"));
    page(&["replay", scenario, "memory:reference"], 0);
}

#[test]
fn the_json_report_has_the_form_of_its_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    let argument = format!("json={}", path.display());
    page(&["test", "memory:tutorial", "--report", &argument, "--timeout-ms", "100"], 1);
    let report: serde_json::Value = read_json(&path);
    let schema = read_json(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let results = report["results"].as_array().expect("a list");
    let counted: u64 =
        report["summary"].as_object().expect("counts").values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(usize::try_from(counted).ok(), Some(results.len()));
}

#[test]
fn the_committed_schema_is_that_of_the_report() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json");
    let schema = glare_conformance::report::json::schema();
    if std::env::var_os("GLARE_UPDATE").is_some() {
        std::fs::write(&path, &schema).expect("it is writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema, "docs/report.schema.json is out of step; GLARE_UPDATE=1 cargo test writes it anew");
}

#[test]
fn a_check_that_did_not_finish_is_incomplete() {
    let stdout = page(&["check", "reference", "--max-states", "1000"], 3);
    assert!(stdout.contains("INCOMPLETE") && stdout.contains("nothing proved"), "{stdout}");
}

/// A world of the command line in which the tutorial's glare ends unconnected, and nothing else is large.
const GLARE: [&str; 6] = ["check", "tutorial", "--peers", "2", "--property", "NEG-06"];

#[test]
fn the_command_line_makes_worlds_and_chooses_strategies() {
    let stdout = page(&GLARE, 1);
    assert!(stdout.contains("command-line") && stdout.contains("VIOLATED"), "{stdout}");
    page(
        &["check", "reference", "--peers", "2", "--faults", "leave=1", "--faults", "join=2", "--property", "NEG-06"],
        0,
    );
    page(&["check", "reference", "--peers", "2", "--strategy", "both-offer", "--property", "NEG-06"], 1);
}

#[test]
fn the_result_of_a_check_does_not_depend_on_the_number_of_threads() {
    let checked = |threads: &str| page(&[&GLARE[..], &["--format", "json", "--threads", threads]].concat(), 1);
    assert_eq!(checked("1"), checked("2"));
}

#[test]
fn a_check_as_json_says_what_was_explored_and_what_broke() {
    let report: serde_json::Value =
        serde_json::from_str(&page(&[&GLARE[..], &["--format", "json"]].concat(), 1)).expect("JSON");
    let variant = &report["variants"][0];
    assert_eq!((&variant["variant"], &variant["proved"]), (&"tutorial".into(), &false.into()));
    assert_eq!(variant["configurations"][0]["incomplete"], serde_json::Value::Null);
    for (place, kind) in ["always", "in-the-end"].into_iter().enumerate() {
        let property = &variant["properties"][place];
        assert_eq!((&property["requirement"], &property["kind"]), (&"NEG-06".into(), &kind.into()));
        assert_eq!(property["verdict"], "violated");
        assert!(property["counterexample"].as_str().is_some_and(|story| story.contains("create-room")));
    }
}

#[test]
fn a_check_as_junit_has_failures_and_no_errors() {
    let page = page(&[&GLARE[..], &["--format", "junit"]].concat(), 1);
    let report = quick_junit::Report::deserialize_from_str(&page).expect("JUnit");
    assert_eq!((report.tests, report.failures, report.errors), (2, 2, 0));
}

#[test]
fn a_check_as_markdown_has_a_row_for_each_world_and_clause() {
    let page = page(&[&GLARE[..], &["--format", "markdown"]].concat(), 1);
    assert!(page.contains("| command-line |") && page.contains("| NEG-06 | violated | always |"), "{page}");
    assert!(page.contains("| NEG-06 | violated | in-the-end |"), "{page}");
}

/// A world of the command line in which two peers send their crossed offers again for ever.
const FOR_EVER: [&str; 6] = ["check", "reference", "--peers", "2", "--strategy", "send-again"];

#[test]
fn what_goes_on_for_ever_is_shown_and_is_a_failure() {
    let stdout = page(&[&FOR_EVER[..], &["--property", "NEG-10"]].concat(), 1);
    assert!(stdout.contains("... and then for ever:") && stdout.contains("this never ends"), "{stdout}");
    let junit = page(&[&FOR_EVER[..], &["--property", "NEG-10", "--format", "junit"]].concat(), 1);
    assert!(junit.contains("NEG-10 in the end"), "{junit}");
}

#[test]
fn a_counterexample_is_drawn_as_the_file_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, part) in [("glare.svg", "</svg>"), ("glare.mmd", "sequenceDiagram")] {
        let path = folder.path().join(name);
        page(&[&GLARE[..], &["--diagram", path.to_str().expect("UTF-8")]].concat(), 1);
        assert!(std::fs::read_to_string(&path).expect("it was written").contains(part));
    }
    let wrong = folder.path().join("glare.gif");
    assert!(error(&[&GLARE[..], &["--diagram", wrong.to_str().expect("UTF-8")]].concat(), 2).contains(".svg"));
}

#[test]
fn lists_are_complete() {
    let requirements = page(&["list", "requirements"], 0);
    for id in glare_model::requirement::RequirementId::all() {
        assert!(requirements.contains(id.as_str()), "{id}");
    }
    let cases = page(&["list", "cases"], 0);
    for case in glare_conformance::scenario::library() {
        assert!(cases.contains(&case.id), "{}", case.id);
    }
    assert!(page(&["list", "variants"], 0).contains("tutorial-fixed-7.4"));
    assert!(page(&["bindings", "list"], 0).contains("tutorial"));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let mut child = glare(&["list", "requirements"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("text");
    child.wait().expect("it ends");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// ROOM-13 waits for a heartbeat, so the run certainly still goes on when the signal comes.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_with_a_summary_and_exit_code_3() {
    use std::io::BufRead;
    let mut child = glare(&["test", "embedded", "--only", "room-13*"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
    let mut head = String::new();
    stdout.read_line(&mut head).expect("the head of the report");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(3), "{rest}");
    assert!(rest.contains("interrupted"), "{rest}");
}
