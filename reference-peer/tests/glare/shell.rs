//! The shell: sessions with fakes on a network in memory.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use glare_model::{negotiation::Strategy, requirement::ids};
use glare_peer::{
    judge::{judge, unconnected},
    limits,
    report::{End, Report},
    session::{Config, Session, Wish},
    signaling::{ConnectError, Dial, Incoming, Outgoing, Signaling},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::{
    fake::{Air, Fakes},
    network::Network,
    run::{CALM, act, join, run},
};

#[tokio::test(start_paused = true)]
async fn four_peers_converge_under_every_conforming_strategy() {
    for strategy in ["lower-id-offers", "joiner-offers", "perfect-negotiation"] {
        for seed in 0..20 {
            run(seed, strategy, 4).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pairs_that_do_not_connect_are_found() {
    // Both offer and neither yields: nobody answers.
    let (network, air) = (Network::new(1), Air::default());
    let peers: Vec<_> = (0..2).map(|_| join(&network, &air, "send-again", Duration::ZERO)).collect();
    sleep(Duration::from_millis(300)).await;
    let mut verdicts = Vec::new();
    for peer in peers {
        peer.session.leave().await;
        verdicts.push(judge(&peer.trace.lock().unwrap()).unwrap());
    }
    assert_eq!(unconnected(&verdicts).len(), 1);
}

/// A server that is reached once, and never again.
struct Once(Network, AtomicBool);

impl Dial for Once {
    async fn dial(&self) -> Result<Signaling, ConnectError> {
        if self.1.swap(true, Ordering::Relaxed) {
            return Err(ConnectError { server: "it".into(), problem: "nobody listens".into() });
        }
        self.0.dial().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_away_is_tried_five_times_a_second_apart_and_then_the_session_ends() {
    let (network, air) = (Network::new(1), Air::default());
    let server = Once(network, AtomicBool::new(false));
    let mut session = Session::start(Config::new("room", "peer"), server, Fakes(air));
    assert!(session.wish(Wish::DropSignaling).await);
    let began = tokio::time::Instant::now();
    let mut attempts = 0;
    let end = loop {
        match session.next().await {
            Some(Report::Reconnecting { attempt, of: 5 }) => attempts = attempt,
            Some(Report::Ended(end)) => break end,
            Some(_) => {}
            None => panic!("a session ends with a report"),
        }
    };
    assert!(matches!(end, End::Unreachable { message } if message.contains("nobody listens")));
    assert_eq!((attempts, began.elapsed().as_secs()), (5, 5));
}

/// One connection whose queues the test holds at their other ends.
struct Held(Mutex<Option<Signaling>>);

impl Dial for Held {
    async fn dial(&self) -> Result<Signaling, ConnectError> {
        let again = || ConnectError { server: "it".into(), problem: "there is one connection only".into() };
        self.0.lock().unwrap().take().ok_or_else(again)
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_remote_costs_its_connection_and_does_not_stop_the_peer() {
    // Nothing is sent beyond the first message, as on a connection whose other end does not read.
    let (outgoing, mut sent) = mpsc::channel::<Outgoing>(1);
    let (arriving, incoming) = mpsc::channel(1);
    let signaling = Signaling::new("a".into(), outgoing, incoming, tokio::spawn(async {}));
    let trace = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&trace);
    let config = Config {
        strategy: ("lower-id-offers", Strategy::REFERENCE),
        recorder: Arc::new(move |line| lines.lock().unwrap().push(line)),
        ..Config::new("room", "peer")
    };
    let air = Air::default();
    let mut session = Session::start(config, Held(Mutex::new(Some(signaling))), Fakes(air.clone()));
    let asked = sent.recv().await.unwrap();
    arriving.send(Incoming::Ack(asked.ack.unwrap(), json!({ "success": true, "existingUsers": [] }))).await.unwrap();
    let notice = |event: &str, user: &str| Incoming::Event(event.into(), json!({ "userId": user, "timestamp": "" }));
    let flooding = async {
        // Meetings are among what finds no room.
        for _ in 0..limits::INBOX_MAX {
            for event in ["user-joined", "user-joined", "user-joined", "user-left"] {
                arriving.send(notice(event, "flood")).await.unwrap();
            }
        }
        arriving.send(notice("user-joined", "later")).await.unwrap();
    };
    let hearing = async {
        let mut is_given_up = false;
        loop {
            match session.next().await.expect("the session goes on") {
                Report::Problem { remote: Some(remote), message } => {
                    is_given_up |= remote == "flood" && message.contains("given up");
                }
                Report::UserJoined { user_id } if user_id == "later" => break is_given_up,
                _ => {}
            }
        }
    };
    let heard = timeout(CALM * 100, async { tokio::join!(flooding, hearing).1 }).await;
    assert_eq!(heard, Ok(true), "given up, and the session goes on");
    // From here on the other end reads. The flooding remote counted every meeting, so that it believes no other number.
    arriving.send(notice("user-joined", "flood")).await.unwrap();
    let reading = async {
        while let Some(Outgoing { event, data, .. }) = sent.recv().await {
            let data = data.unwrap_or_default();
            if event == "offer" && data["target"] == "flood" && data["offer"]["glare"]["meeting"] == MEETINGS {
                return;
            }
        }
        panic!("the session ended");
    };
    timeout(CALM, reading).await.expect("the remote that was given up is offered a connection when it comes back");
    let reading = tokio::spawn(async move { while sent.recv().await.is_some() {} });
    session.leave().await;
    reading.await.unwrap();
    assert_eq!(air.counts(), (0, 0), "nothing is left open");
    let verdict = judge(&trace.lock().unwrap()).unwrap();
    assert_eq!(verdict.findings, [], "what a peer gives up it has not done wrong");
}

/// How often the flooding remote is met.
const MEETINGS: usize = 3 * limits::INBOX_MAX + 1;

#[tokio::test(start_paused = true)]
async fn a_peer_with_the_tutorials_rules_is_found_out_clause_by_clause() {
    let mut clauses = BTreeSet::new();
    for seed in 0..60 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (network, air) = (Network::new(seed), Air::default());
        let peers: Vec<_> = (0..2).map(|_| join(&network, &air, "both-offer", Duration::ZERO)).collect();
        act(&mut rng, &peers).await;
        sleep(CALM).await;
        for peer in peers {
            peer.session.leave().await;
            let verdict = judge(&peer.trace.lock().unwrap()).unwrap();
            clauses.extend(verdict.findings.into_iter().filter_map(|finding| finding.clause));
        }
    }
    for clause in [ids::NEG_01, ids::NEG_02, ids::NEG_03, ids::NEG_04, ids::NEG_07, ids::NEG_09] {
        assert!(clauses.contains(&clause), "{clause} is not among what is found: {clauses:?}");
    }
}
