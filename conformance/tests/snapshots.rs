//! Snapshots guard our own protocol, are the same in every run, and explain a change.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use command::{error, page};
use glare_conformance::{
    scenario::Scenario,
    snapshot::{Explained, Finding, Folder, Noise, Recorded, Recording, explain, record, summarise},
    suite::{Scope, by_names, make},
    transport::{CoreEffect, CoreInput, Memory, ModelCore, RoomCore, Transport, virtual_time},
};
use glare_model::{
    message::{ClientMessage, ServerMessage},
    requirement::ids::{ROOM_01, ROOM_08},
    room::{Effect, Input},
};

mod command;

/// In memory a heartbeat takes no time, so that what comes of it comes a step earlier.
const HEARTBEAT: &str = "room-13-silent-member";

/// The snapshots of the reference server.
fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots-reference")
}

fn cases() -> Vec<Arc<Scenario>> {
    let made = make(&by_names(&["requirements".to_owned()]).expect("it is a suite"), &Scope::default());
    let core = glare_conformance::capability::Profile::CORE;
    made.into_iter()
        .flat_map(|one| one.all)
        .filter(|case| core.excludes(case).is_none() && case.id != HEARTBEAT)
        .collect()
}

/// All cases on a server in memory.
fn recorded(core: impl RoomCore + 'static, jobs: usize) -> Vec<Recorded> {
    let recording = Recording {
        transport: Transport::Memory(Memory::new(core)),
        exact: true,
        timeout: Duration::from_secs(2),
        nonce: 7,
        jobs,
        noise: Noise::default(),
    };
    virtual_time().expect("a runtime").block_on(record(&recording, &cases()))
}

fn check(target: &str, jobs: &str, skip: &str) {
    let folder = committed().to_string_lossy().into_owned();
    let stdout = page(&["snapshot", target, "--dir", &folder, "--check", "--jobs", jobs, "--skip", skip], 0);
    assert!(stdout.contains(" 0 differ, 0 new, 0 unreferenced"), "{stdout}");
}

#[test]
fn the_reference_server_says_over_socket_io_what_it_said() {
    check("tutorial:embedded", "8", "none");
}

#[test]
fn the_reference_server_says_over_json_what_it_said() {
    check("glare:embedded", "1", "none");
}

#[test]
fn the_rules_in_memory_say_what_the_server_says() {
    check("memory:reference", "8", HEARTBEAT);
}

#[test]
fn insta_reads_the_same_files() {
    for one in recorded(ModelCore::default(), 8) {
        let name = one.transcript.case.clone();
        insta::with_settings!({snapshot_path => "snapshots-reference", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name, one.transcript.to_string());
        });
    }
}

#[test]
fn a_hundred_runs_and_any_number_of_jobs_give_the_same_bytes() {
    let bytes = |jobs| -> String {
        recorded(ModelCore::default(), jobs).iter().map(|one| one.transcript.to_string()).collect()
    };
    let first = bytes(1);
    assert!((1..100).all(|run| bytes(if run % 2 == 0 { 1 } else { 8 }) == first));
}

/// A server that does not tell the last one in a room that somebody left.
struct Silent(ModelCore);

impl RoomCore for Silent {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        let leaving = matches!(input, Input::Message(_, ClientMessage::Leave));
        let effects = self.0.handle(input);
        let is_notice =
            |effect: &CoreEffect| matches!(effect, Effect::Send { message: ServerMessage::UserLeft(_), .. });
        let alone = effects.iter().filter(|effect| is_notice(effect)).count() == 1;
        effects.into_iter().filter(|effect| !(leaving && alone && is_notice(effect))).collect()
    }
}

/// What differs on a server from the committed snapshots.
fn differences(core: impl RoomCore + 'static) -> Vec<Explained> {
    let folder = Folder::open(&committed()).expect("the folder is there");
    let explained =
        recorded(core, 8).into_iter().flat_map(|one| match folder.find(&one.transcript).expect("readable") {
            Finding::Same => Vec::new(),
            Finding::Different(old) => explain(&old, &one),
            finding => panic!("{}: {finding:?}", one.transcript.case),
        });
    explained.collect()
}

#[test]
fn one_changed_rule_is_one_explained_difference_and_nothing_else() {
    let differences = differences(Silent(ModelCore::default()));
    let clauses: BTreeSet<_> = differences.iter().filter_map(|one| one.clause.map(|id| (id, one.breaks))).collect();
    assert_eq!(clauses, [(ROOM_08, true)].into(), "{}", summarise(&differences));
    insta::assert_snapshot!(summarise(&differences));
}

/// A server with another text for a refusal: legal, and seen.
struct Chatty(ModelCore);

impl RoomCore for Chatty {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        self.0.handle(input)
    }

    fn outgoing(
        &mut self,
        _to: u64,
        incoming: glare_conformance::transport::Incoming,
    ) -> Vec<glare_conformance::transport::Incoming> {
        use glare_conformance::transport::Incoming;
        match incoming {
            Incoming::Ack { ack, data: Some(mut data) } if data["error"] == "Room not found" => {
                data["error"] = "No such room".into();
                vec![Incoming::Ack { ack, data: Some(data) }]
            }
            other => vec![other],
        }
    }
}

#[test]
fn what_the_protocol_leaves_open_is_seen_and_said_so() {
    let differences = differences(Chatty(ModelCore::default()));
    assert!(!differences.is_empty() && differences.iter().all(|one| one.clause.is_none() && !one.breaks));
    let said = summarise(&differences);
    assert!(
        said.contains("error from \"Room not found\" to \"No such room\"\n  the protocol leaves it open"),
        "{said}"
    );
}

#[test]
fn new_changed_and_unreferenced_snapshots_fail_a_check_until_they_are_accepted() {
    let scratch = tempfile::tempdir().expect("a folder");
    let dir = scratch.path().to_string_lossy().into_owned();
    let file = |name: &str| scratch.path().join(name);
    let run = |more: &[&str], code| {
        page(&[&["snapshot", "memory:reference", "--dir", &dir, "--only", "room-0[18]-*"], more].concat(), code)
    };
    assert!(run(&["--check"], 1).contains(" 0 differ, "), "all are new");
    assert!(file("room-01-create.snap.new").exists() && !file("room-01-create.snap").exists());
    page(&["snapshot", "--dir", &dir, "--accept"], 0);
    assert!(file("room-01-create.snap").exists() && !file("room-01-create.snap.new").exists());
    run(&["--check"], 0);

    let text = fs::read_to_string(file("room-01-create.snap")).expect("it is there");
    let other = text.replace("\"success\":true", "\"success\":false");
    assert_ne!(other, text);
    fs::write(file("room-01-create.snap"), other).expect("it can be written");
    let said = run(&["--check"], 1);
    assert!(said.contains("success from false to true") && said.contains(ROOM_01.as_str()), "{said}");
    assert_eq!(fs::read_to_string(file("room-01-create.snap.new")).expect("it was written"), text);
    page(&["snapshot", "--dir", &dir, "--accept"], 0);

    fs::copy(file("room-01-create.snap"), file("room-99-gone.snap")).expect("it can be copied");
    assert!(run(&["--check"], 1).contains("unreferenced: room-99-gone"));
    assert!(page(&["snapshot", "--dir", &dir, "--accept"], 0).contains("removed room-99-gone"));
    run(&["--check"], 0);
    fs::write(file("room-01-create.snap"), "not a snapshot").expect("it can be written");
    assert!(run(&["--check"], 1).contains("is no snapshot"));
}

#[test]
fn two_servers_are_told_apart_in_the_protocols_terms_and_two_wires_are_not() {
    let said = page(&["diff", "memory:reference", "memory:tutorial", "--only", "room-04-second-create"], 1);
    assert!(said.contains("success from false to true") && said.contains("breaks ROOM-04 (MUST)"), "{said}");
    assert!(said.ends_with("1 of 1 cases differ\n"), "{said}");
    let same = page(&["diff", "tutorial:embedded", "glare:embedded", "--only", "RELAY-*"], 0);
    assert!(same.contains(": 0 of "), "{same}");
}

/// The tutorial's binding, for a server of which ROOM-02 is not judged, as a target.
fn without_room_02(folder: &Path) -> String {
    let text =
        page(&["bindings", "show", "tutorial"], 0) + "\n[not-applicable]\n\"ROOM-02\" = \"there is no such thing\"\n";
    let file = folder.join("partial.toml");
    fs::write(&file, text).expect("it can be written");
    format!("{}:embedded", file.display())
}

#[test]
fn a_case_that_only_one_server_is_played_is_named_and_the_others_are_compared_with_themselves() {
    let scratch = tempfile::tempdir().expect("a folder");
    let partial = without_room_02(scratch.path());
    for (one, other) in [("tutorial:embedded", &*partial), (&*partial, "tutorial:embedded")] {
        let said = page(&["diff", one, other, "--only", "room-0[1-4]-*"], 3);
        let named: Vec<_> = said.lines().filter(|line| line.contains("room-02-")).collect();
        let line = format!("is played on tutorial:embedded only, not on {partial}: ROOM-02: there is no such thing");
        assert!(!named.is_empty() && named.iter().all(|named| named.ends_with(&line)), "{said}");
        assert!(said.contains(": 0 of ") && !said.contains(": 0 of 0 "), "{said}");
    }
}

#[test]
fn a_check_says_which_snapshots_have_cases_that_the_target_is_not_played() {
    let scratch = tempfile::tempdir().expect("a folder");
    let partial = without_room_02(scratch.path());
    let dir = scratch.path().join("snapshots").to_string_lossy().into_owned();
    let run = |target: &str, more: &[&str], code| {
        page(&[&["snapshot", target, "--dir", &dir, "--only", "room-0[12]-*"], more].concat(), code)
    };
    run(&partial, &[], 0);
    run(&partial, &["--check"], 0);
    run("tutorial:embedded", &[], 0);
    let said = run(&partial, &["--check"], 3);
    assert!(said.contains("no transcript: room-02-"), "{said}");
    assert!(said.contains(": not played on this target: ROOM-02: there is no such thing"), "{said}");
}

#[test]
fn what_is_accepted_is_what_the_last_check_found_whatever_is_asked_for_now() {
    let scratch = tempfile::tempdir().expect("a folder");
    let dir = scratch.path().to_string_lossy().into_owned();
    let suite = ["--suite", "tours", "--only", "tour-*1"];
    let run = |more: &[&str], code| page(&[&["snapshot", "memory:reference", "--dir", &dir], more].concat(), code);
    let count = || fs::read_dir(scratch.path()).expect("readable").count();
    run(&suite, 0);
    let recorded = count();
    assert!(recorded > 0);
    // Of a suite that is not the usual one, and nothing waits.
    assert!(page(&["snapshot", "--dir", &dir, "--accept"], 0).contains("nothing waits"));
    assert_eq!(count(), recorded);

    fs::write(scratch.path().join("room-99-gone.snap"), "of no case").expect("it can be written");
    assert!(run(&[&suite[..], &["--check"]].concat(), 1).contains("unreferenced: room-99-gone"));
    assert_eq!(page(&["snapshot", "--dir", &dir, "--accept"], 0), "removed room-99-gone\n");
    assert_eq!(count(), recorded);
}

#[test]
fn what_is_declared_as_noise_is_not_compared() {
    let case = ["diff", "memory:reference", "memory:tutorial", "--only", "room-04-second-create"];
    let noisy = ["--noise", "ack.success", "--noise", "ack.error", "--noise", "ack.code", "--noise", "ack.roomId"];
    assert!(!page(&[&case[..], &noisy].concat(), 1).contains("success from"));
    assert!(error(&["diff", "memory:reference", "memory:reference", "--noise", "code"], 2).contains("EVENT.MEMBER"));
    assert!(error(&["snapshot", "--dir", "x", "--only", "no-such-case"], 2).contains("no case is left"));
}
