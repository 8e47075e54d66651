//! Capabilities on the command line: declared, they have to work; undeclared, they have to be absent.

use std::num::NonZeroU16;

use command::{error, page, report};
use glare_model::room::{HostLeaves, RoomRules};
use glare_server::{Config, Server};
use serde_json::Value;

mod command;

fn verdict<'a>(report: &'a Value, clause: &str) -> &'a Value {
    let all = report["requirements"].as_array().expect("a list");
    &all.iter().find(|one| one["id"] == clause).expect("every clause is listed")["verdict"]
}

/// The clauses that a report shows broken.
fn broken(report: &Value) -> Vec<&str> {
    let all = report["requirements"].as_array().expect("a list");
    all.iter().filter(|one| one["verdict"] == "fail").filter_map(|one| one["id"].as_str()).collect()
}

const OFFERED: [(&str, &str, &str); 3] = [
    ("memory:host-close", "host-close", "CAP-HOST-CLOSE-01"),
    ("memory:host-transfer", "host-transfer", "CAP-HOST-TRANSFER-01"),
    ("memory:capacity", "capacity=3", "CAP-CAPACITY-01"),
];

#[test]
fn a_capability_that_is_declared_and_works_passes() {
    for (target, declared, clause) in OFFERED {
        let report = report(&[target, "--capability", declared], 0);
        assert_eq!(verdict(&report, clause), "pass", "{target}");
        assert_eq!(broken(&report), Vec::<&str>::new(), "{target}");
        assert_eq!(report["capabilities"][0]["declared"], declared);
        assert_eq!(report["capabilities"][0]["verdict"], "pass");
    }
}

#[test]
fn a_capability_that_is_declared_and_does_not_work_fails_by_its_clause() {
    for (_, declared, clause) in OFFERED {
        let report = report(&["memory:reference", "--capability", declared], 1);
        assert_eq!(verdict(&report, clause), "fail", "{declared}");
        assert_eq!(report["capabilities"][0]["verdict"], "fail", "{declared}");
    }
}

#[test]
fn a_capability_that_is_not_declared_is_not_applicable_where_it_is_absent() {
    let report = report(&["memory:reference"], 0);
    for (.., clause) in OFFERED {
        assert_eq!(verdict(&report, clause), "not_applicable");
    }
    assert_eq!(verdict(&report, "CAP-UNDECLARED-01"), "pass");
    assert!(report["summary"]["not_applicable"].as_u64() > Some(10));
    assert_eq!(report["capabilities"], Value::Array(Vec::new()));
}

#[test]
fn a_capability_that_is_not_declared_is_found_out() {
    for (target, clause) in [
        ("memory:host-close", "CAP-UNDECLARED-01"),
        ("memory:host-close", "ROOM-08"),
        ("memory:host-transfer", "CAP-UNDECLARED-01"),
        ("memory:capacity", "ROOM-06"),
    ] {
        let report = report(&[target, "--only", "cap-undeclared-01-*"], 1);
        assert!(broken(&report).contains(&clause), "{target}: {:?}", broken(&report));
    }
}

/// Not even where another one is declared.
#[test]
fn one_capability_is_no_excuse_for_another() {
    let report = report(&["memory:host-transfer", "--capability", "host-close"], 1);
    assert!(broken(&report).contains(&"CAP-HOST-CLOSE-01") && broken(&report).contains(&"CAP-UNDECLARED-01"));
}

#[test]
fn generated_suites_follow_what_is_declared() {
    for (target, declared, _) in OFFERED {
        page(&["test", target, "--capability", declared, "--suite", "tours,races", "--shard", "1/40"], 0);
    }
}

#[test]
fn a_capability_without_a_clause_is_declared_and_not_judged() {
    let stdout = page(&["test", "memory:reference", "--only", "room-01*", "--capability", "password"], 0);
    assert!(stdout.contains("capability password       declared, not judged"), "{stdout}");
    let report = report(&["memory:reference", "--only", "room-01*", "--capability", "password"], 0);
    assert_eq!(report["capabilities"][0]["verdict"], Value::Null);
}

#[test]
fn a_declared_capability_that_no_case_exercised_says_so() {
    let stdout = page(&["test", "memory:host-close", "--capability", "host-close", "--only", "room-01-create"], 0);
    assert!(stdout.contains("capability host-close     declared, not exercised"), "{stdout}");
}

#[test]
fn saved_traces_and_replays_keep_what_was_declared() {
    let folder = tempfile::tempdir().expect("a folder");
    let traces = folder.path().to_str().expect("UTF-8");
    let arguments = ["test", "memory:host-close", "--capability", "host-close", "--only", "cap-host-close*"];
    page(&[&arguments[..], &["--trace-dir", traces]].concat(), 0);
    let stdout = page(&["judge", traces], 0);
    assert!(stdout.contains("CAP-HOST-CLOSE-01    MUST    pass"), "{stdout}");
    let stdout =
        page(&["test", "memory:reference", "--capability", "host-close", "--only", "cap-host-close-01-leave"], 1);
    assert!(stdout.contains("--capability host-close --only cap-host-close-01-leave"), "{stdout}");
}

#[test]
fn the_reference_server_offers_them_on_both_wires() {
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    for (host_leaves, declared) in [(HostLeaves::CloseRoom, "host-close"), (HostLeaves::HandOver, "host-transfer")] {
        let rules = RoomRules { host_leaves, capacity: NonZeroU16::new(3), ..RoomRules::REFERENCE };
        let config = Config { rules, ..Config::default() };
        let server = runtime.block_on(Server::start(config)).expect("loopback has a free port");
        for wire in ["tutorial", "glare"] {
            let target = format!("{wire}:http://{}", server.addr());
            let declared = ["--capability", declared, "--capability", "capacity=3"];
            let stdout = page(
                &[&["test", &target, "--suite", "requirements,tours", "--shard", "1/2"], &declared[..]].concat(),
                0,
            );
            assert!(stdout.contains("capability capacity=3     declared, pass"), "{stdout}");
        }
        runtime.block_on(server.shutdown());
    }
}

#[test]
fn wrong_declarations_are_named() {
    for (declared, culprit) in [
        ("telepathy", "telepathy"),
        ("capacity", "capacity=8"),
        ("capacity=1", "capacity=1"),
        ("password=x", "password"),
    ] {
        let stderr = error(&["test", "memory:reference", "--capability", declared], 2);
        assert!(stderr.contains(culprit), "{declared}: {stderr}");
    }
    let both = ["test", "memory:reference", "--capability", "host-close", "--capability", "host-transfer"];
    assert!(error(&both, 2).contains("exclude each other"));
    assert!(page(&["list", "capabilities"], 0).contains("host-transfer  CAP-HOST-TRANSFER-01"));
}
