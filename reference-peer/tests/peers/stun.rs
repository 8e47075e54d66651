//! STUN servers are asked, and what they say is offered.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use glare_model::message::SignalKind;
use glare_peer::{
    local::Local,
    native::{IceServer, Media, NativeFactory},
    report::Report,
    rtc::{Connection, Factory, Notice, Notices, Source},
    session::Config,
    signaling::Wire,
};
use rtc_stun::{
    message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter},
    xoraddr::XorMappedAddress,
};
use tokio::{
    net::UdpSocket,
    process::Command,
    sync::{mpsc, watch},
    time::timeout,
};

use crate::support::{conclude, endpoint, join, server};

const PATIENCE: Duration = Duration::from_secs(30);

/// Answers one binding request: whoever asks has this address.
async fn answer_one(socket: &UdpSocket, mapped: SocketAddr) {
    let mut datagram = vec![0; 2048];
    loop {
        let (length, from) = socket.recv_from(&mut datagram).await.unwrap();
        let mut request = Message::new();
        if request.unmarshal_binary(&datagram[..length]).is_err() || request.typ != BINDING_REQUEST {
            continue;
        }
        let address: Box<dyn Setter> = Box::new(XorMappedAddress { ip: mapped.ip(), port: mapped.port() });
        let mut answer = Message::new();
        answer.build(&[Box::new(request.transaction_id), Box::new(BINDING_SUCCESS), address]).unwrap();
        socket.send_to(&answer.raw, from).await.unwrap();
        return;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_a_stun_server_tells_becomes_a_candidate() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let url = format!("stun:{}", socket.local_addr().unwrap());
    let stun = IceServer { url, username: String::new(), credential: String::new() };
    let factory = NativeFactory { ice_servers: vec![stun], ..NativeFactory::loopback(Media::None) };
    let local = Local { name: String::new(), audio: false, video: false, source: Source::Camera };
    let (_keep, local) = watch::channel(local);
    let (sender, mut notices) = mpsc::channel(64);
    let mut connection = factory.build("", local, Notices::new(0, sender)).await.unwrap();
    connection.attach();
    connection.make(SignalKind::Offer, 1).await.unwrap();
    // An address for documentation (RFC 5737).
    timeout(PATIENCE, answer_one(&socket, ([203, 0, 113, 7], 4242).into())).await.expect("it asks");
    let found = async {
        while let Some((_, notice)) = notices.recv().await {
            if let Notice::Gathered(_, candidate) = notice
                && candidate["candidate"].as_str().unwrap().contains("203.0.113.7 4242 typ srflx")
            {
                return true;
            }
        }
        false
    };
    assert!(timeout(PATIENCE, found).await.expect("it is found in time"));
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stun_server_of_the_command_line_is_asked() {
    let server = server().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let stun = format!("stun:{}", socket.local_addr().unwrap());
    let mut program = Command::new(env!("CARGO_BIN_EXE_glare-peer"))
        .args(["join", endpoint(&server, Wire::Json).url.as_str(), "room", "--bind", "127.0.0.1:0"])
        .args(["--media", "none", "--ice-server", &stun])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut peer = join(endpoint(&server, Wire::Json), Config::new("room", "A"), Media::None).await;
    timeout(PATIENCE, answer_one(&socket, ([203, 0, 113, 7], 4242).into())).await.expect("it asks");
    peer.until("the channel opened", |it| matches!(it, Report::ChannelOpened { .. })).await;
    program.kill().await.unwrap();
    peer.until("it is gone", |it| matches!(it, Report::UserLeft { .. })).await;
    conclude(vec![peer]).await;
    server.shutdown().await;
}
