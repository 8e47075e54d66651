//! Sessions that meet, do things at random times, come to rest and leave.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use glare_model::negotiation::Strategy;
use glare_peer::{
    judge::{Verdict, judge},
    rtc::MediaKind,
    session::{Config, Session, Wish},
    trace::Line,
};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use tokio::time::sleep;

use crate::{
    fake::{Air, Fakes},
    network::Network,
};

/// Far more than all delays together.
pub(crate) const CALM: Duration = Duration::from_secs(5);

pub(crate) struct Peer {
    pub(crate) session: Session,
    pub(crate) trace: Arc<Mutex<Vec<Line>>>,
}

pub(crate) fn join(network: &Network, air: &Air, strategy: &'static str, pause: Duration) -> Peer {
    let trace = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&trace);
    let config = Config {
        strategy: (strategy, Strategy::named(strategy).unwrap()),
        answer_pause: pause,
        recorder: Arc::new(move |line| lines.lock().unwrap().push(line)),
        ..Config::new("room", "peer")
    };
    Peer { session: Session::start(config, network.clone(), Fakes(air.clone())), trace }
}

/// Peers do things at random times, and are all in the room at last.
pub(crate) async fn act(rng: &mut ChaCha8Rng, peers: &[Peer]) {
    for _ in 0..rng.random_range(2..8) {
        sleep(Duration::from_millis(rng.random_range(0..120))).await;
        let peer = &peers[rng.random_range(0..peers.len())];
        let wish = match rng.random_range(0..5) {
            0 => Wish::RestartIce(None),
            1 => Wish::LeaveRoom,
            2 => Wish::EnterRoom("room".into()),
            _ => Wish::AddTrack(MediaKind::Video),
        };
        assert!(peer.session.wish(wish).await, "a session ended");
    }
    for peer in peers {
        peer.session.wish(Wish::EnterRoom("room".into())).await;
    }
}

/// One run: peers meet, do things at random times, come to rest, and leave.
pub(crate) async fn run(seed: u64, strategy: &'static str, count: usize) -> Vec<Verdict> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (network, air) = (Network::new(seed), Air::default());
    let mut pause = || Duration::from_millis(rng.random_range(0..30));
    let peers: Vec<_> = (0..count).map(|_| join(&network, &air, strategy, pause())).collect();
    act(&mut rng, &peers).await;
    sleep(CALM).await;
    let pairs = count * (count - 1);
    assert_eq!(air.counts(), (pairs, pairs), "seed {seed}: one connection for each remote, and connected");
    let mut remotes = air.remotes();
    remotes.sort();
    assert!(remotes.chunks(count - 1).all(|chunk| chunk.iter().all(|it| *it == chunk[0])), "seed {seed}: {remotes:?}");
    let mut verdicts = Vec::new();
    for peer in peers {
        peer.session.leave().await;
        let verdict = judge(&peer.trace.lock().unwrap()).unwrap();
        assert!(verdict.findings.is_empty(), "seed {seed}: {:#?}", verdict.findings);
        verdicts.push(verdict);
    }
    assert_eq!(air.counts(), (0, 0), "seed {seed}: nothing is left open");
    verdicts
}
