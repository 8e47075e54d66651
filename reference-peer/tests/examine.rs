//! `glare-peer examine`: right peers pass, wrong ones are found out clause by clause, and what is no peer is said to be none.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

const GLARE_PEER: &str = env!("CARGO_BIN_EXE_glare-peer");

fn examine(process: &str, arguments: &[&str]) -> Output {
    let output = Command::new(GLARE_PEER).args(["examine", "--process", process]).args(arguments).output();
    output.expect("the program runs")
}

fn peer(arguments: &str) -> String {
    format!("{GLARE_PEER} join {arguments} --bind 127.0.0.1:0")
}

/// Clauses that are broken, by the table of clauses.
fn broken(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("NEG-") && line.contains("broken"));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn passes(process: &str) {
    let output = examine(process, &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for clause in ["NEG-01", "NEG-02", "NEG-03", "NEG-04", "NEG-05", "NEG-06", "NEG-07", "NEG-08", "NEG-09"] {
        assert!(text.lines().any(|line| line.starts_with(clause) && line.contains("kept")), "{clause}\n{text}");
    }
}

#[test]
fn the_reference_peer_keeps_every_clause_over_socketio() {
    passes(&peer("{url} {room}"));
}

#[test]
fn the_reference_peer_keeps_every_clause_over_json_when_both_ends_offer() {
    passes(&peer("{ws} {room} --strategy perfect-negotiation"));
}

#[test]
fn the_tutorials_rules_are_found_out_clause_by_clause() {
    let output = examine(&peer("{url} {room} --strategy both-offer"), &["--only", "offer", "--only", "late-answer"]);
    assert_eq!(output.status.code(), Some(1));
    let broken = broken(&output);
    for clause in ["NEG-01", "NEG-02", "NEG-03", "NEG-04", "NEG-07"] {
        assert!(broken.iter().any(|id| id == clause), "{clause} of {broken:?}");
    }
    for clause in ["NEG-05", "NEG-08", "NEG-09"] {
        assert!(broken.iter().all(|id| id != clause), "{clause} of {broken:?}");
    }
}

#[test]
fn a_peer_that_never_offers_first_leaves_what_would_cross_its_offer_without_a_verdict() {
    let process = peer("{url} {room} --strategy joiner-offers");
    let output = examine(&process, &["--only", "late-answer"]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("does not offer"));
}

#[test]
fn offers_that_never_cross_leave_the_clauses_about_glare_without_a_verdict() {
    let process = peer("{url} {room} --strategy joiner-offers");
    let output = examine(&process, &["--only", "crossing"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    for (clause, verdict) in [("NEG-01", "no verdict"), ("NEG-02", "no verdict"), ("NEG-06", "kept in 1 of 2")] {
        assert!(text.lines().any(|line| line.starts_with(clause) && line.contains(verdict)), "{clause}\n{text}");
    }
}

#[test]
fn what_was_played_is_shown_before_a_complaint() {
    let process = format!("sh -c 'test {{room}} = offered || exit 7; exec {}'", peer("{url} {room}"));
    let output = examine(&process, &["--only", "offered", "--only", "candidate-before"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().any(|line| line.starts_with("NEG-08") && line.contains("kept in 1 of 1")), "{text}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("exit status: 7"));
}

#[test]
fn what_was_late_once_is_measured_again_before_it_is_held_against_the_peer() {
    let mark = std::env::temp_dir().join(format!("glare-late-once-{}", std::process::id()));
    // The first time, the shell stays when it is asked to end.
    let process = format!(
        "sh -c 'mkdir {mark} && trap \"\" TERM && {{ {peer}; exec sleep 100; }}; exec {peer}' {{room}}",
        mark = mark.display(),
        peer = peer("{url} {room}")
    );
    let output = examine(&process, &["--only", "the-peer-ends"]);
    std::fs::remove_dir(&mark).expect("it was played");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_program_that_ends_at_once_is_shown_with_its_last_words() {
    let output = examine("sh -c 'echo no such server >&2; exit 7' {room}", &[]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("exit status: 7") && text.contains("no such server"), "{text}");
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let output = examine("./no-such-program {room}", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("./no-such-program"));
}

#[test]
fn a_peer_that_does_not_end_when_it_is_asked_to_breaks_its_clause() {
    // The shell stays, whatever its child does.
    let process = format!("sh -c 'trap \"\" TERM; {}; sleep 100' {{room}}", peer("{url} {room}"));
    let output = examine(&process, &["--only", "the-peer-ends"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(broken(&output), ["NEG-09"]);
}

/// The peer holds one end of a pipe open for as long as it lives: the standard error of the examination.
#[test]
fn asked_to_end_it_ends_the_peer_too() {
    let process = "sh -c 'echo started >&3; exec sleep 1000' {room}";
    let line = format!("exec 3>&2; exec {GLARE_PEER} examine --process \"{process}\" 2>/dev/null");
    let mut child =
        Command::new("sh").args(["-c", &line]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "started");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    // The pipe ends with the last one who holds it.
    assert!(lines.next().is_none());
}
