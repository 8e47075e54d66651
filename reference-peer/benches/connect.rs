//! Time to connected: webrtc-rs alone, signaled by function calls, and two peers over the reference server, in one run and
//! alternating. And what 100 cycles of joining and leaving leave behind.
//!
//!   cargo bench -p glare-peer            `-- --rounds N` for another number of rounds

use std::time::{Duration, Instant};

use glare_model::message::SignalKind;
use glare_peer::{
    local::Local,
    native::{Media, NativeFactory},
    report::Report,
    rtc::{Connection, Factory, Notice, Notices, Source},
    session::{Config, Session},
    signaling::Endpoint,
};
use glare_server::Server;
use tokio::sync::{mpsc, watch};

use support::{Left, say};

mod support;

const ROUNDS: usize = 30;
const CYCLES: usize = 100;

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--rounds");
    let rounds = arguments.nth(1).and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(rounds));
}

async fn measure(rounds: usize) {
    let server = Server::start(glare_server::Config::default()).await.expect("a free port");
    let http: Endpoint = format!("http://{}", server.addr()).parse().expect("a URL");
    let json: Endpoint = format!("ws://{}/ws", server.addr()).parse().expect("a URL");
    let (mut alone, mut socketio, mut websocket) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        alone.push(webrtc_alone().await);
        socketio.push(two_peers(&http, &format!("sio {round}")).await);
        websocket.push(two_peers(&json, &format!("json {round}")).await);
    }
    let (base, quickest) = (median(&mut alone), alone[0]);
    say(&format!("time to connected at both ends, data and media, loopback, median of {rounds}:"));
    for (name, times) in
        [("webrtc-rs alone", &mut alone), ("over Socket.IO", &mut socketio), ("over JSON", &mut websocket)]
    {
        let middle = median(times);
        let (first, last) = (times[0], times[times.len() - 1]);
        let ratio = |time: Duration, of: Duration| time.as_secs_f64() / of.as_secs_f64();
        say(&format!(
            "  {name:16} {:7.1} ms, {:.2}x  (quickest {:.1} ms, {:.2}x, slowest {:.1} ms)",
            ms(middle),
            ratio(middle, base),
            ms(first),
            ratio(first, quickest),
            ms(last)
        ));
    }
    two_peers(&json, "warm").await;
    let before = Left::count();
    for cycle in 0..CYCLES {
        two_peers(&json, &format!("cycle {cycle}")).await;
    }
    say(&format!("{CYCLES} cycles of two peers: {}", before.until(&Left::count())));
    server.shutdown().await;
}

/// Two connections of the library, with the same settings, tracks and data channel, and nothing between them.
async fn webrtc_alone() -> Duration {
    let began = Instant::now();
    let factory = NativeFactory::loopback(Media::Synthetic);
    let local = Local { name: String::new(), audio: true, video: true, source: Source::Camera };
    let (_keep, local) = watch::channel(local);
    let mut ends = Vec::new();
    for epoch in [0, 1] {
        let (sender, notices) = mpsc::channel(1024);
        let mut end = factory.build("", local.clone(), Notices::new(epoch, sender)).await.expect("a connection");
        end.attach();
        end.add_tracks().await.expect("tracks");
        ends.push((end, notices));
    }
    let (mut answerer, mut at_answerer) = ends.pop().expect("two ends");
    let (mut offerer, mut at_offerer) = ends.pop().expect("two ends");
    let offer = offerer.make(SignalKind::Offer, 1).await.expect("an offer");
    answerer.apply(&offer).await.expect("applied");
    let answer = answerer.make(SignalKind::Answer, 1).await.expect("an answer");
    offerer.apply(&answer).await.expect("applied");
    let (mut one, mut other) = (false, false);
    while !(one && other) {
        tokio::select! {
            Some((_, notice)) = at_offerer.recv() => pass(notice, &mut answerer, &mut one).await,
            Some((_, notice)) = at_answerer.recv() => pass(notice, &mut offerer, &mut other).await,
        }
    }
    let took = began.elapsed();
    offerer.close().await.expect("closed");
    answerer.close().await.expect("closed");
    took
}

async fn pass(notice: Notice, to: &mut impl Connection, is_connected: &mut bool) {
    match notice {
        Notice::Gathered(_, candidate) => to.add(&candidate).await.expect("added"),
        Notice::State("connected") => *is_connected = true,
        Notice::State(_)
        | Notice::Ice(_)
        | Notice::ChannelOpened
        | Notice::Said(_)
        | Notice::Track(_)
        | Notice::Received(..)
        | Notice::TracksUnnegotiated
        | Notice::Problem(_) => {}
    }
}

/// From the moment in which the second peer starts to connect to the server.
async fn two_peers(server: &Endpoint, room: &str) -> Duration {
    let start =
        |name| Session::start(Config::new(room, name), server.clone(), NativeFactory::loopback(Media::Synthetic));
    let mut one = start("A");
    until(&mut one, |report| matches!(report, Report::Entered { .. })).await;
    let began = Instant::now();
    let mut other = start("B");
    let connected = |report: &Report| matches!(report, Report::ConnectionState { state: "connected", .. });
    tokio::join!(until(&mut one, connected), until(&mut other, connected));
    let took = began.elapsed();
    tokio::join!(one.leave(), other.leave());
    took
}

async fn until(session: &mut Session, is_it: impl Fn(&Report) -> bool) {
    loop {
        let report = session.next().await.expect("the session goes on");
        if is_it(&report) {
            return;
        }
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
