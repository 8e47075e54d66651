//! Two and four peers meet, talk and see each other.

use glare_peer::{
    native::Media,
    report::Report,
    rtc::MediaKind,
    session::{Config, Wish},
    signaling::Wire,
};

use crate::support::{Peer, conclude, endpoint, join, server};

async fn meet(wire: Wire, names: &[&str]) {
    let server = server().await;
    let mut peers: Vec<Peer> = Vec::new();
    for name in names {
        peers.push(join(endpoint(&server, wire), Config::new("room", *name), Media::Synthetic).await);
    }
    let ids: Vec<_> = peers.iter().map(|peer| peer.id.clone()).collect();
    for peer in &mut peers {
        let own = peer.id.clone();
        for other in ids.iter().filter(|id| **id != own) {
            let is_of = |remote: &String| remote == other;
            peer.until("the channel opened", |it| matches!(it, Report::ChannelOpened { remote } if is_of(remote)))
                .await;
            peer.until("video arrived", |it| {
                matches!(it, Report::Received { remote, kind: MediaKind::Video, received }
                    if is_of(remote) && received.size == Some((320, 240)))
            })
            .await;
            peer.until(
                "audio arrived",
                |it| matches!(it, Report::Received { remote, kind: MediaKind::Audio, .. } if is_of(remote)),
            )
            .await;
            peer.until("it said its name", |it| matches!(it, Report::Profile { remote, .. } if is_of(remote))).await;
        }
    }
    for peer in &peers {
        assert!(peer.session.wish(Wish::Chat(format!("I am {}", peer.id))).await);
    }
    for peer in &mut peers {
        let own = peer.id.clone();
        for other in ids.iter().filter(|id| **id != own) {
            let wanted = format!("I am {other}");
            peer.until(
                "it wrote",
                |it| matches!(it, Report::Chat { remote, text, name: Some(_) } if remote == other && *text == wanted),
            )
            .await;
        }
    }
    conclude(peers).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_peers_talk_and_see_each_other_over_socketio() {
    meet(Wire::SocketIo, &["A", "B"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_peers_talk_and_see_each_other_over_json() {
    meet(Wire::Json, &["A", "B"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_peers_make_a_mesh() {
    meet(Wire::SocketIo, &["A", "B", "C", "D"]).await;
}
