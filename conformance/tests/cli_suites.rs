//! Suites, shards, budgets and seeds on the command line.

use std::collections::BTreeSet;

use command::{error, page, report};
use glare_conformance::suite::SUITES;
use serde_json::Value;

mod command;

fn cases(report: &Value) -> BTreeSet<String> {
    let results = report["results"].as_array().expect("a list");
    results.iter().map(|result| result["case"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn every_suite_is_listed_with_its_size() {
    let list = page(&["list", "suites"], 0);
    for suite in SUITES {
        let line = list.lines().find(|line| line.starts_with(suite.name)).unwrap_or_default();
        assert!(line.contains(" cases  ") && !line.contains(" 0 cases"), "{}: {line:?}", suite.name);
    }
}

/// What a run says of a suite, below its name.
fn said_of<'a>(page: &'a str, suite: &str) -> Vec<&'a str> {
    let from = page.lines().skip_while(|line| !line.starts_with(&format!("suite {suite} ")));
    from.skip(1).take_while(|line| line.starts_with("  ")).collect()
}

#[test]
fn a_run_says_what_it_covers_and_what_follows() {
    let page = page(&["test", "memory:reference", "--suite", "tours,complete,races", "--seed", "1"], 0);
    let [tours, complete] = ["tours", "complete"].map(|suite| said_of(&page, suite).join("\n"));
    let all =
        "so        tours: 6 of 6 states, 146 of 146 transitions and 6234 of 6234 pairs of consecutive transitions";
    assert!(tours.contains(all), "{page}");
    let follows =
        "with at most 1 states more than the 9 of the rules that passes all of them is equivalent to the protocol";
    assert!(complete.contains("so        complete: ") && complete.contains(follows), "{page}");
    // In memory who is written first is served first, and every race is written in both orders.
    let races = said_of(&page, "races");
    assert!(races[0].contains("so        races: 1192 of 1192 pairs of inputs"), "{page}");
    assert!(races[1].contains("1192 of 1192 races, and 1224 of the 1224 outcomes"), "{page}");
    assert!(page.contains("\nfrontier: p99 "), "{page}");
}

#[test]
fn races_of_which_a_part_ran_say_so_and_claim_nothing() {
    let report = report(&["memory:reference", "--suite", "races", "--shard", "1/3"], 0);
    let (suite, races) = (&report["suites"][0], &report["suites"][0]["races"]);
    let count = |name: &str| races[name].as_u64().expect("a count");
    assert!(count("raced") > 0 && count("raced") < count("races"), "{races}");
    assert!(count("seen") >= count("raced") && count("seen") <= count("outcomes"), "{races}");
    assert_eq!(suite["claims_hold"], false);
    let frontier = |name: &str| report["frontier"][name].as_u64().expect("a count");
    assert!(frontier("p99") > 0 && frontier("max") >= frontier("p99") && frontier("steps_max") > 0);
}

#[test]
fn a_suite_that_is_chosen_runs_alone() {
    let only = report(&["memory:reference", "--suite", "requirements"], 0);
    assert_eq!(only["suites"].as_array().map(Vec::len), Some(1));
    assert_eq!(only["suites"][0]["passed"], only["suites"][0]["cases"]);
    assert_ne!(only["suites"][0]["not_applicable"], 0, "those about capabilities");
    assert!(!cases(&only).contains("err-04-create"), "a hostile case");
    let both = report(&["memory:reference", "--suite", "requirements,hostile"], 0);
    assert!(cases(&both).contains("err-04-create") && cases(&both).is_superset(&cases(&only)));
}

#[test]
fn the_shards_together_run_every_case_once_and_call_themselves_parts() {
    let arguments = ["memory:reference", "--suite", "requirements"];
    let mut together = BTreeSet::new();
    let mut count = 0;
    for shard in ["1/3", "2/3", "3/3"] {
        let part = report(&[&arguments[..], &["--shard", shard]].concat(), 0);
        assert_eq!(part["shard"], shard);
        count += cases(&part).len();
        together.append(&mut cases(&part));
    }
    let whole = report(&arguments, 0);
    assert_eq!((together.len(), together), (count, cases(&whole)));
    assert_eq!(whole["shard"], Value::Null);
    assert!(page(&["test", "memory:reference", "--shard", "1/3"], 0).ends_with("part 1/3 of the run: PASS\n"));
}

#[test]
fn a_part_without_cases_is_an_error_and_no_pass() {
    let stderr = error(&["test", "memory:reference", "--only", "room-01-create", "--shard", "1/9999"], 2);
    assert!(stderr.contains("part 1/9999"), "{stderr}");
}

#[test]
fn what_the_budget_leaves_out_is_named_and_the_run_is_incomplete() {
    let stdout = page(&["test", "memory:reference", "--budget", "1ms"], 3);
    assert!(stdout.contains("the time budget of 0.001 s was used up"), "{stdout}");
    assert!(stdout.contains("INCOMPLETE"), "{stdout}");
    let report = report(&["memory:reference", "--budget", "1ms"], 3);
    let left_out = report["summary"]["not_exercised"].as_u64().expect("a count");
    assert!(left_out > 0 && report["suites"][0]["claims_hold"] == false);
}

#[test]
fn a_budget_does_not_hide_what_was_found_before() {
    page(&["test", "memory:tutorial", "--suite", "requirements", "--budget", "10m"], 1);
}

#[test]
fn a_clause_that_nothing_exercised_says_why() {
    let stdout = page(&["test", "memory:reference", "--only", "room-01*"], 0);
    let line = stdout.lines().find(|line| line.starts_with("ERR-06")).expect("every clause has a line");
    assert!(line.contains("not exercised") && line.ends_with("no case of this run covers it"), "{line}");
    let cut_short = page(&["test", "memory:tutorial", "--only", "id-02-reconnect-after-drop"], 1);
    let line = cut_short.lines().find(|line| line.starts_with("ID-02")).expect("every clause has a line");
    assert!(line.contains("id-02-reconnect-after-drop was cut short"), "{line}");
}

#[test]
fn the_same_seed_makes_the_same_run() {
    let arguments = ["memory:reference", "--suite", "full", "--cases", "20", "--seed", "7", "--shard", "1/7"];
    assert_eq!(cases(&report(&arguments, 0)), cases(&report(&arguments, 0)));
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, culprit) in [
        (["--suite", "heroic"], "heroic"),
        (["--suite", ""], "suite"),
        (["--cases", "0"], "--cases"),
        (["--extra-states", "3"], "--extra-states"),
        (["--shard", "4/3"], "4/3"),
        (["--budget", "30"], "30s"),
    ] {
        let stderr = error(&["test", "memory:reference", arguments[0], arguments[1]], 2);
        assert!(stderr.contains(culprit), "{arguments:?}: {stderr}");
    }
}
