//! Servers that refuse by closing the connection, behind a binding that says so: what they pass, and what is a fault all the
//! same.

#[path = "../judging/mod.rs"]
mod judging;
mod server;

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use glare_conformance::{
    binding::Plan as BindingPlan,
    oracle::unmerged_violations,
    run::CaseResult,
    scenario::{
        Scenario,
        generate::{races, random::random, tours},
        library, parse,
    },
    trace::Entry,
    transport::{Exec, Transport},
    verdict::Verdict,
};

use glare_model::requirement::ids::ROOM_10;
use glare_server::{Config, Server};

use self::{
    judging::{behind, broken, judged},
    server::{Door, Fault, serve},
};

/// Rooms are asked for by messages.
const BY_MESSAGES: &str = r#"
name = "closing"
description = "who is refused is thrown out"
receive = [
  { as = "identified", match = { type = "hello", id = "{id}" } },
  { as = "joined", match = { type = "joined", id = "{user}" } },
  { as = "left", match = { type = "left", id = "{user}" } },
  { as = "signal", match = { type = "signal", from = "{from}", kind = "{kind}", body = "{payload}" } },
  { as = "error", match = { type = "error", kind = "{kind}" } },
  { as = "pong", match = { type = "pong", number = "{fence}" } },
]

[transport.websocket]
path = "/"

[identity]
from = "message"

[create]
send = [{ type = "create", room = "{room}" }]
refused-by-close = [4004, 4009]
[create.reply]
accepted = [{ type = "welcome", room = "{room}", users = "{users}" }]

[join]
send = [{ type = "join", room = "{room}" }]
refused-by-close = [4004, 4009]
[join.reply]
accepted = [{ type = "welcome", room = "{room}", users = "{users}" }]

[leave]
send = [{ type = "leave" }]

[signal]
send = { type = "signal", to = "{target}", kind = "{kind}", body = "{payload}" }
kinds = { offer = "offer", answer = "answer", candidate = "ice-candidate" }

[fence]
by = "ping"
send = { type = "ping", number = "{fence}" }

[not-applicable]
ERR-02 = "there is no limit"
"#;

/// A room is entered by connecting.
const BY_ADDRESS: &str = r#"
name = "doorman"
description = "who is refused does not get in"
capabilities = ["capacity=4"]
receive = [
  { as = "identified", match = { type = "welcome", id = "{id}" } },
  { as = "joined", match = { type = "joined", id = "{user}" } },
  { as = "left", match = { type = "left", id = "{user}" } },
  { as = "signal", match = { type = "signal", from = "{from}", kind = "{kind}", body = "{payload}" } },
  { as = "error", match = { type = "error", kind = "{kind}" } },
  { as = "pong", match = { type = "pong", number = "{fence}" } },
]

[transport.websocket]
path = "/room/{room}"

[identity]
from = "message"

[join]
refused-by-close = [4004, 4009]

[signal]
send = { type = "signal", to = "{target}", kind = "{kind}", body = "{payload}" }
kinds = { offer = "offer", answer = "answer", candidate = "ice-candidate" }

[fence]
by = "ping"
send = { type = "ping", number = "{fence}" }

[dialect]
rooms = "implicit"
members = "announced"

[not-applicable]
ERR-02 = "there is no limit"
"#;

fn binding(door: Door) -> BindingPlan {
    let text = if door == Door::Messages { BY_MESSAGES } else { BY_ADDRESS };
    BindingPlan::read("closing.toml", text).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

async fn judge(door: Door, fault: Fault, cases: impl Iterator<Item = Scenario>) -> Vec<CaseResult> {
    let address = serve(door, fault).await;
    played(behind(Arc::new(binding(door)), address), cases).await
}

async fn played(transport: Transport, cases: impl Iterator<Item = Scenario>) -> Vec<CaseResult> {
    judged(transport, cases, 8, Duration::from_secs(1)).await
}

fn assert_passes(results: &[CaseResult], at_least: usize) {
    let failed = results.iter().filter(|result| result.judgement.verdict != Verdict::Pass);
    let alarms: Vec<_> =
        failed.map(|one| format!("{}\n{:#?}\n{}", one.case.render(), one.judgement, one.trace.to_ndjson())).collect();
    assert!(alarms.is_empty(), "{} of {}\n{}", alarms.len(), results.len(), alarms[0]);
    assert!(results.len() >= at_least, "only {} cases apply", results.len());
}

/// What is wrong with a binding after a change.
fn fault(door: Door, changes: &[(&str, &str)]) -> String {
    let text = if door == Door::Messages { BY_MESSAGES } else { BY_ADDRESS };
    let changed = changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    });
    match BindingPlan::read("closing.toml", &changed) {
        Ok(_) => "it is a binding".to_owned(),
        Err(error) => error.render(false),
    }
}

#[test]
fn a_binding_that_does_not_say_enough_of_its_closes_is_refused_at_its_line() {
    const CODES: &str = "refused-by-close = [4004, 4009]";
    let fence = "[fence]\nby = \"ping\"\nsend = { type = \"ping\", number = \"{fence}\" }\n";
    let reply = "[create.reply]\naccepted = [{ type = \"welcome\", room = \"{room}\", users = \"{users}\" }]\n\n[join]";
    let on_socket_io: &[(&str, &str)] = &[
        ("[transport.websocket]", "[transport.socket-io]"),
        ("from = \"message\"", "from = \"socket\""),
        ("match = { type = \"hello\", id = \"{id}\" }", "match = [\"hello\", \"{id}\"]"),
        ("path = \"/\"", "path = \"/\"\nnamespace = \"/\""),
    ];
    let faults = [
        ("a code that no server closes with", fault(Door::Messages, &[(CODES, "refused-by-close = [4004, 5000]")])),
        ("a code below zero", fault(Door::Messages, &[(CODES, "refused-by-close = [-1]")])),
        ("no code", fault(Door::Messages, &[(CODES, "refused-by-close = []")])),
        ("only one of the two requests", fault(Door::Messages, &[(CODES, "")])),
        ("Socket.IO", fault(Door::Messages, on_socket_io)),
        ("a fence that is a refused join", fault(Door::Messages, &[(fence, "")])),
        ("nobody is told of being let in", fault(Door::Messages, &[(reply, "[join]")])),
        (
            "no first words at the door",
            fault(
                Door::Address,
                &[
                    ("from = \"message\"", "from = \"client\"\nform = \"uuid\""),
                    ("  { as = \"identified\", match = { type = \"welcome\", id = \"{id}\" } },\n", ""),
                ],
            ),
        ),
        ("a list of members at the door", fault(Door::Address, &[("members = \"announced\"", "")])),
        ("rooms that are created at the door", fault(Door::Address, &[("rooms = \"implicit\"", "")])),
    ];
    let page: Vec<_> = faults.iter().map(|(what, fault)| format!("## {what}\n\n{}", fault.trim_end())).collect();
    insta::assert_snapshot!(page.join("\n\n"));
}

/// Whether a trace has a member that was refused, was thrown out, and came back.
fn shows_a_return(result: &CaseResult) -> bool {
    let records = &result.trace.records;
    let ended = records.iter().position(|record| matches!(record.entry, Entry::Ended { .. }));
    ended.is_some_and(|at| records[at..].iter().any(|record| matches!(record.entry, Entry::Opened { .. })))
}

fn written() -> impl Iterator<Item = Scenario> {
    library().iter().cloned()
}

fn generated() -> impl Iterator<Item = Scenario> {
    let some = |scenarios: Vec<Scenario>| scenarios.into_iter().step_by(60);
    some(tours().scenarios).chain(some(races().scenarios))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_throws_out_whom_it_refuses_passes_the_requirements() {
    for fault in [Fault::None, Fault::Late] {
        let results = judge(Door::Messages, fault, written()).await;
        assert_passes(&results, 70);
        assert!(results.iter().any(shows_a_return));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_throws_out_whom_it_refuses_passes_tours_races_and_random_scenarios() {
    for fault in [Fault::None, Fault::Late] {
        let results = judge(Door::Messages, fault, generated().chain(random(7, 30).scenarios)).await;
        assert_passes(&results, 15);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_refuses_at_the_door_passes_all_that_applies() {
    let results = judge(Door::Address, Fault::None, written().chain(generated()).chain(random(7, 100).scenarios)).await;
    assert_passes(&results, 30);
    let is_refused = |entry: &Entry| matches!(entry, Entry::Ended { reason, .. } if reason.contains("4004"));
    assert!(results.iter().any(|result| result.trace.records.iter().any(|record| is_refused(&record.entry))));
}

fn own(steps: &[&str]) -> impl Iterator<Item = Scenario> {
    let text = |steps: &&str| format!("case: own\ntitle: t\ncovers: ROOM-10\n{steps}\n");
    steps.iter().flat_map(move |steps| parse(&text(steps)).expect("a case"))
}

/// The clauses that a faulty server breaks in some cases.
async fn broken_by(door: Door, fault: Fault, steps: &[&str]) -> BTreeSet<String> {
    broken(&judge(door, fault, own(steps)).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_found_under_a_clause_that_fits() {
    let faults: [(Fault, &str, &[&str]); 7] = [
        (Fault::ForgetsTheThrownOut, "ROOM-10", &["A create r\nB join r\nA create s"]),
        (Fault::AnotherCode, "ERR-03", &["A connect\nA join r"]),
        (Fault::ClosesTheAccepted, "ERR-03", &["A create r\nB connect\nB join r"]),
        (Fault::AcceptsTheUnknown, "ROOM-05", &["A join r"]),
        (Fault::AcceptsTheKnown, "ROOM-02", &["A create r\nB create r"]),
        (Fault::Moves, "ROOM-04", &["A create r\nA create s"]),
        (Fault::AcceptsTheInvalid, "ROOM-03", &["A emit create-room \"\" ack"]),
    ];
    let mut wrong = Vec::new();
    for (fault, clause, steps) in faults {
        let broken = broken_by(Door::Messages, fault, steps).await;
        if !broken.contains(clause) {
            wrong.push(format!("{fault:?}: {broken:?}, not {clause}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each oracle by itself: neither leaves it to the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_oracles_miss_the_notice_of_a_member_that_is_thrown_out() {
    for steps in ["A create r\nB join r\nA create s", "A create r\nB join r\nC create s\nA join s"] {
        let results = judge(Door::Messages, Fault::ForgetsTheThrownOut, own(&[steps])).await;
        let found = results.iter().flat_map(|result| unmerged_violations(&result.trace));
        let by: BTreeSet<_> = found.filter(|one| one.requirement == ROOM_10).map(|one| one.oracle.word()).collect();
        assert_eq!(by, BTreeSet::from(["frontier", "invariants"]), "{steps}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_lets_in_whom_it_has_to_refuse_at_the_door_is_found() {
    let long = "x".repeat(200);
    let steps = format!("A join \"{long}\"");
    let broken = broken_by(Door::Address, Fault::AcceptsTheInvalid, &[&steps]).await;
    assert!(broken.contains("ROOM-03"), "{broken:?}");
}

/// The example adapter, changed so that the reference server behind it is one that throws out whom it refuses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_can_declare_that_refusals_close() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/adapter/glare_adapter.py");
    let text = std::fs::read_to_string(file).expect("it is there");
    let changes = [
        ("\"name\": \"glare-adapter.py\"", "\"name\": \"closing\", \"dialect\": {\"refusals-close\": True}"),
        ("        self.asked_to_end = False\n", "        self.asked_to_end = False\n        self.fences = set()\n"),
        (
            "\"data\": frame.get(\"data\"), **line})\n",
            "\"data\": frame.get(\"data\"), **line})\n            \
             if not frame[\"data\"][\"success\"] and frame[\"ack\"] not in self.fences:\n                \
             self.frames.send(8, struct.pack(\">H\", 1000))\n",
        ),
        (
            "        elif kind == \"fence\":\n",
            "        elif kind == \"fence\":\n            connection.fences.add(line[\"ack\"])\n",
        ),
    ];
    let changed = changes.iter().fold(text, |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    });
    let scratch = tempfile::tempdir().expect("a folder");
    let file = scratch.path().join("closing.py");
    std::fs::write(&file, changed).expect("it can be written");
    let server = Server::start(Config::default()).await.expect("loopback has a free port");
    let adapter =
        Exec::start(&format!("python3 {} http://{}", file.display(), server.addr())).await.expect("it starts");
    let results = played(Transport::Exec(adapter), written()).await;
    assert_passes(&results, 70);
    assert!(results.iter().any(shows_a_return));
}
