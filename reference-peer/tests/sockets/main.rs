//! A hundred glares on real sockets. Alone in its process, whose tasks, files and memory are counted.

mod memory;
#[path = "../peers/support.rs"]
mod support;

use std::fs;

use glare_model::negotiation::Strategy;
use glare_peer::{
    native::Media,
    report::Report,
    rtc::MediaKind,
    session::{Config, Wish},
    signaling::{Endpoint, Wire},
};
use tokio::runtime::Handle;

use memory::live_bytes;
use support::{conclude, endpoint, join, server};

/// How often offers have to cross.
const GLARES: usize = 100;

/// A tenth of one connection of webrtc-rs, and of a hundred remotes a third of a kilobyte each.
const GROWTH_BYTES_MAX: usize = 32 * 1024;

/// Two pairs at a time, of which each can have two glares; how often offers cross depends on the machine.
const ROUNDS_MAX: usize = 200;

/// Both ends of a pair offer when they meet, and again when both add a track at once. Returns how often their offers crossed.
async fn collide(server: Endpoint, room: String) -> usize {
    let config =
        |name: &str| Config { strategy: ("perfect-negotiation", Strategy::PERFECT), ..Config::new(room.clone(), name) };
    let one = join(server.clone(), config("A"), Media::Synthetic).await;
    let other = join(server, config("B"), Media::Synthetic).await;
    let mut peers = vec![one, other];
    for peer in &mut peers {
        peer.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    }
    for peer in &peers {
        assert!(peer.session.wish(Wish::AddTrack(MediaKind::Video)).await);
    }
    for peer in &mut peers {
        let is_video = |it: &Report| matches!(it, Report::Track { kind: MediaKind::Video, .. });
        while peer.seen().iter().filter(|it| is_video(it)).count() < 2 {
            peer.next_that("both video tracks arrived", is_video).await;
        }
    }
    let verdicts = conclude(peers).await;
    verdicts.iter().map(|verdict| verdict.glares).sum()
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Pairs meet at a server of their own until this many offers crossed. Returns how many did.
async fn glares(wanted: usize) -> usize {
    let server = server().await;
    let mut crossed = 0;
    for round in 0..ROUNDS_MAX {
        if crossed >= wanted {
            break;
        }
        let wire = if round % 2 == 0 { Wire::SocketIo } else { Wire::Json };
        let pairs = [0, 1].map(|pair| collide(endpoint(&server, wire), format!("room {round} {pair}")));
        let [one, other] = pairs;
        let (one, other) = tokio::join!(one, other);
        crossed += one + other;
    }
    server.shutdown().await;
    crossed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_glares_on_sockets_converge_and_leave_nothing_behind() {
    let before = (Handle::current().metrics().num_alive_tasks(), open_files());
    let warm_up = glares(GLARES / 10).await;
    let bytes = live_bytes();
    let crossed = glares(GLARES).await;
    assert!(crossed >= GLARES, "offers crossed {crossed} times, and {warm_up} times before");
    assert_eq!((Handle::current().metrics().num_alive_tasks(), open_files()), before, "tasks and files");
    let after = live_bytes();
    assert!(after <= bytes + GROWTH_BYTES_MAX, "{bytes} bytes before, and {after} after");
}
