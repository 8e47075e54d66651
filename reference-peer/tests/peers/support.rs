//! A server, peers, and waiting for what they report.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use glare_peer::{
    judge::{Verdict, judge, unconnected},
    native::{Media, NativeFactory},
    report::Report,
    session::{Config, Session},
    signaling::{Endpoint, Wire},
    trace::Line,
};
use glare_server::{RunningServer, Server};
use tokio::time::{Instant, interval, timeout, timeout_at};

/// Longer than anything here takes; what comes later counts as never.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks at traces.
const LOOK_PERIOD: Duration = Duration::from_millis(10);

pub(crate) async fn server() -> RunningServer {
    Server::start(glare_server::Config::default()).await.unwrap()
}

pub(crate) fn endpoint(server: &RunningServer, wire: Wire) -> Endpoint {
    let url = match wire {
        Wire::SocketIo => format!("http://{}", server.addr()),
        Wire::Json => format!("ws://{}/ws", server.addr()),
    };
    url.parse().unwrap()
}

pub(crate) struct Peer {
    pub(crate) id: String,
    pub(crate) session: Session,
    pub(crate) trace: Arc<Mutex<Vec<Line>>>,
    seen: Vec<Report>,
}

/// Starts a peer, and waits until it is in its room.
pub(crate) async fn join(server: Endpoint, config: Config, media: Media) -> Peer {
    join_with(server, config, NativeFactory::loopback(media)).await
}

/// The same, with connections as this one builds them.
pub(crate) async fn join_with(server: Endpoint, config: Config, factory: NativeFactory) -> Peer {
    let trace = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&trace);
    let config = Config { recorder: Arc::new(move |line| lines.lock().unwrap().push(line)), ..config };
    let session = Session::start(config, server, factory);
    let mut peer = Peer { id: String::new(), session, trace, seen: Vec::new() };
    peer.until("it is connected", |report| matches!(report, Report::SignalingConnected { .. })).await;
    let Some(Report::SignalingConnected { user_id }) = peer.seen.last() else { unreachable!("it was waited for") };
    peer.id = user_id.clone();
    peer.until("it is in the room", |report| matches!(report, Report::Entered { .. })).await;
    peer
}

impl Peer {
    /// Waits for a report; one that came already counts.
    pub(crate) async fn until(&mut self, what: &str, mut is_it: impl FnMut(&Report) -> bool) {
        if self.seen.iter().any(&mut is_it) {
            return;
        }
        self.next_that(what, is_it).await;
    }

    /// Waits for a report that is yet to come.
    pub(crate) async fn next_that(&mut self, what: &str, mut is_it: impl FnMut(&Report) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(deadline, self.session.next()).await;
            let Ok(Some(report)) = next else { panic!("{}: {what} did not happen: {:#?}", self.id, self.seen) };
            let is_found = is_it(&report);
            self.seen.push(report);
            if is_found {
                return;
            }
        }
    }

    pub(crate) fn seen(&self) -> &[Report] {
        &self.seen
    }

    /// Leaves, and hands the trace over.
    pub(crate) async fn leave(self) -> Vec<Line> {
        self.session.leave().await;
        std::mem::take(&mut *self.trace.lock().unwrap())
    }
}

/// Waits until each two are connected with each other's descriptions: a track arrives before the answer to its offer does.
async fn settle(peers: &[Peer]) {
    let mut looks = interval(LOOK_PERIOD);
    let mut waits_for = Vec::new();
    let settling = async {
        loop {
            looks.tick().await;
            let verdicts: Vec<_> = peers.iter().map(|peer| judge(&peer.trace.lock().unwrap()).unwrap()).collect();
            waits_for.clone_from(&unconnected(&verdicts));
            if waits_for.is_empty() {
                return;
            }
        }
    };
    let settled = timeout(PATIENCE, settling).await;
    assert!(settled.is_ok(), "after {PATIENCE:?} these are not connected: {waits_for:?}");
}

/// Everybody leaves; what they did was right, and each two of them were connected.
pub(crate) async fn conclude(peers: Vec<Peer>) -> Vec<Verdict> {
    settle(&peers).await;
    let mut verdicts = Vec::new();
    for peer in peers {
        assert!(peer.seen().iter().all(|it| !matches!(it, Report::Problem { .. })), "{:#?}", peer.seen());
        let verdict = judge(&peer.leave().await).unwrap();
        assert!(verdict.findings.is_empty(), "{:#?}", verdict.findings);
        verdicts.push(verdict);
    }
    assert_eq!(unconnected(&verdicts), []);
    verdicts
}
