//! Relayed connections: through a TURN server, and through nothing else.

use std::process::Stdio;

use glare_peer::{
    native::{IceServer, IceTransportPolicy, Media, NativeFactory},
    report::Report,
    session::{Config, Wish},
    signaling::Wire,
    trace::{Did, Line},
};
use tokio::process::Command;

use crate::{
    relay::Relay,
    support::{conclude, endpoint, join, join_with, server},
};

/// Together far more than what goes through a relay by itself: checks, DTLS, profiles.
const TEXT_BYTES: usize = 16 * 1024;
const TEXTS: usize = 4;

fn relayed(turn: IceServer) -> NativeFactory {
    NativeFactory {
        ice_servers: vec![turn],
        ice_transport_policy: IceTransportPolicy::Relay,
        ..NativeFactory::loopback(Media::None)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_peers_with_relay_candidates_only_talk_through_the_turn_server() {
    let (server, relay) = (server().await, Relay::start().await);
    let mut peers = Vec::new();
    for name in ["A", "B"] {
        let config = Config::new("room", name);
        peers.push(join_with(endpoint(&server, Wire::Json), config, relayed(relay.own_server())).await);
    }
    for peer in &mut peers {
        peer.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    }
    assert_eq!(relay.allocations(), 2);
    let before = relay.relayed_bytes();
    for peer in &mut peers {
        peer.until("it said its name", |it| matches!(it, Report::Profile { .. })).await;
    }
    for number in 0..TEXTS {
        for peer in &peers {
            assert!(peer.session.wish(Wish::Chat(format!("{number}{}", "x".repeat(TEXT_BYTES - 1)))).await);
        }
    }
    for peer in &mut peers {
        for number in 0..TEXTS {
            let is_it = |text: &str| text.len() == TEXT_BYTES && text.starts_with(&number.to_string());
            peer.until("it wrote", |it| matches!(it, Report::Chat { text, .. } if is_it(text))).await;
        }
    }
    let sent = peers.len() * TEXTS * TEXT_BYTES;
    assert!(relay.relayed_bytes() - before >= sent, "{before} .. {} of {sent} bytes", relay.relayed_bytes());
    conclude(peers).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_reported_and_nothing_connects() {
    let (server, relay) = (server().await, Relay::start().await);
    let mut peers = Vec::new();
    for name in ["A", "B"] {
        let config = Config::new("room", name);
        peers.push(join_with(endpoint(&server, Wire::Json), config, relayed(relay.server("wrong"))).await);
    }
    for peer in &mut peers {
        let is_told = |message: &str| message.contains("no TURN server gave a relay candidate, and no other");
        peer.until("it is reported", |it| matches!(it, Report::Problem { message, .. } if is_told(message))).await;
    }
    for peer in peers {
        // It is reported when all candidates are found, so that one of another kind would have been sent before.
        let is_candidate = |did: &Did| matches!(did, Did::SendCandidate(_));
        let lines = peer.leave().await;
        let mut steps = lines.iter().filter_map(|line| if let Line::Step(step) = line { Some(step) } else { None });
        assert!(!steps.any(|step| step.did.iter().any(is_candidate)), "{lines:#?}");
    }
    assert_eq!((relay.allocations(), relay.relayed_bytes()), (0, 0));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_server_that_refuses_is_reported_and_other_candidates_connect() {
    let (server, relay) = (server().await, Relay::start().await);
    let factory = NativeFactory { ice_transport_policy: IceTransportPolicy::All, ..relayed(relay.server("wrong")) };
    let mut one = join_with(endpoint(&server, Wire::Json), Config::new("room", "A"), factory).await;
    let mut other = join(endpoint(&server, Wire::Json), Config::new("room", "B"), Media::None).await;
    for peer in [&mut one, &mut other] {
        peer.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    }
    let is_told = |message: &str| message.starts_with("no TURN server gave a relay candidate:");
    one.until("it is reported", |it| matches!(it, Report::Problem { message, .. } if is_told(message))).await;
    one.leave().await;
    other.leave().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_names_the_turn_server_and_the_policy() {
    let (server, relay) = (server().await, Relay::start().await);
    let mut program = Command::new(env!("CARGO_BIN_EXE_glare-peer"))
        .args(["join", endpoint(&server, Wire::Json).url.as_str(), "room", "--bind", "127.0.0.1:0"])
        .args(["--media", "none", "--ice-transport-policy", "relay", "--ice-server", &relay.argument()])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut peer = join(endpoint(&server, Wire::Json), Config::new("room", "A"), Media::None).await;
    peer.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    peer.until("it said its name", |it| matches!(it, Report::Profile { .. })).await;
    assert_eq!(relay.allocations(), 1);
    assert!(relay.relayed_bytes() > 0);
    program.kill().await.unwrap();
    peer.until("it is gone", |it| matches!(it, Report::UserLeft { .. })).await;
    conclude(vec![peer]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn relay_candidates_only_without_a_turn_server_is_wrong_usage() {
    let arguments = ["join", "ws://127.0.0.1:9/ws", "room", "--ice-transport-policy", "relay"];
    let output = Command::new(env!("CARGO_BIN_EXE_glare-peer")).args(arguments).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--ice-server turn:"));
}
