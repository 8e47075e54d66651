//! Random scenarios against sound servers: no alarm, and no verdict left open.

use std::{sync::Arc, time::Duration};

use glare_conformance::{
    binding::Binding,
    driver::{Settings, drive},
    limits::EMBEDDED_HEARTBEAT,
    oracle::judge,
    run::{Plan, RunEvent, run},
    scenario::{
        Scenario,
        generate::random::{choices::choices, random, scenario_of},
        parse,
    },
    target::Target,
    transport::{Memory, Transport, virtual_time},
    verdict::Verdict,
};
use glare_server::{Config, Server};
use proptest::prelude::*;
use url::Url;

const SETTINGS: Settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };

/// What is said of a scenario on the model's own rules, unless it is a pass.
fn alarm(scenario: &Scenario) -> Option<String> {
    let runtime = virtual_time().expect("a runtime");
    let transport = Transport::Memory(Memory::reference());
    let trace = runtime.block_on(drive(&transport, scenario, SETTINGS));
    let judgement = judge(&trace, true);
    let said = || format!("{}\n{:?} {:#?}", scenario.render(), judgement.reason, judgement.violations);
    (judgement.verdict != Verdict::Pass).then(said)
}

#[test]
fn a_thousand_scenarios_raise_no_alarm_on_the_reference_rules() {
    let alarms: Vec<_> = random(3, 1_000).scenarios.iter().filter_map(alarm).collect();
    assert!(alarms.is_empty(), "{} alarms, the first:\n{}", alarms.len(), alarms[0]);
}

/// Scenarios that once raised a false alarm, shrunk.
const FORMER_ALARMS: &[(&str, &str)] = &[
    (
        "a second request without an ack",
        "B create r noack\nB leave\nA create s\nB create s noack\nB create r noack\nC create r\n",
    ),
    ("a certain and an uncertain member", "C create r noack\nA join r\nA leave\n"),
    (
        "the departures of two stays",
        "D create r\nC join r\nE join r\nE leave\nA join r\nE join r\ntogether\nC leave\nE leave\nend\nC join r\n",
    ),
];

#[test]
fn what_once_raised_a_false_alarm_raises_none() {
    for (title, steps) in FORMER_ALARMS {
        let text = format!("case: former-alarm\ntitle: {title}\ncovers: ROOM-01\n{steps}");
        let scenario = parse(&text).expect("a scenario").remove(0);
        assert_eq!(alarm(&scenario), None, "{title}");
    }
}

/// The same on sockets, where connections really race.
async fn alarms_on_sockets(binding: Binding, seed: u64, count: usize) -> Vec<String> {
    let (ping_interval, ping_timeout) = EMBEDDED_HEARTBEAT;
    let server = Server::start(Config { ping_interval, ping_timeout, ..Config::default() }).await.expect("a free port");
    let url = Url::parse(&format!("http://{}", server.addr())).expect("an address makes a URL");
    let plan = Plan {
        budget: None,
        transport: Target::at(binding, url).transport().expect("a URL has a transport"),
        exact: false,
        cases: random(seed, count).scenarios.into_iter().map(Arc::new).collect(),
        jobs: 8,
        timeout: Duration::from_secs(10),
        seed,
        nonce: seed,
        process: None,
    };
    let mut alarms = Vec::new();
    let watch = |event| {
        if let RunEvent::Finished(result) = event
            && result.judgement.verdict != Verdict::Pass
        {
            alarms.push(format!("{}\n{:#?}", result.case.render(), result.judgement));
        }
    };
    run(plan, watch).await.expect("the embedded server answers");
    alarms
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_scenario_raises_an_alarm_on_the_reference_server_over_socket_io() {
    assert_eq!(alarms_on_sockets(Binding::tutorial(), 11, 150).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_scenario_raises_an_alarm_on_the_reference_server_over_json() {
    assert_eq!(alarms_on_sockets(Binding::glare(), 12, 150).await, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Unsteered choices, so that a false alarm shrinks to few of them.
    #[test]
    fn no_choices_raise_an_alarm_on_the_reference_rules(choices in choices()) {
        let scenario = scenario_of("random-1-1", &choices);
        prop_assert_eq!(alarm(&scenario), None);
    }
}
