//! The hostile suite: no alarm against what is sound, and faults that only its generated cases find.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use glare_conformance::{
    binding::Binding,
    driver::{Settings, drive},
    limits::EMBEDDED_HEARTBEAT,
    oracle::judge,
    run::{Plan, RunEvent, run, run_and_shrink},
    scenario::{Scenario, generate::hostile, library},
    target::Target,
    transport::{CoreEffect, CoreInput, Memory, ModelCore, RoomCore, Transport},
    verdict::Verdict,
};
use glare_model::{
    requirement::{
        RequirementId,
        ids::{ERR_01, ERR_06},
    },
    room::Effect,
};
use glare_server::{Config, RunningServer, Server};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use url::Url;

const CHANCE: usize = 20;

async fn reference() -> RunningServer {
    let (ping_interval, ping_timeout) = EMBEDDED_HEARTBEAT;
    Server::start(Config { ping_interval, ping_timeout, ..Config::default() }).await.expect("loopback has a free port")
}

/// Cases about what is not of the wire's form.
fn about_broken_bytes(cases: &[Scenario]) -> impl Iterator<Item = Scenario> {
    cases.iter().filter(|case| case.hostile && case.covers.contains(&ERR_06)).cloned()
}

/// The clauses that each case breaks, of those that do not pass.
async fn alarms(
    binding: Binding,
    addr: SocketAddr,
    cases: impl Iterator<Item = Scenario>,
) -> BTreeMap<String, Vec<RequirementId>> {
    let url = Url::parse(&format!("http://{addr}")).expect("an address makes a URL");
    let transport = Target::at(binding, url).transport().expect("a URL has a transport");
    let cases: Vec<_> = cases.filter(|case| transport.excludes(case).is_none()).map(Arc::new).collect();
    assert!(!cases.is_empty());
    let plan = Plan {
        budget: None,
        transport,
        exact: false,
        cases,
        jobs: 1,
        timeout: Duration::from_secs(10),
        seed: 7,
        nonce: 7,
        process: None,
    };
    let mut alarms = BTreeMap::new();
    let watch = |event| {
        if let RunEvent::Finished(result) = event
            && result.judgement.verdict != Verdict::Pass
        {
            let clauses = result.judgement.violations.iter().map(|one| one.requirement).collect();
            alarms.insert(result.case.id.clone(), clauses);
        }
    };
    run(plan, watch).await.expect("the server answers");
    alarms
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_server_passes_every_generated_case_over_both_wires() {
    for binding in [Binding::Tutorial, Binding::Glare] {
        let server = reference().await;
        let alarms = alarms(binding, server.addr(), hostile(7, CHANCE).scenarios.into_iter()).await;
        assert_eq!(alarms, BTreeMap::new());
        drop(server);
    }
}

/// Passes bytes on to a server, and hangs up on everybody when a client's bytes contain what it dies of: a process that is
/// started again at once.
async fn mortal(upstream: SocketAddr, dies_of: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let addr = listener.local_addr().expect("it is bound");
    let (death, _) = broadcast::channel::<()>(1);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let death = death.clone();
            tokio::spawn(async move {
                let mut dying = death.subscribe();
                tokio::select! {
                    _ended = carry(client, upstream, dies_of, &death) => {}
                    _dead = dying.recv() => {}
                }
            });
        }
    });
    addr
}

async fn carry(
    client: TcpStream,
    upstream: SocketAddr,
    dies_of: &[u8],
    death: &broadcast::Sender<()>,
) -> std::io::Result<()> {
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let upwards = async {
        let (mut seen, mut chunk) = (Vec::new(), [0; 16 << 10]);
        loop {
            let count = from_client.read(&mut chunk).await?;
            if count == 0 {
                return to_server.shutdown().await;
            }
            seen.extend_from_slice(&chunk[..count]);
            if seen.windows(dies_of.len()).any(|window| window == dies_of) {
                // Everybody who is connected has subscribed, this connection included.
                death.send(()).expect("this connection listens");
            }
            seen.drain(..seen.len().saturating_sub(dies_of.len()));
            to_server.write_all(&chunk[..count]).await?;
        }
    };
    let downwards = async {
        let mut chunk = [0; 16 << 10];
        loop {
            let count = from_server.read(&mut chunk).await?;
            if count == 0 {
                return to_client.shutdown().await;
            }
            to_client.write_all(&chunk[..count]).await?;
        }
    };
    tokio::try_join!(upwards, downwards).map(drop)
}

/// Bytes of a frame with the mask of scenarios, from its payload's start.
const fn masked<const N: usize>(payload: &[u8; N]) -> [u8; N] {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = *payload;
    let mut at = 0;
    while at < N {
        bytes[at] ^= MASK[at % 4];
        at += 1;
    }
    bytes
}

/// What kills a server, over which wire, and the case that finds it.
const DEATHS: &[(Binding, &[u8], &str)] = &[
    (Binding::Tutorial, &masked(b"451-[\"x\""), "hostile-sio-attachments-missing"),
    (Binding::Tutorial, b"application/octet-stream", "hostile-polling-bytes"),
    (Binding::Tutorial, b"transport=__proto__", "hostile-handshake-engine-transport"),
    (Binding::Tutorial, b"Sec-WebSocket-Extensions: constructor", "hostile-killer-extension-of-every-object"),
    (Binding::Glare, &masked(b"{\"event\":\"join-room\",\"data\":\"\",\"ack\":-1}"), "hostile-json-ack-kinds"),
    (Binding::Glare, &[0xb9, 0x80, 0, 0, 0, 0], "hostile-ws-reserved-bits"),
    (Binding::Glare, b"SSH-2.0", "hostile-handshake-others"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_of_one_message_is_found_by_generated_cases_alone_and_the_run_goes_on() {
    for (binding, dies_of, case) in DEATHS {
        let server = reference().await;
        let addr = mortal(server.addr(), dies_of).await;
        assert_eq!(
            alarms(*binding, addr, about_broken_bytes(library())).await,
            BTreeMap::new(),
            "written cases, {case}"
        );
        let found = alarms(*binding, addr, about_broken_bytes(&hostile(7, 0).scenarios)).await;
        let clauses = found.get(*case).unwrap_or_else(|| panic!("{case} passed: {found:?}"));
        assert_eq!(clauses.first(), Some(&ERR_06), "{case}: {found:?}");
        assert!(found.len() < 12, "others are not accused: {found:?}");
        drop(server);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadly_message_is_shrunk_to_what_is_deadly_of_it() {
    const DEADLY: &[u8] = &masked(b"451-[\"x\"");
    let server = reference().await;
    let addr = mortal(server.addr(), DEADLY).await;
    let url = Url::parse(&format!("http://{addr}")).expect("an address makes a URL");
    let transport = Target::at(Binding::Tutorial, url).transport().expect("a URL has a transport");
    let cases = hostile(7, 0).scenarios.into_iter().filter(|case| case.id == "hostile-sio-attachments-missing");
    let plan = Plan {
        budget: None,
        transport,
        exact: false,
        cases: cases.map(Arc::new).collect(),
        jobs: 1,
        timeout: Duration::from_secs(2),
        seed: 7,
        nonce: 7,
        process: None,
    };
    let mut texts = Vec::new();
    let watch = |event| {
        if let RunEvent::Shrunk { shrunk, .. } = event {
            texts.push(shrunk.scenario.render());
        }
    };
    run_and_shrink(plan, watch, |_| true).await.expect("the server answers");
    let text = texts.first().expect("the failure was shrunk");
    // Somebody who is harmed, and who harms.
    let deeds: Vec<_> = text.lines().skip_while(|line| !line.starts_with("hostile:")).skip(1).collect();
    let [_, deadly] = deeds[..] else { panic!("{text}") };
    assert_eq!(deadly.matches("451-").count(), 1, "{text}");
    drop(server);
}

/// The model's rules, and another treatment of one event.
struct Planted {
    model: ModelCore,
    fault: fn(&str, Option<&Value>) -> Option<Vec<CoreEffect>>,
}

impl RoomCore for Planted {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        self.model.handle(input)
    }

    fn raw_event(&mut self, _key: u64, event: &str, data: Option<&Value>) -> Option<Vec<CoreEffect>> {
        (self.fault)(event, data)
    }
}

fn failing(
    fault: fn(&str, Option<&Value>) -> Option<Vec<CoreEffect>>,
    cases: &[Scenario],
) -> BTreeMap<String, Vec<RequirementId>> {
    let shared = Mutex::new(BTreeMap::new());
    for case in cases {
        let runtime = glare_conformance::transport::virtual_time().expect("a runtime");
        let transport = Transport::Memory(Memory::new(Planted { model: ModelCore::default(), fault }));
        if transport.excludes(case).is_some() {
            continue;
        }
        let settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };
        let judgement = judge(&runtime.block_on(drive(&transport, case, settings)), true);
        if judgement.verdict == Verdict::Fail {
            let clauses = judgement.violations.iter().map(|one| one.requirement).collect();
            shared.lock().expect("no other thread").insert(case.id.clone(), clauses);
        }
    }
    shared.into_inner().expect("no other thread")
}

#[test]
fn a_server_that_dies_of_a_targets_name_is_found_by_generated_cases_alone() {
    let dies = |event: &str, data: Option<&Value>| {
        let named = data.is_some_and(|data| data.get("target") == Some(&Value::from("__proto__")));
        (event == "answer" && named).then(|| vec![Effect::Crash])
    };
    assert_eq!(failing(dies, library()), BTreeMap::new());
    let found = failing(dies, &hostile(7, 0).scenarios);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["hostile-answer-target-names-of-objects"]);
}

#[test]
fn a_server_that_says_nothing_to_data_that_is_a_tiny_number_is_found_by_generated_cases_alone() {
    let silent = |event: &str, data: Option<&Value>| {
        (event == "ice-candidate" && data == Some(&serde_json::json!(5e-324))).then(Vec::new)
    };
    assert_eq!(failing(silent, library()), BTreeMap::new());
    let found = failing(silent, &hostile(7, 0).scenarios);
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        [("hostile-ice-candidate-data-numbers".to_owned(), vec![ERR_01])]
    );
}
