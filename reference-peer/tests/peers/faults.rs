//! Connections that break, servers that restart, hosts that leave.

use glare_model::room::{HostLeaves, RoomRules};
use glare_peer::{
    native::Media,
    report::{End, Report},
    rtc::{MediaKind, Source},
    session::{Config, Wish},
    signaling::Wire,
};
use glare_server::Server;

use crate::support::{conclude, endpoint, join, server};

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_whose_socket_breaks_comes_back_and_meets_the_others_again() {
    let server = server().await;
    let mut one = join(endpoint(&server, Wire::Json), Config::new("room", "A"), Media::None).await;
    let mut other = join(endpoint(&server, Wire::Json), Config::new("room", "B"), Media::None).await;
    one.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    assert!(other.session.wish(Wish::DropSignaling).await);
    one.until("its leaving was noticed", |it| matches!(it, Report::UserLeft { .. })).await;
    one.next_that("the channel opened again", |it| matches!(it, Report::ChannelOpened { .. })).await;
    other.until("it was lost", |it| matches!(it, Report::SignalingLost { .. })).await;
    other.next_that("the channel opened again", |it| matches!(it, Report::ChannelOpened { .. })).await;
    conclude(vec![one, other]).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_server_everybody_meets_again() {
    // A port that no client of this machine gets while the server is away.
    let listen = ([127, 0, 0, 1], glare_conformance::port::free_port().unwrap()).into();
    let server = Server::start(glare_server::Config { listen, ..glare_server::Config::default() }).await.unwrap();
    let mut one = join(endpoint(&server, Wire::SocketIo), Config::new("room", "A"), Media::None).await;
    let mut other = join(endpoint(&server, Wire::SocketIo), Config::new("room", "B"), Media::None).await;
    one.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    other.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    server.shutdown().await;
    let server = Server::start(glare_server::Config { listen, ..glare_server::Config::default() }).await.unwrap();
    for peer in [&mut one, &mut other] {
        peer.next_that("the channel opened again", |it| matches!(it, Report::ChannelOpened { .. })).await;
    }
    conclude(vec![one, other]).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_host_closes_the_room_the_session_ends_and_leaves_nothing_open() {
    let rules = RoomRules { host_leaves: HostLeaves::CloseRoom, ..RoomRules::REFERENCE };
    let config = glare_server::Config { rules, ..glare_server::Config::default() };
    let server = Server::start(config).await.unwrap();
    let mut host = join(endpoint(&server, Wire::Json), Config::new("room", "Host"), Media::None).await;
    let mut guest = join(endpoint(&server, Wire::SocketIo), Config::new("room", "Guest"), Media::None).await;
    host.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    guest.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    host.leave().await;
    guest.until("the room was closed", |it| matches!(it, Report::Ended(End::RoomClosed { .. }))).await;
    assert_eq!(guest.session.next().await, None);
    conclude(vec![guest]).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_takes_the_cameras_place_and_switches_are_told() {
    let server = server().await;
    let one = join(endpoint(&server, Wire::Json), Config::new("room", "A"), Media::Synthetic).await;
    let mut other = join(endpoint(&server, Wire::Json), Config::new("room", "B"), Media::Echo).await;
    let shows = |it: &Report, wanted| matches!(it, Report::Received { kind: MediaKind::Video, received, .. } if received.size == Some(wanted));
    other.until("the camera arrived", |it| shows(it, (320, 240))).await;
    assert!(one.session.wish(Wish::Show(Source::Screen)).await);
    other.until("the screen arrived", |it| shows(it, (640, 360))).await;
    assert!(one.session.wish(Wish::Show(Source::Camera)).await);
    other.next_that("the camera came back", |it| shows(it, (320, 240))).await;
    assert!(one.session.wish(Wish::Switch(MediaKind::Audio, false)).await);
    other.until("the microphone is off", |it| matches!(it, Report::Profile { audio: false, video: true, .. })).await;
    conclude(vec![one, other]).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarting_ice_keeps_the_connection_and_counters_are_reported() {
    let server = server().await;
    let mut one = join(endpoint(&server, Wire::Json), Config::new("room", "A"), Media::Synthetic).await;
    let mut other = join(endpoint(&server, Wire::Json), Config::new("room", "B"), Media::Synthetic).await;
    for peer in [&mut one, &mut other] {
        peer.until("video arrived", |it| matches!(it, Report::Received { kind: MediaKind::Video, .. })).await;
    }
    assert!(one.session.wish(Wish::RestartIce(None)).await);
    // ICE is connected again only after the restart was answered; what is said then arrives.
    for peer in [&mut one, &mut other] {
        peer.next_that("video goes on", |it| matches!(it, Report::Received { kind: MediaKind::Video, .. })).await;
    }
    assert!(one.session.wish(Wish::Chat("still here".into())).await);
    other.until("it was written to", |it| matches!(it, Report::Chat { text, .. } if text == "still here")).await;
    assert!(one.session.wish(Wish::Stats).await);
    one.until(
        "counters",
        |it| matches!(it, Report::Stats { stats, .. } if stats.packets_sent > 0 && stats.packets_received > 0),
    )
    .await;
    conclude(vec![one, other]).await;
    server.shutdown().await;
}
