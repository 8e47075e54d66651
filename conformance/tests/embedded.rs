//! The suite against the reference server on real sockets, over both of its wires.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use glare_conformance::{
    binding::{Binding, Plan as BindingPlan, library as library_of_bindings},
    limits::EMBEDDED_HEARTBEAT,
    run::{CaseResult, Plan, RunEvent, run},
    scenario::library,
    target::Target,
    verdict::{Evidence, Verdict},
};
use glare_model::{
    requirement::ids::{ROOM_01, ROOM_04},
    room::{RoomRules, SecondRoom},
};
use glare_server::{Config, Server};
use url::Url;

/// Nothing is missing, so this is never waited for.
const PATIENT: Duration = Duration::from_secs(10);
/// What is missing is waited for this long, case by case.
const BRIEF: Duration = Duration::from_millis(500);

async fn judge(binding: Binding, rules: RoomRules, jobs: usize, timeout: Duration) -> BTreeMap<String, CaseResult> {
    let (ping_interval, ping_timeout) = EMBEDDED_HEARTBEAT;
    let config = Config { ping_interval, ping_timeout, rules, ..Config::default() };
    let server = Server::start(config).await.expect("loopback has a free port");
    let url = Url::parse(&format!("http://{}", server.addr())).expect("an address makes a URL");
    let plan = Plan {
        budget: None,
        transport: Target::at(binding, url).transport().expect("a URL has a transport"),
        exact: false,
        cases: library().iter().cloned().map(Arc::new).collect(),
        jobs,
        timeout,
        seed: 7,
        nonce: 7,
        process: None,
    };
    let mut results = BTreeMap::new();
    let watch = |event| {
        if let RunEvent::Finished(result) = event {
            results.insert(result.case.id.clone(), *result);
        }
    };
    run(plan, watch).await.expect("the embedded server answers");
    results
}

fn alarms(results: &BTreeMap<String, CaseResult>) -> Vec<String> {
    let failed = results.values().filter(|result| result.judgement.verdict != Verdict::Pass);
    failed.map(|result| format!("{}: {:#?}\n{}", result.case.id, result.judgement, result.trace.to_ndjson())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_server_passes_every_case_over_socket_io() {
    let results = judge(Binding::tutorial(), RoomRules::REFERENCE, 8, PATIENT).await;
    assert_eq!(results.len(), library().len());
    assert_eq!(alarms(&results), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_server_passes_every_case_over_http_polling_that_has_words_there() {
    let (_, tutorial) =
        library_of_bindings().iter().find(|(plan, _)| plan.name() == "tutorial").expect("it is bundled");
    let text = tutorial.replace("[transport.socket-io]", "[transport.socket-io]\nover = \"polling\"");
    let plan = BindingPlan::read("polling.toml", &text).expect("it is a binding");
    let results = judge(Binding::Bound(Arc::new(plan)), RoomRules::REFERENCE, 8, PATIENT).await;
    let unsaid: Vec<_> = results
        .values()
        .filter(|result| result.judgement.verdict == Verdict::NotApplicable)
        .map(|result| result.case.id.as_str())
        .collect();
    assert_eq!(unsaid, ["err-06-binary", "err-06-invalid-utf8", "err-06-reserved-opcode"]);
    let said = results.into_iter().filter(|(_, result)| result.judgement.verdict != Verdict::NotApplicable).collect();
    assert_eq!(alarms(&said), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_server_passes_every_case_over_json_and_absence_is_proved_by_fences() {
    let results = judge(Binding::glare(), RoomRules::REFERENCE, 1, PATIENT).await;
    assert_eq!(results.len(), library().len());
    assert_eq!(alarms(&results), Vec::<String>::new());
    assert!(results.values().all(|result| result.judgement.evidence == Evidence::Fenced));
}

/// Socket.IO with acks, a leave and a signal without a room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_several_rooms_passes_over_socket_io_where_it_is_declared_and_fails_where_it_is_not() {
    let (_, tutorial) =
        library_of_bindings().iter().find(|(plan, _)| plan.name() == "tutorial").expect("it is bundled");
    let text = format!("{tutorial}\n[dialect]\nsecond-room = \"several\"\n");
    let plan = BindingPlan::read("several.toml", &text).expect("it is a binding");
    let dialect = *plan.profile().dialect();
    assert!(dialect.has_several_rooms() && !dialect.leaves_by_name && !dialect.signals_in_rooms);
    let binding = Binding::Bound(Arc::new(plan));
    let rules = RoomRules { second_room: SecondRoom::Several, ..RoomRules::REFERENCE };
    let results = judge(binding.clone(), rules, 8, PATIENT).await;
    assert_eq!(alarms(&results), Vec::<String>::new());
    let broken = |results: &BTreeMap<String, CaseResult>| {
        let all = results.values().flat_map(|result| &result.judgement.violations);
        all.map(|one| one.requirement).collect::<Vec<_>>()
    };
    assert!(broken(&judge(Binding::tutorial(), rules, 8, BRIEF).await).contains(&ROOM_04));
    let refused = broken(&judge(binding, RoomRules::REFERENCE, 8, BRIEF).await);
    assert!(refused.contains(&ROOM_01) && !refused.contains(&ROOM_04), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faulty_rules_get_the_same_verdicts_over_both_wires() {
    // Without the crash: a server that is gone makes what follows a matter of timing.
    let rules = RoomRules { missing_ack: RoomRules::REFERENCE.missing_ack, ..RoomRules::TUTORIAL };
    let broken = |results: BTreeMap<String, CaseResult>| -> BTreeMap<String, Vec<String>> {
        // Which of two racing acts comes first differs from run to run, whatever the wire.
        let settled =
            results.into_iter().filter(|(_, result)| result.case.phases.iter().all(|phase| phase.steps.len() == 1));
        settled
            .map(|(case, result)| {
                (case, result.judgement.violations.iter().map(|one| one.requirement.to_string()).collect())
            })
            .collect()
    };
    let over_socket_io = broken(judge(Binding::tutorial(), rules, 8, BRIEF).await);
    let over_json = broken(judge(Binding::glare(), rules, 8, BRIEF).await);
    assert!(over_json.values().any(|clauses| clauses.contains(&"ROOM-04".to_owned())));
    assert_eq!(over_socket_io, over_json);
}
